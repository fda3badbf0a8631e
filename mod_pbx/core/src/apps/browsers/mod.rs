//! Browser clients: the directory's realm `extensions`, and the hooks of verto logins and disconnects.

mod directory;
mod hooks;

use std::sync::Arc;

use crate::clients::view::REALM;
use crate::registry::{Builder, RegistryError, Section};
use crate::xml::user::Decoy;

/// Adds the handlers of browser clients.
///
/// # Errors
/// A key is taken, or there are no random bytes.
pub fn register(builder: &mut Builder) -> Result<(), RegistryError> {
    let decoy = Decoy::random().map_err(|error| RegistryError::Random(error.to_string()))?;
    register_with(builder, decoy)
}

/// The same with a known decoy.
///
/// # Errors
/// A key is taken.
pub fn register_with(builder: &mut Builder, decoy: Decoy) -> Result<(), RegistryError> {
    builder
        .dict(Section::Directory)
        .literal(REALM, Arc::new(directory::Realm(decoy)))?;
    builder.fsapi(hooks::Login);
    builder.fsapi(hooks::Disconnect);
    Ok(())
}
