//! Look-ups as the switch makes them, for tests and benchmarks: any thread, any bytes, NULL where it passes NULL.

use std::ffi::{CStr, CString};
use std::ptr;

use crate::event::Event;
use crate::xml::locate::{Question, locate};
use crate::xml::to_text;

/// One look-up: the arguments of `switch_xml_locate`.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    /// `directory`, `dialplan`, `configuration`, …
    pub section: &'a CStr,
    /// The tag, NULL if `None`.
    pub tag: Option<&'a CStr>,
    /// The attribute's name, NULL if `None`.
    pub key: Option<&'a CStr>,
    /// Its value, NULL if `None`.
    pub value: Option<&'a CStr>,
    /// The parameters, NULL if `None`.
    pub params: Option<&'a Event>,
}

impl Lookup<'_> {
    /// The element that is found, printed, out of a module's answer or the static document.
    pub fn run(&self) -> Option<String> {
        let params = self.params.map_or(ptr::null_mut(), Event::as_ptr);
        let question = Question {
            section: self.section,
            tag: self.tag,
            key: self.key,
            value: self.value,
        };
        // SAFETY: NULL or a live event.
        let found = unsafe { locate(question, params) }?;
        // SAFETY: ours until dropped.
        Some(unsafe { to_text(found.node, true) })
    }
}

/// The domain `domain` of the directory, asked for `user` as a digest challenge does.
pub fn sip_auth(user: &str, domain: &str) -> Option<String> {
    let params = Event::params(
        "sofia_reg_parse_auth",
        [
            ("action", "sip_auth"),
            ("sip_auth_username", user),
            ("sip_auth_realm", domain),
            ("key", "id"),
            ("user", user),
            ("domain", domain),
        ],
    );
    let name = CString::new(domain).unwrap_or_default();
    let lookup = Lookup {
        section: c"directory",
        tag: Some(c"domain"),
        key: Some(c"name"),
        value: Some(&name),
        params: Some(&params),
    };
    lookup.run()
}
