//! Attended transfers (REFER with Replaces) to a call that the switch does not have.
//!
//! mod_sofia would call whomever Refer-To names, at whatever host, by the lines' profile and without a look into the dialplan
//! (`nightmare_xfer_thread_run`): nobody's grant would be asked for. Before that it asks what to dial instead
//! (`channel-xml-fetch-on-nightmare-transfer`), and is told: nothing.

use crate::registry::{Builder, FsapiHandler, RegistryError, Required, View};
use crate::reply::Reply;
use crate::request::Request;
use crate::xml::Document;

/// Adds the handler.
///
/// # Errors
/// None today.
pub fn register(builder: &mut Builder) -> Result<(), RegistryError> {
    builder.fsapi(Unknown);
    Ok(())
}

struct Unknown;

const REQUIRED: [Required; 2] = [
    Required::literal("section", "channels"),
    Required::literal("purpose", "nightmare_xfer"),
];

impl FsapiHandler for Unknown {
    fn name(&self) -> &'static str {
        "unknown-transfers"
    }

    fn required(&self) -> &[Required] {
        &REQUIRED
    }

    fn process(&self, _: &Request<'_>, _: &View<'_>) -> Reply {
        tracing::warn!("a transfer to a call that this switch does not have is refused");
        let mut doc = Document::section("channels", 256);
        doc.start("params").pair("param", "dial-prefix", "error/").pair(
            "param",
            "absolute-dial-string",
            "CALL_REJECTED",
        );
        Reply::Document(doc.finish())
    }
}
