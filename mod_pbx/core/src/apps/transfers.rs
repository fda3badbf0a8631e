//! Attended transfers (REFER with Replaces) to a call that the switch does not have.
//!
//! mod_sofia would call whomever Refer-To names, at whatever host, by the lines' profile and without a look into the dialplan
//! (`nightmare_xfer_thread_run`): nobody's grant would be asked for. Before that it asks what to dial instead
//! (`channel-xml-fetch-on-nightmare-transfer`), and is told: nothing.
//!
//! In front of what it is told it writes the parameters and headers of Refer-To as they came (`{sip_invite_params=…}`,
//! `sofia_handle_sip_i_refer`). A `}` or a `:_:` among them ends that part, and the rest is a dial string of the phone's own
//! making, with variables that run commands (`switch_ivr_originate`). No answer of ours keeps it from that. So the leg that
//! wrote such a thing is hung up before there is an answer: mod_sofia looks for it again, and calls nobody for a leg that is
//! gone.

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

    fn process(&self, rq: &Request<'_>, view: &View<'_>) -> Reply {
        let field = |name| rq.param(name).unwrap_or_default();
        if is_harmless(&field("refer-to-params"), &field("refer-to-headers")) {
            tracing::warn!("a transfer to a call that this switch does not have is refused");
        } else if view.notes.are_live() {
            let leg = field("refer-from-channel-id");
            tracing::warn!(
                "the call {leg:?} is ended: it asked for a transfer that would call what it likes"
            );
            // False: it has gone by itself.
            view.host.hang_up(&leg);
        }
        let mut doc = Document::section("channels", 256);
        doc.start("params").pair("param", "dial-prefix", "error/").pair(
            "param",
            "absolute-dial-string",
            "CALL_REJECTED",
        );
        Reply::Document(doc.finish())
    }
}

/// Whether these parameters and headers of Refer-To end nothing that they are written into: they hold what phones write,
/// which is less than RFC 3261 (25.1) lets them, and no separator of `switch_ivr_enterprise_originate`. The headers become
/// variables of the other leg besides, decoded: no control characters.
fn is_harmless(parameters: &str, headers: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*()/:&+;=@%?".contains(&byte);
    let is_control = |rest: &str| {
        let byte = rest.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        byte.is_none_or(|byte| byte.is_ascii_control())
    };
    [parameters, headers]
        .iter()
        .all(|text| text.bytes().all(plain) && !text.contains(":_:"))
        && !headers.split('%').skip(1).any(is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_phones_write_is_harmless() {
        for (parameters, headers) in [
            ("", ""),
            ("transport=tcp;user=phone", ""),
            ("", "Replaces=1-7@192.0.2.1"),
            (
                "transport=udp",
                "Replaces=a84b4c76e66710%40pc33.example.com%3Bto-tag%3D7743%3Bfrom-tag%3D1_2&Require=replaces",
            ),
        ] {
            assert!(is_harmless(parameters, headers), "{parameters} {headers}");
        }
    }

    #[test]
    fn what_ends_a_dial_strings_variables_is_not() {
        for text in [
            "a}sofia/gateway/external::x/1900",
            "a{b",
            "a,execute_on_originate=system",
            "a:_:sofia/gateway/x/1900:_:b",
            "a|b",
            "a[b=c]d",
            "a<b",
            "a>b",
            "$(id)",
            "'a",
            "\"a",
            "a\\b",
            "a b",
            "a\r\nb",
            "a^b",
            "ä",
        ] {
            assert!(!is_harmless(text, "Replaces=a"), "{text}");
            assert!(!is_harmless("a", &format!("Replaces=a&b={text}")), "{text}");
        }
        for decoded in ["%0d%0aX-Evil:1", "%00", "%7F", "%0", "%", "%zz", "%1"] {
            assert!(!is_harmless("", &format!("Replaces=a{decoded}")), "{decoded}");
        }
    }
}
