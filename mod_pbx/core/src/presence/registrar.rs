//! Which phones are registered: mod_sofia's events, its own list, and the clock.
//!
//! mod_sofia runs with `multiple-registrations=contact`: a REGISTER replaces its line's earlier one with the
//! same Contact, and in passing any other line's too, without an event. Here a registration belongs to its
//! line, so nobody takes another's phone off the list by naming its Contact.

use std::collections::HashMap;
use std::sync::Arc;

use crate::event::Event;
use crate::host::Host;
use crate::store::snapshot::Snapshot;

use super::book::{Book, Known};
use super::contact::Contact;
use super::deadlines::Deadlines;
use super::heard::{self, Heard};
use super::status::Row;
use super::target::OwnAddresses;
use super::view::{Line, Moment, Registration};

/// mod_sofia keeps a registration this many seconds longer than the phone was told
/// (`sip-expires-late-margin`), for a refresh that is late; so do we.
const LATE_MARGIN: u64 = 60;

/// No registration is believed for longer than this, in seconds.
const LONGEST: u64 = 86_400;

/// What must be asked of mod_sofia before a line's phones are known for certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) profile: Box<str>,
    pub(super) line: Known,
}

/// mod_sofia's list of a profile.
pub(super) struct Listing<'a> {
    pub(super) profile: &'a str,
    /// The one line it is of; none: all lines.
    pub(super) only: Option<&'a Known>,
    pub(super) rows: &'a [Row],
    /// Whether the profile has started since the list was last asked for.
    pub(super) just_started: bool,
}

/// The rules by which registrations come and go.
#[derive(Debug, Default)]
pub(super) struct Registrar {
    own: OwnAddresses,
    deadlines: Deadlines,
}

impl Registrar {
    /// `sofia::register`.
    pub(super) fn registered(&mut self, book: &mut Book, event: &Event, snapshot: &Snapshot, now: Moment) {
        let Some((line, most)) = line_of(event, snapshot, "from-user", "from-host") else {
            return;
        };
        let header = |name| event.header(name).unwrap_or_default();
        let seconds: u64 = header("expires").parse().unwrap_or(0);
        let heard = Heard {
            profile: header("profile-name"),
            call_id: header("call-id"),
            contact: header("contact"),
            user_agent: header("user-agent"),
            source: heard::source(header("network-ip"), header("network-port")),
            deadline: now.plus_seconds(seconds.min(LONGEST) + LATE_MARGIN),
        };
        self.enter(book, &line, most, &heard, now);
    }

    /// `sofia::unregister`: by the phone, or because its connection closed. In the second case mod_sofia
    /// names neither the Contact nor the connection, and the phone may have come back on another before the
    /// first was seen to close: whoever has registered from two places is in doubt.
    pub(super) fn unregistered(
        &mut self,
        book: &mut Book,
        event: &Event,
        snapshot: &Snapshot,
    ) -> Option<Doubt> {
        let (line, _) = line_of(event, snapshot, "from-user", "from-host")?;
        let profile = event.header("profile-name")?;
        let call_id = event.header("call-id")?;
        let contact = event.header("contact");
        let moved = |r: &Registration| &*r.profile == profile && &*r.call_id == call_id && r.moved;
        if contact.is_none() && book.line(&line)?.registrations.iter().any(|r| moved(r)) {
            return Some(Doubt {
                profile: profile.into(),
                line,
            });
        }
        let parsed = contact.and_then(|text| Contact::parse(text).ok());
        let same_phone = |registration: &Registration| match (&parsed, Contact::parse(&registration.contact))
        {
            (Some(said), Ok(known)) => said.is_same_phone(&known),
            // No Contact, `*`, or one that cannot be compared: the Call-ID says which phone it is.
            _ => true,
        };
        remove(book, &line, |r| {
            &*r.profile == profile
                && (contact == Some(&*r.contact) || (&*r.call_id == call_id && same_phone(r)))
        });
        None
    }

    /// `sofia::expire`: of what mod_sofia has, the row with this Call-ID and this Contact.
    pub(super) fn expired(&mut self, book: &mut Book, event: &Event, snapshot: &Snapshot) {
        let Some((line, _)) = line_of(event, snapshot, "user", "host") else {
            return;
        };
        let is = |name, value: &str| event.header(name) == Some(value);
        remove(book, &line, |r| {
            is("profile-name", &r.profile) && is("call-id", &r.call_id) && is("contact", &r.contact)
        });
    }

    /// `sofia::sip_user_state`. A phone that answers OPTIONS with an error is alive (RFC 3261, 11); only one
    /// that did not answer (408) or whose connection could not be made (503) is not.
    pub(super) fn pinged(&mut self, book: &mut Book, event: &Event, snapshot: &Snapshot) {
        let Some((line, _)) = line_of(event, snapshot, "from-user", "from-host") else {
            return;
        };
        let silent = matches!(event.header("Status"), Some("408" | "503"));
        let reachable = event.header("Ping-Status") != Some("UNREACHABLE") || !silent;
        let is = |name, value: &str| event.header(name) == Some(value);
        let meant = |r: &Registration| {
            is("profile-name", &r.profile) && is("call-id", &r.call_id) && r.reachable != reachable
        };
        if book
            .line(&line)
            .is_some_and(|seen| seen.registrations.iter().any(|r| meant(r)))
        {
            book.change_line(&line, |seen| {
                for registration in seen.registrations.iter_mut().filter(|r| meant(r)) {
                    *registration = Arc::new(registration.but(|r| r.reachable = reachable));
                }
            });
            self.watch(book, &line);
        }
    }

    /// A profile started: the connections that its phones had are gone, whatever its database kept.
    pub(super) fn profile_started(&mut self, book: &mut Book, profile: &str) {
        let lines: Vec<Known> = book.lines().map(|(line, _)| line).collect();
        for line in lines {
            remove(book, &line, |r| &*r.profile == profile && r.on_a_connection);
        }
    }

    /// Takes mod_sofia's list of a profile, or of one line in it, for the truth. After the profile started, a
    /// row that lives on a connection counts only if we saw it register since.
    pub(super) fn take_list(
        &mut self,
        book: &mut Book,
        listing: &Listing<'_>,
        snapshot: &Snapshot,
        now: Moment,
    ) {
        let &Listing {
            profile,
            only,
            rows,
            just_started,
        } = listing;
        let mut listed: HashMap<Known, (usize, Vec<&Row>)> = HashMap::new();
        for row in rows {
            let line = Known::find(snapshot, &row.host, &row.user);
            if let Some((line, most)) = line.filter(|(line, _)| only.is_none_or(|only| only == line)) {
                listed.entry(line).or_insert((most, Vec::new())).1.push(row);
            }
        }
        let seen: Vec<Known> = match only {
            Some(line) => vec![line.clone()],
            None => book.lines().map(|(line, _)| line).collect(),
        };
        for line in seen {
            let rows = listed.get(&line).map_or(&[][..], |(_, rows)| rows);
            let is_listed = |r: &Registration| rows.iter().any(|row| *row.call_id == *r.call_id);
            remove(book, &line, |r| &*r.profile == profile && !is_listed(r));
        }
        for (line, (most, rows)) in listed {
            for row in rows {
                let heard = Heard {
                    profile,
                    call_id: &row.call_id,
                    contact: &row.contact,
                    user_agent: &row.user_agent,
                    source: row.source,
                    deadline: now.plus_seconds(row.seconds.min(LONGEST + LATE_MARGIN)),
                };
                let same = |r: &Arc<Registration>| heard.is(r) && r.source == heard.source;
                let is_known = book
                    .line(&line)
                    .is_some_and(|seen| seen.registrations.iter().any(same));
                if is_known || !just_started || !heard::is_on_a_connection(&row.contact) {
                    self.enter(book, &line, most, &heard, now);
                }
            }
        }
    }

    fn enter(&mut self, book: &mut Book, line: &Known, most: usize, heard: &Heard<'_>, now: Moment) {
        if heard.profile.is_empty() || heard.call_id.is_empty() {
            return;
        }
        let others = book.line(line).map_or(&[][..], |seen| &seen.registrations);
        let known = others.iter().find(|r| heard.is(r));
        if let Some(known) = known.filter(|r| heard.says_nothing_new(r)) {
            known.refresh(heard.deadline);
            return;
        }
        let registration = Arc::new(heard.registration(&self.own, known.map(|r| &**r), others, now));
        self.deadlines.watch(line, &registration, book.view.registrations);
        book.change_line(line, |seen| {
            seen.registrations.retain(|r| !heard.replaces(r));
            if seen.registrations.len() >= most {
                drop_the_oldest(seen);
            }
            seen.registrations.push(registration);
        });
    }

    /// The switch's own addresses became known, or changed: who is called is decided again.
    pub(super) fn learn_own(&mut self, book: &mut Book, own: OwnAddresses) {
        if own == self.own {
            return;
        }
        self.own = own;
        let fresh = |r: &Registration| heard::target(&r.contact, &r.profile, r.source, &self.own);
        let stale: Vec<Known> = book
            .lines()
            .filter(|(_, seen)| seen.registrations.iter().any(|r| fresh(r) != r.target))
            .map(|(line, _)| line)
            .collect();
        for line in &stale {
            book.change_line(line, |seen| {
                for registration in &mut seen.registrations {
                    *registration = Arc::new(registration.but(|r| r.target = fresh(r)));
                }
            });
        }
        for line in &stale {
            self.watch(book, line);
        }
    }

    /// Watches the deadlines of a line whose registrations were written anew.
    fn watch(&mut self, book: &Book, line: &Known) {
        for registration in book.line(line).into_iter().flat_map(|seen| &seen.registrations) {
            self.deadlines.watch(line, registration, book.view.registrations);
        }
    }

    /// Takes out what has run out. Gives the moment of the next one.
    pub(super) fn sweep(&mut self, book: &mut Book, now: Moment) -> Option<Moment> {
        while let Some((line, registration)) = self.deadlines.pop(now) {
            remove(book, &line, |r| std::ptr::eq(r, &*registration));
        }
        self.deadlines.next()
    }
}

/// The registrations of a line that is no longer configured.
pub(super) struct Gone {
    line: Known,
    profiles: Vec<Box<str>>,
}

impl Gone {
    /// Has mod_sofia forget them too: until they run out it sends those phones lamps, and keeps their connections.
    pub(super) fn end(&self, host: &dyn Host) {
        for profile in &self.profiles {
            let (domain, username) = (&self.line.domain, &self.line.username);
            // Profiles' names come from mod_sofia's events, the line's are harmless by their types.
            let arguments = format!("profile {profile} flush_inbound_reg {username}@{domain}");
            if let Err(error) = host.api("sofia", &arguments) {
                tracing::warn!("mod_sofia keeps phones of {username}@{domain} until they run out: {error}");
            }
        }
    }
}

/// Takes lines out that are no longer configured.
pub(super) fn prune(book: &mut Book, snapshot: &Snapshot) -> Vec<Gone> {
    let gone = |line: &Known| Known::find(snapshot, line.domain.as_str(), line.username.as_str()).is_none();
    let lines: Vec<Known> = book.lines().map(|(line, _)| line).filter(gone).collect();
    let end = |line: Known| {
        let known = book.line(&line).into_iter().flat_map(|seen| &seen.registrations);
        let mut profiles: Vec<Box<str>> = known.map(|one| one.profile.clone()).collect();
        profiles.sort_unstable();
        profiles.dedup();
        remove(book, &line, |_| true);
        Gone { line, profiles }
    };
    lines.into_iter().map(end).collect()
}

fn line_of(event: &Event, snapshot: &Snapshot, user: &str, host: &str) -> Option<(Known, usize)> {
    Known::find(snapshot, event.header(host)?, event.header(user)?)
}

fn remove(book: &mut Book, line: &Known, gone: impl Fn(&Registration) -> bool) {
    if book
        .line(line)
        .is_some_and(|seen| seen.registrations.iter().any(|r| gone(r)))
    {
        book.change_line(line, |seen| seen.registrations.retain(|r| !gone(r)));
    }
}

/// mod_sofia refuses more than `max-registrations-per-extension`; if it did not, the list stays bounded here.
fn drop_the_oldest(line: &mut Line) {
    let oldest = line
        .registrations
        .iter()
        .enumerate()
        .min_by_key(|(_, r)| r.deadline());
    if let Some((index, _)) = oldest {
        line.registrations.remove(index);
    }
}

#[cfg(test)]
#[path = "registrar_tests.rs"]
mod tests;
