//! How much was called out, as lookups read it: atomics that one thread of ours writes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::{Asker, Charge, Told};
use crate::background::Teller;
use crate::routing::Class;

/// A count that starts anew with each hour or day: which one in the upper half, how many in the lower.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// How many there were in that period.
    pub(super) fn of(&self, period: u32) -> u32 {
        let both = self.0.load(Relaxed);
        if both >> 32 == u64::from(period) {
            both as u32
        } else {
            0
        }
    }

    /// The period, and how many there were in it.
    pub(super) fn both(&self) -> (u32, u32) {
        let both = self.0.load(Relaxed);
        ((both >> 32) as u32, both as u32)
    }

    /// Only the one thread that writes calls this.
    pub(super) fn set(&self, period: u32, count: u32) {
        self.0.store(u64::from(period) << 32 | u64::from(count), Relaxed);
    }

    /// One more.
    pub(super) fn add(&self, period: u32) {
        self.set(period, self.of(period).saturating_add(1));
    }
}

/// What one extension called out.
#[derive(Debug, Default)]
pub struct Tally {
    pub(super) concurrent: AtomicU32,
    /// Calls that were let out and have no leg yet, in the order of [`Class::ALL`]: they count as if they had.
    pub(super) promised: [AtomicU32; 5],
    pub(super) hour: Count,
    pub(super) day: Count,
    /// In the order of [`Class::ALL`].
    pub(super) classes: [Count; 5],
}

/// What one extension has called out by some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Used {
    /// Calls now.
    pub concurrent: u32,
    /// Calls begun in the hour of that time.
    pub hour: u32,
    /// Calls begun in its day.
    pub day: u32,
    /// And of these, by class, in the order of [`Class::ALL`].
    pub classes: [u32; 5],
}

/// What everybody called out.
#[derive(Debug, Clone)]
pub struct View {
    pub(super) tallies: HashMap<Uuid, Arc<Tally>>,
    /// Whose midnight ends a day: the zone of the machine, read once, since reading it takes a lock.
    zone: TimeZone,
    /// How the thread is told of calls that are let out; none: nobody counts.
    teller: Option<Teller<Told>>,
}

impl Default for View {
    fn default() -> Self {
        Self::new(TimeZone::UTC)
    }
}

impl View {
    /// Nobody called, in this zone.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            tallies: HashMap::new(),
            zone,
            teller: None,
        }
    }

    /// The same where somebody counts.
    pub(super) fn told_to(self, teller: Teller<Told>) -> Self {
        Self {
            teller: Some(teller),
            ..self
        }
    }

    /// Counts a call that is let out, from this moment on: the switch's events say so only when its leg is made, and
    /// many that are asked about in between would all find room. Any thread; never waits.
    pub fn promise(&self, charge: Charge, asker: Asker<'_>) {
        let (Some(class), Some(teller)) = (charge.class, &self.teller) else {
            return;
        };
        let tally = self.tallies.get(&charge.payer);
        let promised = tally.map(|tally| &tally.promised[class as usize]);
        if let Some(promised) = promised {
            promised.fetch_add(1, Relaxed);
        }
        if !teller.tell(Told::Promised(charge, asker.kept(), tally.is_some()))
            && let Some(promised) = promised
        {
            one_less(promised);
        }
    }

    /// What the extension with this channel has called out.
    pub fn of(&self, channel: Uuid, at: Timestamp) -> Used {
        let Some(tally) = self.tallies.get(&channel) else {
            return Used::default();
        };
        let (hour, day) = self.periods(at);
        let promised = tally.promised.each_ref().map(|class| class.load(Relaxed));
        let all = promised
            .iter()
            .fold(0, |all: u32, class| all.saturating_add(*class));
        Used {
            concurrent: tally.concurrent.load(Relaxed).saturating_add(all),
            hour: tally.hour.of(hour).saturating_add(all),
            day: tally.day.of(day).saturating_add(all),
            classes: std::array::from_fn(|class| {
                tally.classes[class].of(day).saturating_add(promised[class])
            }),
        }
    }

    /// As if somebody had called out so much: for tests and figures.
    pub fn pretend(&mut self, channel: Uuid, at: Timestamp, used: Used) {
        let (hour, day) = self.periods(at);
        let tally = Tally::default();
        tally.concurrent.store(used.concurrent, Relaxed);
        tally.hour.set(hour, used.hour);
        tally.day.set(day, used.day);
        for (class, count) in tally.classes.iter().zip(used.classes) {
            class.set(day, count);
        }
        self.tallies.insert(channel, Arc::new(tally));
    }

    /// Which hour, and which day of the zone, a time is in, counted since 1970.
    pub(super) fn periods(&self, at: Timestamp) -> (u32, u32) {
        let seconds = at.as_second();
        let local = seconds + i64::from(self.zone.to_offset(at).seconds());
        let count = |seconds: i64, of: i64| u32::try_from(seconds.div_euclid(of)).unwrap_or(0);
        (count(seconds, 3600), count(local, 86_400))
    }
}

impl Tally {
    /// One more call began.
    pub(super) fn begin(&self, (hour, day): (u32, u32), class: Class) {
        self.hour.add(hour);
        self.day.add(day);
        self.classes[class as usize].add(day);
    }
}

/// Takes one from a count, which is never less than none.
pub(super) fn one_less(count: &AtomicU32) {
    // Always some.
    let _ = count.fetch_update(Relaxed, Relaxed, |now| Some(now.saturating_sub(1)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_their_hour_and_day() {
        let mut view = View::new(TimeZone::fixed(jiff::tz::offset(2)));
        let channel = Uuid::now_v7();
        let at: Timestamp = "2026-11-22T21:30:00Z".parse().unwrap();
        let used = Used {
            concurrent: 1,
            hour: 2,
            day: 3,
            classes: [0, 3, 0, 0, 0],
        };
        view.pretend(channel, at, used);
        assert_eq!(view.of(channel, at), used);
        let later = |text: &str| view.of(channel, text.parse().unwrap());
        assert_eq!(later("2026-11-22T21:59:59Z"), used);
        assert_eq!(
            (
                later("2026-11-22T20:00:00Z").hour,
                later("2026-11-22T20:00:00Z").day
            ),
            (0, 3)
        );
        assert_eq!(later("2026-11-22T22:00:00Z").day, 0, "midnight is the zone's");
        assert_eq!(later("2026-11-22T22:00:00Z").concurrent, 1);
        assert_eq!(view.of(Uuid::nil(), at), Used::default());
    }
}
