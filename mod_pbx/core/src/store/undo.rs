//! Undo: the changes that take a revision back.

use super::apply::Work;
use super::change::{Change, Row, RowChange, Table};
use super::error::{StoreError, on};
use super::log;

/// The changes that undo revision `rev`.
///
/// # Errors
/// There is no such revision, or a later one touched the same rows: the text says which.
pub(super) fn changes(work: &Work<'_>, rev: u64) -> Result<Vec<Change>, StoreError> {
    if log::by_number(work.conn, rev)?.is_none() {
        return Err(StoreError::NotFound(format!(
            "there is no revision {rev}: \"pbx revisions\" lists them"
        )));
    }
    log::changes(work.conn, rev)?
        .into_iter()
        .map(|change| undo(work, rev, change))
        .collect()
}

fn undo(work: &Work<'_>, rev: u64, change: RowChange) -> Result<Change, StoreError> {
    let unknown = || {
        StoreError::refuse(format!(
            "revision {rev} cannot be undone: this mod_pbx does not know its table {}",
            change.table
        ))
    };
    let table = Table::ALL
        .iter()
        .copied()
        .find(|table| table.name() == change.table)
        .ok_or_else(unknown)?;
    let stored = work
        .rows
        .read(work.conn, table, change.id)
        .map_err(on(work.conn, "reading a row"))?;
    let later = match (&stored, &change.after) {
        (Some(row), _) => Some(row.row_rev()),
        // Deleted then, and not there now.
        (None, None) => None,
        (None, Some(_)) => log::last_touch(work.conn, rev, table, change.id)?,
    };
    if let Some(later) = later
        && later != rev
    {
        let image = change.after.as_ref().or(change.before.as_ref());
        let label = image
            .and_then(|image| image.get(table.label()))
            .and_then(|v| v.as_str());
        return Err(StoreError::refuse(format!(
            "revision {rev} cannot be undone: {table} {} was changed again in revision {later}; \
             undo that one first (\"pbx revert {later}\")",
            label.unwrap_or_default()
        )));
    }
    Ok(match change.before {
        Some(image) => Change::Put {
            row: Row::from_image(table, image).map_err(|error| {
                StoreError::refuse(format!(
                    "revision {rev} cannot be undone: {table} {}: {error}",
                    change.id
                ))
            })?,
            base: None,
        },
        None => Change::Delete {
            table,
            id: change.id,
            base: None,
        },
    })
}
