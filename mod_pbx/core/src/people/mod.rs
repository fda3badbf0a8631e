//! People who sign in to the web pages: passwords, sessions, and what keeps strangers from trying.
//!
//! A browser holds 256 random bits in a cookie that no script can read; here is their SHA-256, in memory and, written
//! by a thread of ours, in the database. A request with that cookie is answered from memory; only when the
//! configuration has changed since is the user's row read again, so that who was disabled, renamed or given another
//! password notices at once.

mod door;
mod first;
mod hasher;
pub mod keys;
pub mod password;
mod session;
mod throttle;
mod worker;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use uuid::Uuid;

use crate::background::{self, Background};
use crate::bans::Net;
use crate::names::DomainName;
use crate::store::people::{SignIn, SignInEvent};
use crate::store::rows::{self, User};
use crate::store::{ConfigStore, Reader, StoreError};

pub use door::{Attempt, Changed, Entered, Pending, Refused};
pub use first::{FirstPassword, NotMade};
pub use hasher::{AtWork, Busy, Hasher};
use session::Sessions;
pub use session::{ABSOLUTE, ABSOLUTE_ADMINISTRATOR, IDLE, Person, Session, Token, token};
use throttle::Throttle;

/// The saving thread's stack, in bytes: it calls SQLite.
const STACK: usize = 512 * 1024;

/// For how many days an address from which somebody signed in is known, and how many are.
const KNOWN_DAYS: i64 = 30;
const MOST_KNOWN: usize = 50_000;

/// The people's side of the PBX. One per PBX.
pub struct People {
    shared: Arc<Shared>,
    thread: Background<Told>,
    hasher: Hasher,
}

struct Shared {
    store: Arc<ConfigStore>,
    state: Mutex<State>,
    key: [u8; 32],
}

#[derive(Default)]
struct State {
    sessions: Sessions,
    throttle: Throttle,
    keys: keys::Keys,
    /// When each user last signed in from each net, in seconds since 1970.
    known: HashMap<(Uuid, Net), i64>,
}

/// What the saving thread is told.
enum Told {
    Keep(Session),
    Gone(Uuid),
    Event(SignInEvent),
    Used(crate::store::people::KeyUse),
    Key(String),
    /// The database is another: save all.
    All,
}

/// What a cookie opens.
#[derive(Debug, Clone)]
pub enum Seen {
    /// Nothing.
    Nobody,
    /// A session of somebody who must be looked up again: [`People::look_up`].
    Stale,
    /// A session.
    Is(Session),
}

impl People {
    /// Takes over the sessions that the database has, and starts the threads.
    ///
    /// # Errors
    /// The system has no thread, or no random bytes.
    pub fn start(store: Arc<ConfigStore>) -> std::io::Result<Self> {
        // All of it is ordered: the queue of those who hash passwords bounds how many people come.
        let (teller, queue) = background::queue(0);
        let (rows, key, events) = store
            .read(|reader| {
                let events = reader.sign_in_events(Some("signed-in"), 5_000)?;
                Ok((reader.sign_ins()?, reader.web_key()?, events))
            })
            .unwrap_or_else(|error| {
                tracing::warn!("who was signed in is not known: {error}");
                Default::default()
            });
        let mut bytes = [0; 32];
        let known = key.and_then(|key| data_encoding::HEXLOWER.decode(key.as_bytes()).ok());
        match known.filter(|known| known.len() == bytes.len()) {
            Some(known) => bytes.copy_from_slice(&known),
            None => {
                getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
                teller.order(Told::Key(data_encoding::HEXLOWER.encode(&bytes)));
            }
        }
        let mut state = State::default();
        for row in &rows {
            if let Some(session) = read(row) {
                state.sessions.add(session);
            }
        }
        for event in &events {
            let user = event.user_id.as_ref().and_then(|id| id.parse().ok());
            let at = event.at.parse::<Timestamp>().map(Timestamp::as_second);
            if let (Some(user), Ok(address), Ok(at)) = (user, event.address.parse::<IpAddr>(), at) {
                state.befriend(user, address.into(), at);
            }
        }
        let shared = Arc::new(Shared {
            store,
            state: Mutex::new(state),
            key: bytes,
        });
        let hasher = Hasher::start()?;
        let theirs = Arc::clone(&shared);
        let run = move || worker::run(&theirs, &queue);
        Ok(Self {
            shared,
            thread: Background::start("pbx-people", STACK, teller, run)?,
            hasher,
        })
    }

    /// Where passwords are hashed.
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// Who holds this cookie, and that they were seen now. Never waits.
    pub fn seen(&self, cookie: &str, address: IpAddr) -> Seen {
        let token = token(cookie);
        let snapshot = self.shared.store.snapshot();
        let now = now();
        let mut state = self.state();
        let Some(session) = state.sessions.get_mut(&token) else {
            return Seen::Nobody;
        };
        if session.ends() <= now {
            let ended = state.sessions.remove(&token);
            drop(state);
            self.tell_gone(ended);
            return Seen::Nobody;
        }
        let current = session.looked_up.strong_count() > 0
            && std::ptr::eq(session.looked_up.as_ptr(), Arc::as_ptr(&snapshot));
        if !current || session.person.is_none() {
            return Seen::Stale;
        }
        session.seen = session.seen.max(now);
        session.address = address;
        Seen::Is(session.clone())
    }

    /// The same after a look at the user's row: who may no longer sign in, or has another password, is signed
    /// out. Blocks.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn look_up(&self, cookie: &str, address: IpAddr) -> Result<Seen, StoreError> {
        let token = token(cookie);
        let user = self.state().sessions.get_mut(&token).map(|session| session.user);
        let Some(user) = user else {
            return Ok(Seen::Nobody);
        };
        // Before the row: if a commit comes between, it is read once more than needed.
        let snapshot = self.shared.store.snapshot();
        let found = self.shared.store.read(|reader| {
            let user = reader.get::<User>(user)?;
            user.map(|user| Ok((domain_of(reader, &user)?, user))).transpose()
        })?;
        let person = found.and_then(|(domain, user)| {
            let password = session::mark(user.password_hash.as_deref().unwrap_or_default());
            Some((Arc::new(Person::new(&user, domain)?), password))
        });
        let mut state = self.state();
        if let Some(session) = state.sessions.get_mut(&token)
            && let Some((person, password)) = person
            && password == session.password
        {
            session.person = Some(person);
            session.looked_up = Arc::downgrade(&snapshot);
            session.seen = session.seen.max(now());
            session.address = address;
            if session.ends() > now() {
                return Ok(Seen::Is(session.clone()));
            }
        }
        let ended = state.sessions.remove(&token);
        drop(state);
        self.tell_gone(ended);
        Ok(Seen::Nobody)
    }

    /// What the page of this session proves itself with (`X-CSRF-Token`).
    pub fn csrf(&self, token: &Token) -> String {
        data_encoding::BASE64URL_NOPAD.encode(&self.shared.sign(&[b"csrf", token]))
    }

    /// How many are signed in.
    pub fn count(&self) -> usize {
        self.state().sessions.len()
    }

    /// The sessions of a user, or all; the last used first.
    pub fn sessions(&self, user: Option<Uuid>) -> Vec<Session> {
        let now = now();
        let state = self.state();
        let mut all: Vec<Session> = match user {
            Some(user) => state.sessions.of(user).cloned().collect(),
            None => state.sessions.all().cloned().collect(),
        };
        drop(state);
        all.retain(|session| session.ends() > now);
        all.sort_by_key(|session| (std::cmp::Reverse(session.seen), session.id));
        all
    }

    /// Ends the sessions that `is` says, of a user or of all; gives back how many. `what` is for the record:
    /// `signed-out` or `ended`.
    pub fn end(&self, what: &str, is: impl Fn(&Session) -> bool) -> usize {
        let ended = self.state().sessions.remove_if(is);
        for session in &ended {
            self.tell(Told::Gone(session.id));
            self.record(what, Some(session.user), session.address, &session.browser);
        }
        ended.len()
    }

    /// The newest events, for the record. Blocks.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn events(&self, most: u32) -> Result<Vec<SignInEvent>, StoreError> {
        self.shared.store.read(|reader| reader.sign_in_events(None, most))
    }

    /// The database was put in the place of another: who is signed in is what it was.
    pub fn database_replaced(&self) {
        self.tell(Told::All);
    }

    /// Saves what is not saved, and ends the threads.
    pub fn stop(&self) {
        self.hasher.stop();
        self.thread.stop();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }

    fn tell(&self, told: Told) {
        self.thread.order(told);
    }

    fn tell_gone(&self, ended: Option<Session>) {
        if let Some(session) = ended {
            self.tell(Told::Gone(session.id));
        }
    }

    fn record(&self, what: &str, user: Option<Uuid>, address: IpAddr, browser: &str) {
        self.tell(Told::Event(SignInEvent {
            at: spoken(now()),
            what: what.to_owned(),
            user_id: user.map(|user| user.to_string()),
            address: address.to_string(),
            browser: browser.to_owned(),
        }));
    }
}

impl Drop for People {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// HMAC-SHA256 of the parts, with our key. The first says what for.
    fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        // A short key is filled up with zeros (RFC 2104).
        let mut key = [0; 64];
        key[..self.key.len()].copy_from_slice(&self.key);
        let mut mac = Hmac::<Sha256>::new(&key.into());
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl State {
    /// From now on the user is known there.
    fn befriend(&mut self, user: Uuid, net: Net, at: i64) {
        if self.known.len() >= MOST_KNOWN {
            let oldest = now() - KNOWN_DAYS * 86_400;
            self.known.retain(|_, at| *at > oldest);
            if self.known.len() >= MOST_KNOWN {
                self.known.clear();
            }
        }
        let last = self.known.entry((user, net)).or_insert(at);
        *last = at.max(*last);
    }

    fn knows(&self, user: Uuid, net: Net) -> bool {
        let oldest = now() - KNOWN_DAYS * 86_400;
        self.known.get(&(user, net)).is_some_and(|at| *at > oldest)
    }
}

/// The domain somebody belongs to; none: the whole PBX.
type Tenancy = Option<(Uuid, DomainName)>;

fn domain_of(reader: &Reader<'_>, user: &User) -> Result<Tenancy, StoreError> {
    let domain = match user.domain_id {
        Some(id) => reader.get::<rows::Domain>(id)?,
        None => None,
    };
    Ok(domain.map(|domain| (domain.id, domain.name)))
}

/// A stored session; none: it is none that we wrote. Who it is must be looked up.
fn read(row: &SignIn) -> Option<Session> {
    let second = |text: &str| Some(text.parse::<Timestamp>().ok()?.as_second());
    let token = data_encoding::HEXLOWER.decode(row.token.as_bytes()).ok()?;
    let seen = second(&row.seen)?.min(now());
    Some(Session {
        id: row.id.parse().ok()?,
        token: token.try_into().ok()?,
        user: row.user_id.parse().ok()?,
        begun: second(&row.begun)?,
        seen,
        address: row.address.parse().ok()?,
        browser: row.browser.clone(),
        person: None,
        password: row.password.clone(),
        looked_up: std::sync::Weak::new(),
        saved_seen: seen,
    })
}

/// Seconds since 1970.
fn now() -> i64 {
    Timestamp::now().as_second()
}

/// RFC 3339 in UTC.
fn spoken(second: i64) -> String {
    Timestamp::from_second(second)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole at any time.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
