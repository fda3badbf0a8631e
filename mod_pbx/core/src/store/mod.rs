//! Where the configuration is kept: SQLite for the truth, a snapshot in memory for lookups.
//!
//! [`ConfigStore::commit`] is the only way in. It validates, writes rows and revision in one
//! transaction, and once that is durable swaps the snapshot, so the next lookup sees it. Lookups read
//! the snapshot and nothing else: they keep their answers while the disk is full or the database file
//! is locked, damaged or gone.

mod apply;
mod change;
mod check;
mod connection;
mod delta;
mod error;
mod load;
mod log;
mod migrate;
mod reader;
pub mod rows;
pub mod settings;
mod shape;
pub mod snapshot;
mod text;
mod undo;
mod write;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rusqlite::Connection;
use uuid::Uuid;

pub use change::{Change, Commit, Image, Revision, Row, RowChange, Stored, Table};
pub use error::{Conflict, StoreError};
pub use reader::{Listing, Page, Reader};
use snapshot::Snapshot;
pub use text::check as check_row;
use writer::{Outcome, Request, Writer};

/// Where the store keeps its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// The database.
    pub database: PathBuf,
    /// The directory of the daily backups.
    pub backups: PathBuf,
}

impl StoreOptions {
    /// The database at `path`, its backups in `backups` beside it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let database = path.into();
        let backups = database.with_file_name("backups");
        Self { database, backups }
    }
}

/// The configuration: one per PBX.
#[derive(Debug)]
pub struct ConfigStore {
    options: StoreOptions,
    snapshot: ArcSwap<Snapshot>,
    writer: Mutex<Option<Writer>>,
    /// Idle reading connections.
    readers: Mutex<Vec<Connection>>,
}

/// More idle reading connections than this are closed.
const IDLE_READERS: usize = 4;

impl ConfigStore {
    /// Opens the database, creating it with its directories at the first start, and brings its schema
    /// up to date.
    ///
    /// # Errors
    /// The text names the file and says what to do.
    pub fn open(options: StoreOptions) -> Result<Arc<Self>, StoreError> {
        let path = &options.database;
        let file = |doing| {
            move |source| StoreError::File {
                doing,
                path: path.clone(),
                source,
            }
        };
        if path.exists() {
            // Whoever's it is, it stays as it is until we know that it is ours: opening to write changes it.
            migrate::recognise(path)?;
        } else {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(file("create the directory of"))?;
            }
            std::fs::File::create_new(path).map_err(file("create"))?;
        }
        let mut conn = connection::writer(path)?;
        migrate::migrate(&mut conn, path)?;
        let (writer, snapshot) = Writer::new(conn)?;
        Ok(Arc::new(Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            writer: Mutex::new(Some(writer)),
            readers: Mutex::default(),
            options,
        }))
    }

    /// The last committed configuration. Wait-free; any thread.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The same without touching the reference count: for lookups.
    pub fn borrow(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.snapshot.load()
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
        };
        self.transact(&request, |_| Ok(commit.changes))
    }

    /// Takes a revision back, as a new revision. Blocks.
    ///
    /// # Errors
    /// As [`ConfigStore::commit`]; also when a later revision touched the same rows.
    pub fn revert(&self, rev: u64, actor: &str, request_id: Uuid) -> Result<Revision, StoreError> {
        let request = Request {
            id: request_id,
            actor,
            summary: &format!("undo of revision {rev}"),
        };
        self.transact(&request, |work| undo::changes(work, rev))
    }

    /// Runs `f` on one committed state of the database. Blocks.
    ///
    /// # Errors
    /// Those of `f`, and those of opening the database.
    pub fn read<T>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = lock(&self.readers).pop();
        let mut conn = match idle {
            Some(conn) => conn,
            None => connection::reader(&self.options.database)?,
        };
        let result = {
            let tx = conn
                .transaction()
                .map_err(|source| StoreError::sqlite(&self.options.database, "beginning to read", source))?;
            f(&Reader { conn: &tx })
        };
        let mut readers = lock(&self.readers);
        if readers.len() < IDLE_READERS {
            readers.push(conn);
        }
        result
    }

    /// Closes the database. Lookups keep the last snapshot; everything else is refused from now on.
    pub fn close(&self) {
        lock(&self.writer).take();
        lock(&self.readers).clear();
    }

    fn transact(
        &self,
        request: &Request<'_>,
        changes: impl FnOnce(&apply::Work<'_>) -> Result<Vec<Change>, StoreError>,
    ) -> Result<Revision, StoreError> {
        let mut guard = lock(&self.writer);
        let writer = guard.as_mut().ok_or(StoreError::Closed)?;
        if writer.is_foreign()? {
            self.snapshot.store(Arc::new(writer.reread()?));
        }
        match writer.transact(request, &self.snapshot.load(), changes)? {
            Outcome::Before(revision) => Ok(revision),
            Outcome::Committed(revision, snapshot) => {
                self.snapshot.store(Arc::new(snapshot));
                Ok(revision)
            }
            Outcome::Foreign => Err(StoreError::Locked(self.options.database.clone())),
        }
    }
}

/// A poisoned lock only means that another thread panicked: what is inside is replaced whole or not at all.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
