//! The PBX's web server.
#![forbid(unsafe_code)]
