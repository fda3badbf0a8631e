//! The tables of bans, and of those whom none is for. They are no configuration: no revision tells of them, and no lookup
//! waits for them.

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

/// From where a line has registered, and when last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Friend {
    /// An IPv4 address, or an IPv6 network of 64 bits.
    pub network: String,
    /// `username@domain`.
    pub account: String,
    /// A day in UTC, such as `2026-11-22`: sorts as time does.
    pub day: String,
}

/// Those of the latest days, no more than `most`.
pub(super) fn friends(conn: &Connection, most: usize) -> rusqlite::Result<Vec<Friend>> {
    conn.prepare_cached("SELECT network, account, day FROM friend ORDER BY day DESC LIMIT ?1")?
        .query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| {
            Ok(Friend {
                network: row.get(0)?,
                account: row.get(1)?,
                day: row.get(2)?,
            })
        })?
        .collect()
}

/// Stores `kept` and takes out those who were not there since this day.
pub(super) fn keep_friends(conn: &Connection, kept: &[Friend], before: Option<&str>) -> rusqlite::Result<()> {
    let mut put = conn.prepare_cached(include_str!("../../../../sql/keep_friend.sql"))?;
    for friend in kept {
        put.execute((&friend.network, &friend.account, &friend.day))?;
    }
    if let Some(before) = before {
        conn.execute("DELETE FROM friend WHERE day < ?1", [before])?;
    }
    Ok(())
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
