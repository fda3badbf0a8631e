//! What a lookup is answered with.

use crate::request::Request;
use crate::xml::Document;

/// The answer to one lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A complete `<document type="freeswitch/xml">`. "No such user" in a domain of ours is one too:
    /// the domain without any user, so that nothing falls through to static XML.
    Document(String),
    /// A word for a hook of the switch: `punt`, or nothing.
    Text(&'static str),
    /// Not ours to answer: FreeSWITCH goes on to its next binding and then to static XML.
    NotOurs,
}

/// What FreeSWITCH understands as "not found" where an answer must have a body (`POST /fsapi`).
/// In-process the same is said by returning no document at all (`switch_xml_locate` treats both alike).
pub const NOT_FOUND_FRAGMENT: &str = concat!(
    "<document type=\"freeswitch/xml\"><section name=\"result\">",
    "<result status=\"not found\"/></section></document>"
);

/// What is said where an answer was ours to give and could not be given: that nobody is there, and that the
/// call is refused. Else the switch would go on to its static files, and somebody whom the database does not
/// know, or no longer, might be let in by a file that is left over. None: the static files may answer, for a
/// switch without its configuration serves nobody.
///
/// A look-up finds its domain by name in the answer, a call its context by name or as `global`
/// (`dialplan_hunt` in mod_dialplan_xml).
pub fn refusal(request: &Request<'_>) -> Option<String> {
    let section = request.section;
    if section.eq_ignore_ascii_case("directory") {
        let mut doc = Document::section("directory", 160);
        if !request.key_value.is_empty() {
            doc.start("domain").attr("name", request.key_value).end();
        }
        return Some(doc.finish());
    }
    section.eq_ignore_ascii_case("dialplan").then(|| {
        let mut doc = Document::section("dialplan", 320);
        doc.start("context").attr("name", "global");
        doc.start("extension").attr("name", "failed").start("condition");
        for (application, data) in [("respond", "503"), ("hangup", "NORMAL_TEMPORARY_FAILURE")] {
            doc.start("action").attr("application", application);
            doc.attr("data", data).end();
        }
        doc.finish()
    })
}

impl Reply {
    /// The text that `POST /fsapi` and `pbx lookup` show for this answer.
    pub fn as_text(&self) -> &str {
        match self {
            Self::Document(text) => text,
            Self::Text(word) => word,
            Self::NotOurs => NOT_FOUND_FRAGMENT,
        }
    }
}
