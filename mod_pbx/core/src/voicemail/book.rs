//! mod_voicemail's own database, of which we read two tables and write nothing.
//!
//! Opening it here is safe: the switch and we share one copy of SQLite, whose locks know of each other. An
//! operator who keeps it elsewhere (`odbc-dsn`) has none here.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};

use super::Mailbox;

/// A message that was left (`voicemail_msgs`), as mail tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) user: String,
    pub(super) domain: String,
    pub(super) caller_name: String,
    pub(super) caller_number: String,
    pub(super) file: String,
    pub(super) seconds: u32,
    /// Seconds since 1970.
    pub(super) left: i64,
}

/// A message in a mailbox, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// mod_voicemail's name for it: letters, digits and hyphens.
    pub id: String,
    /// What the caller called itself.
    pub caller_name: String,
    /// The caller's number.
    pub caller_number: String,
    /// How long it is.
    pub seconds: u32,
    /// When it was left, in seconds since 1970.
    pub left: i64,
    /// Whether somebody has heard it.
    pub heard: bool,
    /// Whether the caller marked it.
    pub urgent: bool,
}

/// A part of a mailbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The newest first.
    pub messages: Vec<Message>,
    /// How many messages there are on all pages.
    pub total: u32,
    /// How many of them nobody has heard.
    pub new: u32,
}

/// A message with what its owner is not told.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) message: Message,
    /// Where the recording is said to be.
    pub(super) file: String,
    /// In how many mailboxes there is one with this id.
    pub(super) copies: u32,
}

/// A PIN that somebody chose by phone, and that is still mod_voicemail's alone (`voicemail_prefs`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pin {
    pub(super) user: String,
    pub(super) domain: String,
    pub(super) pin: String,
}

/// mod_voicemail's table of messages.
const MESSAGES: &str = "voicemail_msgs";

/// The longest id of a message.
pub(super) const LONGEST_ID: usize = 64;

/// How many of each are read at once.
const MOST: u32 = 10_000;

/// What the database has: messages that were left since then, oldest first, and PINs. Empty where there is no
/// database or no such table yet.
pub(super) fn read(file: &Path, since: i64) -> rusqlite::Result<(Vec<Left>, Vec<Pin>)> {
    let Some(conn) = open(file)? else {
        return Ok((Vec::new(), Vec::new()));
    };
    let messages = if has(&conn, MESSAGES)? {
        messages(&conn, since)?
    } else {
        Vec::new()
    };
    let pins = if has(&conn, "voicemail_prefs")? {
        pins(&conn)?
    } else {
        Vec::new()
    };
    Ok((messages, pins))
}

/// None: there is no such file yet.
fn open(file: &Path) -> rusqlite::Result<Option<Connection>> {
    if !file.exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags)?;
    conn.busy_timeout(Duration::from_secs(2))?;
    Ok(Some(conn))
}

fn has(conn: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1";
    conn.query_row(sql, [table], |row| row.get::<_, u32>(0))
        .map(|count| count > 0)
}

/// A part of a mailbox.
pub(super) fn page(file: &Path, of: Mailbox<'_>, skip: u64, limit: u32) -> rusqlite::Result<Page> {
    let Some(conn) = open(file)? else {
        return Ok(Page::default());
    };
    if !has(&conn, MESSAGES)? {
        return Ok(Page::default());
    }
    // Both of one moment.
    let conn = conn.unchecked_transaction()?;
    let (domain, number) = (of.domain.as_str(), of.number.as_str());
    let count = include_str!("../../../../sql/voicemail_count.sql");
    let (total, new) = conn.query_row(count, (number, domain), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let skip = i64::try_from(skip).unwrap_or(i64::MAX);
    let messages = conn
        .prepare(include_str!("../../../../sql/voicemail_page.sql"))?
        .query_map((number, domain, limit, skip), |row| Ok(stored(row)?.0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Page { messages, total, new })
}

/// One message of a mailbox.
pub(super) fn message(file: &Path, of: Mailbox<'_>, id: &str) -> rusqlite::Result<Option<Stored>> {
    let Some(conn) = open(file)? else {
        return Ok(None);
    };
    if !has(&conn, MESSAGES)? {
        return Ok(None);
    }
    let sql = include_str!("../../../../sql/voicemail_message.sql");
    let found = conn.query_row(sql, (of.number.as_str(), of.domain.as_str(), id), |row| {
        let (message, file) = stored(row)?;
        Ok(Stored {
            message,
            file,
            copies: row.get(8)?,
        })
    });
    found.optional()
}

fn stored(row: &Row<'_>) -> rusqlite::Result<(Message, String)> {
    let message = Message {
        id: row.get(0)?,
        caller_name: row.get(1)?,
        caller_number: row.get(2)?,
        seconds: row.get(4)?,
        left: row.get(5)?,
        heard: row.get(6)?,
        urgent: row.get(7)?,
    };
    Ok((message, row.get(3)?))
}

fn messages(conn: &Connection, since: i64) -> rusqlite::Result<Vec<Left>> {
    conn.prepare(include_str!("../../../../sql/voicemail_since.sql"))?
        .query_map((since, MOST), |row| {
            Ok(Left {
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
