//! The thread of the caps: counts calls that go out, publishes, saves.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use super::charge::Charge;
use super::view::{Tally, View, one_less};
use super::{Asked, Shared, Told};
use crate::background::Queue;
use crate::routing::Class;
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

/// A call that was let out and has no leg yet.
struct Promise {
    payer: Uuid,
    class: Class,
    since: Instant,
    asked: Asked,
}

/// A call that goes out.
struct Call {
    legs: u32,
    /// Since when it has none.
    empty: Option<Instant>,
}

pub(super) struct Worker {
    shared: Arc<Shared>,
    view: View,
    /// By the call.
    promises: HashMap<Uuid, Vec<Promise>>,
    /// The calls of which there are promises, by the channel that asked.
    askers: HashMap<Box<str>, Vec<Uuid>>,
    legs: HashMap<Box<str>, Charge>,
    /// By the call and who pays: several may pay for legs of one call, each for their own.
    calls: HashMap<(Uuid, Uuid), Call>,
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
            view: View::clone(&shared.view.load()),
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
            for told in queue.wait(SAVE, BATCH) {
                match told {
                    Told::Promised(charge, asked, counts) => self.promised(charge, asked, counts),
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
        }
    }

    /// A call is let out; `counts`: its tally says so already. One that is known has its place.
    pub(super) fn promised(&mut self, charge: Charge, asked: Asked, counts: bool) {
        let Charge { payer, call, .. } = charge;
        let Some(class) = charge.class else {
            return;
        };
        let tally = self.tally(payer);
        let count = &tally.promised[class as usize];
        let before = self.promises.get(&call);
        let is_known = self.calls.contains_key(&(call, payer))
            || before.is_some_and(|all| all.iter().any(|promise| promise.payer == payer));
        match (is_known, counts) {
            (true, true) => one_less(count),
            (false, false) => {
                count.fetch_add(1, Relaxed);
            }
            _ => {}
        }
        if !is_known {
            let since = Instant::now();
            if !asked.channel().is_empty() {
                let of_asker = self.askers.entry(asked.channel().into()).or_default();
                of_asker.push(call);
            }
            let promise = Promise {
                payer,
                class,
                since,
                asked,
            };
            self.promises.entry(call).or_default().push(promise);
        }
    }

    /// Promises of this call for which this holds do not count any more.
    fn keep_promises(&mut self, call: Uuid, of: impl Fn(&Promise) -> bool) {
        let Some(mut all) = self.promises.remove(&call) else {
            return;
        };
        for promise in all.extract_if(.., |promise| of(promise)) {
            if let Some(tally) = self.view.tallies.get(&promise.payer) {
                one_less(&tally.promised[promise.class as usize]);
            }
            if let Entry::Occupied(mut of_asker) = self.askers.entry(promise.asked.channel().into()) {
                of_asker.get_mut().retain(|other| *other != call);
                if of_asker.get().is_empty() {
                    of_asker.remove();
                }
            }
        }
        if !all.is_empty() {
            self.promises.insert(call, all);
        }
    }

    /// Forgets promises that nothing came of.
    pub(super) fn break_promises(&mut self, now: Instant) {
        let is_old = |promise: &Promise| now.saturating_duration_since(promise.since) >= PROMISE;
        let old: Vec<Uuid> = self
            .promises
            .iter()
            .filter(|(_, all)| all.iter().any(is_old))
            .map(|(call, _)| *call)
            .collect();
        for call in old {
            self.keep_promises(call, |_| true);
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
        let tally = self.tally(charge.payer);
        let key = (charge.call, charge.payer);
        let known = self.calls.contains_key(&key);
        let call = self.calls.entry(key).or_insert(Call { legs: 0, empty: None });
        if call.legs == 0 {
            tally.concurrent.fetch_add(1, Relaxed);
        }
        call.legs += 1;
        call.empty = None;
        if !known && counts {
            tally.begin(self.view.periods(Timestamp::now()), class);
            self.payers.insert(charge.payer);
        }
        if counts {
            self.begun.insert(leg.clone());
        }
        self.legs.insert(leg, charge);
        self.keep_promises(charge.call, |promise| promise.payer == charge.payer);
    }

    fn end(&mut self, leg: &str, at: Timestamp) {
        // Who asked for a call that got no leg is gone.
        for call in self.askers.get(leg).cloned().unwrap_or_default() {
            self.keep_promises(call, |promise| promise.asked.ended_by(at));
        }
        let Some((leg, charge)) = self.legs.remove_entry(leg) else {
            return;
        };
        let tally = self.tally(charge.payer);
        if let Some(call) = self.calls.get_mut(&(charge.call, charge.payer)) {
            call.legs = call.legs.saturating_sub(1);
            if call.legs == 0 {
                call.empty = Some(Instant::now());
                one_less(&tally.concurrent);
            }
        }
        if !self.begun.remove(&leg) {
            self.ended.insert(leg);
        }
    }

    /// The tally of who pays; a new one is published at once.
    fn tally(&mut self, payer: Uuid) -> Arc<Tally> {
        if let Some(tally) = self.view.tallies.get(&payer) {
            return Arc::clone(tally);
        }
        let tally = Arc::new(Tally::default());
        self.view.tallies.insert(payer, Arc::clone(&tally));
        self.shared.view.store(Arc::new(self.view.clone()));
        tally
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
        let (_, today) = self.view.periods(Timestamp::now());
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
        let tally = self.view.tallies.get(&payer)?;
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
            let tally = Tally::default();
            tally.hour.set(row.hour.0, row.hour.1);
            tally.day.set(row.day.0, row.day.1);
            for (class, count) in tally.classes.iter().zip(row.classes) {
                class.set(row.day.0, count);
            }
            self.view.tallies.insert(row.payer, Arc::new(tally));
        }
        self.shared.view.store(Arc::new(self.view.clone()));
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
