//! mod_pbx
