//! The state that the public face and the keeper share.
//!
//! Locks are taken in this order: `upkeep`, `writer`, `files` or `facts`. Nothing but `upkeep` is held
//! while SQLite does anything long beside commits.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use rusqlite::Connection;
use uuid::Uuid;

use super::bans::Ban;
use super::change::{Change, Revision};
use super::error::{StoreError, on};
use super::file::{self, Fate, Files};
use super::health::{self, BackupInfo, Facts, Health};
use super::keeper::Bell;
use super::open::{self, Opened};
use super::reader::Reader;
use super::snapshot::Snapshot;
use super::writer::{Outcome, Request, Writer};
use super::{StoreOptions, apply, backup, connection, lock, log, rescue, settings, try_lock};

/// After each so many commits the keeper moves the log at once.
const LONG_LOG: u64 = 128;

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
    /// How many there were when the log was emptied.
    emptied: AtomicU64,
    /// The newest revision's number and id; none: there is no revision.
    tip: Mutex<Option<(u64, Uuid)>>,
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
            emptied: AtomicU64::new(0),
            tip: Mutex::new(opened.tip),
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
        *lock(&self.tip) = opened.tip;
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

    fn glance(&self) -> Result<Fate, StoreError> {
        lock(&self.files).fate().map_err(|source| StoreError::File {
            doing: "look at",
            path: self.options.database.clone(),
            source,
        })
    }

    /// What became of the files. Never waits for a commit: while one runs, it is the one that looks.
    fn fate(&self) -> Result<Fate, StoreError> {
        match self.glance()? {
            Fate::Overwritten => match try_lock(&self.writer) {
                Some(mut writer) => self.explained(writer.as_mut()),
                None => Ok(Fate::Same),
            },
            fate => Ok(self.report(fate)),
        }
    }

    /// A main file that changed is no alarm when another program has written through SQLite: its
    /// checkpoint is SQLite's own way.
    fn explained(&self, writer: Option<&mut Writer>) -> Result<Fate, StoreError> {
        let mut fate = self.glance()?;
        if fate == Fate::Overwritten
            && let Some(writer) = writer
        {
            self.catch_up(writer)?;
            fate = self.glance()?;
        }
        Ok(self.report(fate))
    }

    /// Says it in the log when it is news.
    fn report(&self, fate: Fate) -> Fate {
        let mut facts = lock(&self.facts);
        let news = facts.reported.replace(fate) != Some(fate);
        if news && let Some(text) = health::refusal(fate, &self.options.database) {
            facts.failed(&text);
            drop(facts);
            tracing::error!("{text}");
        }
        fate
    }

    /// Why commits are refused and what to type.
    pub(super) fn refused(&self) -> Option<String> {
        if let Some(text) = self.damaged() {
            return Some(text);
        }
        match self.fate() {
            Ok(fate) => health::refusal(fate, &self.options.database),
            Err(error) => Some(error.to_string()),
        }
    }

    fn damaged(&self) -> Option<String> {
        let facts = lock(&self.facts);
        let why = facts.damaged.as_ref()?;
        Some(format!(
            "the database {} is damaged ({why}); nothing can be saved, calls and registrations go on \
             with what was saved last; type \"pbx restore\" to bring back the last backup",
            rescue::quoted(&self.options.database)
        ))
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
        if !matches!(self.glance()?, Fate::Same | Fate::Overwritten) {
            return Ok(());
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
                    self.snapshot.store(Arc::new(snapshot));
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
        writer.keep_bans(kept, gone)?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
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
        let moved = self.settled.load(Ordering::Relaxed) == commits;
        if moved && self.emptied.load(Ordering::Relaxed) == commits {
            return;
        }
        if !matches!(self.fate(), Ok(Fate::Same | Fate::LogGone)) {
            return;
        }
        let result = if moved {
            self.empty_log(commits)
        } else {
            self.move_log(conn)
        };
        if let Err(error) = result {
            self.note(&error);
        }
    }

    /// Most is moved beside the commits; the rest while none runs, so that the next one can begin the log
    /// anew instead of making it longer.
    fn move_log(&self, conn: &Connection) -> Result<(), StoreError> {
        lock(&self.files).settling();
        let moved = checkpoint(conn, "PASSIVE").and_then(|_| {
            let _writer = lock(&self.writer);
            let commits = self.commits.load(Ordering::Relaxed);
            // Not all of it: a backup or a reader still needs the log.
            Ok(checkpoint(conn, "PASSIVE")?.then_some(commits))
        });
        self.settled_now()?;
        if let Some(commits) = moved? {
            self.settled.store(commits, Ordering::Relaxed);
            self.probe()?;
        }
        Ok(())
    }

    /// When nothing was written for a while: a log left beside a file that somebody puts in our file's place
    /// would be played into it, so none is left.
    fn empty_log(&self, commits: u64) -> Result<(), StoreError> {
        let Some(writer) = try_lock(&self.writer) else {
            return Ok(());
        };
        let Some(writer) = writer.as_ref() else {
            return Ok(());
        };
        lock(&self.files).settling();
        let emptied = writer.empty_log();
        self.settled_now()?;
        if emptied? {
            self.emptied.store(commits, Ordering::Relaxed);
        }
        Ok(())
    }

    fn settled_now(&self) -> Result<(), StoreError> {
        lock(&self.files).settled().map_err(|source| StoreError::File {
            doing: "look at",
            path: self.options.database.clone(),
            source,
        })
    }

    /// Whether the file holds what we moved into it: somebody may have written to it at the same moment.
    /// A new connection has nothing in its cache, and after all was moved it reads the file itself.
    fn probe(&self) -> Result<(), StoreError> {
        let Some((rev, id)) = *lock(&self.tip) else {
            return Ok(());
        };
        let found = connection::reader(&self.options.database)
            .and_then(|conn| log::by_number(&conn, rev))
            .map(|revision| revision.map(|revision| revision.id));
        match found {
            Ok(found) if found == Some(id) => Ok(()),
            Err(error) if !error.is_corruption() => Err(error),
            _ => {
                lock(&self.files).doubt();
                self.fate().map(drop)
            }
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
