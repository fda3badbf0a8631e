//! What lookups, in the threads of the switch, leave for the bans and for each other: tables of a fixed size, of words
//! that are written without a lock.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::presence::view::Moment;

/// How many words there are for excuses. Those who meet in one overwrite each other.
const EXCUSES: usize = 1024;

/// How many failures may be excused before they are told of: that takes no longer than an event's way to a thread of ours.
const AHEAD: u64 = 63;

/// How many there are for calls for help. Banned nets that meet in one share it.
const HELP: usize = 4096;

/// How many digests that are not right a banned net may show within a minute to call for help. A phone shows a right one.
pub(super) const WRONG: u64 = 3;

/// Shared by all views.
#[derive(Debug)]
pub(super) struct Tries {
    excuses: Box<[AtomicU64]>,
    /// The minute, and how many were wrong in it: 32 bits each.
    help: Box<[AtomicU64]>,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            excuses: words(EXCUSES),
            help: words(HELP),
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

    /// Whether a digest for a call for help is looked at, at this moment, from this net, which is banned.
    pub(super) fn may_call_for_help(&self, net: u64, now: Moment, is_right: bool) -> bool {
        let minute = (now.0 / 60_000) << 32;
        let wrong = |word: u64| match (word >> 32) << 32 == minute {
            true => word & u64::from(u32::MAX),
            false => 0,
        };
        let slot = slot(&self.help, net);
        if is_right {
            return wrong(slot.load(Relaxed)) < WRONG;
        }
        let count = |word| Some(wrong(word) + 1).filter(|count| *count <= WRONG);
        slot.fetch_update(Relaxed, Relaxed, |word| Some(minute | count(word)?))
            .is_ok()
    }
}

fn words(count: usize) -> Box<[AtomicU64]> {
    (0..count).map(|_| AtomicU64::new(0)).collect()
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
    fn wrong_digests_are_counted_by_net_and_minute() {
        let tries = Tries::default();
        let at = |seconds: u64| Moment(seconds * 1000);
        let ask = |net, seconds, right| tries.may_call_for_help(net, at(seconds), right);
        assert!((0..100).all(|_| ask(64, 60, true)));
        assert!((0..WRONG).all(|n| ask(64, 60 + n, false)));
        // What is right now may be a guess: until the minute is over nobody is told.
        assert!(!ask(64, 119, false) && !ask(64, 119, true));
        assert!(ask(128, 119, false) && ask(64, 120, true));
        assert!((0..WRONG).all(|_| ask(64, 120, false)) && !ask(64, 120, false));
    }

    #[test]
    fn guesses_on_many_threads_are_no_more() {
        let tries = Tries::default();
        let guess = || {
            (0..1000)
                .filter(|_| tries.may_call_for_help(4, Moment(0), false))
                .count()
        };
        let guessed: usize = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(guess)).collect();
            all.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(guessed as u64, WRONG);
    }

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
