//! Connections to the database, all set up alike.
//!
//! The file is opened by SQLite only: closing any other descriptor of it would drop SQLite's POSIX
//! locks. It is never mapped: an I/O error would then be a SIGBUS that ends every call.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;

/// How long a write waits for another program's lock.
pub(super) const BUSY: Duration = Duration::from_secs(4);

/// The oldest SQLite whose behaviour this is written for (`VACUUM INTO`, upsert, STRICT reading).
const OLDEST_SQLITE: i32 = 3_037_000;

/// The connection that writes. The file must exist.
pub(super) fn writer(path: &Path) -> Result<Connection, StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(StoreError::Unusable(format!(
            "the system's SQLite is {}; mod_pbx needs 3.37 or newer: install a newer libsqlite3",
            rusqlite::version()
        )));
    }
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let error = |source| StoreError::sqlite(path, "opening the database", source);
    let mode: String = conn
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(error)?;
    if mode != "wal" {
        return Err(StoreError::Unusable(format!(
            "{} cannot use write-ahead logging (journal mode {mode}): put it on a local file system",
            path.display()
        )));
    }
    // Inner pages of a million extensions' indexes, in KiB; the default of 2000 holds a tenth of them.
    conn.pragma_update(None, "cache_size", -16_000).map_err(error)?;
    // Only the keeper moves the log into the main file, so that any other change of that file is foreign.
    conn.pragma_update(None, "wal_autocheckpoint", 0).map_err(error)?;
    conn.pragma_update(None, "synchronous", "FULL").map_err(error)?;
    conn.pragma_update(None, "foreign_keys", true).map_err(error)?;
    Ok(conn)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let error = |source| StoreError::sqlite(path, "opening the database", source);
    // No SQLITE_OPEN_URI: a path is a path whatever characters it has.
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let conn = Connection::open_with_flags(path, flags).map_err(error)?;
    conn.busy_timeout(BUSY).map_err(error)?;
    conn.pragma_update(None, "mmap_size", 0).map_err(error)?;
    conn.pragma_update(None, "trusted_schema", false).map_err(error)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)
        .map_err(error)?;
    // If the file was swapped under us, the last close must not write our log into the wrong file.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(error)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}
