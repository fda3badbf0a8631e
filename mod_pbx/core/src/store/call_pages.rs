//! Call records by pages, at a cost that is bounded however many there are.
//!
//! A page is made of a window: the newest [`WINDOW`] calls of the time that is asked for, or those before a call from
//! which an earlier window goes on. A filter that few calls pass is looked for in the next window when somebody asks on,
//! and never in the whole history at once.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::calls::{Call, Direction, Outcome, call};
use super::log::uuid;

/// The most calls that are looked at for one page.
pub const WINDOW: u32 = 100_000;

/// Ids are made when the PBX hears of a call, which is a moment after it began, in milliseconds: clocks may be set
/// between the two.
const APART: i64 = 3_600_000;

/// Which calls.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of a domain that had this name.
    pub domain: Option<String>,
    /// Of this domain, and of no other that was called so before.
    pub domain_id: Option<Uuid>,
    /// With a leg of the extension with this channel.
    pub channel: Option<Uuid>,
    /// Whose caller or dialled number contains this.
    pub number: String,
    /// The same, or the caller's name, without regard to case.
    pub q: String,
    /// Of this direction.
    pub direction: Option<Direction>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// That began then or later.
    pub since: Option<Timestamp>,
    /// That began before.
    pub until: Option<Timestamp>,
    /// Older than this one: goes on behind a window.
    pub before: Option<Uuid>,
}

/// A page of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The calls of the page, newest first.
    pub calls: Vec<Call>,
    /// How many of the window pass.
    pub total: u64,
    /// The last call that was looked at, from which the next window goes on; none: there is nothing behind it.
    pub next: Option<Uuid>,
}

/// The first id of a millisecond since 1970.
fn first_id(milliseconds: i64) -> Uuid {
    let milliseconds = u64::try_from(milliseconds).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

/// The calls that pass, so many of the window left out, and so many given.
pub(super) fn page(
    conn: &Connection,
    wanted: &Wanted,
    (skip, size): (u64, u32),
    window: u32,
) -> rusqlite::Result<Found> {
    let stored = |at: Timestamp| format!("{at:.3}");
    let since = wanted.since.map(|at| first_id(at.as_millisecond() - APART));
    let until = wanted.until.map(|at| first_id(at.as_millisecond() + APART));
    let end = [until, wanted.before].into_iter().flatten().min();
    let own = wanted.domain_id.map(|id| id.to_string());
    let (column, domain) = match &own {
        Some(_) => ("domain_id", &own),
        None => ("domain", &wanted.domain),
    };
    let sql = if wanted.channel.is_some() {
        include_str!("../../../../sql/calls_looked_at_of_extension.sql").replace("{column}", column)
    } else {
        let whose = if domain.is_some() {
            format!("{column} = ?1")
        } else {
            "?1 IS NULL".to_owned()
        };
        include_str!("../../../../sql/calls_looked_at.sql").replace("{whose}", &whose)
    };
    let mut statement = conn.prepare_cached(&sql)?;
    let channel = wanted.channel.map(|id| id.to_string());
    let (direction, outcome) = (wanted.direction, wanted.outcome);
    let (from, to) = (since.unwrap_or(Uuid::nil()), end.unwrap_or(Uuid::max()));
    let (from, to) = (from.to_string(), to.to_string());
    let (since, until) = (wanted.since.map(stored), wanted.until.map(stored));
    let mut all: Vec<&dyn rusqlite::ToSql> = vec![
        domain,
        &from,
        &to,
        &window,
        &wanted.number,
        &wanted.q,
        &direction,
        &outcome,
        &since,
        &until,
    ];
    if channel.is_some() {
        all.push(&channel);
    }
    let mut looked = statement.query(all.as_slice())?;
    let (mut ids, mut total, mut seen, mut last) = (Vec::new(), 0_u64, 0, None);
    while let Some(row) = looked.next()? {
        (seen, last) = (seen + 1, Some(uuid(row, 0)?));
        if row.get(1)? {
            if total >= skip && ids.len() < size as usize {
                ids.extend(last);
            }
            total += 1;
        }
    }
    let calls = ids.into_iter().map(|id| one(conn, id, None));
    Ok(Found {
        calls: calls
            .filter_map(Result::transpose)
            .collect::<rusqlite::Result<_>>()?,
        total,
        next: last.filter(|_| seen >= window),
    })
}

/// One call, of this domain if one is named.
pub(super) fn one(conn: &Connection, id: Uuid, domain: Option<Uuid>) -> rusqlite::Result<Option<Call>> {
    conn.prepare_cached(include_str!("../../../../sql/call_by_id.sql"))?
        .query_row((id.to_string(), domain.map(|id| id.to_string())), call)
        .optional()
}

#[cfg(test)]
mod tests;
