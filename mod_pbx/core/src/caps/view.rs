//! How much was called out, as lookups read it, and as they take places in it: without a lock.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::tally::{Periods, Tally};
use super::{Asker, Charge, Told};
use crate::background::Teller;
use crate::routing::outside::Limits;
use crate::routing::{Class, Limit};

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
    /// By the channel of who pays; whoever calls out first adds their own. Clones share it.
    tallies: Arc<ArcSwap<Tallies>>,
    /// Whose midnight ends a day: the zone of the machine, read once, since reading it takes a lock.
    zone: TimeZone,
    /// How the thread is told of calls that are let out; none: nobody counts.
    teller: Option<Teller<Told>>,
}

type Tallies = imbl::HashMap<Uuid, Arc<Tally>>;

/// The place of a call that is let out. Dropped, it is free again: see [`Place::keep`].
#[must_use]
#[derive(Debug)]
pub struct Place<'v> {
    view: &'v View,
    charge: Charge,
    held: Option<(Arc<Tally>, Class, Periods)>,
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
            tallies: Arc::default(),
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

    /// Takes the place of a call that is let out, from this moment on: the switch's events say so only when its leg is
    /// made, and all that are asked about in between would find room. Any thread; never waits.
    ///
    /// # Errors
    /// The limit that is reached.
    pub fn hold(&self, charge: Charge, limits: &Limits, at: Timestamp) -> Result<Place<'_>, Limit> {
        let held = match charge.class {
            Some(class) if self.teller.is_some() => {
                let tally = self.tally(charge.payer);
                let periods = tally.take(class, self.periods(at), limits)?;
                Some((tally, class, periods))
            }
            _ => None,
        };
        Ok(Place {
            view: self,
            charge,
            held,
        })
    }

    /// What the extension with this channel has called out.
    pub fn of(&self, channel: Uuid, at: Timestamp) -> Used {
        let Some(tally) = self.known(channel) else {
            return Used::default();
        };
        let (hour, day) = self.periods(at);
        Used {
            concurrent: tally.concurrent.load(Relaxed),
            hour: tally.hour.of(hour),
            day: tally.day.of(day),
            classes: std::array::from_fn(|class| tally.classes[class].of(day)),
        }
    }

    pub(super) fn known(&self, channel: Uuid) -> Option<Arc<Tally>> {
        self.tallies.load().get(&channel).map(Arc::clone)
    }

    /// The tally of who pays, from now on the same.
    pub(super) fn tally(&self, payer: Uuid) -> Arc<Tally> {
        if let Some(known) = self.known(payer) {
            return known;
        }
        let fresh = Arc::<Tally>::default();
        let mut its = Arc::clone(&fresh);
        // Once for each who pays; the map shares what stays the same.
        self.tallies.rcu(|all| {
            if let Some(known) = all.get(&payer) {
                its = Arc::clone(known);
                return Arc::clone(all);
            }
            its = Arc::clone(&fresh);
            Arc::new(all.update(payer, Arc::clone(&fresh)))
        });
        its
    }

    /// As if somebody had called out so much: for tests and figures.
    pub fn pretend(&mut self, channel: Uuid, at: Timestamp, used: Used) {
        let (hour, day) = self.periods(at);
        let tally = self.tally(channel);
        tally.concurrent.store(used.concurrent, Relaxed);
        tally.hour.set(hour, used.hour);
        tally.day.set(day, used.day);
        for (class, count) in tally.classes.iter().zip(used.classes) {
            class.set(day, count);
        }
    }

    /// Which hour, and which day of the zone, a time is in, counted since 1970.
    pub(super) fn periods(&self, at: Timestamp) -> (u32, u32) {
        let seconds = at.as_second();
        let local = seconds + i64::from(self.zone.to_offset(at).seconds());
        let count = |seconds: i64, of: i64| u32::try_from(seconds.div_euclid(of)).unwrap_or(0);
        (count(seconds, 3600), count(local, 86_400))
    }
}

impl Place<'_> {
    /// The call goes. When its leg begins, or nothing has come of it, the thread settles it.
    pub fn keep(mut self, asker: Asker<'_>) {
        let (Some((_, _, periods)), Some(teller)) = (&self.held, &self.view.teller) else {
            return;
        };
        // If nobody can be told now, it counts when its leg begins.
        if teller.tell(Told::Promised(self.charge, asker.kept(), *periods)) {
            self.held = None;
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some((tally, class, periods)) = self.held.take() {
            tally.take_back(class, periods);
        }
    }
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
