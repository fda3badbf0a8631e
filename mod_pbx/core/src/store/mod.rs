//! Where the configuration is kept: SQLite for the truth, a snapshot in memory for lookups.
//!
//! [`ConfigStore::commit`] is the only way in. It validates, writes rows and revision in one
//! transaction, and once that is durable swaps the snapshot, so the next lookup sees it. Lookups read
//! the snapshot and nothing else: they keep their answers while the disk is full or the database file
//! is locked, damaged or gone.

mod apply;
mod backup;
pub mod bans;
pub mod call_pages;
pub mod calls;
pub mod caps;
mod change;
mod check;
pub mod clients;
mod connection;
mod delta;
mod dids;
mod error;
mod file;
mod find;
mod forwards;
pub mod gateways;
mod health;
mod inner;
mod keeper;
mod load;
mod log;
pub mod mail;
mod migrate;
mod open;
mod outside;
pub mod people;
mod reader;
mod rescue;
mod restore;
pub mod rows;
mod schedules;
pub mod settings;
mod shape;
pub mod snapshot;
mod text;
mod undo;
mod upkeep;
mod watch;
mod write;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;

use uuid::Uuid;

pub use change::{Change, Commit, Image, Revision, Row, RowChange, Stored, Table};
pub use error::{Conflict, StoreError};
pub use find::Find;
pub use health::{BackupInfo, Health, Trouble};
use inner::Inner;
pub use keeper::Pace;
pub use reader::{Listing, Page, Reader};
pub use restore::Restored;
use snapshot::Snapshot;
pub use text::check as check_row;
use writer::Request;

/// Where the store keeps its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// The database.
    pub database: PathBuf,
    /// The directory of the daily backups.
    pub backups: PathBuf,
    /// How often the keeper does what.
    pub pace: Pace,
}

impl StoreOptions {
    /// The database at `path`, its backups in `backups` beside it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let database = path.into();
        Self {
            backups: database.with_file_name("backups"),
            database,
            pace: Pace::default(),
        }
    }
}

/// The configuration: one per PBX.
pub struct ConfigStore {
    inner: Arc<Inner>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl ConfigStore {
    /// Opens the database, creating it with its directories at the first start, brings its schema up to
    /// date, and starts the keeper's thread.
    ///
    /// # Errors
    /// The text names the file and says what to type.
    pub fn open(options: StoreOptions) -> Result<Arc<Self>, StoreError> {
        let opened = open::open(&options)?;
        let inner = Arc::new(Inner::new(options, opened));
        let keeper = keeper::start(&inner).map_err(|source| StoreError::File {
            doing: "start the thread that looks after",
            path: inner.options.database.clone(),
            source,
        })?;
        Ok(Arc::new(Self {
            inner,
            keeper: Mutex::new(Some(keeper)),
        }))
    }

    /// The last committed configuration. Wait-free; any thread.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.snapshot.load_full()
    }

    /// The same for the time of one lookup: without touching the reference count that all threads share.
    pub fn borrow(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.inner.snapshot.load()
    }

    /// Has `tell` called after each change of what [`ConfigStore::snapshot`] gives, in the thread that made it: it must
    /// not block, nor use the store. It is called until the store is gone.
    pub fn on_change(&self, tell: Box<dyn Fn() + Send + Sync>) {
        lock(&self.inner.listeners).push(tell);
    }

    /// Makes the changes, all or none, as one revision; the next lookup sees them. Blocks: not for
    /// lookups and event hooks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why and what to do.
    pub fn commit(&self, commit: Commit) -> Result<Revision, StoreError> {
        let request = Request {
            id: commit.request_id,
            actor: &commit.actor,
            summary: &commit.summary,
            force: commit.force,
        };
        self.inner.transact(&request, |_| Ok(commit.changes))
    }

    /// Takes a revision back, as a new revision; `force`: also where that breaks a route test. Blocks.
    ///
    /// # Errors
    /// As [`ConfigStore::commit`]; also when a later revision touched the same rows.
    pub fn revert(
        &self,
        rev: u64,
        actor: &str,
        request_id: Uuid,
        force: bool,
    ) -> Result<Revision, StoreError> {
        let request = Request {
            id: request_id,
            actor,
            summary: &format!("undo of revision {rev}"),
            force,
        };
        self.inner.transact(&request, |work| undo::changes(work, rev))
    }

    /// Runs `f` on one committed state of the database. Blocks.
    ///
    /// # Errors
    /// Those of `f`, and those of opening the database.
    pub fn read<T>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.inner.read(f)
    }

    /// Stores bans and takes out those of these networks and accounts that are `gone`, all or none: no
    /// revision. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn keep_bans(&self, kept: &[bans::Ban], gone: &[(String, String)]) -> Result<(), StoreError> {
        self.inner.keep_bans(kept, gone)
    }

    /// Stores from where lines have registered, and takes out who was not there since the day `before`, all or none: no
    /// revision. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn keep_friends(&self, kept: &[bans::Friend], before: Option<&str>) -> Result<(), StoreError> {
        self.inner
            .keep_facts("saving from where lines registered", &|conn| {
                bans::keep_friends(conn, kept, before)
            })
    }

    /// Stores what was called out, all or none: no revision. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn keep_caps(&self, batch: &caps::Batch) -> Result<(), StoreError> {
        self.inner
            .keep_facts("saving what was called out", &|conn| caps::keep(conn, batch))
    }

    /// Stores browser clients and takes out those that are `gone`, all or none: no revision. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn keep_clients(&self, kept: &[clients::Client], gone: &[Uuid]) -> Result<(), StoreError> {
        self.inner
            .keep_facts("saving browser clients", &|conn| clients::keep(conn, kept, gone))
    }

    /// Writes down calls with their legs, and takes out those that are `gone`, all or none: no revision. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn keep_calls(
        &self,
        kept: &[(calls::Call, Vec<calls::Leg>)],
        gone: &[Uuid],
    ) -> Result<(), StoreError> {
        self.inner
            .keep_facts("saving calls", &|conn| calls::keep(conn, kept, gone))
    }

    /// Closes the calls that an earlier process left open. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn interrupt_calls(&self) -> Result<(), StoreError> {
        self.inner
            .keep_facts("closing calls", &|conn| calls::interrupt(conn).map(drop))
    }

    /// Deletes so many calls that began before then (RFC 3339 in UTC); how many. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn forget_calls(&self, before: &str, most: u32) -> Result<usize, StoreError> {
        let count = std::cell::Cell::new(0);
        self.inner.keep_facts("deleting old calls", &|conn| {
            count.set(calls::forget(conn, before, most)?);
            Ok(())
        })?;
        Ok(count.get())
    }

    /// Stores what happened to sign-ins, all or none: no revision. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn keep_people(&self, batch: &people::Batch) -> Result<(), StoreError> {
        self.inner
            .keep_facts("saving sign-ins", &|conn| people::keep(conn, batch))
    }

    /// Puts a mail into the queue: no revision; false: there is one about its source already. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn queue_mail(&self, mail: &mail::Mail) -> Result<bool, StoreError> {
        let new = std::cell::Cell::new(false);
        self.inner.keep_facts("saving mail", &|conn| {
            new.set(mail::queue(conn, mail, &writer::now())?);
            Ok(())
        })?;
        Ok(new.get())
    }

    /// Writes down how an attempt to send a mail ended, and when the next is due (RFC 3339 in UTC). Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn mail_attempted(
        &self,
        id: Uuid,
        state: mail::State,
        next_at: &str,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        self.inner.keep_facts("saving mail", &|conn| {
            mail::attempted(conn, id, state, next_at, error, &writer::now())
        })
    }

    /// Has mail that waits or was given up tried again at once; how many. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn retry_mail(&self, which: mail::Which) -> Result<usize, StoreError> {
        let count = std::cell::Cell::new(0);
        self.inner.keep_facts("saving mail", &|conn| {
            count.set(mail::retry(conn, which, &writer::now())?);
            Ok(())
        })?;
        Ok(count.get())
    }

    /// Takes mail that waits or was given up out of the queue; which. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn discard_mail(&self, which: mail::Which) -> Result<Vec<Uuid>, StoreError> {
        let gone = std::cell::RefCell::default();
        self.inner.keep_facts("saving mail", &|conn| {
            gone.replace(mail::discard(conn, which, &writer::now())?);
            Ok(())
        })?;
        Ok(gone.into_inner())
    }

    /// Forgets mail that ended before then (RFC 3339 in UTC); which. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn forget_mail(&self, before: &str) -> Result<Vec<Uuid>, StoreError> {
        let gone = std::cell::RefCell::default();
        self.inner.keep_facts("saving mail", &|conn| {
            gone.replace(mail::forget(conn, before)?);
            Ok(())
        })?;
        Ok(gone.into_inner())
    }

    /// Every voicemail message up to then (seconds since 1970) has been looked at. Blocks.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn see_voicemail(&self, until: i64) -> Result<(), StoreError> {
        self.inner
            .keep_facts("saving what was seen of voicemail", &|conn| {
                mail::see(conn, until)
            })
    }

    /// Copies the last committed state to `file`, which must not exist yet. Blocks neither commits nor
    /// lookups.
    ///
    /// # Errors
    /// No file was made; the text says why.
    pub fn backup(&self, file: &Path) -> Result<BackupInfo, StoreError> {
        self.inner.backup(file)
    }

    /// Puts the database aside and brings back `file`, or the newest daily backup. Lookups see it at once.
    ///
    /// # Errors
    /// Nothing was changed; the text says why.
    pub fn restore(&self, file: Option<&Path>, actor: &str) -> Result<Restored, StoreError> {
        restore::restore(&self.inner, file, actor)
    }

    /// How the store is doing. Looks at the file, but never waits for a commit.
    pub fn health(&self) -> Health {
        self.inner.health()
    }

    /// Joins the keeper and closes the database. Lookups keep the last snapshot; everything else is
    /// refused from now on.
    pub fn close(&self) {
        if let Some(keeper) = lock(&self.keeper).take() {
            self.inner.bell.stop();
            if keeper.join().is_err() {
                tracing::error!("the keeper's thread has panicked");
            }
        }
        self.inner.close();
    }
}

impl std::fmt::Debug for ConfigStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigStore")
            .field("options", &self.inner.options)
            .finish_non_exhaustive()
    }
}

impl Drop for ConfigStore {
    fn drop(&mut self) {
        self.close();
    }
}

/// None: another thread has it.
fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// A poisoned lock only means that another thread panicked: what is inside is replaced whole or not at all.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
