//! The web server over real sockets, without a switch.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod api;
mod attacks;
mod certificates;
mod client;
mod fsapi;
mod imports;
mod keys;
mod listeners;
mod me;
mod monitoring;
mod nouns;
mod openapi;
mod pages;
mod protected;
mod sign_in;
mod site;
mod streams;
