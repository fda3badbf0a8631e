//! The operator's own configuration, read with quick-xml and written again.
//!
//! What is written is made anew from names and values: however odd the text that came in, what goes out
//! is well-formed. Anything that quick-xml refuses, or that is deeper or larger than any configuration, is
//! an error. Comments, processing instructions and entities of its own are not kept.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Nesting beyond this is refused: elements are written by recursion, on a thread with a small stack.
const DEEPEST: usize = 32;

/// Text beyond this is refused, in bytes.
const LONGEST: usize = 32 << 20;

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TreeError(String);

/// An element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    content: Vec<Content>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Element(Element),
    Text(String),
}

impl Element {
    /// Reads a text with one element in it.
    ///
    /// # Errors
    /// The text is not well-formed, or larger or deeper than any configuration is.
    pub fn parse(text: &str) -> Result<Self, TreeError> {
        if text.len() > LONGEST {
            return refuse("it is larger than 32 MiB");
        }
        let mut reader = Reader::from_str(text);
        // The elements that are open, the outermost first.
        let mut open: Vec<Self> = Vec::new();
        loop {
            let event = reader.read_event().map_err(|e| TreeError(e.to_string()))?;
            let complete = match event {
                Event::Start(start) => {
                    if open.len() == DEEPEST {
                        return refuse("it is nested too deeply");
                    }
                    open.push(Self::started(&start)?);
                    None
                }
                Event::Empty(start) => Some(Self::started(&start)?),
                // quick-xml has checked that it ends what is open.
                Event::End(_) => open.pop(),
                Event::Text(text) => {
                    push_text(&mut open, &text);
                    None
                }
                Event::CData(text) => {
                    push_text(&mut open, &text);
                    None
                }
                Event::GeneralRef(entity) => {
                    push_text(
                        &mut open,
                        &quick_xml::escape::unescape(&format!("&{};", &*entity))
                            .map_err(|e| TreeError(e.to_string()))?,
                    );
                    None
                }
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => None,
                Event::DocType(_) => return refuse("it has a document type"),
                Event::Eof => return refuse("it ends too early"),
            };
            if let Some(element) = complete {
                match open.last_mut() {
                    Some(parent) => parent.content.push(Content::Element(element)),
                    None => return Ok(element),
                }
            }
        }
    }

    fn started(start: &BytesStart<'_>) -> Result<Self, TreeError> {
        let mut element = Self {
            name: name(start.name().as_ref())?,
            ..Self::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|e| TreeError(e.to_string()))?;
            let value =
                quick_xml::escape::unescape(&attribute.value).map_err(|e| TreeError(e.to_string()))?;
            element
                .attributes
                .push((name(attribute.key.as_ref())?, value.into_owned()));
        }
        Ok(element)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The elements inside it.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|content| match content {
            Content::Element(element) => Some(element),
            Content::Text(_) => None,
        })
    }

    /// The first element inside it with this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children().find(|element| element.name == name)
    }

    /// Appends it to a document.
    pub(super) fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (key, value) in &self.attributes {
            out.push(' ');
            out.push_str(key);
            out.push_str("=\"");
            super::escape(value, out);
            out.push('"');
        }
        if self.content.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for content in &self.content {
            match content {
                Content::Element(element) => element.write(out),
                Content::Text(text) => {
                    let kept = |c| super::plain(c) || matches!(c, '\n' | '\r' | '\t');
                    let text: String = text.chars().filter(|&c| kept(c)).collect();
                    out.push_str(&quick_xml::escape::escape(text));
                }
            }
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// Text between elements says nothing unless there is something in it.
fn push_text(open: &mut [Element], text: &str) {
    let Some(element) = open.last_mut() else {
        return;
    };
    match element.content.last_mut() {
        Some(Content::Text(before)) => before.push_str(text),
        _ if text.trim_ascii().is_empty() => {}
        _ => element.content.push(Content::Text(text.to_owned())),
    }
}

fn name(text: &str) -> Result<String, TreeError> {
    let good = |c: char| c.is_alphanumeric() || "_-.:".contains(c);
    let first = |c: char| c.is_alphabetic() || c == '_';
    if text.starts_with(first) && text.chars().all(good) {
        Ok(text.to_owned())
    } else {
        refuse("a name in it is not one")
    }
}

fn refuse<T>(why: &str) -> Result<T, TreeError> {
    Err(TreeError(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn again(text: &str) -> String {
        let mut out = String::new();
        Element::parse(text).unwrap().write(&mut out);
        out
    }

    #[test]
    fn elements_attributes_and_text_survive() {
        let text =
            "<a x=\"1 &amp; &lt;2&gt; ${v}\">\n <b/><!-- c --><d>one &amp; <![CDATA[<two>]]>&#65;</d>\n</a>";
        assert_eq!(
            again(text),
            "<a x=\"1 &amp; &lt;2&gt; ${v}\"><b/><d>one &amp; &lt;two&gt;A</d></a>"
        );
    }

    #[test]
    fn what_is_odd_is_an_error() {
        let deep = "<a>".repeat(1000);
        for bad in [
            "",
            "<a>",
            "<a></b>",
            "</a>",
            "<a b=c/>",
            "<a b='1' b='2'/>",
            "<a>&x;</a>",
            "<a\"/>",
            "<!DOCTYPE a><a/>",
            "no",
            &deep,
        ] {
            assert!(Element::parse(bad).is_err(), "{}", &bad[..bad.len().min(40)]);
        }
    }

    proptest! {
        #[test]
        fn what_was_read_reads_the_same_again(text in "[<>/a-c=\"'&;#x1 \n\u{0}!\\[\\]-]{0,60}") {
            if let Ok(element) = Element::parse(&text) {
                let mut out = String::new();
                element.write(&mut out);
                let mut twice = String::new();
                Element::parse(&out).unwrap().write(&mut twice);
                prop_assert_eq!(out, twice);
            }
        }
    }
}
