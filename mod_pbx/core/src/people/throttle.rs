//! How often a password may be tried: by account, by address, and by both, with delays that grow.
//!
//! Nobody locks somebody else out. A browser that an account has signed in with before shows so (a signed cookie)
//! and is counted by itself; so is the account at an address it has signed in from. Only strangers share the
//! count of the account and of the address.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::bans::Net;

/// Who is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// A browser that the account knows.
    Browser(Uuid, [u8; 16]),
    /// An account at an address.
    Pair(Account, Net),
    /// An account, by strangers.
    Account(Account),
    /// An address, by strangers.
    Net(Net),
}

/// Whose account is tried: somebody's, or a name that nobody has (then a hash of it, whatever its length).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Account {
    Of(Uuid),
    Nobodys(u64),
}

/// How many tries are free, and the longest delay after more, in seconds.
struct Rule {
    free: u32,
    longest: u64,
}

impl Key {
    fn rule(&self) -> Rule {
        match self {
            Self::Browser(..) | Self::Pair(..) => Rule {
                free: 5,
                longest: 900,
            },
            // Short: it is somebody else whom it keeps waiting.
            Self::Account(_) => Rule {
                free: 10,
                longest: 60,
            },
            // Many people may share an address.
            Self::Net(_) => Rule {
                free: 50,
                longest: 900,
            },
        }
    }
}

/// Tries that have not succeeded.
#[derive(Debug, Clone, Copy)]
struct Tally {
    tries: u32,
    /// No try before this.
    next: Instant,
    last: Instant,
}

/// Tries are forgotten after this.
const MEMORY: Duration = Duration::from_secs(3_600);

/// How many are counted; then those with the fewest tries are forgotten.
const MOST: usize = 20_000;

#[derive(Debug, Default)]
pub(super) struct Throttle {
    tallies: HashMap<Key, Tally>,
}

/// A try that was let through: to be said how it ended.
#[derive(Debug, Clone)]
pub(super) struct Admitted(Vec<Key>);

/// What is known of who tries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stranger {
    pub(super) account: Account,
    pub(super) net: Net,
    /// The browser, if the account knows it.
    pub(super) browser: Option<(Uuid, [u8; 16])>,
    /// Whether the account has signed in from there before.
    pub(super) known_net: bool,
}

impl Throttle {
    /// Lets a try through, and counts it until [`Throttle::succeeded`]: a thousand at once are as many as a
    /// thousand in turn.
    ///
    /// # Errors
    /// How long to wait. That try is not counted.
    pub(super) fn admit(&mut self, who: Stranger, now: Instant) -> Result<Admitted, Duration> {
        let keys = match who.browser {
            Some((user, nonce)) => vec![Key::Browser(user, nonce)],
            None if who.known_net => vec![Key::Pair(who.account, who.net)],
            None => vec![
                Key::Pair(who.account, who.net),
                Key::Account(who.account),
                Key::Net(who.net),
            ],
        };
        let waits = keys.iter().filter_map(|key| self.tallies.get(key));
        if let Some(wait) = waits.map(|tally| tally.next.saturating_duration_since(now)).max()
            && !wait.is_zero()
        {
            return Err(wait);
        }
        self.make_room(now);
        for key in &keys {
            let rule = key.rule();
            let tally = self.tallies.entry(key.clone()).or_insert(Tally {
                tries: 0,
                next: now,
                last: now,
            });
            if now.saturating_duration_since(tally.last) >= MEMORY {
                tally.tries = 0;
            }
            tally.tries = tally.tries.saturating_add(1);
            tally.last = now;
            tally.next = now + delay(&rule, tally.tries);
        }
        Ok(Admitted(keys))
    }

    /// The password was right: this try and those before it from the same place no longer count.
    pub(super) fn succeeded(&mut self, admitted: Admitted) {
        for key in admitted.0 {
            let shared = matches!(key, Key::Account(_) | Key::Net(_));
            match self.tallies.get_mut(&key) {
                // Others try there too, and are not forgiven for it.
                Some(tally) if shared && tally.tries > 1 => {
                    tally.tries -= 1;
                    tally.next = tally.last + delay(&key.rule(), tally.tries);
                }
                _ => {
                    self.tallies.remove(&key);
                }
            }
        }
    }

    fn make_room(&mut self, now: Instant) {
        if self.tallies.len() < MOST {
            return;
        }
        self.tallies
            .retain(|_, tally| now.saturating_duration_since(tally.last) < MEMORY);
        let mut least = 1;
        while self.tallies.len() >= MOST {
            self.tallies.retain(|_, tally| tally.tries > least);
            least += 1;
        }
    }
}

/// One second after the first try too many, then twice as long each time.
fn delay(rule: &Rule, tries: u32) -> Duration {
    let Some(beyond) = tries.checked_sub(rule.free) else {
        return Duration::ZERO;
    };
    Duration::from_secs(
        1_u64
            .checked_shl(beyond.min(32))
            .unwrap_or(u64::MAX)
            .min(rule.longest),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(account: u128, net: &str) -> Stranger {
        Stranger {
            account: Account::Of(Uuid::from_u128(account)),
            net: net.parse().unwrap(),
            browser: None,
            known_net: false,
        }
    }

    #[test]
    fn each_failure_makes_the_next_wait_longer_and_success_ends_it() {
        let (mut throttle, mut now) = (Throttle::default(), Instant::now());
        let who = stranger(1, "192.0.2.1");
        for _ in 0..5 {
            throttle.admit(who, now).unwrap();
        }
        let mut waits = Vec::new();
        for _ in 0..12 {
            let wait = throttle.admit(who, now).unwrap_err();
            waits.push(wait.as_secs());
            assert!(throttle.admit(who, now).is_err(), "a refused try changes nothing");
            now += wait;
            throttle.admit(who, now).unwrap();
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        now += Duration::from_secs(900);
        let admitted = throttle.admit(who, now).unwrap();
        throttle.succeeded(admitted);
        assert!(throttle.admit(who, now + Duration::from_secs(60)).is_ok());
    }

    #[test]
    fn nobody_locks_an_account_out_of_the_browser_and_address_it_knows() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let mut refused = 0;
        for host in 0..250 {
            let attacker = stranger(1, &format!("203.0.113.{host}"));
            refused += u32::from(throttle.admit(attacker, now).is_err());
        }
        assert!(
            refused > 200,
            "{refused}: strangers all over the world share the account's count"
        );
        let home = Stranger {
            known_net: true,
            ..stranger(1, "192.0.2.1")
        };
        assert!(throttle.admit(home, now).is_ok());
        // Even with the attacker in the same house.
        for _ in 0..20 {
            let _ = throttle.admit(home, now);
        }
        assert!(throttle.admit(home, now).is_err());
        let browser = Stranger {
            browser: Some((Uuid::from_u128(1), [7; 16])),
            ..home
        };
        assert!(throttle.admit(browser, now).is_ok());
    }

    #[test]
    fn many_at_once_are_as_many_as_in_turn_and_memory_ends() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let admitted = (0..1000).filter(|n| throttle.admit(stranger(*n, "192.0.2.1"), now).is_ok());
        assert_eq!(admitted.count(), 50);
        for n in 0..30_000_u32 {
            let net = std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string();
            let _ = throttle.admit(stranger(u128::from(n), &net), now);
        }
        assert!(throttle.tallies.len() <= MOST + 3, "{}", throttle.tallies.len());
    }
}
