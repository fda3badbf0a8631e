//! Documents for FreeSWITCH, written by type.
//!
//! Element and attribute names are literals of the program; values go through [`Value`], so that every
//! text is escaped and nothing that XML 1.0 forbids can occur. Text for dialplan actions and dial
//! strings goes through [`action::ActionData`] besides. Nothing here knows what an answer means.

pub mod action;
pub mod tree;
pub mod user;

use crate::names::{DomainName, GatewayName, Number, SipHost, Username};

/// What every answer begins with.
const HEAD: &str = "<document type=\"freeswitch/xml\"><section name=\"";

/// No answer nests deeper: document, section, domain, groups, group, users, user, params, param.
const DEEPEST: usize = 12;

/// A value of an attribute.
pub trait Value {
    /// Appends it, escaped.
    fn put(&self, out: &mut String);
}

impl Value for str {
    fn put(&self, out: &mut String) {
        escape(self, out);
    }
}

impl Value for String {
    fn put(&self, out: &mut String) {
        escape(self, out);
    }
}

macro_rules! harmless {
    ($($type:ty),*) => {$(
        impl Value for $type {
            fn put(&self, out: &mut String) {
                out.push_str(self.as_str());
            }
        }
    )*};
}

// Their alphabets hold nothing that needs escaping.
harmless!(DomainName, Username, Number, GatewayName, SipHost);

impl Value for u64 {
    fn put(&self, out: &mut String) {
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        let mut rest = *self;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        push_ascii(&digits[at..], out);
    }
}

impl Value for bool {
    fn put(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

/// Sixteen bytes in hex, as an A1 hash is written.
impl Value for [u8; 16] {
    fn put(&self, out: &mut String) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0u8; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        push_ascii(&digits, out);
    }
}

/// All at once: a character at a time asks for room as often.
fn push_ascii(digits: &[u8], out: &mut String) {
    out.push_str(str::from_utf8(digits).unwrap_or_default());
}

/// `name@domain`.
pub struct At<'a>(pub &'a str, pub &'a DomainName);

impl Value for At<'_> {
    fn put(&self, out: &mut String) {
        escape(self.0, out);
        out.push('@');
        self.1.put(out);
    }
}

/// Whether XML 1.0 allows it, and FreeSWITCH's parser keeps it as it is in an attribute.
fn plain(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Appends text, escaped; what an attribute cannot hold (control characters) becomes a blank.
fn escape(text: &str, out: &mut String) {
    let safe = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'<' | b'>' | b'&' | b'"' | b'\'');
    if text.bytes().all(safe) {
        out.push_str(text);
    } else if text.chars().all(plain) {
        out.push_str(&quick_xml::escape::escape(text));
    } else {
        let kept: String = text.chars().map(|c| if plain(c) { c } else { ' ' }).collect();
        out.push_str(&quick_xml::escape::escape(kept.as_str()));
    }
}

/// A document that is being written: one string, which grows.
pub struct Document {
    out: String,
    open: [&'static str; DEEPEST],
    depth: usize,
    in_tag: bool,
}

impl Document {
    /// An answer with one section of this name, which is left open. `capacity` in bytes.
    pub fn section(name: &'static str, capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push_str(HEAD);
        out.push_str(name);
        out.push('"');
        let mut open = [""; DEEPEST];
        open[0] = "document";
        open[1] = "section";
        Self {
            out,
            open,
            depth: 2,
            in_tag: true,
        }
    }

    /// Opens an element inside the one that is open.
    pub fn start(&mut self, name: &'static str) -> &mut Self {
        self.leave_tag();
        self.out.push('<');
        self.out.push_str(name);
        self.open[self.depth] = name;
        self.depth += 1;
        self.in_tag = true;
        self
    }

    /// Gives the element that was opened last an attribute. Only before anything is in it.
    pub fn attr<V: Value + ?Sized>(&mut self, name: &'static str, value: &V) -> &mut Self {
        debug_assert!(self.in_tag, "attribute {name} after content");
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        value.put(&mut self.out);
        self.out.push('"');
        self
    }

    /// Gives it an attribute that is text for an action or a dial string.
    pub fn action_attr(
        &mut self,
        name: &'static str,
        fill: impl FnOnce(&mut action::ActionData<'_>),
    ) -> &mut Self {
        debug_assert!(self.in_tag, "attribute {name} after content");
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        fill(&mut action::ActionData::new(&mut self.out));
        self.out.push('"');
        self
    }

    /// Closes the innermost open element.
    pub fn end(&mut self) -> &mut Self {
        self.depth -= 1;
        if self.in_tag {
            self.out.push_str("/>");
            self.in_tag = false;
        } else {
            self.out.push_str("</");
            self.out.push_str(self.open[self.depth]);
            self.out.push('>');
        }
        self
    }

    /// `<element name="…" value="…"/>`, which is what FreeSWITCH's documents are mostly made of.
    pub fn pair<V: Value + ?Sized>(
        &mut self,
        element: &'static str,
        name: &'static str,
        value: &V,
    ) -> &mut Self {
        self.leave_tag();
        self.out.push('<');
        self.out.push_str(element);
        self.out.push_str(" name=\"");
        self.out.push_str(name);
        self.out.push_str("\" value=\"");
        value.put(&mut self.out);
        self.out.push_str("\"/>");
        self
    }

    /// Appends an element of the operator's.
    pub fn element(&mut self, element: &tree::Element) -> &mut Self {
        self.leave_tag();
        element.write(&mut self.out);
        self
    }

    /// Closes all that is open.
    pub fn finish(mut self) -> String {
        while self.depth > 0 {
            self.end();
        }
        self.out
    }

    fn leave_tag(&mut self) {
        if self.in_tag {
            self.out.push('>');
            self.in_tag = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_escaped_and_nothing_illegal_remains() {
        let mut doc = Document::section("directory", 0);
        doc.start("user").attr("id", "a<b>&\"c'\n]]>\u{0}\u{fffe}ü\u{85}");
        assert_eq!(
            doc.finish(),
            "<document type=\"freeswitch/xml\"><section name=\"directory\">\
             <user id=\"a&lt;b&gt;&amp;&quot;c&apos; ]]&gt;  ü \"/></section></document>"
        );
    }

    #[test]
    fn an_empty_section_is_one_tag() {
        assert_eq!(
            Document::section("dialplan", 0).finish(),
            "<document type=\"freeswitch/xml\"><section name=\"dialplan\"/></document>"
        );
    }

    #[test]
    fn numbers_and_hashes() {
        let put = |value: &dyn Value| {
            let mut out = String::new();
            value.put(&mut out);
            out
        };
        assert_eq!(put(&0u64), "0");
        assert_eq!(put(&u64::MAX), u64::MAX.to_string());
        assert_eq!(
            put(&[0xab, 0, 1, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10]),
            "ab0001ff000000000000000000000010"
        );
        assert_eq!(put(&At("a", &"pbx.test".parse().unwrap())), "a@pbx.test");
    }
}
