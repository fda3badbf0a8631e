//! mod_pbx: the module that FreeSWITCH loads.
//!
//! This crate is the edge between the switch and [`pbx_core`]. The switch calls in by a few functions of
//! C's calling convention; each borrows or copies what it was given, asks the core, and converts the
//! answer back. Nothing here knows SIP, the content of an answer, or SQL.
//!
//! What holds everywhere:
//! - Only this crate calls [`freeswitch_sys`].
//! - The body of every function that the switch calls runs in [`guard::guard`].
//! - What was bound is unbound when its owner is dropped; [`module`] owns them all.
//! - The image stays mapped after an unload (`-z nodelete`), so a static keeps its value. Those that
//!   have one are either constant or set anew by the next load.

pub mod api;
pub mod application;
pub mod cstr;
pub mod entry;
pub mod event;
pub mod guard;
pub mod host;
pub mod log;
pub mod module;
pub mod takeover;
pub mod version;
pub mod xml;
