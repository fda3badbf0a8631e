//! When registrations run out: a heap with one entry for each, looked at again when its time has come.
//!
//! A refresh only moves a registration's own deadline; its entry is put off when it comes up.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::{Arc, Weak};

use super::book::Known;
use super::view::{Moment, Registration};

/// Compared by the moment alone.
#[derive(Debug)]
struct Due {
    at: Moment,
    line: Known,
    registration: Weak<Registration>,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

/// The deadlines of all registrations, and of some that are gone.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BinaryHeap<Reverse<Due>>);

impl Deadlines {
    /// Watches a registration that is new. `live` is how many there are: what replaced ones left behind is
    /// swept out before it outgrows them.
    pub(super) fn watch(&mut self, line: &Known, registration: &Arc<Registration>, live: usize) {
        if self.0.len() > 2 * live + 1024 {
            self.0.retain(|Reverse(due)| due.registration.strong_count() > 0);
        }
        self.0.push(Reverse(Due {
            at: registration.deadline(),
            line: line.clone(),
            registration: Arc::downgrade(registration),
        }));
    }

    /// The next registration that has run out.
    pub(super) fn pop(&mut self, now: Moment) -> Option<(Known, Arc<Registration>)> {
        while self.next()? <= now {
            let Reverse(mut due) = self.0.pop()?;
            let Some(registration) = due.registration.upgrade() else {
                continue;
            };
            if registration.deadline() <= now {
                return Some((due.line, registration));
            }
            due.at = registration.deadline();
            self.0.push(Reverse(due));
        }
        None
    }

    /// When something may run out next.
    pub(super) fn next(&self) -> Option<Moment> {
        self.0.peek().map(|Reverse(due)| due.at)
    }

    /// How many are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
