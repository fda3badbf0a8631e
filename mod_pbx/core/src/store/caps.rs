//! The tables of what was called out. They are no configuration: no revision tells of them, and no lookup waits for
//! them.

use rusqlite::Connection;
use uuid::Uuid;

use super::log::uuid;

/// What one extension called out, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Who pays: the extension's channel.
    pub payer: Uuid,
    /// Which hour since 1970, and how many calls began in it.
    pub hour: (u32, u32),
    /// Which day, and how many calls began in it.
    pub day: (u32, u32),
    /// Of these, how many of each class.
    pub classes: [u32; 5],
}

/// What changed.
#[derive(Debug, Default)]
pub struct Batch {
    /// Counts that are otherwise.
    pub used: Vec<Row>,
    /// Legs that are out now: the switch's id, and what the leg carries.
    pub begun: Vec<(String, String)>,
    /// Legs that are not any more.
    pub ended: Vec<String>,
    /// Days before this one are forgotten.
    pub since: u32,
}

pub(super) fn keep(conn: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut put = conn.prepare_cached(include_str!("../../../../sql/keep_cap_used.sql"))?;
    for row in &batch.used {
        let [local, national, mobile, international, premium] = row.classes;
        put.execute((
            row.payer.to_string(),
            row.hour.0,
            row.hour.1,
            row.day.0,
            row.day.1,
            local,
            national,
            mobile,
            international,
            premium,
        ))?;
    }
    let mut begin = conn.prepare_cached("INSERT OR REPLACE INTO cap_leg (leg, charge) VALUES (?1, ?2)")?;
    for (leg, charge) in &batch.begun {
        begin.execute((leg, charge))?;
    }
    let mut end = conn.prepare_cached("DELETE FROM cap_leg WHERE leg = ?1")?;
    for leg in &batch.ended {
        end.execute([leg])?;
    }
    conn.prepare_cached("DELETE FROM cap_used WHERE day < ?1")?
        .execute([batch.since])
        .map(drop)
}

pub(super) fn used(conn: &Connection) -> rusqlite::Result<Vec<Row>> {
    let sql = "SELECT payer, hour, hour_calls, day, day_calls, local, national, mobile, international, premium FROM cap_used";
    conn.prepare_cached(sql)?
        .query_map([], |row| {
            Ok(Row {
                payer: uuid(row, 0)?,
                hour: (row.get(1)?, row.get(2)?),
                day: (row.get(3)?, row.get(4)?),
                classes: [row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?],
            })
        })?
        .collect()
}

pub(super) fn legs(conn: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    conn.prepare_cached("SELECT leg, charge FROM cap_leg")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
