//! Which phones ring or are in a call: the switch's channels.
//!
//! Every leg of ours carries whose it is in a variable that FreeSWITCH repeats in each event of the channel
//! (`switch_channel_event_set_basic_data`) and in `show channels`: `presence_data`, the line
//! (`alice@pbx.test`), or the extension of a leg that belongs to none of its lines. Callers do not choose
//! it: the directory sets it for a phone that calls, the dial string for one that is called. (Not
//! `presence_id`, by which mod_sofia would drive lamps as well: see [`super::lamps`].)

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::event::Event;
use crate::names::Number;
use crate::store::snapshot::Snapshot;

use super::book::{Book, Known};
use super::feed::Subject;
use super::view::{Call, Phase};

/// One row of `show channels as json`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Channel {
    uuid: String,
    direction: String,
    callstate: String,
    presence_data: String,
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    rows: Vec<Channel>,
}

/// The rows of `show channels as json`; none: it is something else (`-ERR …`).
pub(super) fn shown(text: &str) -> Option<Vec<Channel>> {
    serde_json::from_str(text).ok().map(|shown: Shown| shown.rows)
}

/// A leg that belongs to somebody.
#[derive(Debug, Clone)]
struct Leg {
    subject: Subject,
    /// Known from the switch's list alone, which may lag behind.
    listed: bool,
}

/// The legs that belong to somebody.
#[derive(Debug, Default)]
pub(super) struct Calls {
    legs: HashMap<Arc<str>, Leg>,
}

impl Calls {
    /// `CHANNEL_CALLSTATE`.
    pub(super) fn changed(&mut self, book: &mut Book, event: &Event, snapshot: &Snapshot) {
        let header = |name| event.header(name).unwrap_or_default().to_owned();
        let channel = Channel {
            uuid: header("Unique-ID"),
            direction: header("Call-Direction"),
            callstate: header("Channel-Call-State"),
            presence_data: header("Channel-Presence-Data"),
        };
        self.take(book, &channel, false, snapshot);
    }

    /// `CHANNEL_HANGUP_COMPLETE`.
    pub(super) fn ended(&mut self, book: &mut Book, event: &Event) {
        if let Some(uuid) = event.header("Unique-ID") {
            self.end(book, uuid);
        }
    }

    /// Takes up what the switch's own list of channels has and we do not, and ends what is over. The list is
    /// written by a queue and may be a second late either way; `exists` asks the switch itself.
    pub(super) fn take_list(
        &mut self,
        book: &mut Book,
        channels: &[Channel],
        exists: impl Fn(&str) -> bool,
        snapshot: &Snapshot,
    ) {
        let over: Vec<Arc<str>> = self.legs.keys().filter(|uuid| !exists(uuid)).cloned().collect();
        for uuid in over {
            self.end(book, &uuid);
        }
        for channel in channels {
            let known = self.legs.get(channel.uuid.as_str());
            if known.is_none_or(|leg| leg.listed) && exists(&channel.uuid) {
                self.take(book, channel, true, snapshot);
            }
        }
    }

    /// Whether there is any leg.
    pub(super) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    fn take(&mut self, book: &mut Book, channel: &Channel, listed: bool, snapshot: &Snapshot) {
        if channel.callstate.eq_ignore_ascii_case("HANGUP") {
            return self.end(book, &channel.uuid);
        }
        let Some(phase) = phase(&channel.direction, &channel.callstate) else {
            return;
        };
        let Some(subject) = subject(&channel.presence_data, snapshot).filter(|_| !channel.uuid.is_empty())
        else {
            return;
        };
        let (uuid, before) = match self.legs.get_key_value(&*channel.uuid) {
            Some((uuid, before)) => (Arc::clone(uuid), Some(before.subject.clone())),
            None => (Arc::from(&*channel.uuid), None),
        };
        if let Some(before) = before.filter(|before| *before != subject) {
            self.end_for(book, &before, &uuid);
        }
        let call = Call {
            uuid: Arc::clone(&uuid),
            phase,
            called: is_called(&channel.direction),
        };
        if !has(book, &subject, &call) {
            book.change_calls(&subject, |calls| {
                calls.retain(|known| known.uuid != uuid);
                calls.push(call);
            });
        }
        self.legs.insert(uuid, Leg { subject, listed });
    }

    fn end(&mut self, book: &mut Book, uuid: &str) {
        if let Some(leg) = self.legs.remove(uuid) {
            self.end_for(book, &leg.subject, uuid);
        }
    }

    fn end_for(&self, book: &mut Book, subject: &Subject, uuid: &str) {
        book.change_calls(subject, |calls| calls.retain(|call| &*call.uuid != uuid));
    }
}

/// How far a leg is (`switch_channel_callstate_t`); none: nobody hears of it yet. A leg that the phone made
/// itself has its user at it from the start, whatever its state.
fn phase(direction: &str, callstate: &str) -> Option<Phase> {
    let called = is_called(direction);
    match callstate.to_ascii_uppercase().as_str() {
        "DOWN" | "DIALING" if called => None,
        "DOWN" | "HANGUP" | "" => None,
        "RINGING" | "EARLY" | "RING_WAIT" if called => Some(Phase::Ringing),
        _ => Some(Phase::Busy),
    }
}

/// Whether the switch called the phone.
fn is_called(direction: &str) -> bool {
    direction.eq_ignore_ascii_case("outbound")
}

/// Whose leg it is: a line's, else an extension's.
fn subject(presence_data: &str, snapshot: &Snapshot) -> Option<Subject> {
    let (name, domain) = presence_data.split_once('@')?;
    if let Some((line, _)) = Known::find(snapshot, domain, name) {
        return Some(line.subject());
    }
    let domain = snapshot.domain(domain)?;
    let number: Number = name.parse().ok()?;
    let extension = domain
        .find(number.as_str())
        .filter(|extension| extension.number == number)?;
    Some(Subject::Extension(domain.name.clone(), extension.number.clone()))
}

fn has(book: &Book, subject: &Subject, call: &Call) -> bool {
    let domain = |name: &crate::names::DomainName| book.view.domains.get(name);
    match subject {
        Subject::Line(name, username) => domain(name)
            .and_then(|domain| domain.lines.get(username))
            .is_some_and(|line| line.calls.contains(call)),
        Subject::Extension(name, number) => domain(name)
            .and_then(|domain| domain.numbers.get(number))
            .is_some_and(|calls| calls.contains(call)),
    }
}
