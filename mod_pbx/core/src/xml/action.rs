//! The one way in which text gets into a dialplan action or a dial string (invariant 7).
//!
//! FreeSWITCH expands `${…}` in both, again and again, and `${api(…)}` runs any command
//! (`switch_channel_expand_variables_check`); a dial string splits at `,` `|` and `:_:` and reads
//! `{…}` `[…]` `<…>` as variables (`switch_ivr_originate`); arguments split at blanks and honour `'` `"`
//! and `\` (`switch_separate_string`). What is literal here is a literal of the program; names are safe
//! by type; free text loses every character with a meaning.

use crate::caps::Charge;
use crate::names::{Dialled, DomainName, E164, GatewayName, Number, SipHost, Username};
use crate::presence::target::Target;
use crate::prompts::{Announcement, Folder, Prompt};
use crate::routing::Sent;
use crate::xml::Value;
use std::fmt::Write as _;

/// The text of one action or dial string, inside an attribute.
pub struct ActionData<'a>(&'a mut String);

impl<'a> ActionData<'a> {
    pub(super) fn new(out: &'a mut String) -> Self {
        Self(out)
    }

    /// Text of the program's own. Must not hold what XML escapes.
    pub fn literal(&mut self, text: &'static str) -> &mut Self {
        debug_assert!(!text.contains(['<', '>', '&', '"', '\'']), "{text}");
        self.0.push_str(text);
        self
    }

    /// A SIP username.
    pub fn username(&mut self, name: &Username) -> &mut Self {
        self.0.push_str(name.as_str());
        self
    }

    /// An extension's number.
    pub fn number(&mut self, number: &Number) -> &mut Self {
        self.0.push_str(number.as_str());
        self
    }

    /// What somebody dialled or typed as a number.
    pub fn dialled(&mut self, number: &Dialled) -> &mut Self {
        self.0.push_str(number.as_str());
        self
    }

    /// A domain.
    pub fn domain(&mut self, domain: &DomainName) -> &mut Self {
        self.0.push_str(domain.as_str());
        self
    }

    /// A gateway.
    pub fn gateway(&mut self, name: &GatewayName) -> &mut Self {
        self.0.push_str(name.as_str());
        self
    }

    /// A host that SIP is sent to, and its port.
    pub fn sip_host(&mut self, host: &SipHost) -> &mut Self {
        self.0.push_str(host.as_str());
        self
    }

    /// A number as a gateway is sent it.
    pub fn sent(&mut self, number: &Sent) -> &mut Self {
        self.0.push_str(number.as_str());
        self
    }

    /// A number of the whole world's.
    pub fn e164(&mut self, number: &E164) -> &mut Self {
        self.0.push_str(number.as_str());
        self
    }

    /// Who pays for a leg.
    pub fn charge(&mut self, charge: Charge) -> &mut Self {
        // Ids, words of ours and points; writing to a String cannot fail.
        let _ = write!(self.0, "{charge}");
        self
    }

    /// A whole number.
    pub fn integer(&mut self, number: u64) -> &mut Self {
        number.put(self.0);
        self
    }

    /// An id, in lower case.
    pub fn uuid(&mut self, id: uuid::Uuid) -> &mut Self {
        let mut buffer = uuid::Uuid::encode_buffer();
        self.0.push_str(id.hyphenated().encode_lower(&mut buffer));
        self
    }

    /// A registered phone: one leg of a dial string.
    pub fn target(&mut self, target: &Target) -> &mut Self {
        // `&` is all of its alphabet that XML escapes.
        target.as_str().put(self.0);
        self
    }

    /// A sound's file.
    pub fn sound(&mut self, folder: &Folder, prompt: Prompt) -> &mut Self {
        for part in [folder.as_str(), "/", prompt.name(), ".wav"] {
            self.0.push_str(part);
        }
        self
    }

    /// A recording's file.
    pub fn announcement(&mut self, file: &Announcement<'_>) -> &mut Self {
        for part in file.parts() {
            self.0.push_str(part);
        }
        self
    }

    /// Any other text, such as a person's name. Quotes become typographic ones, every other character
    /// with a meaning a blank: a call must not fail because of somebody's name.
    pub fn free(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '\'' => self.0.push('\u{2019}'),
                '"' => self.0.push('\u{201d}'),
                '&' => self.0.push_str("&amp;"),
                c if meaningful(c) || !super::plain(c) => self.0.push(' '),
                c => self.0.push(c),
            }
        }
        self
    }
}

/// Whether a character means something in an action, its arguments or a dial string. `:` does as part
/// of `:_:`, `^` as `^^` (another separator), `=` and `;` between variables.
fn meaningful(c: char) -> bool {
    matches!(
        c,
        '$' | '{' | '}' | '<' | '>' | '[' | ']' | ',' | '|' | '\\' | '`' | ':' | ';' | '^' | '=' | '~' | '%'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn free(text: &str) -> String {
        let mut out = String::new();
        ActionData::new(&mut out).free(text);
        out
    }

    #[test]
    fn a_name_stays_readable() {
        assert_eq!(
            free("O'Brien & Söhne \"HQ\""),
            "O\u{2019}Brien &amp; Söhne \u{201d}HQ\u{201d}"
        );
        assert_eq!(free("Smith, John"), "Smith  John");
    }

    proptest! {
        #[test]
        fn free_text_holds_nothing_with_a_meaning(text in any::<String>()) {
            let out = free(&text).replace("&amp;", "");
            prop_assert!(!out.contains([
                '$', '{', '}', '<', '>', '[', ']', ',', '|', '\'', '"', '\\', '&', ':', ';', '^', '=',
            ]), "{out}");
            prop_assert!(!out.chars().any(char::is_control));
        }
    }
}
