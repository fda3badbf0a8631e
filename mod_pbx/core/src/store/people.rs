//! The tables of sign-ins. They are no configuration: no revision tells of them, and no lookup waits for them.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;

/// A session as it is stored. Times are RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// UUIDv7.
    pub id: String,
    /// SHA-256 of the cookie's value, hex.
    pub token: String,
    /// Whose.
    pub user_id: String,
    /// Which of their passwords.
    pub password: String,
    /// When they signed in.
    pub begun: String,
    /// When they were last seen.
    pub seen: String,
    /// From where.
    pub address: String,
    /// What the browser calls itself.
    pub browser: String,
}

/// Something that happened at a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignInEvent {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// `signed-in`, `failed`, `signed-out`, `password-changed` or `ended`.
    pub what: String,
    /// Whose account; none: nobody has the name that was given.
    pub user_id: Option<String>,
    /// From where.
    pub address: String,
    /// What the browser calls itself.
    pub browser: String,
}

/// When a key was used last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub key_id: String,
    /// RFC 3339 in UTC.
    pub at: String,
    /// From where.
    pub address: String,
}

/// What is to be saved at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Forget every session that is not among `kept`.
    pub all: bool,
    /// New or changed sessions.
    pub kept: Vec<SignIn>,
    /// Sessions that ended, by id.
    pub gone: Vec<String>,
    /// What happened.
    pub events: Vec<SignInEvent>,
    /// Keys that were used.
    pub used: Vec<KeyUse>,
    /// The key that browsers' tokens are signed with, if it is new.
    pub key: Option<String>,
}

/// How many events of one kind are kept.
const EVENTS: u32 = 5_000;

pub(super) fn all(conn: &Connection) -> rusqlite::Result<Vec<SignIn>> {
    conn.prepare_cached("SELECT id, token, user_id, password, begun, seen, address, browser FROM sign_in")?
        .query_map([], |row| {
            Ok(SignIn {
                id: row.get(0)?,
                token: row.get(1)?,
                user_id: row.get(2)?,
                password: row.get(3)?,
                begun: row.get(4)?,
                seen: row.get(5)?,
                address: row.get(6)?,
                browser: row.get(7)?,
            })
        })?
        .collect()
}

/// The newest first; of one kind, or of all.
pub(super) fn events(conn: &Connection, what: Option<&str>, most: u32) -> rusqlite::Result<Vec<SignInEvent>> {
    let read = |row: &Row<'_>| {
        Ok(SignInEvent {
            at: row.get(0)?,
            what: row.get(1)?,
            user_id: row.get(2)?,
            address: row.get(3)?,
            browser: row.get(4)?,
        })
    };
    let sql = "SELECT at, what, user_id, address, browser FROM sign_in_event \
               WHERE ?1 IS NULL OR what = ?1 ORDER BY seq DESC LIMIT ?2";
    conn.prepare_cached(sql)?.query_map((what, most), read)?.collect()
}

pub(super) fn key(conn: &Connection) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("SELECT key FROM web_key")?
        .query_row([], |row| row.get(0))
        .optional()
}

pub(super) fn key_use(conn: &Connection, key: uuid::Uuid) -> rusqlite::Result<Option<KeyUse>> {
    conn.prepare_cached("SELECT key_id, at, address FROM api_key_use WHERE key_id = ?1")?
        .query_row([key.to_string()], |row| {
            Ok(KeyUse {
                key_id: row.get(0)?,
                at: row.get(1)?,
                address: row.get(2)?,
            })
        })
        .optional()
}

pub(super) fn keep(conn: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    if batch.all {
        conn.execute("DELETE FROM sign_in", [])?;
    }
    let mut put = conn.prepare_cached(include_str!("../../../../sql/keep_sign_in.sql"))?;
    for one in &batch.kept {
        let times = (&one.begun, &one.seen);
        let names = (&one.id, &one.token, &one.user_id, &one.password);
        put.execute((
            names.0,
            names.1,
            names.2,
            names.3,
            times.0,
            times.1,
            &one.address,
            &one.browser,
        ))?;
    }
    let mut delete = conn.prepare_cached("DELETE FROM sign_in WHERE id = ?1")?;
    for id in &batch.gone {
        delete.execute([id])?;
    }
    let mut add = conn.prepare_cached(
        "INSERT INTO sign_in_event (at, what, user_id, address, browser) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut trim = conn.prepare_cached(include_str!("../../../../sql/trim_sign_in_events.sql"))?;
    for event in &batch.events {
        add.execute((
            &event.at,
            &event.what,
            &event.user_id,
            &event.address,
            &event.browser,
        ))?;
        trim.execute((&event.what, EVENTS))?;
    }
    // What is kept of a key goes with it.
    let mut used = conn.prepare_cached(include_str!("../../../../sql/keep_key_use.sql"))?;
    for one in &batch.used {
        used.execute((&one.key_id, &one.at, &one.address))?;
    }
    if !batch.used.is_empty() {
        conn.execute(
            "DELETE FROM api_key_use WHERE key_id NOT IN (SELECT id FROM api_key)",
            [],
        )?;
    }
    if let Some(key) = &batch.key {
        conn.execute("INSERT OR REPLACE INTO web_key (one, key) VALUES (1, ?1)", [key])?;
    }
    Ok(())
}
