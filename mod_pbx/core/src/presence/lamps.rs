//! The lamps on other phones (RFC 4235 dialogs, RFC 3856 presence): which are lit, and what mod_sofia is told.
//!
//! mod_sofia keeps the subscriptions and sends the NOTIFYs. Left to itself it tells of every leg: when one of
//! several phones of an extension rejects a call or is gone, the lamp goes dark while the others ring; a
//! caller's lamp blinks as if it were called, unless its username is its number; and somebody else's lamp is
//! lit by who claims their number in From. So our legs give it nothing to tell (`presence_id`), and it is
//! told here: once for each change, for the extension's number and for each line's username.
//!
//! Of a lamp that nobody asked for it is told nothing: it would look through its tables three times for each change of
//! each call, and write to one, while REGISTERs wait for that database.
//!
//! Others tell it things too: it says itself that a phone unregistered, and it takes a PUBLISH from anybody
//! who reaches the port (sofia_presence_handle_sip_i_publish). Whatever lamp that darkened is lit again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::event::Event;
use crate::host::Host;
use crate::names::DomainName;
use crate::store::snapshot::{self, Snapshot};

use super::feed::Subject;
use super::subscriptions::Subscription;
use super::view::{Call, Line, Moment, Phase, State, View};

/// Whose lamp: an extension's number or a line's username.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Lamp {
    domain: DomainName,
    name: Box<str>,
}

/// What a lamp shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    state: State,
    /// The leg that stands for all: mod_sofia takes a channel that does not exist for one that hung up.
    leg: Option<Call>,
}

/// What lamps show.
#[derive(Debug, Default)]
pub(super) struct Lamps {
    /// Those that a phone has asked for (`Event: dialog`), ever: of most of them somebody will again.
    asked: HashSet<Lamp>,
    /// It is not known who asked before we listened: all are told of.
    everybody: bool,
    /// Those that are lit, with what mod_sofia was told last.
    lit: HashMap<Lamp, Shown>,
    /// Those that somebody watches for being online as well (`Event: presence`), and what was told last. Nobody
    /// else is told of a registration: it would cost mod_sofia a search for each.
    watched: HashMap<Lamp, State>,
    /// Whose watchers are to be told again.
    again: HashMap<Lamp, Moment>,
}

/// To whoever watches one of whom it knows nothing mod_sofia says "Unregistered", by an event that comes after
/// ours (do_normal_probe), and others may tell what they like as often as they like: told again after this many
/// milliseconds.
const AGAIN: u64 = 500;

/// RFC 4235's event package.
const DIALOG: &str = "dialog";

/// Who we say we are.
const LOGIN: &str = "mod_pbx";

/// Whether it is about somebody, and not our own word.
pub(super) fn is_told_by_others(event: &Event) -> bool {
    let about_somebody = event.header("from").is_some_and(|from| from.contains('@'));
    about_somebody && event.header("login") != Some(LOGIN)
}

impl Lamps {
    /// Tells what changed.
    pub(super) fn update(
        &mut self,
        host: &dyn Host,
        view: &View,
        snapshot: &Snapshot,
        changed: &HashSet<Subject>,
    ) {
        let lamps: HashSet<Lamp> = changed
            .iter()
            .flat_map(|subject| lamps_of(subject, snapshot))
            .collect();
        for lamp in lamps {
            self.show(host, lamp, view, snapshot);
        }
    }

    fn show(&mut self, host: &dyn Host, lamp: Lamp, view: &View, snapshot: &Snapshot) {
        if !(self.everybody || self.asked.contains(&lamp) || self.watched.contains_key(&lamp)) {
            return;
        }
        let before = self.lit.get(&lamp);
        let now = look(&lamp, view, snapshot, before);
        if now.leg.is_some() {
            if before != Some(&now) {
                tell(host, &lamp, &now, None);
                self.lit.insert(lamp, now);
            }
            return;
        }
        let watched = self.watched.get_mut(&lamp);
        if let Some(dark) = self.lit.remove(&lamp) {
            tell_dark(host, &lamp, &dark);
        } else if watched.as_ref().is_none_or(|told| **told == now.state) {
            return;
        }
        if let Some(told) = watched {
            *told = now.state;
            tell(host, &lamp, &now, None);
        }
    }

    /// Nobody will tell any more: no lamp is left on for ever.
    pub(super) fn darken(&mut self, host: &dyn Host) {
        for (lamp, shown) in self.lit.drain() {
            tell_dark(host, &lamp, &shown);
        }
    }

    /// `PRESENCE_PROBE`: a phone subscribed, and mod_sofia has told it what it knows, which is nothing.
    pub(super) fn asked(
        &mut self,
        host: &dyn Host,
        event: &Event,
        view: &View,
        snapshot: &Snapshot,
        now: Moment,
    ) {
        let (Some(to), Some(subscription)) = (event.header("to"), event.header("sub-call-id")) else {
            return;
        };
        let Some(lamp) = lamp(to, snapshot) else { return };
        if event.header("proto-specific-event-name") == Some(DIALOG) {
            self.dialogs_asked(host, lamp, Some(subscription), view, snapshot);
        } else {
            self.presence_asked(lamp, view, snapshot, now);
        }
    }

    /// Who asked before we listened: mod_sofia keeps that over its restarts and ours. None: it cannot be read.
    pub(super) fn subscribed(
        &mut self,
        host: &dyn Host,
        before: Option<&[Subscription]>,
        view: &View,
        snapshot: &Snapshot,
        now: Moment,
    ) {
        self.everybody |= before.is_none();
        for Subscription { to, package } in before.unwrap_or_default() {
            let Some(lamp) = lamp(to, snapshot) else { continue };
            if package != DIALOG {
                self.presence_asked(lamp, view, snapshot, now);
            } else if !self.asked.contains(&lamp) {
                self.dialogs_asked(host, lamp, None, view, snapshot);
            }
        }
    }

    fn dialogs_asked(
        &mut self,
        host: &dyn Host,
        lamp: Lamp,
        subscription: Option<&str>,
        view: &View,
        snapshot: &Snapshot,
    ) {
        let shown = look(&lamp, view, snapshot, self.lit.get(&lamp));
        self.asked.insert(lamp.clone());
        if shown.leg.is_some() {
            tell(host, &lamp, &shown, subscription);
            self.lit.insert(lamp, shown);
        }
    }

    fn presence_asked(&mut self, lamp: Lamp, view: &View, snapshot: &Snapshot, now: Moment) {
        let shown = look(&lamp, view, snapshot, self.lit.get(&lamp));
        self.watched.insert(lamp.clone(), shown.state);
        self.again.insert(lamp, Moment(now.0 + AGAIN));
    }

    /// `PRESENCE_IN` by somebody else.
    pub(super) fn told(&mut self, event: &Event, snapshot: &Snapshot, now: Moment) {
        let Some(lamp) = event.header("from").and_then(|from| lamp(from, snapshot)) else {
            return;
        };
        if self.lit.contains_key(&lamp) || self.watched.contains_key(&lamp) {
            self.again.entry(lamp).or_insert(Moment(now.0 + AGAIN));
        }
    }

    /// Tells again who must be by now. Gives the moment of the next one.
    pub(super) fn tell_again(
        &mut self,
        host: &dyn Host,
        view: &View,
        snapshot: &Snapshot,
        now: Moment,
    ) -> Option<Moment> {
        let due: Vec<Lamp> = self
            .again
            .extract_if(|_, at| *at <= now)
            .map(|(lamp, _)| lamp)
            .collect();
        for lamp in due {
            let shown = look(&lamp, view, snapshot, self.lit.get(&lamp));
            tell(host, &lamp, &shown, None);
            if let Some(told) = self.watched.get_mut(&lamp) {
                *told = shown.state;
            }
        }
        self.again.values().min().copied()
    }
}

/// The lamp called `name@domain`, if there is one: of an extension or a line of ours.
fn lamp(to: &str, snapshot: &Snapshot) -> Option<Lamp> {
    let (name, host) = to.split_once('@')?;
    // With one domain phones may be pointed at an address.
    let only = snapshot
        .domains
        .values()
        .next()
        .filter(|_| snapshot.domains.len() == 1);
    let domain = snapshot.domain(host).or(only)?;
    let extension = domain.find(name)?;
    let name = match extension.line(name) {
        Some(line) => line.username.as_str(),
        None => extension.number.as_str(),
    };
    Some(Lamp {
        domain: domain.name.clone(),
        name: name.into(),
    })
}

/// The lamps that may show a change: the line's and its extension's.
fn lamps_of(subject: &Subject, snapshot: &Snapshot) -> Vec<Lamp> {
    let (domain, name) = match subject {
        Subject::Line(domain, username) => (domain, username.as_str()),
        Subject::Extension(domain, number) => (domain, number.as_str()),
    };
    let found = snapshot
        .domain(domain.as_str())
        .and_then(|domain| domain.find(name));
    let number = found
        .map(|extension| extension.number.as_str())
        .filter(|number| *number != name);
    let lamp = |name: &str| Lamp {
        domain: domain.clone(),
        name: name.into(),
    };
    std::iter::once(name).chain(number).map(lamp).collect()
}

/// What a lamp should show, with the same leg as before if that still stands for it.
fn look(lamp: &Lamp, view: &View, snapshot: &Snapshot, before: Option<&Shown>) -> Shown {
    let found = snapshot
        .domain(lamp.domain.as_str())
        .and_then(|domain| domain.find(&lamp.name));
    let is_number = |extension: &&Arc<snapshot::Extension>| extension.number.as_str() == &*lamp.name;
    let line = |username: &str| view.line(lamp.domain.as_str(), username);
    let (state, calls): (State, Vec<&Call>) = match found.filter(is_number) {
        Some(extension) => {
            let lines = extension.lines.iter().filter_map(|l| line(l.username.as_str()));
            let own = view.extension_calls(lamp.domain.as_str(), extension);
            let calls = lines.flat_map(|line: &Arc<Line>| &line.calls).chain(own);
            (
                view.extension_state(lamp.domain.as_str(), extension),
                calls.collect(),
            )
        }
        None => {
            let seen = line(&lamp.name);
            let calls = seen.map_or(&[][..], |line| &line.calls);
            (
                seen.map_or(State::Offline, |line| line.state()),
                calls.iter().collect(),
            )
        }
    };
    let busy = |call: &&&Call| call.phase == Phase::Busy;
    let known = before.and_then(|shown| shown.leg.as_ref());
    let stands = |call: &&&Call| known.is_some_and(|known| known == **call);
    let most: Vec<&Call> = match calls.iter().any(|call| call.phase == Phase::Busy) {
        true => calls.iter().filter(busy).copied().collect(),
        false => calls,
    };
    let leg = most
        .iter()
        .find(stands)
        .or_else(|| most.first())
        .map(|call| (*call).clone());
    Shown { state, leg }
}

/// Tells mod_sofia what a lamp shows: all who subscribed, or one of them.
fn tell(host: &dyn Host, lamp: &Lamp, shown: &Shown, subscription: Option<&str>) {
    let (status, rpid, answer) = match shown.state {
        State::Offline => ("Unregistered", "unknown", ""),
        State::Online => ("Registered", "unknown", ""),
        State::Ringing => ("Ringing", "on-the-phone", "early"),
        State::Busy => ("On The Phone", "on-the-phone", "answered"),
    };
    let uuid = shown.leg.as_ref().map_or("", |leg| &*leg.uuid);
    // Without a leg only those who watch for being online are told.
    let other = if uuid.is_empty() { "presence" } else { "dialog" };
    let from = format!("{}@{}", lamp.name, lamp.domain);
    let called = shown.leg.as_ref().is_some_and(|leg| leg.called);
    let direction = if called { "outbound" } else { "inbound" };
    let all = [
        ("proto", "sip"),
        ("login", LOGIN),
        ("from", &*from),
        ("status", status),
        ("rpid", rpid),
        ("event_type", "presence"),
        ("alt_event_type", other),
        ("unique-id", uuid),
        ("answer-state", answer),
        ("presence-call-direction", direction),
        // Else mod_sofia turns the direction round (sofia_presence_sub_callback).
        ("caller-username", &*lamp.name),
        ("call-id", subscription.unwrap_or_default()),
    ];
    fire(host, &all);
}

/// Tells mod_sofia that nothing is lit any more.
fn tell_dark(host: &dyn Host, lamp: &Lamp, shown: &Shown) {
    let from = format!("{}@{}", lamp.name, lamp.domain);
    let all = [
        ("proto", "sip"),
        ("login", LOGIN),
        ("from", &*from),
        ("status", "CS_HANGUP"),
        ("rpid", "unknown"),
        ("event_type", "presence"),
        ("alt_event_type", "dialog"),
        ("channel-state", "CS_HANGUP"),
        ("unique-id", shown.leg.as_ref().map_or("", |leg| &*leg.uuid)),
        ("answer-state", "hangup"),
        ("presence-call-direction", "outbound"),
    ];
    fire(host, &all);
}

fn fire(host: &dyn Host, headers: &[(&'static str, &str)]) {
    let there: Vec<_> = headers
        .iter()
        .copied()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    host.fire_presence(&there);
}

#[cfg(test)]
#[path = "lamps_tests.rs"]
mod tests;
