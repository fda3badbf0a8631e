//! What a lookup is answered with.

/// The answer to one lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A complete `<document type="freeswitch/xml">`. "No such user" in a domain of ours is one too:
    /// the domain without any user, so that nothing falls through to static XML.
    Document(String),
    /// Not ours to answer: FreeSWITCH goes on to its next binding and then to static XML.
    NotOurs,
}

/// What FreeSWITCH understands as "not found" where an answer must have a body (`POST /fsapi`).
/// In-process the same is said by returning no document at all (`switch_xml_locate` treats both alike).
pub const NOT_FOUND_FRAGMENT: &str = concat!(
    "<document type=\"freeswitch/xml\"><section name=\"result\">",
    "<result status=\"not found\"/></section></document>"
);

impl Reply {
    /// The text that `POST /fsapi` and `pbx lookup` show for this answer.
    pub fn as_text(&self) -> &str {
        match self {
            Self::Document(text) => text,
            Self::NotOurs => NOT_FOUND_FRAGMENT,
        }
    }
}
