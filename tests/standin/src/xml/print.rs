//! A tree back into text, laid out as the switch lays it out: two spaces per level, every element with an end
//! tag, and what is not ASCII as a character reference if so asked.

use std::ffi::CStr;
use std::fmt::Write as _;

use super::node::attributes;
use freeswitch_sys::switch_xml;

/// The element at `node` as text.
///
/// # Safety
/// `node` is NULL or live, and nobody changes its tree meanwhile.
pub(crate) unsafe fn to_text(node: *const switch_xml, references: bool) -> String {
    let mut out = Printer {
        out: String::new(),
        references,
    };
    if !node.is_null() {
        // SAFETY: by the caller's promise.
        unsafe { out.element(node, 0) };
    }
    out.out
}

struct Printer {
    out: String,
    /// Whether what is not ASCII becomes a character reference (`USE_UTF_8_ENCODING`).
    references: bool,
}

impl Printer {
    /// # Safety
    /// As [`to_text`], and `node` is not NULL.
    unsafe fn element(&mut self, node: *const switch_xml, depth: usize) {
        // SAFETY: live, by the caller's promise.
        let fields = unsafe { &*node };
        if fields.name.is_null() {
            return;
        }
        if self.out.ends_with('>') {
            self.out.push('\n');
        }
        self.indent(depth);
        // SAFETY: a node's name is a C string.
        let name = unsafe { CStr::from_ptr(fields.name) }.to_string_lossy();
        let _ = write!(self.out, "<{name}");
        // SAFETY: live, by the caller's promise.
        for (name, value) in unsafe { attributes(node) } {
            let _ = write!(self.out, " {}=\"", name.to_string_lossy());
            self.escape(&value.to_string_lossy(), true);
            self.out.push('"');
        }
        self.out.push('>');
        // SAFETY: a node's text is a C string.
        let text = unsafe { CStr::from_ptr(fields.txt) }.to_string_lossy();
        let mut printed = 0;
        let mut child = fields.child;
        while !child.is_null() {
            // SAFETY: a child of a live node is live.
            let next = unsafe { &*child };
            let upto = next.off.min(text.len());
            self.escape(text.get(printed..upto).unwrap_or_default(), false);
            printed = upto;
            // SAFETY: as above.
            unsafe { self.element(child, depth + 1) };
            child = next.ordered;
        }
        self.escape(text.get(printed..).unwrap_or_default(), false);
        if self.out.ends_with('\n') {
            self.indent(depth);
        }
        let _ = writeln!(self.out, "</{name}>");
    }

    fn indent(&mut self, depth: usize) {
        self.out.extend(std::iter::repeat_n("  ", depth));
    }

    fn escape(&mut self, text: &str, in_attribute: bool) {
        for letter in text.chars() {
            match letter {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' if in_attribute => self.out.push_str("&quot;"),
                '\n' if in_attribute => self.out.push_str("&#xA;"),
                '\t' if in_attribute => self.out.push_str("&#x9;"),
                '\r' => self.out.push_str("&#xD;"),
                letter if self.references && !letter.is_ascii() => {
                    let _ = write!(self.out, "&#x{:X};", u32::from(letter));
                }
                letter => self.out.push(letter),
            }
        }
    }
}
