//! Opening the database: the first start, the next start, and the start after something went wrong.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::error::{StoreError, on};
use super::file::{self, Files, Stamp, beside};
use super::snapshot::Snapshot;
use super::writer::Writer;
use super::{StoreOptions, backup, connection, log, migrate, rescue};

/// Up to this size, in bytes, the whole file is checked before it is used; a larger one is checked by
/// the keeper while lookups run already.
const CHECKED_AT_OPEN: u64 = 64 << 20;

/// An open database.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) writer: Writer,
    pub(super) files: Files,
    pub(super) snapshot: Snapshot,
    /// The newest revision's number and id; none: there is no revision yet.
    pub(super) tip: Option<(u64, uuid::Uuid)>,
    /// Whether the whole file is still to be checked.
    pub(super) unchecked: bool,
}

/// Opens the database, creating it and its directories at the first start.
///
/// # Errors
/// The text names the file and says what to type.
pub(super) fn open(options: &StoreOptions) -> Result<Opened, StoreError> {
    let path = &options.database;
    create_directories(options)?;
    backup::sweep(options);
    match Stamp::of(path).map_err(failed("read", path))? {
        Some(stamp) if stamp.size() > 0 => {}
        found => first(options, found.is_some())?,
    }
    if !path.is_file() {
        return Err(StoreError::Unusable(format!(
            "{} is not a file: name another one as \"database\" in pbx.conf",
            path.display()
        )));
    }
    existing(path).map_err(|error| match error {
        error if error.is_corruption() => StoreError::Unusable(rescue::damaged(options, &error.cause())),
        error => error,
    })
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File { doing, path, source }
}

fn create_directories(options: &StoreOptions) -> Result<(), StoreError> {
    let home = file::directory(&options.database);
    for directory in [home, &options.backups] {
        file::create_private_directory(directory).map_err(failed("create the directory", directory))?;
        // Naming it here is clearer than SQLite's "unable to open database file".
        fs::read_dir(directory).map_err(failed("read the directory", directory))?;
    }
    Ok(())
}

/// There is no database, or an empty file.
fn first(options: &StoreOptions, exists: bool) -> Result<(), StoreError> {
    let path = &options.database;
    if let Some(text) = rescue::missing(options) {
        return Err(StoreError::Unusable(text));
    }
    // A log without its database would be played into the new one.
    for suffix in ["-wal", "-shm"] {
        let log = beside(path, suffix);
        if Stamp::of(&log)
            .map_err(failed("read", &log))?
            .is_some_and(|stamp| stamp.size() > 0)
        {
            let aside = beside(path, &format!(".orphan-{}{suffix}", super::backup::stamp()));
            fs::rename(&log, &aside).map_err(failed("put aside", &log))?;
            tracing::warn!(
                "{}: a log without its database, kept as {}",
                log.display(),
                aside.display()
            );
        }
    }
    if !exists {
        file::create_private(path).map_err(failed("create", path))?;
        tracing::info!("{} is new", path.display());
    }
    Ok(())
}

/// Opens a database file that exists.
pub(super) fn existing(path: &Path) -> Result<Opened, StoreError> {
    // Whoever's it is, it stays as it is until we know that it is ours: opening to write changes it.
    migrate::recognise(path)?;
    let mut conn = connection::writer(path)?;
    migrate::migrate(&mut conn, path)?;
    let size = Stamp::of(path)
        .map_err(failed("read", path))?
        .map_or(0, |stamp| stamp.size());
    let unchecked = size > CHECKED_AT_OPEN;
    if !unchecked {
        verify(&conn)?;
    }
    let (writer, snapshot) = Writer::new(conn)?;
    let tip = log::tip(&writer.conn)?;
    Ok(Opened {
        writer,
        files: Files::note(path).map_err(failed("read", path))?,
        snapshot,
        tip,
        unchecked,
    })
}

/// Checks the whole file: its structure, its indexes, its references.
///
/// # Errors
/// [`StoreError::Damaged`] with the first thing that is wrong.
pub(super) fn verify(conn: &Connection) -> Result<(), StoreError> {
    says_ok(conn, "PRAGMA integrity_check(1)")?;
    references(conn)
}

/// The same but for the indexes, which takes half the time.
///
/// # Errors
/// As [`verify`].
pub(super) fn verify_quickly(conn: &Connection) -> Result<(), StoreError> {
    says_ok(conn, "PRAGMA quick_check(1)")?;
    references(conn)
}

fn says_ok(conn: &Connection, pragma: &str) -> Result<(), StoreError> {
    let first: String = conn
        .query_row(pragma, [], |row| row.get(0))
        .map_err(on(conn, "checking the database"))?;
    if first == "ok" {
        Ok(())
    } else {
        Err(StoreError::Damaged(first.replace('\n', " ")))
    }
}

fn references(conn: &Connection) -> Result<(), StoreError> {
    let first = || -> rusqlite::Result<Option<String>> {
        let mut statement = conn.prepare("PRAGMA foreign_key_check")?;
        let mut rows = statement.query([])?;
        rows.next()?.map(|row| row.get(0)).transpose()
    };
    match first().map_err(on(conn, "checking the database"))? {
        Some(table) => Err(StoreError::Damaged(format!(
            "a {table} refers to what does not exist"
        ))),
        None => Ok(()),
    }
}
