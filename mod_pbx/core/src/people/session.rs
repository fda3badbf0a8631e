//! Sessions of people: who holds which cookie, and for how long it opens something.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Weak};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::names::DomainName;
use crate::store::rows::{Role, User};
use crate::store::snapshot::Snapshot;

/// Seconds without a request after which a session ends.
pub const IDLE: i64 = 8 * 3_600;
/// Seconds after which it ends whatever happens.
pub const ABSOLUTE: i64 = 7 * 86_400;
/// The same for who may change everything.
pub const ABSOLUTE_ADMINISTRATOR: i64 = 12 * 3_600;

/// Sessions of one person; the one longest unused ends when there is one more.
const MOST_OF_ONE: usize = 20;
/// Sessions in all.
const MOST: usize = 100_000;

/// SHA-256 of what a cookie holds: what is kept of it.
pub type Token = [u8; 32];

/// What is kept of a cookie's value.
pub fn token(cookie: &str) -> Token {
    Sha256::digest(cookie.as_bytes()).into()
}

/// A person who may sign in, as of the last look at the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user's id.
    pub id: Uuid,
    /// The domain they belong to; none: the whole PBX.
    pub domain: Option<(Uuid, DomainName)>,
    /// What they sign in with: `alice@pbx.example.com`, or `admin`.
    pub name: String,
    /// What others see.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Their password is a one-time one: nothing else until they have another.
    pub must_change: bool,
}

impl Person {
    /// Whose key somebody shows: they need no password for it.
    pub(super) fn of_key(user: &User, domain: Option<(Uuid, DomainName)>) -> Self {
        let name = Self::full_name(user, domain.as_ref());
        Self {
            id: user.id,
            domain,
            name,
            display_name: user.display_name.clone(),
            role: user.role,
            must_change: false,
        }
    }

    fn full_name(user: &User, domain: Option<&(Uuid, DomainName)>) -> String {
        match domain {
            Some((_, domain)) => format!("{}@{domain}", user.name),
            None => user.name.to_string(),
        }
    }

    /// From the rows. None: they may not sign in.
    pub(super) fn new(user: &User, domain: Option<(Uuid, DomainName)>) -> Option<Self> {
        let stored = super::password::Stored::parse(user.password_hash.as_deref()?);
        let name = Self::full_name(user, domain.as_ref());
        user.enabled.then(|| Self {
            id: user.id,
            domain,
            name,
            display_name: user.display_name.clone(),
            role: user.role,
            must_change: stored.once,
        })
    }
}

/// Tells one password of a user from their next.
pub(super) fn mark(password_hash: &str) -> String {
    let digest = Sha256::digest(password_hash.as_bytes());
    data_encoding::HEXLOWER.encode(&digest[..8])
}

/// A session. Times are seconds since 1970.
#[derive(Debug, Clone)]
pub struct Session {
    /// Names it in lists; opens nothing.
    pub id: Uuid,
    /// Of what its cookie holds.
    pub token: Token,
    /// Whose.
    pub user: Uuid,
    /// When it began.
    pub begun: i64,
    /// When it was last used.
    pub seen: i64,
    /// From where it was last used.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub browser: String,
    /// Who it is; none: not looked up since the start.
    pub person: Option<Arc<Person>>,
    pub(super) password: String,
    /// The state of the configuration that `person` was looked up in. The memory of a state that is gone is not
    /// used again while this is held, so that two are the same only if they are.
    pub(super) looked_up: Weak<Snapshot>,
    pub(super) saved_seen: i64,
}

impl Session {
    /// When it ends if nothing happens, in seconds since 1970.
    pub fn ends(&self) -> i64 {
        let absolute = match self.person.as_ref().map(|person| person.role) {
            Some(Role::Administrator | Role::DomainAdministrator) => ABSOLUTE_ADMINISTRATOR,
            _ => ABSOLUTE,
        };
        (self.seen + IDLE).min(self.begun + absolute)
    }
}

/// All sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_token: HashMap<Token, Session>,
    of: HashMap<Uuid, Vec<Token>>,
}

impl Sessions {
    pub(super) fn get_mut(&mut self, token: &Token) -> Option<&mut Session> {
        self.by_token.get_mut(token)
    }

    pub(super) fn len(&self) -> usize {
        self.by_token.len()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Session> {
        self.by_token.values()
    }

    pub(super) fn of(&self, user: Uuid) -> impl Iterator<Item = &Session> {
        let tokens = self.of.get(&user).into_iter().flatten();
        tokens.filter_map(|token| self.by_token.get(token))
    }

    /// Adds a session; gives back those that end for it.
    pub(super) fn add(&mut self, session: Session) -> Vec<Session> {
        let mut ended = Vec::new();
        let count = self.of.get(&session.user).map_or(0, Vec::len);
        if count >= MOST_OF_ONE {
            let oldest = self.of(session.user).min_by_key(|other| other.seen);
            let oldest = oldest.map(|other| other.token);
            ended.extend(oldest.and_then(|token| self.remove(&token)));
        }
        if self.len() >= MOST {
            let oldest = self.all().min_by_key(|other| other.seen).map(|other| other.token);
            ended.extend(oldest.and_then(|token| self.remove(&token)));
        }
        self.of.entry(session.user).or_default().push(session.token);
        self.by_token.insert(session.token, session);
        ended
    }

    pub(super) fn remove(&mut self, token: &Token) -> Option<Session> {
        let session = self.by_token.remove(token)?;
        if let Some(tokens) = self.of.get_mut(&session.user) {
            tokens.retain(|other| other != token);
            if tokens.is_empty() {
                self.of.remove(&session.user);
            }
        }
        Some(session)
    }

    /// Takes out those that `is` says.
    pub(super) fn remove_if(&mut self, is: impl Fn(&Session) -> bool) -> Vec<Session> {
        let tokens: Vec<Token> = self
            .all()
            .filter(|session| is(session))
            .map(|s| s.token)
            .collect();
        tokens.iter().filter_map(|token| self.remove(token)).collect()
    }
}
