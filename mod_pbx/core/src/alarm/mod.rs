//! Tells of calls for help, by mail and by a webhook: whom, a domain's number plan says.
//!
//! The switch's event of the leg that goes out starts it, so a call waits for nothing; one that no gateway took is told of
//! by an event of our dialplan's (`apps/dialplan/help`). What there is to tell is in the
//! database, in the queue of mail, before anybody tries to tell it: a crash, a mail server or a web server that is away
//! delays it and loses nothing. It may come twice after a crash, under the same id.

mod hook;
mod post;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::background::{self, Background};
use crate::calls::Calls;
use crate::caps::Charge;
use crate::event::{Event, Kind};
use crate::mail::{Mailroom, PATIENCE, Trouble, lock};
use crate::names::DomainName;
use crate::priority::{self, Behind};
use crate::store::mail::{Counts, Part};
use crate::store::{ConfigStore, StoreError};

pub use post::check_url;

/// How many events may wait: nobody calls for help so often.
const WAITING: usize = 1024;

/// The stacks of the threads in bytes: they call SQLite, and one speaks TLS.
const STACK: usize = 2 * 1024 * 1024;

/// What is told, in a mail's words or as the JSON that is posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// [`Notice::CALL`], or [`Notice::TEST`].
    pub event: String,
    /// Names it: the same in every attempt.
    pub id: Uuid,
    /// The record of the call (`pbx calls`), as far as there is one.
    pub call: Option<Uuid>,
    /// When the call went out, RFC 3339 in UTC.
    pub at: String,
    /// The domain of who calls.
    pub domain: String,
    /// Their extension's number.
    pub extension: String,
    /// What the extension is called.
    pub name: String,
    /// The line that calls; none: a browser.
    pub line: Option<String>,
    /// The number for help that was dialled.
    pub dialled: String,
    /// The gateway by which the call goes, or is tried first.
    pub gateway: Option<String>,
    /// As whom it goes out; none: nobody has said so.
    pub caller_id: Option<String>,
    /// Whether nobody heard it: no gateway took it. That it was tried may have been told before.
    #[serde(default)]
    pub failed: bool,
}

impl Notice {
    /// Somebody calls for help.
    pub const CALL: &'static str = "emergency-call";
    /// Nobody does: somebody looks whether it would be told of.
    pub const TEST: &'static str = "test";

    /// One of this event about an extension of a domain, that says no more.
    fn of(event: &str, extension: &str, domain: &str) -> Self {
        Self {
            event: event.to_owned(),
            id: Uuid::now_v7(),
            call: None,
            at: String::new(),
            domain: domain.to_owned(),
            extension: extension.to_owned(),
            name: String::new(),
            line: None,
            dialled: String::new(),
            gateway: None,
            caller_id: None,
            failed: false,
        }
    }

    /// Whether nobody calls for help.
    pub fn is_test(&self) -> bool {
        self.event == Self::TEST
    }
}

/// Tells of calls for help.
pub struct Alarm {
    shared: Arc<Shared>,
    writing: Background<Told>,
    posting: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    store: Arc<ConfigStore>,
    mail: Arc<Mailroom>,
    calls: Arc<Calls>,
    /// Calls that nobody was told of, since too many waited.
    dropped: AtomicU64,
    /// Calls that no gateway took, since the start, and the last of them.
    failed: Mutex<(u64, Option<Failed>)>,
    /// What is not in the database yet, since that could not be written.
    unsaved: AtomicUsize,
    bell: Condvar,
    hooks: Mutex<Hooks>,
}

/// How the thread of the webhooks is doing.
#[derive(Default)]
struct Hooks {
    /// Look at once, whatever was planned.
    rung: bool,
    stop: bool,
    ended: bool,
    trouble: Option<Trouble>,
}

enum Told {
    /// A leg of a call for help began.
    Began(Event, Charge),
    /// No gateway took a call for help.
    Failed(Event),
    /// Somebody looks whether it would be told of.
    Test(DomainName, Sender<Result<Addressees, StoreError>>),
}

/// Who is told of calls for help.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addressees {
    /// By mail.
    pub email: Option<String>,
    /// By a webhook.
    pub url: Option<String>,
}

/// A call for help that nobody heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Whose: `1001@pbx.test`.
    pub from: String,
    /// The number for help that was dialled.
    pub dialled: String,
}

/// How it is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// How many webhooks wait, and how many were given up; none: the database cannot be read.
    #[serde(flatten)]
    pub counts: Option<Counts>,
    /// Calls for help that nobody was told of since the start.
    pub dropped: u64,
    /// Notices that are not in the database yet.
    pub unsaved: usize,
    /// Calls for help that no gateway took since the start.
    pub unheard: u64,
    /// The last of them.
    pub last_unheard: Option<Failed>,
    /// Why a webhook is not posted.
    pub trouble: Option<Trouble>,
}

impl Alarm {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system has no thread for them.
    pub fn start(store: Arc<ConfigStore>, mail: Arc<Mailroom>, calls: Arc<Calls>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            store,
            mail,
            calls,
            dropped: AtomicU64::new(0),
            failed: Mutex::default(),
            unsaved: AtomicUsize::new(0),
            bell: Condvar::new(),
            hooks: Mutex::default(),
        });
        let (teller, queue) = background::queue(WAITING);
        let worker = worker::Worker::new(Arc::clone(&shared));
        let writing = Background::start("pbx-alarm", STACK, teller, move || worker.run(&queue))?;
        let hooks = hook::Worker::new(Arc::clone(&shared));
        let posting = std::thread::Builder::new()
            .name("pbx-webhook".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                priority::stand(Behind::People);
                hooks.run();
            })?;
        Ok(Self {
            shared,
            writing,
            posting: Mutex::new(Some(posting)),
        })
    }

    /// Takes an event of a channel, or of our dialplan's. Any thread of the switch; never waits.
    pub fn tell(&self, event: &Event) {
        if event.kind == Kind::HelpFailed {
            if !self.writing.tell_made(|| Told::Failed(event.clone())) {
                self.shared.dropped.fetch_add(1, Relaxed);
            }
            return;
        }
        // A leg that the switch itself called: whoever calls us cannot name a payer.
        if event.kind != Kind::CallBegan || event.header("Call-Direction") != Some("outbound") {
            return;
        }
        let charge = event
            .header("variable_pbx_charge")
            .and_then(|text| text.parse().ok());
        let Some(charge) = charge.filter(|charge: &Charge| charge.class.is_none()) else {
            return;
        };
        if !self.writing.tell_made(|| Told::Began(event.clone(), charge)) {
            self.shared.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Tells whoever would be told of a call for help from this domain that nobody has called; who that is. Blocks.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn test(&self, domain: &DomainName) -> Result<Addressees, StoreError> {
        let answer = self.writing.ask(|answer| Told::Test(domain.clone(), answer));
        answer.unwrap_or(Err(StoreError::Closed))
    }

    /// Has the webhooks looked at now: they may be due.
    pub fn ring(&self) {
        self.shared.ring();
    }

    /// How it is doing. Blocks.
    pub fn health(&self) -> Health {
        let shared = &self.shared;
        let counts = shared.store.read(|reader| reader.mail_counts(Part::Webhooks));
        let (unheard, last_unheard) = lock(&shared.failed).clone();
        Health {
            counts: counts.ok(),
            dropped: shared.dropped.load(Relaxed),
            unsaved: shared.unsaved.load(Relaxed),
            unheard,
            last_unheard,
            trouble: lock(&shared.hooks).trouble.clone(),
        }
    }

    /// Ends the threads. A webhook that is being posted is not waited for long: it is still in the queue.
    pub fn stop(&self) {
        self.writing.stop();
        let Some(posting) = lock(&self.posting).take() else {
            return;
        };
        let until = Instant::now() + PATIENCE;
        let mut hooks = lock(&self.shared.hooks);
        hooks.stop = true;
        self.shared.bell.notify_all();
        while !hooks.ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!("a webhook is being posted: it may be posted again after the next start");
                return;
            }
            let waited = self.shared.bell.wait_timeout(hooks, left);
            hooks = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(hooks);
        if posting.join().is_err() {
            tracing::error!("the thread of the webhooks ended badly");
        }
    }
}

impl Shared {
    fn ring(&self) {
        lock(&self.hooks).rung = true;
        self.bell.notify_all();
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.stop();
    }
}

/// As the tables have it.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
