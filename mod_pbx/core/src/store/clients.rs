//! The table of browser clients. It is no configuration: no revision tells of it, and no lookup waits for it.

use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::log::uuid;

/// A client as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// What it logs in as.
    pub id: Uuid,
    /// The session id that it must log in with.
    pub session_id: Uuid,
    /// MD5(id:extensions:password) in hex.
    pub a1: String,
    /// The channel that it logs in to.
    pub channel_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// The sign-in that it ends with.
    pub sign_in: String,
    /// RFC 3339 in UTC.
    pub opened: String,
    /// RFC 3339 in UTC.
    pub expires: String,
    /// Since when it is logged in, RFC 3339 in UTC.
    pub connected: Option<String>,
}

pub(super) fn all(conn: &Connection) -> rusqlite::Result<Vec<Client>> {
    let read = |row: &Row<'_>| {
        Ok(Client {
            id: uuid(row, 0)?,
            session_id: uuid(row, 1)?,
            a1: row.get(2)?,
            channel_id: uuid(row, 3)?,
            user_id: uuid(row, 4)?,
            sign_in: row.get(5)?,
            opened: row.get(6)?,
            expires: row.get(7)?,
            connected: row.get(8)?,
        })
    };
    conn.prepare_cached(
        "SELECT id, session_id, a1, channel_id, user_id, sign_in, opened, expires, connected FROM client",
    )?
    .query_map([], read)?
    .collect()
}

/// Stores `kept` and takes out those that are `gone`.
pub(super) fn keep(conn: &Connection, kept: &[Client], gone: &[Uuid]) -> rusqlite::Result<()> {
    let mut delete = conn.prepare_cached("DELETE FROM client WHERE id = ?1")?;
    for id in gone {
        delete.execute([id.to_string()])?;
    }
    let mut put = conn.prepare_cached(include_str!("../../../../sql/keep_client.sql"))?;
    for client in kept {
        put.execute((
            client.id.to_string(),
            client.session_id.to_string(),
            &client.a1,
            client.channel_id.to_string(),
            client.user_id.to_string(),
            &client.sign_in,
            &client.opened,
            &client.expires,
            &client.connected,
        ))?;
    }
    Ok(())
}
