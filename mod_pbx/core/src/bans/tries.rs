//! What a lookup, in a thread of the switch, leaves for the bans: a fixed table of words that are written without a
//! lock.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// How many words there are. Those who meet in one overwrite each other.
const EXCUSES: usize = 1024;

/// Shared by all views.
#[derive(Debug)]
pub(super) struct Tries {
    excuses: Box<[AtomicU64]>,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            excuses: words(EXCUSES),
        }
    }
}

impl Tries {
    /// Whoever this is has the right password: the next failure is no guess.
    pub(super) fn excuse(&self, whose: u64) {
        slot(&self.excuses, whose).store(word(whose), Relaxed);
    }

    /// Whether that was said of whoever this is, since this was last asked.
    pub(super) fn is_excused(&self, whose: u64) -> bool {
        let slot = slot(&self.excuses, whose);
        slot.compare_exchange(word(whose), 0, Relaxed, Relaxed).is_ok()
    }
}

fn words(count: usize) -> Box<[AtomicU64]> {
    (0..count).map(|_| AtomicU64::new(0)).collect()
}

/// None is 0, which is nobody.
fn word(whose: u64) -> u64 {
    whose | 1
}

fn slot(all: &[AtomicU64], whose: u64) -> &AtomicU64 {
    // Less than the table's length, which is not 0.
    let at = (whose >> 1) % all.len() as u64;
    &all[usize::try_from(at).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excuse_is_for_one_failure_of_the_same() {
        let tries = Tries::default();
        assert!(!tries.is_excused(7));
        tries.excuse(7);
        assert!(!tries.is_excused(7 + (2 * EXCUSES as u64)));
        assert!(tries.is_excused(7) && !tries.is_excused(7));
    }
}
