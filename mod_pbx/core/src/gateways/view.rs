//! What is known of the gateways right now, as lookups read it: without a lock, and never changing.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use uuid::Uuid;

use super::Told;
use crate::background::Teller;
use crate::caps::Asker;
use crate::names::GatewayName;
use crate::store::gateways::Gateway;

/// Numbers are remembered up to this many characters.
const LONGEST_NUMBER: usize = 40;

/// Whether calls can go out by a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It answers OPTIONS, has taken the registration, or is not asked.
    Up,
    /// It does not answer OPTIONS, or has refused the registration: mod_sofia sends no call there.
    Down,
    /// The switch has not said.
    #[default]
    Unknown,
}

impl State {
    /// As people and programs read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known of one gateway.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Whether calls can go out by it.
    pub state: State,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What the other side, or mod_sofia, said; empty: nothing.
    pub why: Box<str>,
    pub(super) calls: Arc<AtomicU32>,
    /// Calls that were let through and have no leg yet: they count as if they had.
    pub(super) promised: Arc<AtomicU32>,
    pub(super) password: Option<Password>,
}

/// An account's password, open.
#[derive(Clone)]
pub(super) struct Password {
    /// What it was opened from.
    pub(super) sealed: Box<str>,
    pub(super) open: Box<str>,
}

/// Says nothing of it.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// What is known of all gateways.
#[derive(Debug, Clone, Default)]
pub struct View {
    pub(super) seen: HashMap<Uuid, Seen>,
    /// Calls that came in and led nowhere.
    pub counts: Arc<Counts>,
    /// How the thread is told of calls that are let through; none: nobody counts.
    pub(super) teller: Option<Teller<Told>>,
}

/// Calls that came in and led nowhere, since the module was loaded. Counted on the switch's threads.
#[derive(Debug, Default)]
pub struct Counts {
    unknown: AtomicU64,
    strangers: AtomicU64,
    last: ArcSwapOption<Unknown>,
}

/// A call to a number that nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What was called, clipped.
    pub number: Box<str>,
    /// By which gateway.
    pub gateway: GatewayName,
    /// When.
    pub at: Timestamp,
}

impl Counts {
    /// Counts a call to a number that nobody has.
    pub fn unknown(&self, gateway: &Gateway, number: &str) {
        self.unknown.fetch_add(1, Relaxed);
        self.last.store(Some(Arc::new(Unknown {
            number: number.chars().take(LONGEST_NUMBER).collect(),
            gateway: gateway.name.clone(),
            at: Timestamp::now(),
        })));
    }

    /// Counts a call that named a gateway and came by none.
    pub fn stranger(&self) {
        self.strangers.fetch_add(1, Relaxed);
    }

    /// How many calls came in for numbers that nobody has.
    pub fn unknowns(&self) -> u64 {
        self.unknown.load(Relaxed)
    }

    /// How many calls named a gateway and came by none.
    pub fn strangers(&self) -> u64 {
        self.strangers.load(Relaxed)
    }

    /// The last call to a number that nobody has.
    pub fn last_unknown(&self) -> Option<Arc<Unknown>> {
        self.last.load_full()
    }
}

impl Seen {
    /// Its calls, with those that have no leg yet.
    fn taken(&self) -> u32 {
        // In this order: a leg counts before its promise ends.
        let promised = self.promised.load(Acquire);
        self.calls.load(Acquire).saturating_add(promised)
    }
}

impl View {
    /// Whether calls can go out by the gateway with this id.
    pub fn state(&self, id: Uuid) -> State {
        self.seen.get(&id).map(|seen| seen.state).unwrap_or_default()
    }

    /// What is known of the gateway with this id.
    pub fn seen(&self, id: Uuid) -> Option<&Seen> {
        self.seen.get(&id)
    }

    /// How many calls it carries now, in and out.
    pub fn calls(&self, id: Uuid) -> u32 {
        self.seen
            .get(&id)
            .map(|seen| seen.calls.load(Relaxed))
            .unwrap_or_default()
    }

    /// Whether it may carry one more.
    pub fn has_room(&self, gateway: &Gateway) -> bool {
        gateway.max_calls == 0
            || self
                .seen
                .get(&gateway.id)
                .is_none_or(|seen| seen.taken() < gateway.max_calls)
    }

    /// Takes the place of a call that goes by a gateway, or comes by it, from this moment on: the switch's events say so
    /// only when its leg is there, and all that are asked about in between would find room. False: there is no room.
    /// `call` is the switch's id of a leg that comes in, or what a leg that goes out is charged for, `asker` the channel
    /// that it is for; when that leg begins, or nothing has come of it, the place is free again. `always`: it goes whether
    /// there is room or not. Any thread; never waits.
    pub fn hold(&self, gateway: &Gateway, call: Uuid, asker: Asker<'_>, always: bool) -> bool {
        if gateway.max_calls == 0 {
            return true;
        }
        let Some(teller) = &self.teller else {
            return always || self.has_room(gateway);
        };
        let seen = self.seen.get(&gateway.id);
        if let Some(seen) = seen {
            let free = |promised: u32| {
                // Read behind the promises: a leg counts before its promise ends.
                let taken = seen.calls.load(Acquire).saturating_add(promised);
                (always || taken < gateway.max_calls).then(|| promised.saturating_add(1))
            };
            if seen.promised.fetch_update(AcqRel, Acquire, free).is_err() {
                return false;
            }
        }
        let told = Told::Promised {
            call,
            asked: asker.kept(),
            gateway: gateway.id,
            counts: seen.is_some(),
        };
        if !teller.tell(told)
            && let Some(seen) = seen
        {
            one_less(&seen.promised);
        }
        true
    }

    /// The password of its account; none: it has none, or it could not be opened.
    pub fn password(&self, gateway: &Gateway) -> Option<&str> {
        let known = self.seen.get(&gateway.id)?.password.as_ref()?;
        (gateway.password.as_deref() == Some(&*known.sealed)).then_some(&*known.open)
    }

    /// As if the switch had said so of a gateway: for tests of what is decided by it.
    #[cfg(test)]
    pub(crate) fn pretend(&mut self, id: Uuid, state: State, calls: u32) {
        let seen = Seen {
            state,
            calls: Arc::new(AtomicU32::new(calls)),
            ..Seen::default()
        };
        self.seen.insert(id, seen);
    }

    /// The same with nothing secret in it, and with counts that count for nothing: for people.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut view = Self {
            seen: self.seen.clone(),
            counts: Arc::default(),
            teller: None,
        };
        for password in view.seen.values_mut().filter_map(|seen| seen.password.as_mut()) {
            password.open = "(sealed)".into();
        }
        view
    }
}

/// Takes one from a count, which is never less than none.
pub(super) fn one_less(count: &AtomicU32) {
    // Always some. Behind it, what was counted before is seen.
    let _ = count.fetch_update(Release, Relaxed, |now| Some(now.saturating_sub(1)));
}
