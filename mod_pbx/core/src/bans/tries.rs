//! What lookups, in the threads of the switch, leave for the bans: a table of a fixed size, of words that are written
//! without a lock.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// How many words there are for excuses. Those who meet in one overwrite each other.
const EXCUSES: usize = 1024;

/// How many failures may be excused before they are told of: that takes no longer than an event's way to a thread of ours.
const AHEAD: u64 = 63;

/// Shared by all views.
#[derive(Debug)]
pub(super) struct Tries {
    excuses: Box<[AtomicU64]>,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            excuses: (0..EXCUSES).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Tries {
    /// Whoever this is has the right password: one failure that follows is no guess.
    pub(super) fn excuse(&self, whose: u64) {
        let more = |word: u64| match word & !AHEAD == whose & !AHEAD {
            true => word.saturating_add(1).min(whose | AHEAD),
            false => whose & !AHEAD | 1,
        };
        // It always has a word to write.
        let _ = slot(&self.excuses, whose).fetch_update(Relaxed, Relaxed, |word| Some(more(word)));
    }

    /// Whether that was said of whoever this is, and this is that failure.
    pub(super) fn is_excused(&self, whose: u64) -> bool {
        let fewer = |word: u64| {
            let excused = word & !AHEAD == whose & !AHEAD && word & AHEAD > 0;
            excused.then(|| word - 1)
        };
        slot(&self.excuses, whose)
            .fetch_update(Relaxed, Relaxed, fewer)
            .is_ok()
    }
}

fn slot(all: &[AtomicU64], whose: u64) -> &AtomicU64 {
    // Less than the table's length, which is not 0.
    let at = (whose >> 6) % all.len() as u64;
    &all[usize::try_from(at).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excuse_is_for_one_failure_of_the_same() {
        let tries = Tries::default();
        let (one, other) = (u64::MAX, u64::MAX - 64 * EXCUSES as u64);
        assert!(!tries.is_excused(one) && !tries.is_excused(0));
        tries.excuse(one);
        assert!(!tries.is_excused(other));
        assert!(tries.is_excused(one) && !tries.is_excused(one));
        for _ in 0..100 {
            tries.excuse(one);
        }
        assert!((0..AHEAD).all(|_| tries.is_excused(one)) && !tries.is_excused(one));
        tries.excuse(one);
        tries.excuse(other);
        assert!(!tries.is_excused(one) && tries.is_excused(other));
    }
}
