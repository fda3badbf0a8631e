//! The PBX's web server. It lives in the switch's process, so everything about it is bounded: two threads, two
//! more for what blocks, connections, bytes and times; and nothing a lookup waits for.
//!
//! Two listeners: the public one (`web-listen`) is what browsers see; the local one (`local-listen`) answers the
//! paths of `protected` and nothing else. A request passes, from the outside in: `problem` (errors in one
//! shape, panics), `headers`, `host_check`, `csrf`, limits on time and size, then the routes of an area.
//! Each area is a file with a `routes()`.
#![forbid(unsafe_code)]

pub mod api;
pub mod app;
pub mod client_address;
pub mod csrf;
mod events;
mod extensions;
mod fsapi;
mod headers;
mod herald;
pub mod host_check;
pub mod limits;
mod listen;
mod me;
mod metrics;
mod page;
pub mod problem;
mod protected;
mod routes;
mod server;
pub mod session;
mod sign_in;
mod table;
mod tls;
pub mod verto;

pub use app::App;
pub use client_address::ClientAddress;
pub use problem::Problem;
pub use server::{StartError, Web};
pub use session::SignedIn;
