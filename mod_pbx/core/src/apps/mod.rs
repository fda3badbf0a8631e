//! What the PBX answers, app by app. Each registers its handlers; the order here is the order of asking.

pub mod browsers;
pub mod configuration;
pub mod dialplan;
pub mod directory;
pub mod languages;
mod srtp;
pub mod transfers;

use crate::registry::{Builder, RegistryError};

/// Adds one app's handlers.
pub type Register = fn(&mut Builder) -> Result<(), RegistryError>;

/// Every app there is.
pub const APPS: &[Register] = &[
    configuration::register,
    directory::register,
    dialplan::register,
    browsers::register,
    languages::register,
    transfers::register,
];
