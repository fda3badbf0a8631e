//! What the keeper does, and what else takes long beside commits: moving the log, checks, backups.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use uuid::Uuid;

use super::error::{StoreError, on};
use super::file::{self, Fate};
use super::health::{self, BackupInfo, Health};
use super::inner::Inner;
use super::writer::Writer;
use super::{backup, connection, load, lock, log, open, settings};

/// Up to this many bytes the file is read whole: some 2000 extensions.
const PROBED_WHOLE: u64 = 8 << 20;

impl Inner {
    /// Moves the log into the main file, if there is something to move and the file is still ours; true:
    /// it wrote to the file.
    ///
    /// No commit runs meanwhile: one that did would look at a file that changes under our hands, and the
    /// next one could not begin the log anew but had to make it longer.
    pub(super) fn settle(&self) -> bool {
        let counts = || {
            let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            (count(&self.commits), count(&self.settled), count(&self.emptied))
        };
        let (commits, _, emptied) = counts();
        if emptied == commits {
            return false;
        }
        let mut guard = lock(&self.writer);
        let Some(writer) = guard.as_mut() else {
            return false;
        };
        // Only now do they stand still.
        let (commits, settled, _) = counts();
        let result = if settled == commits {
            self.empty_log(writer)
        } else {
            self.move_log(writer)
        };
        result.unwrap_or_else(|error| {
            self.note(&error);
            false
        })
    }

    fn move_log(&self, writer: &mut Writer) -> Result<bool, StoreError> {
        if !matches!(self.explained(Some(writer))?, Fate::Same | Fate::LogGone) {
            return Ok(false);
        }
        let commits = self.commits.load(Ordering::Relaxed);
        let moved = checkpoint(&writer.conn, "PASSIVE");
        self.settled_now()?;
        // Not all of it: a backup or a reader still needs the log.
        if moved? {
            self.settled.store(commits, Ordering::Relaxed);
        }
        Ok(true)
    }

    /// When nothing was written for a while: a log left beside a file that somebody puts in our file's place
    /// would be played into it, so none is left.
    fn empty_log(&self, writer: &mut Writer) -> Result<bool, StoreError> {
        if self.explained(Some(writer))? == Fate::Same && writer.empty_log()? {
            let commits = self.commits.load(Ordering::Relaxed);
            self.emptied.store(commits, Ordering::Relaxed);
        }
        Ok(false)
    }

    fn settled_now(&self) -> Result<(), StoreError> {
        lock(&self.files).settled().map_err(|source| StoreError::File {
            doing: "look at",
            path: self.options.database.clone(),
            source,
        })
    }

    /// Whether the file is as we left it: somebody may have written to it while we did, or within the tick
    /// of the clock that files' times are taken from, and that left no other trace. Call it a moment after
    /// [`Inner::settle`] wrote.
    ///
    /// A new connection, which has nothing in its cache, must find what we have in memory: all of it, if `whole`. A large
    /// file takes longer to overwrite than that moment; of it only the newest revision is looked at.
    pub(super) fn probe(&self, whole: bool) {
        let ours = self.snapshot.load_full();
        let tip = *lock(&self.tip);
        let whole = whole && lock(&self.files).size() <= PROBED_WHOLE;
        let found = connection::reader(&self.options.database).and_then(|conn| {
            let tx = conn
                .unchecked_transaction()
                .map_err(on(&conn, "beginning to read"))?;
            if !whole {
                return Ok((log::tip(&tx)?, None));
            }
            open::verify_quickly(&tx)?;
            let (snapshot, _) = load::everything(&tx).map_err(on(&tx, "reading the configuration"))?;
            Ok((log::tip(&tx)?, Some(snapshot)))
        });
        let rev = |tip: Option<(u64, Uuid)>| tip.map_or(0, |(rev, _)| rev);
        let right = match found {
            // A commit has come between, and there will be another probe after it.
            Ok((found, _)) if rev(found) > ours.rev || rev(tip) != ours.rev => true,
            Ok((found, content)) => found == tip && content.is_none_or(|content| content.same(&ours)),
            Err(StoreError::Locked(_)) => true,
            Err(error) => {
                tracing::error!("after moving the log, {error}");
                false
            }
        };
        if right {
            return;
        }
        let mut guard = lock(&self.writer);
        // Unless it went through SQLite.
        if let Some(writer) = guard.as_mut()
            && matches!(writer.is_foreign(), Ok(false))
        {
            lock(&self.files).doubt();
            self.explained(Some(writer))
                .map_or_else(|error| self.note(&error), drop);
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
        let target = backup::next_name(&self.options.backups);
        let conn = connection::reader(&self.options.database)?;
        let made = self.bell.interruptible(&conn, || backup::copy(&conn, &target))?;
        // A bad copy must not push good ones out, nor be the newest.
        if let Err(error) = self.good(&target) {
            // It says itself what it is, should it stay.
            let _ = std::fs::remove_file(&target);
            return Err(error);
        }
        tracing::info!("backup {} made, {} bytes", made.file.display(), made.size);
        if let Some(text) = self.refused() {
            return Err(StoreError::Refused(text));
        }
        let kept = self.snapshot.load().settings.number(&settings::BACKUPS_KEPT);
        backup::prune(&self.options.backups, usize::try_from(kept).unwrap_or(usize::MAX))
    }

    /// Whether a fresh backup is whole, and of our own database: the file may have been overwritten while it
    /// was copied.
    fn good(&self, made: &Path) -> Result<(), StoreError> {
        let ours = self.snapshot.load_full();
        let conn = connection::reader(made)?;
        self.bell.interruptible(&conn, || {
            open::verify(&conn)?;
            let Some(text) = self.refused() else { return Ok(()) };
            let (copied, _) = load::everything(&conn).map_err(on(&conn, "reading the backup"))?;
            if copied.same(&ours) {
                Ok(())
            } else {
                Err(StoreError::Refused(text))
            }
        })
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
