//! Signing in and changing a password, in steps: those that wait for the database, for the hash, and for neither.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::password::Stored;
use super::session::{self, Person, Session, token};
use super::throttle::{Account, Admitted, Stranger};
use super::{People, Tenancy, Told, domain_of, now, password};
use crate::bans::Net;
use crate::secret;
use crate::store::rows::{Role, User};
use crate::store::snapshot::Snapshot;
use crate::store::{Change, Commit, Reader, Revision, StoreError};

/// The longest name that is looked for, in bytes.
const LONGEST_NAME: usize = 320;

/// Characters of what a browser calls itself that are kept.
const BROWSER: usize = 200;

/// Somebody at the door.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// `alice@pbx.example.com`; without a domain somebody of the whole PBX, or of the only domain.
    pub name: &'a str,
    /// From where.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub browser: &'a str,
    /// What the browser was given at an earlier sign-in ([`Entered::known`]).
    pub known: Option<&'a str>,
}

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The name, the password, or both: nobody learns which.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Too many tries.
    #[error("too many tries: wait {} seconds", .0.as_secs() + 1)]
    Wait(Duration),
    /// The new password is too weak, or the one there was.
    #[error("{0}")]
    Weak(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A try that waits for its hash.
pub struct Pending {
    /// Whose account it is, whether they may sign in or not.
    user: Option<Uuid>,
    who: Option<(Person, String)>,
    admitted: Admitted,
    known: Option<[u8; 16]>,
    address: IpAddr,
    browser: String,
    snapshot: Weak<Snapshot>,
}

/// Somebody who came in. What the browser gets is said only here.
#[derive(Debug, Clone)]
pub struct Entered {
    /// What the session's cookie holds.
    pub cookie: String,
    /// What the browser shows at the next sign-in, so that nobody else's tries are counted against it.
    pub known: String,
    /// The session.
    pub session: Session,
}

/// A password that was changed.
#[derive(Debug, Clone)]
pub struct Changed {
    /// What the session's cookie holds from now on.
    pub cookie: String,
    /// The session, which goes on; all others of the person have ended.
    pub session: Session,
    /// The revision.
    pub revision: Revision,
}

impl Pending {
    /// The hash that the password must have; none: it is wrong whatever it is, but must take as long.
    pub fn phc(&self) -> Option<String> {
        self.who
            .as_ref()
            .map(|(_, stored)| Stored::parse(stored).phc.to_owned())
    }
}

impl People {
    /// Looks who that may be, and whether they may try now. Blocks on the database.
    ///
    /// # Errors
    /// They may not, or the database cannot be read.
    pub fn knock(&self, attempt: &Attempt<'_>) -> Result<Pending, Refused> {
        let snapshot = self.shared.store.snapshot();
        let name = attempt.name.trim();
        let found = match name.len() {
            1..=LONGEST_NAME => self.shared.store.read(|reader| find(reader, name))?,
            _ => None,
        };
        let account = match &found {
            Some((user, _)) => Account::Of(user.id),
            None => {
                let mut hasher = DefaultHasher::new();
                name.to_lowercase().hash(&mut hasher);
                Account::Nobodys(hasher.finish())
            }
        };
        let user = found.as_ref().map(|(user, _)| user.id);
        let known = user.and_then(|user| self.known(attempt.known?, user));
        let net = Net::from(attempt.address);
        let mut state = self.state();
        let stranger = Stranger {
            account,
            net,
            browser: user.zip(known),
            known_net: user.is_some_and(|user| state.knows(user, net)),
        };
        let admitted = state
            .throttle
            .admit(stranger, Instant::now())
            .map_err(Refused::Wait)?;
        drop(state);
        let who = found.and_then(|(user, domain)| {
            let person = Person::new(&user, domain)?;
            Some((person, user.password_hash?))
        });
        Ok(Pending {
            user,
            who,
            admitted,
            known,
            address: attempt.address,
            browser: attempt
                .browser
                .chars()
                .filter(|c| !c.is_control())
                .take(BROWSER)
                .collect(),
            snapshot: Arc::downgrade(&snapshot),
        })
    }

    /// Ends a try: `right` is what the hash said. The session that the browser had before, if it had one, ends.
    ///
    /// # Errors
    /// [`Refused::Wrong`], or the kernel gives no random bytes.
    pub fn enter(&self, pending: Pending, right: bool, before: Option<&str>) -> Result<Entered, Refused> {
        let Pending {
            user,
            who,
            admitted,
            known,
            address,
            browser,
            snapshot,
        } = pending;
        let Some((person, stored)) = who.filter(|_| right) else {
            self.record("failed", user, address, &browser);
            return Err(Refused::Wrong);
        };
        let cookie = random().map_err(Refused::Weak)?;
        let nonce = match known {
            Some(nonce) => nonce,
            None => Uuid::new_v4().into_bytes(),
        };
        let at = now();
        let session = Session {
            id: Uuid::now_v7(),
            token: token(&cookie),
            user: person.id,
            begun: at,
            seen: at,
            address,
            browser,
            person: Some(Arc::new(person)),
            password: session::mark(&stored),
            looked_up: snapshot,
            saved_seen: at,
        };
        let mut state = self.state();
        state.throttle.succeeded(admitted);
        state.befriend(session.user, address.into(), at);
        let mut ended: Vec<Session> = before
            .and_then(|old| state.sessions.remove(&token(old)))
            .into_iter()
            .collect();
        ended.extend(state.sessions.add(session.clone()));
        drop(state);
        for session in ended {
            self.tell_gone(Some(session));
        }
        self.tell(Told::Keep(session.clone()));
        self.record("signed-in", Some(session.user), address, &session.browser);
        Ok(Entered {
            cookie,
            known: self.make_known(session.user, nonce),
            session,
        })
    }

    /// The user's row, to change the password of: what it is now. Blocks.
    ///
    /// # Errors
    /// They may not try so often, the new password is too weak, or the database cannot be read.
    pub fn before_change(&self, session: &Session, new: &str) -> Result<(Pending, User), Refused> {
        let person = session.person.as_ref().ok_or(Refused::Wrong)?;
        if new.len() > password::LONGEST {
            return Err(Refused::Weak("the password is too long".to_owned()));
        }
        let name = person.name.split('@').next().unwrap_or_default();
        password::check(new, name).map_err(Refused::Weak)?;
        let user = self
            .shared
            .store
            .read(|reader| reader.get::<User>(session.user))?;
        let user = user.ok_or(Refused::Wrong)?;
        let stored = user.password_hash.clone().ok_or(Refused::Wrong)?;
        // Who holds the session is no stranger: counted by the session alone.
        let stranger = Stranger {
            account: Account::Of(user.id),
            net: session.address.into(),
            browser: Some((user.id, session.id.into_bytes())),
            known_net: true,
        };
        let admitted = self
            .state()
            .throttle
            .admit(stranger, Instant::now())
            .map_err(Refused::Wait)?;
        let pending = Pending {
            user: Some(user.id),
            who: Some((Person::clone(person), stored)),
            admitted,
            known: None,
            address: session.address,
            browser: session.browser.clone(),
            snapshot: Weak::new(),
        };
        Ok((pending, user))
    }

    /// Ends a change: `right` says whether the old password was, `phc` is the new one's hash. The session goes on
    /// with another cookie, and every other of the person ends. Blocks.
    ///
    /// # Errors
    /// The old password was wrong, or nothing could be saved.
    pub fn change(
        &self,
        session: &Session,
        (pending, user): (Pending, User),
        right: bool,
        phc: &str,
    ) -> Result<Changed, Refused> {
        if !right {
            self.record("failed", Some(user.id), pending.address, &pending.browser);
            return Err(Refused::Wrong);
        }
        self.state().throttle.succeeded(pending.admitted);
        let name = session
            .person
            .as_ref()
            .map(|person| person.name.clone())
            .unwrap_or_default();
        let stored = Stored { once: false, phc }.text();
        let changed = User {
            password_hash: Some(stored.clone()),
            ..user
        };
        let whole = changed.domain_id.is_none() && changed.role == Role::Administrator;
        let (id, mark) = (changed.id, session::mark(&stored));
        let commit =
            Commit::new(&name, format!("user {name} changed their password")).with(Change::edit(changed));
        let revision = self.shared.store.commit(commit)?;
        if whole {
            self.forget_first_password();
        }
        let cookie = random().map_err(Refused::Weak)?;
        let mut state = self.state();
        let Some(mut fresh) = state.sessions.remove(&session.token) else {
            return Err(Refused::Wrong);
        };
        let ended = state.sessions.remove_if(|other| other.user == id);
        fresh.token = token(&cookie);
        fresh.password = mark;
        // To be looked up again: the person's password is no one-time one any more.
        fresh.looked_up = Weak::new();
        if let Some(person) = fresh.person.as_mut() {
            Arc::make_mut(person).must_change = false;
        }
        state.sessions.add(fresh.clone());
        drop(state);
        for session in ended {
            self.tell_gone(Some(session));
        }
        self.tell(Told::Keep(fresh.clone()));
        self.record("password-changed", Some(id), fresh.address, &fresh.browser);
        Ok(Changed {
            cookie,
            session: fresh,
            revision,
        })
    }

    /// What a browser shows that has signed in as `user` before.
    fn make_known(&self, user: Uuid, nonce: [u8; 16]) -> String {
        let mac = self.shared.sign(&[b"known", user.as_bytes(), &nonce]);
        let bytes = [user.as_bytes().as_slice(), &nonce, &mac].concat();
        data_encoding::BASE64URL_NOPAD.encode(&bytes)
    }

    fn known(&self, shown: &str, user: Uuid) -> Option<[u8; 16]> {
        let bytes = data_encoding::BASE64URL_NOPAD.decode(shown.as_bytes()).ok()?;
        let (id, rest) = bytes.split_at_checked(16)?;
        let (nonce, mac) = rest.split_at_checked(16)?;
        let nonce: [u8; 16] = nonce.try_into().ok()?;
        let right = self.shared.sign(&[b"known", user.as_bytes(), &nonce]);
        (id == user.as_bytes() && bool::from(right.ct_eq(mac))).then_some(nonce)
    }

    /// Whether `shown` is what the page of the session with this cookie proves itself with. Takes as long
    /// whatever differs.
    pub fn csrf_is(&self, cookie: &str, shown: &str) -> bool {
        let right = self.csrf(&token(cookie));
        right.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

/// The person with this name, and their domain.
fn find(reader: &Reader<'_>, name: &str) -> Result<Option<(User, Tenancy)>, StoreError> {
    let user = match name.rsplit_once('@') {
        Some((name, ".")) => reader.user_by_name(None, name)?,
        Some((name, domain)) => match reader.domain_by_name(domain)? {
            Some(domain) => reader.user_by_name(Some(domain.id), name)?,
            None => None,
        },
        None => match reader.user_by_name(None, name)? {
            Some(user) => Some(user),
            None => match reader.domains()?.as_slice() {
                [only] => reader.user_by_name(Some(only.id), name)?,
                _ => None,
            },
        },
    };
    user.map(|user| Ok((user.clone(), domain_of(reader, &user)?)))
        .transpose()
}

/// 256 random bits for a cookie.
fn random() -> Result<String, String> {
    secret::token().map_err(|error| format!("the kernel gives no random numbers ({error})"))
}
