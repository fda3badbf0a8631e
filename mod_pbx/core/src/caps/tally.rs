//! What one extension called out: atomics, in which it is looked whether there is room and counted in one step.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::routing::outside::Limits;
use crate::routing::{Class, Limit};

/// A count that starts anew with each hour or day: which one in the upper half, how many in the lower.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

fn parts(both: u64) -> (u32, u32) {
    ((both >> 32) as u32, both as u32)
}

fn whole(period: u32, count: u32) -> u64 {
    u64::from(period) << 32 | u64::from(count)
}

impl Count {
    /// How many there were in that period.
    pub(super) fn of(&self, period: u32) -> u32 {
        let (known, count) = self.both();
        if known == period { count } else { 0 }
    }

    /// The period, and how many there were in it.
    pub(super) fn both(&self) -> (u32, u32) {
        parts(self.0.load(Relaxed))
    }

    /// As the database or a test has it.
    pub(super) fn set(&self, period: u32, count: u32) {
        self.0.store(whole(period, count), Relaxed);
    }

    /// One more, if there were fewer than `most`; the period in which it counts.
    fn add(&self, period: u32, most: Option<u32>) -> Option<u32> {
        let mut its = period;
        let more = |both| {
            let (known, count) = parts(both);
            // Who read the clock just before the turn counts behind who read it after.
            let late = known == period.saturating_add(1);
            its = if late { known } else { period };
            let count = if late || known == period { count } else { 0 };
            most.is_none_or(|most| count < most)
                .then(|| whole(its, count.saturating_add(1)))
        };
        let counted = self.0.fetch_update(Relaxed, Relaxed, more).is_ok();
        counted.then_some(its)
    }

    /// One less of that period, if it is still that.
    fn take_back(&self, period: u32) {
        let less = |both| {
            let (known, count) = parts(both);
            (known == period).then(|| whole(known, count.saturating_sub(1)))
        };
        // The period may be over.
        let _ = self.0.fetch_update(Relaxed, Relaxed, less);
    }
}

/// What one extension called out, with what was let out and has no leg yet.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) concurrent: AtomicU32,
    pub(super) hour: Count,
    pub(super) day: Count,
    /// In the order of [`Class::ALL`].
    pub(super) classes: [Count; 5],
}

/// In which hour and day a call counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Periods {
    hour: u32,
    day: u32,
    of_class: u32,
}

impl Tally {
    /// One more call of that hour and day, if each limit has room for it: of all that ask at once no more find room than
    /// there is. Any thread; never waits.
    pub(super) fn take(
        &self,
        class: Class,
        (hour, day): (u32, u32),
        limits: &Limits,
    ) -> Result<Periods, Limit> {
        if !self.one_more(limits.concurrent) {
            return Err(Limit::Concurrent);
        }
        let Some(hour) = self.hour.add(hour, limits.per_hour) else {
            self.one_less();
            return Err(Limit::Hour);
        };
        let Some(day_of) = self.day.add(day, limits.per_day) else {
            self.one_less();
            self.hour.take_back(hour);
            return Err(Limit::Day);
        };
        let index = class as usize;
        let Some(of_class) = self.classes[index].add(day, limits.class_per_day[index]) else {
            self.one_less();
            self.hour.take_back(hour);
            self.day.take_back(day_of);
            return Err(Limit::Class(class));
        };
        Ok(Periods {
            hour,
            day: day_of,
            of_class,
        })
    }

    /// As if it had not been.
    pub(super) fn take_back(&self, class: Class, periods: Periods) {
        self.one_less();
        self.hour.take_back(periods.hour);
        self.day.take_back(periods.day);
        self.classes[class as usize].take_back(periods.of_class);
    }

    /// One more call at once, if there are fewer than `most`.
    pub(super) fn one_more(&self, most: Option<u32>) -> bool {
        let more = |now: u32| most.is_none_or(|most| now < most).then(|| now.saturating_add(1));
        self.concurrent.fetch_update(Relaxed, Relaxed, more).is_ok()
    }

    /// One less.
    pub(super) fn one_less(&self) {
        // Always some.
        let _ = self
            .concurrent
            .fetch_update(Relaxed, Relaxed, |now| Some(now.saturating_sub(1)));
    }
}
