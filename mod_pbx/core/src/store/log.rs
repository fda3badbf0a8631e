//! The revision log: written with every commit, read to answer a retry and to undo.

use rusqlite::{Connection, OptionalExtension, Row as SqlRow};
use uuid::Uuid;

use super::apply::Applied;
use super::change::{Revision, Row, RowChange, Table};
use super::error::{StoreError, on};

/// The number of the newest revision.
pub(super) fn head(conn: &Connection) -> Result<u64, StoreError> {
    conn.prepare_cached("SELECT rev FROM head")
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)))
        .map(i64::cast_unsigned)
        .map_err(on(conn, "reading the newest revision"))
}

/// The revision that a request made, if it was made.
pub(super) fn by_request(conn: &Connection, request: Uuid) -> Result<Option<Revision>, StoreError> {
    let sql = "SELECT rev, id, at, actor, node_id, request_id, summary FROM revision WHERE request_id = ?1";
    conn.prepare_cached(sql)
        .and_then(|mut statement| statement.query_row([request.to_string()], to_revision).optional())
        .map_err(on(conn, "looking for an earlier answer"))
}

/// One revision.
pub(super) fn by_number(conn: &Connection, rev: u64) -> Result<Option<Revision>, StoreError> {
    let sql = "SELECT rev, id, at, actor, node_id, request_id, summary FROM revision WHERE rev = ?1";
    conn.prepare_cached(sql)
        .and_then(|mut statement| statement.query_row([number(rev)], to_revision).optional())
        .map_err(on(conn, "reading a revision"))
}

/// The newest revisions, after `skip` newer ones.
pub(super) fn newest(conn: &Connection, skip: u64, limit: u32) -> Result<Vec<Revision>, StoreError> {
    let sql = "SELECT rev, id, at, actor, node_id, request_id, summary FROM revision \
               ORDER BY rev DESC LIMIT ?1 OFFSET ?2";
    let run = || -> rusqlite::Result<Vec<Revision>> {
        conn.prepare_cached(sql)?
            .query_map((limit, number(skip)), to_revision)?
            .collect()
    };
    run().map_err(on(conn, "reading revisions"))
}

/// The newest revisions about which the log says this, after `skip` newer ones; and how many there are.
pub(super) fn containing(
    conn: &Connection,
    text: &str,
    skip: u64,
    limit: u32,
) -> Result<(Vec<Revision>, u64), StoreError> {
    let run = || -> rusqlite::Result<_> {
        let sql = include_str!("../../../../sql/revisions_with.sql");
        let rows = conn
            .prepare_cached(sql)?
            .query_map((text, limit, number(skip)), to_revision)?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let sql = "SELECT count(*) FROM revision WHERE instr(lower(summary || char(31) || actor), lower(?1))";
        let total: i64 = conn.prepare_cached(sql)?.query_row([text], |row| row.get(0))?;
        Ok((rows, total.unsigned_abs()))
    };
    run().map_err(on(conn, "reading revisions"))
}

/// What a revision changed, in its order.
pub(super) fn changes(conn: &Connection, rev: u64) -> Result<Vec<RowChange>, StoreError> {
    let run = || -> rusqlite::Result<Vec<RowChange>> {
        conn.prepare_cached(include_str!("../../../../sql/changes_of_revision.sql"))?
            .query_map([number(rev)], to_change)?
            .collect()
    };
    run().map_err(on(conn, "reading a revision's changes"))
}

/// The newest revision from `rev` on that changed a row. Reads the log from there: for a refusal's text.
pub(super) fn last_touch(
    conn: &Connection,
    rev: u64,
    table: Table,
    id: Uuid,
) -> Result<Option<u64>, StoreError> {
    conn.prepare_cached(include_str!("../../../../sql/last_change_of_row.sql"))
        .and_then(|mut statement| {
            statement.query_row((number(rev), table.name(), id.to_string()), |row| {
                row.get::<_, Option<i64>>(0)
            })
        })
        .map(|rev| rev.map(i64::cast_unsigned))
        .map_err(on(conn, "looking for later changes"))
}

/// The newest revision's number and id; none: there is no revision yet.
pub(super) fn tip(conn: &Connection) -> Result<Option<(u64, Uuid)>, StoreError> {
    conn.prepare_cached("SELECT rev, id FROM revision WHERE rev = (SELECT rev FROM head)")
        .and_then(|mut statement| {
            statement
                .query_row([], |row| {
                    Ok((row.get::<_, i64>(0)?.cast_unsigned(), uuid(row, 1)?))
                })
                .optional()
        })
        .map_err(on(conn, "reading the newest revision"))
}

/// This PBX's own id.
pub(super) fn node_id(conn: &Connection) -> Result<String, StoreError> {
    conn.query_row("SELECT node_id FROM node", [], |row| row.get(0))
        .map_err(on(conn, "reading the node's id"))
}

/// A revision number as SQLite has it; one beyond its range is one that does not exist.
fn number(rev: u64) -> i64 {
    i64::try_from(rev).unwrap_or(i64::MAX)
}

/// Writes a revision with the images of its rows, and makes it the newest.
pub(super) fn record(conn: &Connection, revision: &Revision, applied: &[Applied]) -> Result<(), StoreError> {
    let run = || -> rusqlite::Result<()> {
        let rev = revision.rev.cast_signed();
        conn.prepare_cached("UPDATE head SET rev = ?1")?.execute([rev])?;
        conn.prepare_cached(
            "INSERT INTO revision (rev, id, at, actor, node_id, request_id, summary, first_change) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT ifnull(max(seq), 0) + 1 FROM change))",
        )?
        .execute((
            rev,
            revision.id.to_string(),
            &revision.at,
            &revision.actor,
            &revision.node_id,
            revision.request_id.to_string(),
            &revision.summary,
        ))?;
        let mut insert = conn.prepare_cached(
            "INSERT INTO change (rev, ord, tbl, pk, before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for (ord, change) in applied.iter().enumerate() {
            let image = |row: &Option<Row>| row.as_ref().map(|row| row.image_text());
            insert.execute((
                rev,
                ord as i64,
                change.table.name(),
                change.id.to_string(),
                image(&change.before),
                image(&change.after),
            ))?;
        }
        Ok(())
    };
    run().map_err(on(conn, "writing the revision"))
}

pub(super) fn to_revision(row: &SqlRow<'_>) -> rusqlite::Result<Revision> {
    Ok(Revision {
        rev: row.get::<_, i64>(0)?.cast_unsigned(),
        id: uuid(row, 1)?,
        at: row.get(2)?,
        actor: row.get(3)?,
        node_id: row.get(4)?,
        request_id: uuid(row, 5)?,
        summary: row.get(6)?,
    })
}

/// Result columns `ord, tbl, pk, before, after`.
pub(super) fn to_change(row: &SqlRow<'_>) -> rusqlite::Result<RowChange> {
    let image = |index: usize| -> rusqlite::Result<_> {
        let text: Option<String> = row.get(index)?;
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, error.into())
            })
    };
    Ok(RowChange {
        ord: row.get::<_, i64>(0)?.cast_unsigned(),
        table: row.get(1)?,
        id: uuid(row, 2)?,
        before: image(3)?,
        after: image(4)?,
    })
}

/// A column that holds a UUID as text.
pub(super) fn uuid(row: &SqlRow<'_>, index: usize) -> rusqlite::Result<Uuid> {
    let text = row.get_ref(index)?.as_str()?;
    Uuid::parse_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, error.into())
    })
}
