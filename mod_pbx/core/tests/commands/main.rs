//! The `pbx …` commands as an administrator types them, against a PBX with a database of its own and no switch.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod backup;
mod calls;
mod completion;
mod dids;
mod domains;
mod extensions;
mod forwards;
mod gateways;
mod general;
mod help;
mod import;
mod lines;
mod presence;
mod revisions;
mod routes;
mod schedules;
mod secrets;
mod sent_on;
mod settings;
mod support;
mod users;
