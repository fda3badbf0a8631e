//! The `pbx …` commands as an administrator types them, against a PBX with a database of its own and no switch.

mod backup;
mod completion;
mod domains;
mod extensions;
mod general;
mod import;
mod lines;
mod revisions;
mod secrets;
mod settings;
mod support;
mod users;
