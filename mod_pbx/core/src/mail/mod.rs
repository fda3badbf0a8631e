//! Mail about voicemail messages and calls for help: a queue in the database, and a thread that empties it.
//!
//! A mail is in the database, and its recording linked into a folder of the queue's own, before anybody
//! tries to send it: a crash, a mail server that is away or a message that is deleted by phone meanwhile
//! loses none. What a crash may cause is a mail that comes twice, with the same Message-ID.

mod help;
pub(crate) mod letter;
mod post;
pub(crate) mod worker;

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use crate::priority::{self, Behind};
use crate::seal::Vault;
use crate::store::mail::{Counts, Kind, Mail, Part, State, Which};
use crate::store::settings::{self, Settings};
use crate::store::{ConfigStore, StoreError};

pub use post::may_carry_a_password;

/// More than this many that wait are not kept: the messages themselves stay in their mailboxes.
const MOST: u64 = 10_000;

/// The thread's stack in bytes: it calls SQLite and speaks TLS.
const STACK: usize = 2 * 1024 * 1024;

/// For how long an unload waits for a mail that is being sent.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// The queue and its thread.
pub struct Mailroom {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    store: Arc<ConfigStore>,
    vault: Vault,
    /// Recordings of mail that waits.
    folder: PathBuf,
    /// What this switch calls itself towards mail servers.
    host: String,
    bell: Condvar,
    state: Mutex<Post>,
}

#[derive(Default)]
struct Post {
    /// Look at once, whatever was planned.
    rung: bool,
    stop: bool,
    ended: bool,
    refused: u64,
    trouble: Option<Trouble>,
}

/// Why no mail is sent at all.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Trouble {
    /// Since when, RFC 3339 in UTC.
    pub since: String,
    /// What the last attempt said.
    pub text: String,
}

/// How the queue is doing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    /// How many wait, and how many were given up; none: the database cannot be read.
    #[serde(flatten)]
    pub counts: Option<Counts>,
    /// Whether a mail server is set.
    pub configured: bool,
    /// How many were not taken since the start, since too many waited.
    pub refused: u64,
    /// Why nothing is sent.
    pub trouble: Option<Trouble>,
}

/// A voicemail message that somebody is to be told of.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The recording in the mailbox.
    pub recording: PathBuf,
    /// Whom to tell: an address.
    pub recipient: String,
    /// `number@domain`.
    pub mailbox: String,
    /// What the caller calls itself.
    pub caller_name: String,
    /// The caller's number.
    pub caller_number: String,
    /// When it was left.
    pub left_at: Timestamp,
    /// How long it is, in seconds.
    pub seconds: u32,
}

impl Mailroom {
    /// Starts the thread. `host` is what this machine is called.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(
        store: Arc<ConfigStore>,
        vault: Vault,
        database: &Path,
        host: &str,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            store,
            vault,
            folder: database.with_file_name("mail"),
            host: host.to_owned(),
            bell: Condvar::new(),
            state: Mutex::default(),
        });
        let worker = worker::Worker::new(Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("pbx-mail".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                priority::stand(Behind::People);
                worker.run();
            })?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Whether a mail server is set: else there is nothing to queue for.
    pub fn is_configured(&self) -> bool {
        is_configured(&self.shared.store.borrow().settings)
    }

    /// Puts a mail into the queue, unless there is one about this recording already or too many wait. Blocks.
    ///
    /// # Errors
    /// It is not in the queue: the database cannot be written.
    pub fn queue(&self, notice: &Notice) -> Result<(), StoreError> {
        let shared = &self.shared;
        if shared
            .store
            .read(|reader| reader.mail_counts(Part::Mail))?
            .waiting
            >= MOST
        {
            let mut state = lock(&shared.state);
            state.refused += 1;
            tracing::warn!(
                "{MOST} mails wait: nobody is told of {}",
                notice.recording.display()
            );
            return Ok(());
        }
        let mail = Mail {
            id: Uuid::now_v7(),
            kind: Kind::Voicemail,
            source: notice.recording.to_string_lossy().into_owned(),
            state: State::Waiting,
            recipient: notice.recipient.clone(),
            mailbox: notice.mailbox.clone(),
            caller_name: letter::plain(&notice.caller_name),
            caller_number: letter::plain(&notice.caller_number),
            left_at: format!("{:.0}", notice.left_at),
            seconds: notice.seconds,
            attempts: 0,
            next_at: String::new(),
            last_error: None,
            queued_at: String::new(),
            details: None,
        };
        let kept = shared.keep(&mail, &notice.recording);
        if !shared.store.queue_mail(&mail)? {
            // The one that is in the queue has a link of its own.
            shared.release(mail.id);
            return Ok(());
        }
        if let Err(error) = kept {
            // The mail says what it can without it.
            tracing::warn!(
                "{}: {error}; the mail goes without it",
                notice.recording.display()
            );
        }
        self.ring();
        Ok(())
    }

    /// Has the queue looked at now: settings may have changed.
    pub fn ring(&self) {
        lock(&self.shared.state).rung = true;
        self.shared.bell.notify_all();
    }

    /// Mail and webhooks that wait or were given up, that which is due first at the top. Blocks.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn list(&self, limit: u32) -> Result<Vec<Mail>, StoreError> {
        self.shared
            .store
            .read(|reader| reader.mail([State::Waiting, State::Failed], "9999", limit, Part::All))
    }

    /// Tries again at once; how many. Blocks.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn retry(&self, which: Which) -> Result<usize, StoreError> {
        let count = self.shared.store.retry_mail(which)?;
        self.ring();
        Ok(count)
    }

    /// Takes mail out of the queue; how many. Blocks.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn discard(&self, which: Which) -> Result<usize, StoreError> {
        let gone = self.shared.store.discard_mail(which)?;
        gone.iter().for_each(|id| self.shared.release(*id));
        Ok(gone.len())
    }

    /// How the queue is doing. Blocks.
    pub fn health(&self) -> Health {
        let counts = self
            .shared
            .store
            .read(|reader| reader.mail_counts(Part::Mail))
            .ok();
        let state = lock(&self.shared.state);
        Health {
            counts,
            configured: self.is_configured(),
            refused: state.refused,
            trouble: state.trouble.clone(),
        }
    }

    /// Ends the thread. One that is in the middle of sending is not waited for long: its mail is still in the
    /// queue.
    pub fn stop(&self) {
        let Some(thread) = lock(&self.thread).take() else {
            return;
        };
        let until = Instant::now() + PATIENCE;
        let mut state = lock(&self.shared.state);
        state.stop = true;
        self.shared.bell.notify_all();
        while !state.ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!("a mail is being sent: it may be sent again after the next start");
                return;
            }
            let waited = self.shared.bell.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        if thread.join().is_err() {
            tracing::error!("the thread of the mail ended badly");
        }
    }
}

impl Drop for Mailroom {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// Where the recording of a mail is kept while it waits.
    fn kept(&self, id: Uuid) -> PathBuf {
        self.folder.join(format!("{id}.wav"))
    }

    /// Keeps the recording, also if it is deleted from the mailbox: by a link, which costs nothing.
    fn keep(&self, mail: &Mail, recording: &Path) -> std::io::Result<()> {
        let mut folder = std::fs::DirBuilder::new();
        folder.recursive(true).mode(0o700).create(&self.folder)?;
        let kept = self.kept(mail.id);
        match std::fs::hard_link(recording, &kept) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                std::fs::copy(recording, &kept).map(drop)
            }
            done => done,
        }
    }

    fn release(&self, id: Uuid) {
        let file = self.kept(id);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!("{}: {error}", file.display());
            }
            _ => {}
        }
    }
}

fn is_configured(settings: &Settings) -> bool {
    !settings.get(&settings::SMTP_HOST).is_empty()
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
