//! Writes the changes of a commit inside its transaction.
//!
//! All rows are written first and checked afterwards, as a whole: the order of the changes does not
//! matter, two extensions may swap their numbers, and a domain may be renamed together with its lines.

use std::collections::HashSet;

use rusqlite::Connection;
use uuid::Uuid;

use super::change::{Change, Row, Table};
use super::error::{Conflict, StoreError, on};
use super::log::uuid;
use super::shape::{referrers, shape};
use super::text;
use super::write::RowStore;

/// A change with the row as it was and as it is now.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) table: Table,
    pub(super) id: Uuid,
    pub(super) before: Option<Row>,
    pub(super) after: Option<Row>,
}

/// What a transaction works with.
pub(super) struct Work<'a> {
    pub(super) conn: &'a Connection,
    pub(super) rows: &'a RowStore,
}

/// Checks each change by itself, reads what is stored, and compares it with what the edit was made from.
///
/// # Errors
/// The first change that is not possible.
pub(super) fn prepare(
    work: &Work<'_>,
    changes: Vec<Change>,
    rev: u64,
    at: &str,
) -> Result<Vec<Applied>, StoreError> {
    let changes = with_parts(work, changes)?;
    let mut seen = HashSet::with_capacity(changes.len());
    let mut applied = Vec::with_capacity(changes.len());
    for (index, change) in changes.into_iter().enumerate() {
        let (table, id) = change.key();
        if !seen.insert((table, id)) {
            return Err(StoreError::invalid(
                index,
                format!("{table} {id} occurs twice in one commit: say it once"),
            ));
        }
        let before = work
            .rows
            .read(work.conn, table, id)
            .map_err(on(work.conn, "reading a row"))?;
        let base = change.base();
        let after = match change {
            Change::Put { row, .. } => Some(row),
            Change::Delete { .. } => None,
        };
        if let Some(base) = base
            && before.as_ref().map(Row::row_rev) != Some(base)
        {
            return Err(StoreError::Conflict(Box::new(Conflict {
                change: index,
                base,
                yours: after,
                stored: before,
            })));
        }
        if after.is_none() && before.is_none() {
            return Err(StoreError::invalid(
                index,
                format!("there is no {table} with id {id}"),
            ));
        }
        let after = match after {
            Some(mut row) => {
                text::check(&mut row).map_err(|message| StoreError::invalid(index, message))?;
                row.stamp(rev, at);
                Some(row)
            }
            None => None,
        };
        applied.push(Applied {
            table,
            id,
            before,
            after,
        });
    }
    Ok(applied)
}

/// With the deletion of what is a part of the rows that are deleted, unless the commit says itself what
/// becomes of it. They come last, so that the caller's changes keep their places.
fn with_parts(work: &Work<'_>, mut changes: Vec<Change>) -> Result<Vec<Change>, StoreError> {
    let deletes = |change: &Change| matches!(change, Change::Delete { .. });
    if !changes.iter().any(deletes) {
        return Ok(changes);
    }
    let mut said: HashSet<(Table, Uuid)> = changes.iter().map(Change::key).collect();
    let mut next = 0;
    while let Some(change) = changes.get(next) {
        next += 1;
        if !deletes(change) {
            continue;
        }
        let (table, id) = change.key();
        for (shape, column) in referrers(table).filter(|(_, column)| column.part) {
            let sql = format!("SELECT id FROM {} WHERE {} = ?1", shape.table, column.name);
            let run = || -> rusqlite::Result<Vec<Uuid>> {
                work.conn
                    .prepare_cached(&sql)?
                    .query_map([id.to_string()], |row| uuid(row, 0))?
                    .collect()
            };
            for part in run().map_err(on(work.conn, "looking for parts of a row"))? {
                if said.insert((shape.table, part)) {
                    changes.push(Change::Delete {
                        table: shape.table,
                        id: part,
                        base: None,
                    });
                }
            }
        }
    }
    Ok(changes)
}

/// Writes what [`prepare`] found possible.
///
/// # Errors
/// A value that must be unique is taken, or SQLite's own.
pub(super) fn write(work: &Work<'_>, applied: &[Applied]) -> Result<(), StoreError> {
    // What leaves a name goes first, so that another row of the same commit can take it.
    for change in applied {
        if change.before.is_some() && leaves_a_name(change) {
            work.rows
                .delete(work.conn, change.table, change.id)
                .map_err(on(work.conn, "deleting a row"))?;
        }
    }
    for (index, change) in applied.iter().enumerate() {
        let Some(row) = &change.after else { continue };
        let before = change.before.as_ref().filter(|_| !leaves_a_name(change));
        if let Err(error) = work.rows.write(work.conn, before, row) {
            return Err(match taken(work, row)? {
                Some((field, message)) => StoreError::invalid_field(index, field, message),
                None => on(work.conn, "writing a row")(error),
            });
        }
    }
    Ok(())
}

fn leaves_a_name(change: &Applied) -> bool {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => !before.same_names(after),
        _ => true,
    }
}

/// Which of the row's unique values another row has: the column, and in words.
fn taken(work: &Work<'_>, row: &Row) -> Result<Option<(&'static str, String)>, StoreError> {
    let table = row.table();
    let image = row.image();
    for &columns in shape(table).unique {
        if columns
            .iter()
            .all(|column| image.get(*column).is_none_or(serde_json::Value::is_null))
        {
            continue;
        }
        let mut condition = String::from("id <> ?1");
        let mut values = vec![row.id().to_string()];
        for column in columns {
            let value = image.get(*column).and_then(|v| v.as_str()).unwrap_or_default();
            values.push(value.to_owned());
            condition.push_str(&format!(" AND ifnull({column}, '') = ?{}", values.len()));
        }
        let sql = format!("SELECT count(*) FROM {table} WHERE {condition}");
        let others: u32 = work
            .conn
            .query_row(&sql, rusqlite::params_from_iter(&values), |r| r.get(0))
            .map_err(on(work.conn, "looking for a duplicate"))?;
        if others > 0 {
            let column = columns.last().copied().unwrap_or("id");
            let message = match (table, columns) {
                (Table::Extension, ["channel_id"]) => format!(
                    "the channel of extension {} belongs to another extension already: make a new one",
                    row.label()
                ),
                (_, ["domain_id", _]) if image.get("domain_id").is_some_and(|d| !d.is_null()) => format!(
                    "{table} {} exists already in this domain: choose another {}",
                    row.label(),
                    table.label()
                ),
                _ => format!(
                    "{table} {} exists already: choose another {}",
                    row.label(),
                    table.label()
                ),
            };
            return Ok(Some((column, message)));
        }
    }
    Ok(None)
}
