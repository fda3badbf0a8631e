//! What FreeSWITCH asks in one XML lookup, in the shape mod_xml_curl gives it.

use std::borrow::Cow;

/// The parameters of a lookup: the headers of the event that FreeSWITCH passes along.
///
/// Names compare without regard to case, as `switch_event_get_header` does, and the first of
/// several headers of one name wins. Text that is not UTF-8 reads as U+FFFD, which no stored name
/// contains: it matches nothing, and it is never mistaken for a parameter that is absent.
pub trait Params {
    /// The value of the first parameter called `name`.
    fn get(&self, name: &str) -> Option<Cow<'_, str>>;
}

/// No parameters at all: FreeSWITCH passes a NULL event in some lookups.
impl Params for () {
    fn get(&self, _name: &str) -> Option<Cow<'_, str>> {
        None
    }
}

/// Parameters held as pairs: `pbx lookup`, `POST /fsapi` and tests.
impl Params for Vec<(String, String)> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| Cow::Borrowed(value.as_str()))
    }
}

/// One lookup, as a `switch_xml_search_function_t` receives it.
///
/// Every field but the parameters is empty where FreeSWITCH passes NULL.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// `directory`, `dialplan`, `configuration`, …
    pub section: &'a str,
    /// The tag searched for: `domain`, `configuration`, or empty.
    pub tag_name: &'a str,
    /// The attribute that must match: `name`, or empty.
    pub key_name: &'a str,
    /// Its value: the domain, or the name of the configuration file.
    pub key_value: &'a str,
    /// Everything else.
    pub params: &'a dyn Params,
}

impl<'a> Request<'a> {
    /// A field by the name that mod_xml_curl posts it under: `section`, `tag_name`, `key_name` and
    /// `key_value` are the lookup's own, any other name is a parameter.
    ///
    /// An attacker may choose parameters, never one that shadows the four fields.
    pub fn field(&self, name: &str) -> Option<Cow<'a, str>> {
        let own = match name {
            "section" => self.section,
            "tag_name" => self.tag_name,
            "key_name" => self.key_name,
            "key_value" => self.key_value,
            _ => return self.params.get(name),
        };
        (!own.is_empty()).then_some(Cow::Borrowed(own))
    }

    /// A parameter, by name.
    pub fn param(&self, name: &str) -> Option<Cow<'a, str>> {
        self.params.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_cannot_shadow_the_lookups_own_fields() {
        let pairs = vec![
            ("key_value".to_owned(), "evil.test".to_owned()),
            ("User".to_owned(), "alice".to_owned()),
        ];
        let request = Request {
            section: "directory",
            tag_name: "domain",
            key_name: "name",
            key_value: "pbx.test",
            params: &pairs,
        };
        assert_eq!(request.field("key_value").as_deref(), Some("pbx.test"));
        assert_eq!(request.field("user").as_deref(), Some("alice"));
        assert_eq!(request.field("domain"), None);
    }
}
