//! A stand-in for FreeSWITCH's core: a test double.
//!
//! It implements just the `switch_*` functions that mod_pbx imports, with the behaviour that a module can
//! observe: look-ups, events, the log, the console, loading and unloading. It counts what it hands out, so
//! that tests can demand it back, and it loads the real `mod_pbx.so`.
//!
//! It has no SIP, no media and no calls. **That something works here proves nothing about calls**: that is
//! proved against a real switch, in `tests/switch`. None of its code is FreeSWITCH's.
//!
//! A program that links this crate with `-rdynamic` provides these functions to the modules it opens.

mod api;
pub mod app;
mod console;
mod core;
pub mod event;
pub mod ledger;
pub mod log;
pub mod lookup;
pub mod measure;
mod module;
pub mod scene;
mod session;
mod stream;
mod sync;
mod text;
mod variables;
mod xml;

pub use crate::core::{Core, Options, Source, Table, request_stop};
pub use crate::variables::{get as variable, set as set_variable};
