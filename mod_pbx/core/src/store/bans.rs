//! The table of bans. It is no configuration: no revision tells of it, and no lookup waits for it.

use rusqlite::Connection;

/// A ban as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// Where the failures came from: an IPv4 address, or an IPv6 network of 64 bits.
    pub network: String,
    /// `username@domain`; empty: whatever comes from there.
    pub account: String,
    /// How many bans so far.
    pub times: u32,
    /// RFC 3339 in UTC.
    pub begun: String,
    /// RFC 3339 in UTC.
    pub ends: String,
}

pub(super) fn all(conn: &Connection) -> rusqlite::Result<Vec<Ban>> {
    conn.prepare_cached("SELECT network, account, times, begun, ends FROM ban")?
        .query_map([], |row| {
            Ok(Ban {
                network: row.get(0)?,
                account: row.get(1)?,
                times: row.get(2)?,
                begun: row.get(3)?,
                ends: row.get(4)?,
            })
        })?
        .collect()
}

/// Stores `kept` and takes out those of these networks and accounts that are `gone`.
pub(super) fn keep(conn: &Connection, kept: &[Ban], gone: &[(String, String)]) -> rusqlite::Result<()> {
    let mut put = conn.prepare_cached(include_str!("../../../../sql/keep_ban.sql"))?;
    for ban in kept {
        put.execute((&ban.network, &ban.account, ban.times, &ban.begun, &ban.ends))?;
    }
    let mut delete = conn.prepare_cached("DELETE FROM ban WHERE network = ?1 AND account = ?2")?;
    for (network, account) in gone {
        delete.execute((network, account))?;
    }
    Ok(())
}
