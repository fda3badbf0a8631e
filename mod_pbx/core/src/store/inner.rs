//! The state that the public face and the keeper share.
//!
//! Locks are taken in this order: `upkeep`, `writer`, `files` or `facts`. Nothing but `upkeep` is held
//! while SQLite does anything long beside commits.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use rusqlite::Connection;

use super::change::{Change, Revision};
use super::error::{StoreError, on};
use super::file::{self, Fate, Files};
use super::health::{self, BackupInfo, Facts, Health};
use super::keeper::Bell;
use super::open::{self, Opened};
use super::reader::Reader;
use super::snapshot::Snapshot;
use super::writer::{Outcome, Request, Writer};
use super::{StoreOptions, apply, backup, connection, lock, rescue, settings};

/// More idle reading connections than this are closed.
const IDLE_READERS: usize = 4;

pub(super) struct Inner {
    pub(super) options: StoreOptions,
    pub(super) snapshot: ArcSwap<Snapshot>,
    /// None: closed, or there is no usable database.
    pub(super) writer: Mutex<Option<Writer>>,
    /// Moves the log; held by whoever does long work on the files: settling, backup, restore.
    pub(super) upkeep: Mutex<Option<Connection>>,
    pub(super) files: Mutex<Files>,
    pub(super) facts: Mutex<Facts>,
    /// Idle reading connections, of the generation of the database they belong to.
    readers: Mutex<(u64, Vec<Connection>)>,
    pub(super) bell: Bell,
    pub(super) closed: AtomicBool,
    /// Commits since the start, and how many of them the keeper has moved into the main file.
    commits: AtomicU64,
    settled: AtomicU64,
    unchecked: AtomicBool,
}

impl Inner {
    pub(super) fn new(options: StoreOptions, opened: Opened) -> Self {
        Self {
            options,
            snapshot: ArcSwap::from_pointee(opened.snapshot),
            writer: Mutex::new(Some(opened.writer)),
            upkeep: Mutex::new(Some(opened.settler)),
            files: Mutex::new(opened.files),
            facts: Mutex::default(),
            readers: Mutex::default(),
            bell: Bell::default(),
            closed: AtomicBool::new(false),
            // What an earlier process left in the log counts as one commit.
            commits: AtomicU64::new(1),
            settled: AtomicU64::new(0),
            unchecked: AtomicBool::new(opened.unchecked),
        }
    }

    /// Puts another database in the place of the one before.
    pub(super) fn replace(
        &self,
        writer: &mut Option<Writer>,
        upkeep: &mut Option<Connection>,
        opened: Opened,
    ) {
        *writer = Some(opened.writer);
        *upkeep = Some(opened.settler);
        *lock(&self.files) = opened.files;
        *lock(&self.facts) = Facts::default();
        self.drop_readers();
        self.unchecked.store(opened.unchecked, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.snapshot.store(Arc::new(opened.snapshot));
    }

    /// Closes idle readers, and those that are in use as soon as they are not.
    pub(super) fn drop_readers(&self) {
        let mut readers = lock(&self.readers);
        readers.0 += 1;
        readers.1.clear();
    }

    /// What became of the files, and in the log when that is news.
    fn fate(&self) -> Result<Fate, StoreError> {
        let fate = lock(&self.files).fate().map_err(|source| StoreError::File {
            doing: "look at",
            path: self.options.database.clone(),
            source,
        })?;
        let mut facts = lock(&self.facts);
        let news = facts.reported.replace(fate) != Some(fate);
        if let Some(text) = health::refusal(fate, &self.options.database)
            && news
        {
            facts.failed(&text);
            drop(facts);
            tracing::error!("{text}");
        }
        Ok(fate)
    }

    /// Why commits are refused and what to type.
    pub(super) fn refused(&self) -> Option<String> {
        if let Some(why) = &lock(&self.facts).damaged {
            return Some(format!(
                "the database {} is damaged ({why}); nothing can be saved, calls and registrations go on \
                 with what was saved last; type \"pbx restore\" to bring back the last backup",
                rescue::quoted(&self.options.database)
            ));
        }
        match self.fate() {
            Ok(fate) => health::refusal(fate, &self.options.database),
            Err(error) => Some(error.to_string()),
        }
    }

    fn refuse_if_refused(&self) -> Result<(), StoreError> {
        self.refused()
            .map_or(Ok(()), |text| Err(StoreError::Refused(text)))
    }

    /// Looks whether another program has changed the database, and reads it again if that went through
    /// SQLite. Never waits for a commit.
    pub(super) fn look(&self) {
        let Ok(mut guard) = self.writer.try_lock() else {
            return;
        };
        if let Some(writer) = guard.as_mut()
            && let Err(error) = self.catch_up(writer)
        {
            self.note(&error);
        }
    }

    /// Takes over what another program has written through SQLite.
    fn catch_up(&self, writer: &mut Writer) -> Result<(), StoreError> {
        if lock(&self.facts).damaged.is_some() || !writer.is_foreign()? {
            return Ok(());
        }
        match self.fate()? {
            // Its checkpoint may have changed the main file: that is SQLite's own way.
            Fate::Same | Fate::Overwritten => {}
            Fate::Gone | Fate::Replaced | Fate::LogGone => return Ok(()),
        }
        let path = &self.options.database;
        let snapshot = open::verify(&writer.conn)
            .and_then(|()| writer.reread())
            .map_err(|error| {
                StoreError::Damaged(format!("another program wrote to it: {}", error.cause()))
            })?;
        lock(&self.files).settled().map_err(|source| StoreError::File {
            doing: "look at",
            path: path.clone(),
            source,
        })?;
        tracing::warn!(
            "{}: another program has written to the database, past the revision log; it was read again",
            path.display()
        );
        let mut facts = lock(&self.facts);
        facts.foreign_write = Some(super::writer::now());
        facts.reported = None;
        drop(facts);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.snapshot.store(Arc::new(snapshot));
        Ok(())
    }

    /// Remembers what failed for `pbx status`.
    pub(super) fn note(&self, error: &StoreError) {
        let mut facts = lock(&self.facts);
        if error.is_corruption() && facts.damaged.is_none() {
            facts.damaged = Some(error.cause());
        }
        facts.failed(error.to_string());
        drop(facts);
        tracing::error!("{error}");
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
        self.catch_up(writer)?;
        self.refuse_if_refused()?;
        match writer.transact(request, &self.snapshot.load(), changes)? {
            Outcome::Before(revision) => Ok(revision),
            Outcome::Committed(revision, snapshot) => {
                self.snapshot.store(Arc::new(snapshot));
                self.commits.fetch_add(1, Ordering::Relaxed);
                Ok(revision)
            }
            // It happened between `catch_up` and our write lock.
            Outcome::Foreign => Err(StoreError::Locked(self.options.database.clone())),
        }
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

    /// Moves the log into the main file, if there is something to move and the file is still ours.
    pub(super) fn settle(&self) {
        let upkeep = lock(&self.upkeep);
        let Some(conn) = upkeep.as_ref() else { return };
        let commits = self.commits.load(Ordering::Relaxed);
        let quiet = self.settled.load(Ordering::Relaxed) == commits;
        if quiet || !matches!(self.fate(), Ok(Fate::Same | Fate::LogGone)) {
            return;
        }
        lock(&self.files).settling();
        let moved = checkpoint(conn, "PASSIVE");
        let noted = lock(&self.files).settled();
        if let Err(source) = noted {
            self.note(&StoreError::File {
                doing: "look at",
                path: self.options.database.clone(),
                source,
            });
        }
        match moved {
            Ok(true) => self.settled.store(commits, Ordering::Relaxed),
            // A backup or a reader still needs the log: next time.
            Ok(false) => {}
            Err(error) => self.note(&error),
        }
    }

    /// Checks the whole file once, if that was not done when it was opened.
    pub(super) fn check_once(&self) {
        if !self.unchecked.load(Ordering::Relaxed) || self.refused().is_some() {
            return;
        }
        let checked = connection::reader(&self.options.database)
            .and_then(|conn| self.bell.interruptible(&conn, || open::verify(&conn)));
        if self.bell.stopped() {
            return;
        }
        self.unchecked.store(false, Ordering::Relaxed);
        if let Err(error) = checked {
            self.note(&error);
        }
    }

    /// A checked backup in the backup directory; older ones beyond `backups-kept` are deleted.
    pub(super) fn daily_backup(&self) -> Result<(), StoreError> {
        let result = self.try_daily_backup();
        if let Err(error) = &result
            && !self.bell.stopped()
        {
            self.note(error);
        }
        result
    }

    fn try_daily_backup(&self) -> Result<(), StoreError> {
        let conn = connection::reader(&self.options.database)?;
        // A damaged database must not push good backups out.
        self.bell.interruptible(&conn, || open::verify(&conn))?;
        let target = backup::next_name(&self.options.backups);
        let made = self.bell.interruptible(&conn, || backup::copy(&conn, &target))?;
        tracing::info!("backup {} made, {} bytes", made.file.display(), made.size);
        let kept = self.snapshot.load().settings.number(&settings::BACKUPS_KEPT);
        backup::prune(&self.options.backups, usize::try_from(kept).unwrap_or(usize::MAX))
    }

    /// Copies the last committed state to `target`.
    pub(super) fn backup(&self, target: &Path) -> Result<BackupInfo, StoreError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(StoreError::Closed);
        }
        match self.fate()? {
            Fate::Same => backup::copy(&connection::reader(&self.options.database)?, target),
            Fate::Gone | Fate::Replaced | Fate::LogGone => {
                let guard = lock(&self.writer);
                let writer = guard.as_ref().ok_or(StoreError::Closed)?;
                backup::copy(&writer.conn, target)
            }
            fate @ Fate::Overwritten => {
                let text = health::refusal(fate, &self.options.database);
                Err(StoreError::Refused(text.unwrap_or_default()))
            }
        }
    }

    /// How the store is doing.
    pub(super) fn health(&self) -> Health {
        let refused = self.refused();
        let database = &self.options.database;
        let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        let size = bytes(database) + bytes(&file::beside(database, "-wal"));
        let last_backup = backup::newest(&self.options.backups);
        let facts = lock(&self.facts);
        Health {
            rev: self.snapshot.load().rev,
            path: database.clone(),
            size,
            backups: self.options.backups.clone(),
            last_backup,
            refused,
            last_error: facts.last_error.clone(),
            foreign_write: facts.foreign_write.clone(),
        }
    }

    /// Ends all that uses the database.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.drop_readers();
        drop(lock(&self.upkeep).take());
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

/// Moves the log into the main file as far as nobody needs it; true: all of it.
pub(super) fn checkpoint(conn: &Connection, mode: &str) -> Result<bool, StoreError> {
    let (busy, log, moved): (i64, i64, i64) = conn
        .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .map_err(on(conn, "moving the log into the database"))?;
    Ok(busy == 0 && log == moved)
}
