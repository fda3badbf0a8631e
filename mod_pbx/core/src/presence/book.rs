//! The view while it is being written: by the presence thread alone.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use crate::names::{DomainName, Number, Username};
use crate::store::snapshot::Snapshot;

use super::feed::Subject;
use super::view::{Browser, Call, Domain, Line, Registration, View};

/// A line that exists, by its stored names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub(super) domain: DomainName,
    pub(super) username: Username,
}

impl Known {
    /// The line called so, if there is one: nobody else gets into the view, so that what strangers send
    /// takes no memory.
    pub(super) fn find(snapshot: &Snapshot, domain: &str, username: &str) -> Option<(Self, usize)> {
        let domain = snapshot.domain(domain)?;
        let line = domain.find(username)?.line(username)?;
        let known = Self {
            domain: domain.name.clone(),
            username: line.username.clone(),
        };
        Some((known, usize::from(line.max_registrations).max(1)))
    }

    pub(super) fn subject(&self) -> Subject {
        Subject::Line(self.domain.clone(), self.username.clone())
    }
}

/// The view, and whom its readers must be told of.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) view: View,
    changed: HashSet<Subject>,
}

impl Book {
    pub(super) fn line(&self, known: &Known) -> Option<&Arc<Line>> {
        self.view.line(known.domain.as_str(), known.username.as_str())
    }

    /// Changes a line, and takes it out when nothing is left of it.
    pub(super) fn change_line<T>(&mut self, known: &Known, change: impl FnOnce(&mut Line) -> T) -> T {
        let domain = Self::domain(&mut self.view, &known.domain);
        let line = Arc::make_mut(slot(&mut domain.lines, &known.username));
        let before = line.registrations.clone();
        let result = change(line);
        let after = line.registrations.clone();
        if line.registrations.is_empty() && line.calls.is_empty() {
            domain.lines.remove(&known.username);
        }
        self.view.registrations = self.view.registrations + after.len() - before.len();
        self.move_addresses(known, &before, &after);
        self.tidy(&known.domain);
        self.changed.insert(known.subject());
        result
    }

    /// Keeps up who is at which address.
    fn move_addresses(&mut self, line: &Known, before: &[Arc<Registration>], after: &[Arc<Registration>]) {
        if before.iter().map(|r| &r.at).eq(after.iter().map(|r| &r.at)) {
            return;
        }
        let at = |all: &[Arc<Registration>]| -> HashSet<Box<str>> {
            all.iter().filter_map(|r| r.at.clone()).collect()
        };
        let (before, after) = (at(before), at(after));
        let full = |line: &Known| -> Box<str> { format!("{}@{}", line.username, line.domain).into() };
        for gone in before.difference(&after) {
            if let Some(lines) = self.view.addresses.get_mut(gone) {
                lines.retain(|other| **other != *full(line));
                if lines.is_empty() {
                    self.view.addresses.remove(gone);
                }
            }
        }
        for new in after.difference(&before) {
            self.view
                .addresses
                .entry(new.clone())
                .or_default()
                .push(full(line));
        }
    }

    /// Changes the calls of a subject.
    pub(super) fn change_calls(&mut self, subject: &Subject, change: impl FnOnce(&mut Vec<Call>)) {
        match subject {
            Subject::Line(domain, username) => {
                let known = Known {
                    domain: domain.clone(),
                    username: username.clone(),
                };
                self.change_line(&known, |line| change(&mut line.calls));
            }
            Subject::Extension(domain, number) => self.change_number(domain, number, change),
        }
    }

    fn change_number(&mut self, domain: &DomainName, number: &Number, change: impl FnOnce(&mut Vec<Call>)) {
        let seen = Self::domain(&mut self.view, domain);
        let calls = Arc::make_mut(slot(&mut seen.numbers, number));
        change(calls);
        if calls.is_empty() {
            seen.numbers.remove(number);
        }
        self.tidy(domain);
        self.changed
            .insert(Subject::Extension(domain.clone(), number.clone()));
    }

    /// Takes these for all browser clients that are logged in.
    pub(super) fn take_browsers(&mut self, all: &[super::AtHome]) {
        let mut homes: HashMap<(&DomainName, &Number), Vec<Browser>> = HashMap::new();
        for at in all {
            let home = homes.entry((&at.domain, &at.number)).or_default();
            home.push(at.browser.clone());
        }
        let known: Vec<(DomainName, Number)> = self
            .view
            .domains
            .iter()
            .flat_map(|(domain, seen)| {
                seen.browsers
                    .keys()
                    .map(|number| (domain.clone(), number.clone()))
            })
            .collect();
        for (domain, number) in &known {
            if !homes.contains_key(&(domain, number)) {
                Self::domain(&mut self.view, domain).browsers.remove(number);
                self.tidy(domain);
                self.changed
                    .insert(Subject::Extension(domain.clone(), number.clone()));
            }
        }
        for ((domain, number), mut browsers) in homes {
            browsers.sort();
            let seen = self.view.domains.get(domain);
            let before = seen.and_then(|seen| seen.browsers.get(number));
            if before.is_some_and(|before| **before == *browsers) {
                continue;
            }
            let seen = Self::domain(&mut self.view, domain);
            seen.browsers.insert(number.clone(), browsers.into());
            self.changed
                .insert(Subject::Extension(domain.clone(), number.clone()));
        }
    }

    fn domain<'v>(view: &'v mut View, name: &DomainName) -> &'v mut Domain {
        Arc::make_mut(slot(&mut view.domains, name))
    }

    fn tidy(&mut self, domain: &DomainName) {
        let empty =
            |seen: &Arc<Domain>| seen.lines.is_empty() && seen.numbers.is_empty() && seen.browsers.is_empty();
        if self.view.domains.get(domain).is_some_and(empty) {
            self.view.domains.remove(domain);
        }
    }

    /// Every line in the view.
    pub(super) fn lines(&self) -> impl Iterator<Item = (Known, &Arc<Line>)> {
        self.view.domains.iter().flat_map(|(domain, seen)| {
            seen.lines.iter().map(move |(username, line)| {
                let known = Known {
                    domain: domain.clone(),
                    username: username.clone(),
                };
                (known, line)
            })
        })
    }

    /// Whom readers must be told of since this was last asked.
    pub(super) fn take_changes(&mut self) -> HashSet<Subject> {
        std::mem::take(&mut self.changed)
    }
}

/// What is kept under a name, made if it is not there. Unlike `entry`, it copies the name only then.
fn slot<'m, K: Clone + Eq + Hash, V: Clone + Default>(
    map: &'m mut imbl::HashMap<K, V>,
    key: &K,
) -> &'m mut V {
    if !map.contains_key(key) {
        map.insert(key.clone(), V::default());
    }
    &mut map[key]
}
