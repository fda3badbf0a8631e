//! Who rings for an extension: the one answer to it (invariant 10).
//!
//! The dialplan, the `user/` dial string and whatever explains a call to a person all ask here. What a
//! dial string looks like is decided here too, and nowhere else.

use crate::names::Number;
use crate::store::snapshot::{Domain, Extension, Line};
use crate::xml::action::ActionData;

/// What rings when an extension is called.
#[derive(Clone, Copy)]
pub struct Ring<'a> {
    /// The domain it is in.
    pub domain: &'a Domain,
    /// The extension.
    pub extension: &'a Extension,
    lines: &'a [Line],
}

/// Who rings when `dialled` is called within `domain`; none: nobody has this number.
///
/// Only numbers can be dialled. A line's username cannot, even if it is digits: whoever may choose a
/// username must not get the calls to a number.
pub fn dialled<'a>(domain: &'a Domain, dialled: &str) -> Option<Ring<'a>> {
    let number: Number = dialled.parse().ok()?;
    let extension = domain.find(number.as_str()).filter(|e| e.number == number)?;
    Some(extension_rings(domain, extension))
}

/// Who rings when this extension is called.
pub fn extension_rings<'a>(domain: &'a Domain, extension: &'a Extension) -> Ring<'a> {
    Ring {
        domain,
        extension,
        lines: &extension.lines,
    }
}

/// Who rings when this line alone is called.
pub fn line_rings<'a>(domain: &'a Domain, extension: &'a Extension, line: &'a Line) -> Ring<'a> {
    Ring {
        domain,
        extension,
        lines: std::slice::from_ref(line),
    }
}

impl<'a> Ring<'a> {
    /// The lines that ring, all at once.
    pub fn lines(&self) -> &'a [Line] {
        self.lines
    }

    /// Whether there is nothing to ring.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// For how long, in seconds.
    pub fn seconds(&self) -> u64 {
        u64::from(self.extension.ring_seconds)
    }

    /// The dial string, for `bridge` and `user/`.
    ///
    /// `sofia/<profile>/<user>%<domain>` makes mod_sofia look the contact up in its own registrations
    /// (`sofia_outgoing_channel`, `sofia_reg_find_reg_url`): what a phone wrote into its Contact is never
    /// read as a dial string, as it would be with `${sofia_contact(…)}`. Of several registrations of one
    /// line mod_sofia then rings one. Each leg carries the identity of who is called, so that a call that
    /// is transferred from it is known; `leg_timeout` ends it even under an originate without a limit; and
    /// a phone that redirects (302) has its number routed in the domain (`sip_redirect_context`).
    pub fn dial_string(&self, out: &mut ActionData<'_>) {
        if self.is_empty() {
            out.literal("error/user_not_registered");
        }
        for (index, line) in self.lines.iter().enumerate() {
            if index > 0 {
                out.literal(",");
            }
            out.literal("[leg_timeout=")
                .integer(self.seconds())
                .literal(",pbx_identity=")
                .username(&line.username)
                .literal("@")
                .domain(&self.domain.name)
                .literal(",sip_redirect_context=")
                .domain(&self.domain.name)
                .literal("]sofia/internal/")
                .username(&line.username)
                .literal("%")
                .domain(&self.domain.name);
        }
    }
}
