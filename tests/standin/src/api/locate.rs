//! `xml_locate`, `domain_exists`, `user_exists` and `user_data`, by their observable behaviour.

use std::ffi::CString;
use std::ptr;

use freeswitch_sys::switch_xml_t;

use crate::event::Event;
use crate::text::c_string;
use crate::xml::locate::{Found, Question, locate};
use crate::xml::read::{attribute, children};
use crate::xml::{root, to_text};

pub(crate) fn xml_locate(arguments: &str) -> String {
    let words: Vec<&str> = arguments.split_whitespace().collect();
    match words.as_slice() {
        ["root"] => {
            let found = Found::whole(root::switch_xml_root());
            // SAFETY: NULL, or ours until `found` is dropped.
            unsafe { to_text(found.node, true) }
        }
        [section] => find(section, &[], Vec::new()),
        [section, fields @ ..] if fields.len() >= 3 => {
            let (fields, params) = fields.split_at(3);
            let pairs = params.iter().filter_map(|pair| pair.split_once('=')).collect();
            find(section, fields, pairs)
        }
        _ => "-ERR bad args\n".to_owned(),
    }
}

fn find(section: &str, fields: &[&str], pairs: Vec<(&str, &str)>) -> String {
    let names = ["tag", "tag_attr_name", "tag_attr_val"];
    let mut params = Event::params("xml_locate_function", [("section", section)]);
    for (name, value) in names
        .iter()
        .zip(fields)
        .map(|(name, value)| (*name, *value))
        .chain(pairs)
    {
        params.add(name, value);
    }
    let fields: Vec<CString> = fields.iter().map(|field| c_string(field)).collect();
    let field = |at: usize| fields.get(at).map(CString::as_c_str);
    let section = c_string(section);
    let question = Question {
        section: &section,
        tag: field(0),
        key: field(1),
        value: field(2),
    };
    // SAFETY: our own event.
    match unsafe { locate(question, params.as_ptr()) } {
        // SAFETY: ours until `found` is dropped.
        Some(found) => unsafe { to_text(found.node, true) },
        None => "can't find anything\n".to_owned(),
    }
}

fn domain(name: &str, params: &Event) -> Option<Found> {
    let name = c_string(name);
    let question = Question {
        section: c"directory",
        tag: Some(c"domain"),
        key: Some(c"name"),
        value: Some(&name),
    };
    // SAFETY: our own event.
    unsafe { locate(question, params.as_ptr()) }
}

pub(crate) fn domain_exists(name: &str) -> String {
    if name.is_empty() {
        return String::new();
    }
    domain(
        name,
        &Event::params("switch_xml_locate_domain", [("domain", name)]),
    )
    .is_some()
    .to_string()
}

pub(crate) fn user_exists(arguments: &str) -> String {
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let [key, user, domain, ..] = words.as_slice() else {
        return "false".to_owned();
    };
    let params = Event::params("switch_xml_locate_user", []);
    Located::find(key, user, domain, params).is_some().to_string()
}

/// `switch_xml_locate_user_merged` and what `user_data` reads of it: a parameter or variable of the user, else of
/// its group, else of the domain.
pub(crate) fn user_data(arguments: &str) -> String {
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let [address, kind, name, ..] = words.as_slice() else {
        return String::new();
    };
    let (user, domain) = address.split_once('@').unwrap_or((address, "cluecon.com"));
    let params = || {
        Event::params(
            "user_data_function",
            [("user", user), ("domain", domain), ("type", kind)],
        )
    };
    let found = Located::find("id", user, domain, params())
        .or_else(|| Located::find("number-alias", user, domain, params()));
    found.and_then(|found| found.data(kind, name)).unwrap_or_default()
}

/// A user, where it is in its domain.
struct Located {
    user: switch_xml_t,
    group: switch_xml_t,
    domain: Found,
}

impl Located {
    fn find(key: &str, user: &str, domain_name: &str, mut params: Event) -> Option<Self> {
        for (name, value) in [("key", key), ("user", user), ("domain", domain_name)] {
            params.add(name, value);
        }
        let found = domain(domain_name, &params)?;
        let groups: Vec<_> = children(found.node, "groups")
            .flat_map(|groups| children(groups, "group"))
            .collect();
        let in_groups = groups.into_iter().find_map(|group| {
            let user = children(group, "users").find_map(|users| matching(users, key, user))?;
            Some((user, group))
        });
        let (user, group) = in_groups.or_else(|| {
            let users = children(found.node, "users").next().unwrap_or(found.node);
            Some((matching(users, key, user)?, ptr::null_mut()))
        })?;
        Some(Self {
            user,
            group,
            domain: found,
        })
    }

    fn data(&self, kind: &str, name: &str) -> Option<String> {
        if kind == "attr" {
            return attribute(self.user, name);
        }
        let (container, element) = if kind == "var" {
            ("variables", "variable")
        } else {
            ("params", "param")
        };
        [self.user, self.group, self.domain.node]
            .into_iter()
            .filter(|node| !node.is_null())
            .find_map(|node| {
                children(node, container)
                    .flat_map(|container| children(container, element))
                    .filter(|item| {
                        attribute(*item, "name").is_some_and(|known| known.eq_ignore_ascii_case(name))
                    })
                    .filter_map(|item| attribute(item, "value"))
                    .last()
            })
    }
}

/// `find_user_in_tag`: the first user for which any one of the attributes fits, which is the trap in it.
fn matching(users: switch_xml_t, key: &str, wanted: &str) -> Option<switch_xml_t> {
    let is = |user, name| attribute(user, name).is_some_and(|value| value.eq_ignore_ascii_case(wanted));
    children(users, "user").find(|user| {
        is(*user, key)
            || key.eq_ignore_ascii_case("id") && is(*user, "number-alias")
            || attribute(*user, "type").is_some_and(|kind| !kind.eq_ignore_ascii_case("pointer"))
    })
}
