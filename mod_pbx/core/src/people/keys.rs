//! API keys: what programs show instead of a cookie.
//!
//! A key is 256 random bits, and stored is their SHA-256: nothing that a guess could be tried against in any time. Tries
//! are counted all the same, so that strangers cost no look at the database; a key that was good lately is looked up
//! whatever they do, for nobody is to lock anybody out.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use uuid::Uuid;

use super::{People, Person, Told, domain_of, now, spoken, token};
use crate::bans::Net;
use crate::store::StoreError;
use crate::store::people::KeyUse;
use crate::store::rows::{ApiKey, User};

/// What every key begins with: told apart from other secrets where one is found.
const MARK: &str = "pbx_";
/// Its length: 32 bytes as base64url behind the mark.
const LENGTH: usize = MARK.len() + 43;

/// Failures from one net in a minute after which its keys are not looked up.
const FAILURES: u32 = 20;
/// Seconds that failures are remembered for.
const MEMORY: i64 = 60;
/// Nets, and good keys, that are remembered.
const MOST: usize = 10_000;

/// Seconds by which the stored time of a key's last use may be behind.
const BEHIND: i64 = 60;

/// What is remembered of keys.
#[derive(Debug, Default)]
pub(super) struct Keys {
    failures: HashMap<Net, (u32, i64)>,
    good: HashSet<[u8; 32]>,
    used: HashMap<Uuid, Use>,
}

#[derive(Debug, Clone, Copy)]
struct Use {
    at: i64,
    address: IpAddr,
    saved: i64,
}

/// Whom a key belongs to.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The person.
    pub person: Person,
    /// The key.
    pub key: ApiKey,
}

/// Why a key opens nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadKey {
    /// There is no such key, or it has ended, or its person may not sign in.
    #[error("this key opens nothing: it is wrong, has expired or was revoked")]
    Wrong,
    /// Too many wrong ones came from there.
    #[error("too many wrong keys come from this address; try again in {0} s")]
    Wait(u64),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new key, and what is stored of it.
///
/// # Errors
/// The kernel gives no random bytes.
pub fn make() -> Result<(String, String), getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let key = format!("{MARK}{}", data_encoding::BASE64URL_NOPAD.encode(&bytes));
    let hash = data_encoding::HEXLOWER.encode(&token(&key));
    Ok((key, hash))
}

impl People {
    /// Whom this key belongs to, and that it was used now. Blocks.
    ///
    /// # Errors
    /// It opens nothing; or the database cannot be read.
    pub fn bearer(&self, key: &str, address: IpAddr) -> Result<Holder, BadKey> {
        let net = Net::from(address);
        let hash = token(key);
        let at = now();
        {
            let mut state = self.state();
            let keys = &mut state.keys;
            if !keys.good.contains(&hash)
                && let Some((count, since)) = keys.failures.get(&net)
                && *count >= FAILURES
                && at - since < MEMORY
            {
                return Err(BadKey::Wait((since + MEMORY - at).unsigned_abs()));
            }
        }
        let found = match key.starts_with(MARK) && key.len() == LENGTH {
            true => self.holder(&data_encoding::HEXLOWER.encode(&hash), at)?,
            false => None,
        };
        let mut state = self.state();
        let Some(holder) = found else {
            state.keys.good.remove(&hash);
            state.keys.fail(net, at);
            return Err(BadKey::Wrong);
        };
        if state.keys.good.len() >= MOST {
            state.keys.good.clear();
        }
        state.keys.good.insert(hash);
        let save = state.keys.note(holder.key.id, address, at);
        drop(state);
        if save {
            self.tell(Told::Used(KeyUse {
                key_id: holder.key.id.to_string(),
                at: spoken(at),
                address: address.to_string(),
            }));
        }
        Ok(holder)
    }

    fn holder(&self, hash: &str, at: i64) -> Result<Option<Holder>, StoreError> {
        self.shared.store.read(|reader| {
            let Some(key) = reader.key_by_hash(hash)? else {
                return Ok(None);
            };
            let ended = key.expires_at.as_ref().is_some_and(|end| {
                end.parse::<jiff::Timestamp>()
                    .map_or(true, |end| end.as_second() <= at)
            });
            let user = reader.get::<User>(key.user_id)?.filter(|user| user.enabled);
            let Some(user) = user.filter(|_| key.enabled && !ended) else {
                return Ok(None);
            };
            let person = Person::of_key(&user, domain_of(reader, &user)?);
            Ok(Some(Holder { person, key }))
        })
    }

    /// When a key was last used, and from where, as far as it was since the start.
    pub fn key_used(&self, key: Uuid) -> Option<(String, String)> {
        let used = self.state().keys.used.get(&key).copied()?;
        Some((spoken(used.at), used.address.to_string()))
    }
}

impl Keys {
    fn fail(&mut self, net: Net, at: i64) {
        if self.failures.len() >= MOST {
            self.failures.retain(|_, (_, since)| at - *since < MEMORY);
            if self.failures.len() >= MOST {
                self.failures.clear();
            }
        }
        let (count, since) = self.failures.entry(net).or_insert((0, at));
        if at - *since >= MEMORY {
            (*count, *since) = (0, at);
        }
        *count += 1;
    }

    /// Whether the use is to be saved.
    fn note(&mut self, key: Uuid, address: IpAddr, at: i64) -> bool {
        if self.used.len() >= MOST {
            self.used.clear();
        }
        let used = self.used.entry(key).or_insert(Use {
            at,
            address,
            saved: 0,
        });
        (used.at, used.address) = (at, address);
        let save = at - used.saved >= BEHIND;
        if save {
            used.saved = at;
        }
        save
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_holds_256_bits_and_its_hash_is_what_is_looked_up() {
        let ((one, hash), (two, _)) = (make().unwrap(), make().unwrap());
        assert_ne!(one, two);
        assert_eq!((one.len(), hash.len()), (LENGTH, 64));
        assert_eq!(hash, data_encoding::HEXLOWER.encode(&token(&one)));
        assert!(!one.contains(&hash));
    }

    #[test]
    fn failures_are_forgotten_after_a_minute() {
        let mut keys = Keys::default();
        let net = Net::from(IpAddr::from([192, 0, 2, 1]));
        for _ in 0..FAILURES {
            keys.fail(net, 100);
        }
        assert_eq!(keys.failures[&net], (FAILURES, 100));
        keys.fail(net, 100 + MEMORY);
        assert_eq!(keys.failures[&net], (1, 100 + MEMORY));
    }
}
