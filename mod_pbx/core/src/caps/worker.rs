//! The thread of the caps: settles what calls that were let out came to, and saves.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use super::charge::Charge;
use super::tally::Periods;
use super::{Asked, Shared, Told};
use crate::background::{self, Queue};
use crate::routing::Class;
use crate::routing::outside::Limits;
use crate::store::caps::{Batch, Row};

/// How often is saved at most.
const SAVE: Duration = Duration::from_secs(1);

/// How many events are taken before it is looked at the clock.
const BATCH: usize = 256;

/// How often the switch is asked which legs are still there.
const LOOK: Duration = Duration::from_secs(60);

/// For how long a call that has no leg may get another: the next gateway is tried at once.
const AFTERLIFE: Duration = Duration::from_secs(120);

/// For how long a call counts that was let out and got no leg: its gateways are tried at once.
pub(super) const PROMISE: Duration = Duration::from_secs(10);

/// A call that was let out, and counts, and has no leg yet.
struct Promise {
    class: Class,
    periods: Periods,
    since: Instant,
    asked: Asked,
}

/// By the call and who pays: several may pay for legs of one call, each for their own.
type Key = (Uuid, Uuid);

/// A call that goes out.
struct Call {
    legs: u32,
    /// Since when it has none.
    empty: Option<Instant>,
}

pub(super) struct Worker {
    shared: Arc<Shared>,
    promises: HashMap<Key, Promise>,
    /// Their keys, by the channel that asked.
    askers: HashMap<Box<str>, Vec<Key>>,
    legs: HashMap<Box<str>, Charge>,
    calls: HashMap<Key, Call>,
    /// Not saved yet.
    payers: HashSet<Uuid>,
    begun: HashSet<Box<str>>,
    ended: HashSet<Box<str>>,
    save_at: Instant,
    look_at: Instant,
}

impl Worker {
    /// With what the database has.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        let mut worker = Self {
            shared,
            promises: HashMap::new(),
            askers: HashMap::new(),
            legs: HashMap::new(),
            calls: HashMap::new(),
            payers: HashSet::new(),
            begun: HashSet::new(),
            ended: HashSet::new(),
            save_at: now,
            look_at: now + LOOK,
        };
        worker.take_over();
        worker
    }

    pub(super) fn run(mut self, queue: &Queue<Told>) {
        self.take_over_legs();
        loop {
            let mut taken = 0;
            for told in queue.wait(SAVE, BATCH) {
                taken += 1;
                match told {
                    Told::Promised(charge, asked, periods) => self.promised(charge, asked, periods),
                    Told::Begun(leg, charge) => self.begin(leg, charge, true),
                    Told::Ended(leg, at) => self.end(&leg, at),
                }
            }
            if queue.is_over() {
                return self.save();
            }
            let now = Instant::now();
            self.break_promises(now);
            if self.look_at <= now || self.shared.lost.swap(false, Relaxed) {
                self.look(now);
            }
            if self.save_at <= now {
                self.save();
            }
            if (1..BATCH).contains(&taken) {
                background::rest();
            }
        }
    }

    /// A call is let out, and counts in these periods. One that is known has its place.
    pub(super) fn promised(&mut self, charge: Charge, asked: Asked, periods: Periods) {
        let Some(class) = charge.class else {
            return;
        };
        let key = (charge.call, charge.payer);
        if self.calls.contains_key(&key) || self.promises.contains_key(&key) {
            self.shared.view.tally(charge.payer).take_back(class, periods);
            return;
        }
        if !asked.channel().is_empty() {
            let of_asker = self.askers.entry(asked.channel().into()).or_default();
            of_asker.push(key);
        }
        let promise = Promise {
            class,
            periods,
            since: Instant::now(),
            asked,
        };
        self.promises.insert(key, promise);
    }

    /// A call is not only promised any more.
    fn take_promise(&mut self, key: Key) -> Option<Promise> {
        let promise = self.promises.remove(&key)?;
        if let Entry::Occupied(mut of_asker) = self.askers.entry(promise.asked.channel().into()) {
            of_asker.get_mut().retain(|other| *other != key);
            if of_asker.get().is_empty() {
                of_asker.remove();
            }
        }
        Some(promise)
    }

    /// Nothing comes of a call: as if it had not been let out.
    fn break_promise(&mut self, key: Key) {
        let Some(promise) = self.take_promise(key) else {
            return;
        };
        let (_, payer) = key;
        let tally = self.shared.view.tally(payer);
        tally.take_back(promise.class, promise.periods);
        // It may have been saved with others.
        self.payers.insert(payer);
    }

    /// Forgets promises that nothing came of.
    pub(super) fn break_promises(&mut self, now: Instant) {
        let is_old = |promise: &Promise| now.saturating_duration_since(promise.since) >= PROMISE;
        let all = self.promises.iter();
        let old: Vec<Key> = all
            .filter(|(_, promise)| is_old(promise))
            .map(|(key, _)| *key)
            .collect();
        for key in old {
            self.break_promise(key);
        }
    }

    /// A leg goes out; `counts`: it is one that was not counted before the module was loaded.
    fn begin(&mut self, leg: Box<str>, charge: Charge, counts: bool) {
        if self.legs.contains_key(&leg) {
            return;
        }
        let Some(class) = charge.class else {
            return;
        };
        let key = (charge.call, charge.payer);
        let tally = self.shared.view.tally(charge.payer);
        // What was promised counts already, and its place is that of the leg.
        let was_promised = self.take_promise(key).is_some();
        let is_new = counts && !self.calls.contains_key(&key);
        let call = self.calls.entry(key).or_insert(Call { legs: 0, empty: None });
        if is_new {
            if !was_promised {
                // It goes already: whatever the limits are.
                let now = self.shared.view.periods(Timestamp::now());
                let _ = tally.take(class, now, &Limits::default());
            }
            self.payers.insert(charge.payer);
        } else if call.legs == 0 {
            tally.one_more(None);
        }
        call.legs += 1;
        call.empty = None;
        if counts {
            self.begun.insert(leg.clone());
        }
        self.legs.insert(leg, charge);
    }

    fn end(&mut self, leg: &str, at: Timestamp) {
        // Who asked for a call that got no leg is gone.
        for key in self.askers.get(leg).cloned().unwrap_or_default() {
            let its = |promise: &Promise| promise.asked.ended_by(at);
            if self.promises.get(&key).is_some_and(its) {
                self.break_promise(key);
            }
        }
        let Some((leg, charge)) = self.legs.remove_entry(leg) else {
            return;
        };
        let tally = self.shared.view.tally(charge.payer);
        if let Some(call) = self.calls.get_mut(&(charge.call, charge.payer)) {
            call.legs = call.legs.saturating_sub(1);
            if call.legs == 0 {
                call.empty = Some(Instant::now());
                tally.one_less();
            }
        }
        if !self.begun.remove(&leg) {
            self.ended.insert(leg);
        }
    }

    /// Ends legs that the switch has no more, and forgets calls that are over.
    fn look(&mut self, now: Instant) {
        self.look_at = now + LOOK;
        let gone: Vec<Box<str>> = self
            .legs
            .keys()
            .filter(|leg| !self.exists(leg))
            .cloned()
            .collect();
        for leg in gone {
            self.end(&leg, Timestamp::now());
        }
        self.calls
            .retain(|_, call| call.empty.is_none_or(|since| now - since < AFTERLIFE));
    }

    /// Whether the switch has this leg. Ids are the switch's own; one that is none is nobody's.
    fn exists(&self, leg: &str) -> bool {
        leg.parse::<Uuid>().is_ok()
            && self
                .shared
                .host
                .api("uuid_exists", leg)
                .is_ok_and(|answer| answer.trim() == "true")
    }

    /// Saves what changed; what cannot be saved is tried again.
    fn save(&mut self) {
        self.save_at = Instant::now() + SAVE;
        if self.payers.is_empty() && self.begun.is_empty() && self.ended.is_empty() {
            return;
        }
        let (_, today) = self.shared.view.periods(Timestamp::now());
        let charge = |leg: &str| Some((leg.to_owned(), self.legs.get(leg)?.to_string()));
        let batch = Batch {
            used: self.payers.iter().filter_map(|payer| self.row(*payer)).collect(),
            begun: self.begun.iter().filter_map(|leg| charge(leg)).collect(),
            ended: self.ended.iter().map(ToString::to_string).collect(),
            since: today.saturating_sub(1),
        };
        match self.shared.store.keep_caps(&batch) {
            Ok(()) => {
                self.payers.clear();
                self.begun.clear();
                self.ended.clear();
            }
            Err(error) => {
                tracing::warn!("what was called out counts, but is not saved: {error}");
                self.save_at = Instant::now() + LOOK;
            }
        }
    }

    fn row(&self, payer: Uuid) -> Option<Row> {
        let tally = self.shared.view.known(payer)?;
        let day = tally.day.both();
        Some(Row {
            payer,
            hour: tally.hour.both(),
            day,
            classes: std::array::from_fn(|class| tally.classes[class].of(day.0)),
        })
    }

    fn take_over(&mut self) {
        let read = self.shared.store.read(|reader| reader.caps_used());
        let used = read.unwrap_or_else(|error| {
            tracing::warn!("what was called out before is not known: {error}");
            Vec::new()
        });
        for row in used {
            let tally = self.shared.view.tally(row.payer);
            tally.hour.set(row.hour.0, row.hour.1);
            tally.day.set(row.day.0, row.day.1);
            for (class, count) in tally.classes.iter().zip(row.classes) {
                class.set(row.day.0, count);
            }
        }
    }

    /// The legs of before that the switch still has: the module was loaded again.
    fn take_over_legs(&mut self) {
        let read = self.shared.store.read(|reader| reader.cap_legs());
        let legs = read.unwrap_or_else(|error| {
            tracing::warn!("which calls are out is not known: {error}");
            Vec::new()
        });
        for (leg, charge) in legs {
            match charge.parse() {
                Ok(charge) if self.exists(&leg) => self.begin(leg.into(), charge, false),
                _ => {
                    self.ended.insert(leg.into());
                }
            }
        }
    }
}
