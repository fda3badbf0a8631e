//! The state that the public face and the keeper share.
//!
//! Locks are taken in this order: `writer`, `files`, `tip`, `facts`; the last three for moments only.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use rusqlite::Connection;
use uuid::Uuid;

use super::bans::Ban;
use super::change::{Change, Revision};
use super::error::{StoreError, on};
use super::file::{Fate, Files};
use super::health::{self, Facts};
use super::keeper::Bell;
use super::open::Opened;
use super::reader::Reader;
use super::snapshot::Snapshot;
use super::writer::{Outcome, Request, Writer};
use super::{StoreOptions, apply, connection, lock};

/// After each so many commits the keeper moves the log at once.
const LONG_LOG: u64 = 128;

/// More idle reading connections than this are closed.
const IDLE_READERS: usize = 4;

pub(super) struct Inner {
    pub(super) options: StoreOptions,
    pub(super) snapshot: ArcSwap<Snapshot>,
    /// What lookups saw before, until the keeper frees it.
    retired: Mutex<Vec<Arc<Snapshot>>>,
    /// None: closed, or there is no usable database.
    pub(super) writer: Mutex<Option<Writer>>,
    pub(super) files: Mutex<Files>,
    pub(super) facts: Mutex<Facts>,
    /// Idle reading connections, of the generation of the database they belong to.
    readers: Mutex<(u64, Vec<Connection>)>,
    pub(super) bell: Bell,
    pub(super) closed: AtomicBool,
    /// Commits since the start, and how many of them the keeper has moved into the main file.
    pub(super) commits: AtomicU64,
    pub(super) settled: AtomicU64,
    /// How many there were when the log was emptied.
    pub(super) emptied: AtomicU64,
    /// The newest revision's number and id; none: there is no revision.
    pub(super) tip: Mutex<Option<(u64, Uuid)>>,
    pub(super) unchecked: AtomicBool,
    /// Called after each change of the snapshot.
    pub(super) listeners: Mutex<Vec<Box<dyn Fn() + Send + Sync>>>,
}

impl Inner {
    pub(super) fn new(options: StoreOptions, opened: Opened) -> Self {
        Self {
            options,
            snapshot: ArcSwap::from_pointee(opened.snapshot),
            retired: Mutex::default(),
            writer: Mutex::new(Some(opened.writer)),
            files: Mutex::new(opened.files),
            facts: Mutex::default(),
            readers: Mutex::default(),
            bell: Bell::default(),
            closed: AtomicBool::new(false),
            // What an earlier process left in the log counts as one commit.
            commits: AtomicU64::new(1),
            settled: AtomicU64::new(0),
            emptied: AtomicU64::new(0),
            tip: Mutex::new(opened.tip),
            unchecked: AtomicBool::new(opened.unchecked),
            listeners: Mutex::default(),
        }
    }

    /// Puts another database in the place of the one before.
    pub(super) fn replace(&self, writer: &mut Option<Writer>, opened: Opened) {
        *writer = Some(opened.writer);
        *lock(&self.files) = opened.files;
        *lock(&self.tip) = opened.tip;
        *lock(&self.facts) = Facts::default();
        self.drop_readers();
        self.unchecked.store(opened.unchecked, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.publish(opened.snapshot);
    }

    /// From here on lookups see it.
    pub(super) fn publish(&self, snapshot: Snapshot) {
        let old = self.snapshot.swap(Arc::new(snapshot));
        // A lookup may still read it, and must not be the one that frees a million extensions.
        lock(&self.retired).push(old);
        lock(&self.listeners).iter().for_each(|tell| tell());
    }

    /// Frees the snapshots that nobody reads any more.
    pub(super) fn free(&self) {
        let retired = std::mem::take(&mut *lock(&self.retired));
        let (read, unread): (Vec<_>, Vec<_>) =
            retired.into_iter().partition(|old| Arc::strong_count(old) > 1);
        lock(&self.retired).extend(read);
        drop(unread);
    }

    /// Closes idle readers, and those that are in use as soon as they are not.
    pub(super) fn drop_readers(&self) {
        let mut readers = lock(&self.readers);
        readers.0 += 1;
        readers.1.clear();
    }

    /// One revision, from the first check to the snapshot that lookups see.
    pub(super) fn transact(
        &self,
        request: &Request<'_>,
        changes: impl FnOnce(&apply::Work<'_>) -> Result<Vec<Change>, StoreError>,
    ) -> Result<Revision, StoreError> {
        let mut guard = lock(&self.writer);
        let result = self.write(guard.as_mut(), request, changes);
        if let Err(error) = &result
            && !matches!(
                error,
                StoreError::Invalid { .. }
                    | StoreError::Broken(_)
                    | StoreError::Conflict(_)
                    | StoreError::NotFound(_)
                    | StoreError::Refused(_)
                    | StoreError::Closed
            )
        {
            self.note(error);
        }
        result
    }

    fn write(
        &self,
        writer: Option<&mut Writer>,
        request: &Request<'_>,
        changes: impl FnOnce(&apply::Work<'_>) -> Result<Vec<Change>, StoreError>,
    ) -> Result<Revision, StoreError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(StoreError::Closed);
        }
        let Some(writer) = writer else {
            return Err(StoreError::Refused(self.refused().unwrap_or_default()));
        };
        let mut changes = Some(changes);
        let mut changes =
            |work: &apply::Work<'_>| changes.take().map_or(Ok(Vec::new()), |changes| changes(work));
        for _ in 0..3 {
            let fate = self.explained(Some(writer))?;
            let refused = self
                .damaged()
                .or_else(|| health::refusal(fate, &self.options.database));
            if let Some(text) = refused {
                return Err(StoreError::Refused(text));
            }
            match writer.transact(request, &self.snapshot.load(), &mut changes)? {
                Outcome::Before(revision) => return Ok(revision),
                Outcome::Committed(revision, snapshot) => {
                    self.publish(snapshot);
                    *lock(&self.tip) = Some((revision.rev, revision.id));
                    let commits = self.commits.fetch_add(1, Ordering::Relaxed) + 1;
                    if (commits - self.settled.load(Ordering::Relaxed)).is_multiple_of(LONG_LOG) {
                        self.bell.ring();
                    }
                    return Ok(revision);
                }
                Outcome::Foreign => self.catch_up(writer)?,
            }
        }
        // Another program writes faster than we can read.
        Err(StoreError::Locked(self.options.database.clone()))
    }

    /// Stores bans and takes out others, beside the configuration: no revision, no new snapshot.
    pub(super) fn keep_bans(&self, kept: &[Ban], gone: &[(String, String)]) -> Result<(), StoreError> {
        self.keep(|writer| writer.keep_bans(kept, gone))
    }

    /// Writes facts, as `write` does it.
    fn keep(&self, write: impl FnOnce(&Writer) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut guard = lock(&self.writer);
        if self.closed.load(Ordering::Relaxed) {
            return Err(StoreError::Closed);
        }
        let fate = self.explained(guard.as_mut())?;
        let refused = self
            .damaged()
            .or_else(|| health::refusal(fate, &self.options.database));
        let (Some(writer), None) = (guard.as_ref(), &refused) else {
            return Err(StoreError::Refused(refused.unwrap_or_default()));
        };
        write(writer)?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Writes facts beside the configuration, all or none: no revision, no new snapshot.
    pub(super) fn keep_facts(
        &self,
        doing: &'static str,
        write: &dyn Fn(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        self.keep(|writer| writer.keep_facts(doing, write))
    }

    /// Runs `f` on one committed state.
    pub(super) fn read<T>(
        &self,
        f: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(StoreError::Closed);
        }
        match self.fate()? {
            Fate::Same => {}
            // The old file is still held open, and complete.
            Fate::Gone | Fate::Replaced | Fate::LogGone => {
                let guard = lock(&self.writer);
                let writer = guard.as_ref().ok_or(StoreError::Closed)?;
                return in_transaction(&writer.conn, f);
            }
            fate @ Fate::Overwritten => {
                let text = health::refusal(fate, &self.options.database);
                return Err(StoreError::Refused(text.unwrap_or_default()));
            }
        }
        let (generation, idle) = {
            let mut readers = lock(&self.readers);
            (readers.0, readers.1.pop())
        };
        let conn = match idle {
            Some(conn) => conn,
            None => connection::reader(&self.options.database)?,
        };
        let result = in_transaction(&conn, f);
        let mut readers = lock(&self.readers);
        if readers.0 == generation && readers.1.len() < IDLE_READERS {
            readers.1.push(conn);
        }
        result
    }

    /// Ends all that uses the database.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.drop_readers();
        if let Some(writer) = lock(&self.writer).take()
            && matches!(self.fate(), Ok(Fate::Same))
        {
            writer.close_cleanly();
        }
    }
}

fn in_transaction<T>(
    conn: &Connection,
    f: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let tx = conn
        .unchecked_transaction()
        .map_err(on(conn, "beginning to read"))?;
    f(&Reader { conn: &tx })
}
