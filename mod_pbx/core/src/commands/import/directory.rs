//! What a static directory says: its domains, groups and users, without judging any of it.

use super::place::{Place, SourceError};
use super::source::{Attributes, Sink};

/// Bounds on what is kept in memory.
const MOST_USERS: usize = 200_000;
const MOST_PAIRS: usize = 256;
const MOST_NOTES: usize = 1_000;

/// Name and value pairs of `<params>` or `<variables>`.
type Pairs = Vec<(String, String)>;

/// What a user, a group or a domain gives.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) params: Pairs,
    pub(super) variables: Pairs,
}

/// A domain or a group: a name, and what all in it have unless they say otherwise.
#[derive(Debug)]
pub(super) struct Holder {
    pub(super) name: String,
    pub(super) given: Given,
}

/// A `<user>`.
#[derive(Debug)]
pub(super) struct User {
    pub(super) place: Place,
    pub(super) id: String,
    pub(super) alias: Option<String>,
    pub(super) cidr: Option<String>,
    pub(super) mailbox: Option<String>,
    /// `type` and `cacheable`, which let one user answer for others (`switch_xml_find_child_multi`, and
    /// the core's user cache).
    pub(super) stripped: Vec<&'static str>,
    pub(super) gateways: usize,
    pub(super) given: Given,
    /// Index into [`Directory::domains`].
    pub(super) domain: Option<usize>,
    /// Index into [`Directory::groups`].
    pub(super) group: Option<usize>,
}

/// A static directory.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) domains: Vec<Holder>,
    pub(super) groups: Vec<Holder>,
    pub(super) users: Vec<User>,
    /// Users of `type="pointer"`: the same people in one more group.
    pub(super) pointers: usize,
    pub(super) notes: Vec<String>,
    stack: Vec<Level>,
}

/// What the reader is inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Domain(usize),
    Group(usize),
    User(usize),
    Params,
    Variables,
    Gateways,
    /// Nothing below this is looked at.
    Ignored,
    /// Of no meaning itself: document, section, groups, users.
    Plain,
}

impl Directory {
    /// Somebody's parameter, by the switch's rule: the user's own, then the group's, then the domain's
    /// (`switch_xml_merge_user`), names without regard to case.
    pub(super) fn param<'a>(&'a self, user: &'a User, name: &str) -> Option<&'a str> {
        self.value(user, name, |given| &given.params)
    }

    /// Somebody's variable, by the same rule.
    pub(super) fn variable<'a>(&'a self, user: &'a User, name: &str) -> Option<&'a str> {
        self.value(user, name, |given| &given.variables)
    }

    fn value<'a>(&'a self, user: &'a User, name: &str, pairs: fn(&Given) -> &Pairs) -> Option<&'a str> {
        let group = user.group.map(|at| &self.groups[at].given);
        let domain = user.domain.map(|at| &self.domains[at].given);
        [Some(&user.given), group, domain]
            .into_iter()
            .flatten()
            .flat_map(pairs)
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn user(&mut self, attributes: &Attributes, place: &Place) -> Result<Level, SourceError> {
        let text = |name| attributes.get(name).map(|value: &str| value.trim().to_owned());
        let kind = attributes.get("type");
        if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("pointer")) {
            self.pointers += 1;
            return Ok(Level::Ignored);
        }
        if self.users.len() == MOST_USERS {
            return Err(SourceError::at(place, format!("more than {MOST_USERS} users")));
        }
        let holder = |wanted: fn(&Level) -> Option<usize>| self.stack.iter().rev().find_map(wanted);
        let domain = holder(|level| match level {
            Level::Domain(at) => Some(*at),
            _ => None,
        });
        let group = holder(|level| match level {
            Level::Group(at) => Some(*at),
            _ => None,
        });
        let stripped = ["type", "cacheable"]
            .into_iter()
            .filter(|name| attributes.get(name).is_some());
        self.users.push(User {
            place: place.clone(),
            id: text("id").unwrap_or_default(),
            alias: text("number-alias"),
            cidr: text("cidr"),
            mailbox: text("mailbox"),
            stripped: stripped.collect(),
            gateways: 0,
            given: Given::default(),
            domain,
            group,
        });
        Ok(Level::User(self.users.len() - 1))
    }

    /// A `<param>` or `<variable>` of whoever is around it.
    fn pair(&mut self, attributes: &Attributes, place: &Place) -> Result<(), SourceError> {
        let [.., owner, kind] = self.stack[..] else {
            return Ok(());
        };
        let given = match owner {
            Level::Domain(at) => &mut self.domains[at].given,
            Level::Group(at) => &mut self.groups[at].given,
            Level::User(at) => &mut self.users[at].given,
            _ => return Ok(()),
        };
        let pairs = match kind {
            Level::Params => &mut given.params,
            Level::Variables => &mut given.variables,
            _ => return Ok(()),
        };
        if pairs.len() == MOST_PAIRS {
            return Err(SourceError::at(
                place,
                format!("more than {MOST_PAIRS} params or variables in one place"),
            ));
        }
        if let (Some(name), Some(value)) = (attributes.get("name"), attributes.get("value")) {
            pairs.push((name.to_owned(), value.to_owned()));
        }
        Ok(())
    }
}

impl Sink for Directory {
    fn open(&mut self, name: &str, attributes: &Attributes, place: &Place) -> Result<(), SourceError> {
        let around = self.stack.last().copied().unwrap_or(Level::Plain);
        let named = || Holder {
            name: attributes.get("name").unwrap_or_default().trim().to_owned(),
            given: Given::default(),
        };
        let level = match (around, name) {
            (Level::Ignored, _) => Level::Ignored,
            (Level::Plain, "domain") => {
                self.domains.push(named());
                Level::Domain(self.domains.len() - 1)
            }
            (Level::Plain, "group") => {
                self.groups.push(named());
                Level::Group(self.groups.len() - 1)
            }
            (Level::Plain | Level::Domain(_) | Level::Group(_), "user") => self.user(attributes, place)?,
            (Level::Domain(_) | Level::Group(_) | Level::User(_), "params") => Level::Params,
            (Level::Domain(_) | Level::Group(_) | Level::User(_), "variables") => Level::Variables,
            (Level::Params, "param") | (Level::Variables, "variable") => {
                self.pair(attributes, place)?;
                Level::Ignored
            }
            (Level::User(_), "gateways") => Level::Gateways,
            (Level::Gateways, "gateway") => {
                if let [.., Level::User(at), Level::Gateways] = self.stack[..] {
                    self.users[at].gateways += 1;
                }
                Level::Ignored
            }
            (Level::Plain, "document" | "section" | "groups" | "users")
            | (Level::Domain(_), "groups" | "users")
            | (Level::Group(_), "users") => Level::Plain,
            _ => Level::Ignored,
        };
        self.stack.push(level);
        Ok(())
    }

    fn close(&mut self) {
        self.stack.pop();
    }

    fn note(&mut self, place: &Place, text: String) {
        if self.notes.len() < MOST_NOTES {
            self.notes.push(format!("{place}: {text}"));
        }
    }
}
