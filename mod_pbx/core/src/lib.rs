//! The PBX itself: what FreeSWITCH asks, what is answered, and where it is stored.
//!
//! Knows nothing of FreeSWITCH's C API: the switch is a [`host::Host`], a lookup is a
//! [`request::Request`], an answer is a [`reply::Reply`]. It does not serve HTTP either.
#![forbid(unsafe_code)]

pub mod admin;
pub mod alarm;
pub mod apps;
mod background;
pub mod bans;
pub mod calls;
pub mod caps;
pub mod clients;
pub mod commands;
pub mod config;
pub mod counters;
pub mod csv;
pub mod dids;
pub mod event;
pub mod explain;
pub mod features;
pub mod follow;
pub mod forward;
pub mod front;
pub mod gateways;
pub mod host;
pub mod legs;
pub mod mail;
pub mod names;
pub mod network;
pub mod own;
pub mod pbx;
pub mod people;
pub mod phone;
mod pin;
pub mod presence;
pub mod priority;
pub mod prompts;
pub mod registry;
pub mod reply;
pub mod request;
pub mod resolve;
pub mod routing;
pub mod schedules;
pub mod seal;
pub mod secret;
pub mod store;
pub mod voicemail;
pub mod xml;
