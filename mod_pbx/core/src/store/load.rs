//! Reads the whole configuration out of SQLite into a snapshot, and single extensions likewise.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::log::uuid;
use super::settings::Settings;
use super::snapshot::{Domain, Extension, Line, Snapshot};
use crate::names::{BadName, DomainName};
use crate::secret;

/// The names of all domains, disabled ones too, by their ids.
pub(super) type DomainNames = HashMap<Uuid, DomainName>;

const EXTENSIONS: &str = include_str!("../../../../sql/load_extensions.sql");
const LINES: &str = include_str!("../../../../sql/load_lines.sql");
const EXTENSION: &str = include_str!("../../../../sql/extension_now.sql");
const LINES_OF: &str = include_str!("../../../../sql/lines_now.sql");

/// The committed state, whole. Three ordered queries side by side: a million extensions take seconds.
///
/// Call it in a transaction, so that all queries see the same state.
///
/// # Errors
/// SQLite's own, or a row that no program of ours could have written; the error names it.
pub(super) fn everything(conn: &Connection) -> rusqlite::Result<(Snapshot, DomainNames)> {
    let rev: i64 = conn.query_row("SELECT rev FROM head", [], |row| row.get(0))?;
    let mut domains: HashMap<Uuid, Domain> = conn
        .prepare("SELECT id, name FROM domain")?
        .query_map([], |row| Ok((uuid(row, 0)?, Domain::new(parsed(row, 1)?))))?
        .collect::<rusqlite::Result<_>>()?;
    let mut extensions = conn.prepare(EXTENSIONS)?;
    let mut lines = conn.prepare(LINES)?;
    let mut lines = lines.query([])?;
    let mut next = lines.next()?.map(line).transpose()?;
    let mut found = extensions.query([])?;
    let mut own = Vec::new();
    while let Some(row) = found.next()? {
        let (id, domain, mut extension) = extension(row)?;
        // Lines of a disabled extension come before those of the next enabled one.
        while let Some((owner, one)) = next.take_if(|(owner, _)| *owner <= id) {
            if owner == id {
                own.push(one);
            }
            next = lines.next()?.map(line).transpose()?;
        }
        extension.lines = own.drain(..).collect();
        let Some(domain) = domains.get_mut(&domain) else {
            return Err(odd(format!("extension {id}: its domain {domain} does not exist")));
        };
        if let Err(taken) = domain.insert(extension) {
            return Err(odd(format!("extension {id} in {}: {taken}", domain.name)));
        }
    }
    let names = domains
        .iter()
        .map(|(id, domain)| (*id, domain.name.clone()))
        .collect();
    let snapshot = Snapshot {
        rev: rev.cast_unsigned(),
        domains: domains
            .into_values()
            .map(|d| (d.name.clone(), Arc::new(d)))
            .collect(),
        settings: Arc::new(settings(conn)?),
    };
    Ok((snapshot, names))
}

/// The settings in force.
pub(super) fn settings(conn: &Connection) -> rusqlite::Result<Settings> {
    let rows: Vec<(String, String)> = conn
        .prepare_cached("SELECT name, value FROM setting")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Settings::new(
        rows.iter().map(|(name, value)| (name.as_str(), value.as_str())),
    ))
}

/// One extension and the domain it is in; none: there is none, or it is disabled.
pub(super) fn one(conn: &Connection, id: Uuid) -> rusqlite::Result<Option<(Uuid, Extension)>> {
    let id = id.to_string();
    let found = conn
        .prepare_cached(EXTENSION)?
        .query_row([&id], extension)
        .optional()?;
    let Some((_, domain, mut extension)) = found else {
        return Ok(None);
    };
    extension.lines = conn
        .prepare_cached(LINES_OF)?
        .query_map([&id], |row| Ok(line(row)?.1))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some((domain, extension)))
}

fn extension(row: &Row<'_>) -> rusqlite::Result<(Uuid, Uuid, Extension)> {
    let extension = Extension {
        number: parsed(row, 2)?,
        caller_id_name: row.get(3)?,
        ring_seconds: row.get(4)?,
        voicemail: row.get(5)?,
        voicemail_pin: row.get(6)?,
        email: row.get(7)?,
        lines: Box::default(),
    };
    Ok((uuid(row, 0)?, uuid(row, 1)?, extension))
}

fn line(row: &Row<'_>) -> rusqlite::Result<(Uuid, Line)> {
    let a1 = row.get_ref(2)?.as_str()?;
    let line = Line {
        username: parsed(row, 1)?,
        a1: secret::from_hex(a1).ok_or_else(|| odd(format!("line {:?}: bad a1", row.get_ref(1))))?,
        max_registrations: row.get(3)?,
        source_acl: row.get(4)?,
    };
    Ok((uuid(row, 0)?, line))
}

fn parsed<T: std::str::FromStr<Err = BadName>>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(index)?.as_str()?;
    text.parse().map_err(|error: BadName| odd(error.0))
}

fn odd(text: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, text.into())
}
