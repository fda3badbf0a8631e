//! mod_voicemail's own database, of which we read two tables and write nothing.
//!
//! Opening it here is safe: the switch and we share one copy of SQLite, whose locks know of each other. An
//! operator who keeps it elsewhere (`odbc-dsn`) has none here.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// A message in a mailbox (`voicemail_msgs`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) user: String,
    pub(super) domain: String,
    pub(super) caller_name: String,
    pub(super) caller_number: String,
    pub(super) file: String,
    pub(super) seconds: u32,
    /// Seconds since 1970.
    pub(super) left: i64,
}

/// A PIN that somebody chose by phone, and that is still mod_voicemail's alone (`voicemail_prefs`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pin {
    pub(super) user: String,
    pub(super) domain: String,
    pub(super) pin: String,
}

/// How many of each are read at once.
const MOST: u32 = 10_000;

/// What the database has: messages that were left since then, oldest first, and PINs. Empty where there is no
/// database or no such table yet.
pub(super) fn read(file: &Path, since: i64) -> rusqlite::Result<(Vec<Message>, Vec<Pin>)> {
    if !file.exists() {
        return Ok((Vec::new(), Vec::new()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags)?;
    conn.busy_timeout(Duration::from_secs(2))?;
    let has = |table: &str| -> rusqlite::Result<bool> {
        let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1";
        conn.query_row(sql, [table], |row| row.get::<_, u32>(0))
            .map(|count| count > 0)
    };
    let messages = if has("voicemail_msgs")? {
        messages(&conn, since)?
    } else {
        Vec::new()
    };
    let pins = if has("voicemail_prefs")? {
        pins(&conn)?
    } else {
        Vec::new()
    };
    Ok((messages, pins))
}

fn messages(conn: &Connection, since: i64) -> rusqlite::Result<Vec<Message>> {
    conn.prepare(include_str!("../../../../sql/voicemail_since.sql"))?
        .query_map((since, MOST), |row| {
            Ok(Message {
                user: row.get(0)?,
                domain: row.get(1)?,
                caller_name: row.get(2)?,
                caller_number: row.get(3)?,
                file: row.get(4)?,
                seconds: row.get(5)?,
                left: row.get(6)?,
            })
        })?
        .collect()
}

fn pins(conn: &Connection) -> rusqlite::Result<Vec<Pin>> {
    conn.prepare("SELECT username, domain, password FROM voicemail_prefs WHERE password <> '' LIMIT ?1")?
        .query_map([MOST], |row| {
            Ok(Pin {
                user: row.get(0)?,
                domain: row.get(1)?,
                pin: row.get(2)?,
            })
        })?
        .collect()
}
