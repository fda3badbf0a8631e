//! Restore: a backup takes the place of the database, whole or not at all.
//!
//! The backup is copied, checked and brought up to date beside the database first. Only then is the
//! database put aside (never deleted) and the copy renamed into its place. A kill at any moment leaves
//! the old database or the new one.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use uuid::Uuid;

use super::change::Revision;
use super::error::{StoreError, on};
use super::file::{self, Fate, beside};
use super::inner::Inner;
use super::rescue::quoted;
use super::upkeep::checkpoint;
use super::{apply::Applied, backup, connection, load, lock, log, migrate, open, text};

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The backup that was brought back.
    pub from: PathBuf,
    /// The revision that says so; the one before it is the backup's newest.
    pub revision: Revision,
    /// Where the old database is now, if there was one.
    pub set_aside: Option<PathBuf>,
}

/// Brings back `from`, or the newest daily backup.
///
/// # Errors
/// Nothing was changed; the text says why.
pub(super) fn restore(inner: &Inner, from: Option<&Path>, actor: &str) -> Result<Restored, StoreError> {
    let database = &inner.options.database;
    let from = match from {
        Some(file) => file.to_owned(),
        None => match backup::newest(&inner.options.backups) {
            Some(newest) => newest.file,
            None => {
                return Err(StoreError::NotFound(format!(
                    "there is no backup in {}: name one (\"pbx restore FILE\")",
                    quoted(&inner.options.backups)
                )));
            }
        },
    };
    let same =
        |a: &Path, b: &Path| matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b);
    if same(&from, database) {
        return Err(StoreError::refuse(format!(
            "{} is the database itself: name a backup of it",
            quoted(&from)
        )));
    }
    let prepared = backup::unfinished(database);
    let result = prepare(&from, &prepared, actor).and_then(|revision| {
        let set_aside = swap(inner, &prepared)?;
        Ok(Restored {
            from,
            revision,
            set_aside,
        })
    });
    if result.is_err() {
        for suffix in ["", "-journal"] {
            // Gone already when the swap got that far.
            let _ = fs::remove_file(beside(&prepared, suffix));
        }
    }
    result
}

/// Copies the backup to `target`, checks the copy, brings its schema up to date and records the restore.
fn prepare(from: &Path, target: &Path, actor: &str) -> Result<Revision, StoreError> {
    let named = |error: StoreError| {
        if error.is_corruption() {
            StoreError::refuse(format!(
                "{} is not a usable backup ({}); nothing was changed; \"pbx restore FILE\" takes another one",
                quoted(from),
                error.cause()
            ))
        } else {
            error
        }
    };
    fs::metadata(from).map_err(|source| StoreError::File {
        doing: "read the backup",
        path: from.to_owned(),
        source,
    })?;
    file::create_private(target).map_err(|source| StoreError::File {
        doing: "create",
        path: target.to_owned(),
        source,
    })?;
    let source = connection::reader(from).map_err(named)?;
    migrate::ours(&source, from).map_err(named)?;
    backup::into(&source, target).map_err(named)?;
    drop(source);
    // Not yet write-ahead logged, so that there is one file to rename.
    let mut conn = Connection::open_with_flags(
        target,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|source| StoreError::sqlite(target, "opening the copy", source))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)
        .and_then(|_| conn.pragma_update(None, "trusted_schema", false))
        .and_then(|()| conn.pragma_update(None, "synchronous", "EXTRA"))
        .map_err(on(&conn, "opening the copy"))?;
    open::verify(&conn).map_err(named)?;
    migrate::migrate(&mut conn, target)?;
    migrate::same_schema(&conn).map_err(named)?;
    load::everything(&conn)
        .map_err(on(&conn, "reading the backup"))
        .map_err(named)?;
    let revision = record(&conn, from, actor)?;
    conn.close()
        .map_err(|(_, source)| StoreError::sqlite(target, "writing the copy", source))?;
    Ok(revision)
}

/// The restore itself is a revision, without rows: who, when, from what.
fn record(conn: &Connection, from: &Path, actor: &str) -> Result<Revision, StoreError> {
    let tx = conn
        .unchecked_transaction()
        .map_err(on(conn, "recording the restore"))?;
    let head = log::head(&tx)?;
    let revision = Revision {
        rev: head + 1,
        id: Uuid::new_v4(),
        at: super::writer::now(),
        actor: text::log_line(actor, 200),
        node_id: log::node_id(&tx)?,
        request_id: Uuid::now_v7(),
        summary: text::log_line(
            &format!("restored from {} (revision {head})", from.display()),
            500,
        ),
    };
    let nothing: &[Applied] = &[];
    log::record(&tx, &revision, nothing)?;
    tx.commit().map_err(on(conn, "recording the restore"))?;
    Ok(revision)
}

/// Puts the database aside and `prepared` in its place.
fn swap(inner: &Inner, prepared: &Path) -> Result<Option<PathBuf>, StoreError> {
    let database = &inner.options.database;
    let mut writer = lock(&inner.writer);
    let fate = lock(&inner.files).fate().unwrap_or(Fate::Overwritten);
    if let Some(writer) = writer.as_ref()
        && matches!(fate, Fate::Same | Fate::LogGone)
    {
        // What is put aside is then complete in one file. If it is damaged this may fail, and that is why
        // it is being restored.
        let _ = checkpoint(&writer.conn, "TRUNCATE");
    }
    inner.drop_readers();
    *writer = None;
    let moved = Moved::aside(database).and_then(|moved| {
        let placed = fs::rename(prepared, database)
            .and_then(|()| file::sync_directory(file::directory(database)))
            .map_err(|source| StoreError::File {
                doing: "put the restored database in place as",
                path: database.clone(),
                source,
            });
        match placed.and_then(|()| open::existing(database)) {
            Ok(opened) => Ok((moved, opened)),
            Err(error) => {
                moved.back();
                Err(error)
            }
        }
    });
    match moved {
        Ok((moved, opened)) => {
            inner.replace(&mut writer, opened);
            tracing::warn!("{}: restored", database.display());
            Ok(moved.database)
        }
        Err(error) => {
            // As it was before, if that can be opened.
            match open::existing(database) {
                Ok(opened) => inner.replace(&mut writer, opened),
                Err(old) => lock(&inner.facts).damaged = Some(old.cause()),
            }
            Err(error)
        }
    }
}

/// What was moved out of the way, and where to.
struct Moved {
    /// The database's own name.
    place: PathBuf,
    /// The database's new name; none: there was no database.
    database: Option<PathBuf>,
    names: Vec<(PathBuf, PathBuf)>,
}

impl Moved {
    /// Puts the database and what belongs to it aside.
    fn aside(database: &Path) -> Result<Self, StoreError> {
        let old = beside(database, &format!(".replaced-{}", backup::stamp()));
        let mut moved = Self {
            place: database.to_owned(),
            database: None,
            names: Vec::new(),
        };
        // The log first: a database without its log is one that lacks the last seconds, but a log beside
        // another database would be played into it.
        for suffix in ["-wal", "-shm", ""] {
            let (from, to) = (beside(database, suffix), beside(&old, suffix));
            // A second name for the database: there is one in its place at every moment.
            let done = if suffix.is_empty() {
                fs::hard_link(&from, &to)
            } else {
                fs::rename(&from, &to)
            };
            match done {
                Ok(()) => {
                    if suffix.is_empty() {
                        moved.database = Some(to.clone());
                    }
                    moved.names.push((from, to));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => {
                    moved.back();
                    return Err(StoreError::File {
                        doing: "put aside",
                        path: from,
                        source,
                    });
                }
            }
        }
        Ok(moved)
    }

    /// Puts everything back, in the place of whatever is there now.
    fn back(&self) {
        for suffix in ["-wal", "-shm", ""] {
            let name = beside(&self.place, suffix);
            // The database itself is replaced by a rename below, so that there is always one.
            if !suffix.is_empty() || self.database.is_none() {
                // What is not there need not go.
                let _ = fs::remove_file(name);
            }
        }
        for (from, to) in self.names.iter().rev() {
            if let Err(error) = fs::rename(to, from) {
                tracing::error!("cannot move {} back to {}: {error}", to.display(), from.display());
            }
        }
    }
}
