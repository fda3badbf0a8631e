//! Browser clients: who may log in by verto, with which session id, and who is.
//!
//! A client is one browser session of a signed-in person at the channel of an extension of theirs. The web
//! server opens it; the directory's realm `extensions` answers for it while it lasts; the switch's verto events
//! say when it is there. What lookups read is published as a whole. The rows are kept in the database by a thread
//! of ours, since the switch's own status names no session id: after a reload it is still known who may be there.

mod book;
mod status;
pub mod view;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::{ArcSwap, Guard};
use uuid::Uuid;

use crate::background::{self, Background};
use crate::event::{Event, Kind};
use crate::host::Host;
use crate::presence::Presence;
use crate::secret;
use crate::store::settings::{CLIENT_SECONDS, CLIENTS_PER_CHANNEL, CLIENTS_PER_USER};
use crate::store::{ConfigStore, Reader, StoreError, rows};

use book::{Book, Limits, Opening};
use view::{Client, Connection, REALM, View};

/// How many notes may wait. Beyond these the switch is asked who is there.
const WAITING: usize = 8192;

/// The thread's stack in bytes: it calls SQLite, and commands of the switch.
const STACK: usize = 512 * 1024;

/// The browser clients.
pub struct Clients {
    shared: Arc<Shared>,
    thread: Background<Told>,
}

struct Shared {
    host: Arc<dyn Host>,
    store: Arc<ConfigStore>,
    presence: Arc<Presence>,
    book: Mutex<Book>,
    view: ArcSwap<View>,
    listeners: Mutex<Vec<Weak<dyn Punts>>>,
    /// Events were lost: the switch is to be asked who is there.
    lost: AtomicBool,
}

/// Who is told that a session must end: the proxy, which closes its socket. Called on a thread of ours; must
/// not block.
pub trait Punts: Send + Sync {
    /// This session must not go on.
    fn punt(&self, session: Uuid);
}

/// What a hook of the switch noted about a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A new connection has this name: whoever had it before has left.
    Connected(Connection),
    /// A client logged in with the right session id.
    LoggedIn {
        /// The client's id.
        client: Uuid,
        /// Over which connection.
        connection: Connection,
    },
    /// A connection ended.
    Left(Connection),
}

/// Where the hooks' handlers note what they saw. Called on any thread of the switch; never waits.
pub trait Notes: Send + Sync {
    /// Takes a note.
    fn note(&self, note: Note);

    /// Whether it is the switch that asks, for a call that takes place.
    fn are_live(&self) -> bool {
        true
    }
}

/// Nobody takes notes: `pbx lookup` only looks.
impl Notes for () {
    fn note(&self, _note: Note) {}

    fn are_live(&self) -> bool {
        false
    }
}

enum Told {
    Note(Note),
    /// End this session at the switch and in the proxy.
    Punt(Box<str>),
    /// The book changed: publish and save.
    Changed,
}

/// Why no client is opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The channel does not exist, is off, or is somebody else's: the same for all three.
    #[error("there is no such channel")]
    NoChannel,
    /// Not a UUIDv4 in lower case.
    #[error("the session id is no UUID of version 4, written in lower case")]
    BadSession,
    /// Another client has this session id.
    #[error("the session id is another client's: make a new one")]
    SessionTaken,
    /// As many as the settings allow are there.
    #[error("too many clients are open: close one of them")]
    TooMany,
    /// More than 30 in a minute.
    #[error("too many clients were opened within a minute: wait a moment")]
    TooOften,
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kernel gives no random bytes.
    #[error("the kernel gives no random numbers: {0}")]
    Random(getrandom::Error),
}

/// What a browser is told once.
#[derive(Clone)]
pub struct Issued {
    /// The client as it is now.
    pub client: Arc<Client>,
    /// Its password, 128 bits in hex. Kept nowhere.
    pub password: String,
}

impl Clients {
    /// Takes over the clients that the database has, and starts the thread, which asks the switch who is there.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(
        host: Arc<dyn Host>,
        store: Arc<ConfigStore>,
        presence: Arc<Presence>,
    ) -> std::io::Result<Self> {
        let (teller, queue) = background::queue(WAITING);
        let shared = Arc::new(Shared {
            host,
            store,
            presence,
            book: Mutex::default(),
            view: ArcSwap::default(),
            listeners: Mutex::default(),
            lost: AtomicBool::new(false),
        });
        let worker = worker::Worker::new(Arc::clone(&shared));
        let thread = Background::start("pbx-clients", STACK, teller, move || worker.run(&queue))?;
        Ok(Self { shared, thread })
    }

    /// Opens a client for a person's browser at a channel of theirs, or renews the one with this session id:
    /// the same id, a new password, a later end. Blocks on the database.
    ///
    /// `sign_in` names the sign-in that it ends with, whatever the web server calls that.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn open(&self, user: Uuid, channel: Uuid, session: &str, sign_in: &str) -> Result<Issued, Refused> {
        let session = view::canonical(session)
            .filter(|id| id.get_version_num() == 4)
            .ok_or(Refused::BadSession)?;
        let home = self.shared.store.read(|reader| home(reader, channel, user))?;
        let (domain, number) = home.ok_or(Refused::NoChannel)?;
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(Refused::Random)?;
        let password = secret::hex(&bytes);
        let settings = Arc::clone(&self.shared.store.snapshot().settings);
        let most = |setting| usize::try_from(settings.number(setting)).unwrap_or(usize::MAX);
        let limits = Limits {
            seconds: i64::try_from(settings.number(&CLIENT_SECONDS)).unwrap_or(i64::MAX),
            per_user: most(&CLIENTS_PER_USER),
            per_channel: most(&CLIENTS_PER_CHANNEL),
        };
        let opening = Opening {
            channel,
            user,
            sign_in: sign_in.into(),
            session,
            domain,
            number,
        };
        let fresh = |known: Option<Uuid>| {
            let id = known.unwrap_or_else(Uuid::new_v4);
            (id, secret::a1(&id.to_string(), REALM, &password))
        };
        let client = {
            let mut book = self.shared.book();
            let client = book.open(opening, limits, view::now(), fresh)?;
            // The browser logs in as soon as it is told.
            self.shared.view.store(Arc::new(book.view.clone()));
            client
        };
        self.thread.order(Told::Changed);
        Ok(Issued { client, password })
    }

    /// Ends a client and its connection; false: there is none with this id in this sign-in.
    pub fn close(&self, client: Uuid, sign_in: &str) -> bool {
        self.end(|known| known.id == client && *known.sign_in == *sign_in) > 0
    }

    /// Ends the clients of a sign-in that is over; how many.
    pub fn close_sign_in(&self, sign_in: &str) -> usize {
        self.end(|client| *client.sign_in == *sign_in)
    }

    /// Ends the clients of a person; how many.
    pub fn close_user(&self, user: Uuid) -> usize {
        self.end(|client| client.user == user)
    }

    fn end(&self, which: impl Fn(&Client) -> bool) -> usize {
        let ended = {
            let mut book = self.shared.book();
            let ended = book.close(which);
            self.shared.view.store(Arc::new(book.view.clone()));
            ended
        };
        self.thread.order(Told::Changed);
        ended
    }

    /// Ends a session: its client, its connections in the proxy, and at the switch where that can
    /// (`verto_punt`); false: no client has this session id, and the switch was asked all the same.
    pub fn punt(&self, session: Uuid) -> bool {
        let known = self.end(|client| client.session == session) > 0;
        self.thread.order(Told::Punt(session.to_string().into()));
        known
    }

    /// From now on `listener` is told which sessions must end, for as long as it is there.
    pub fn on_punt(&self, listener: Weak<dyn Punts>) {
        let mut listeners = lock(&self.shared.listeners);
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(listener);
    }

    /// The client with this id, if it may log in now.
    pub fn find(&self, id: &str) -> Option<Arc<Client>> {
        let view = self.view();
        view.find(id)
            .filter(|client| client.is_live(view::now()))
            .cloned()
    }

    /// All clients. Any thread; takes no lock.
    pub fn view(&self) -> Guard<Arc<View>> {
        self.shared.view.load()
    }

    /// Takes a `verto::client_connect`. Any thread of the switch; never waits.
    pub fn connected(&self, event: &Event) {
        debug_assert_eq!(event.kind, Kind::VertoConnected);
        if let Some(connection) = connection(|name| event.header(name).map(str::to_owned)) {
            self.note(Note::Connected(connection));
        }
    }

    /// A hook's answer was `punt`: end this session. Any thread of the switch; never waits.
    pub fn punt_later(&self, session: &str) {
        self.thread.order(Told::Punt(session.into()));
    }

    /// An event could not be copied: its place is taken by asking the switch.
    pub fn lose(&self) {
        self.shared.lost.store(true, Relaxed);
    }

    /// Saves what is not saved, and ends the thread. What is known stays readable.
    pub fn stop(&self) {
        self.thread.stop();
    }
}

impl Notes for Clients {
    fn note(&self, note: Note) {
        if !self.thread.tell(Told::Note(note)) {
            self.lose();
        }
    }
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }
}

/// The connection that a verto event is about.
pub(crate) fn connection(header: impl Fn(&str) -> Option<String>) -> Option<Connection> {
    Some(Connection {
        profile: header("verto_profile_name")?.into(),
        address: header("verto_client_address")?.into(),
    })
}

/// The extension of a channel, if both are on and this person's.
fn home(
    reader: &Reader<'_>,
    channel: Uuid,
    user: Uuid,
) -> Result<Option<(crate::names::DomainName, crate::names::Number)>, StoreError> {
    let Some(extension) = reader.extension_of_channel(channel)? else {
        return Ok(None);
    };
    if !extension.enabled || extension.user_id != user {
        return Ok(None);
    }
    let person = reader.get::<rows::User>(user)?;
    let domain = reader.get::<rows::Domain>(extension.domain_id)?;
    Ok(match (person, domain) {
        (Some(person), Some(domain)) if person.enabled => Some((domain.name, extension.number)),
        _ => None,
    })
}

/// What is guarded is changed whole, or by a method that leaves it consistent at each step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod book_tests;
#[cfg(test)]
mod tests;
