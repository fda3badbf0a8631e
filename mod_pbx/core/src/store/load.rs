//! Reads the whole configuration out of SQLite into a snapshot, and single extensions likewise.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::gateways;
use super::log::uuid;
use super::settings::Settings;
use super::snapshot::{Domain, Extension, Line, Snapshot};
use super::{dids, outside, schedules};
use crate::forward::{Forwards, Place};
use crate::names::{BadName, DomainName};
use crate::secret;

/// The names of all domains, disabled ones too, by their ids.
pub(super) type DomainNames = HashMap<Uuid, DomainName>;

const EXTENSIONS: &str = include_str!("../../../../sql/load_extensions.sql");
const LINES: &str = include_str!("../../../../sql/load_lines.sql");
const EXTENSION: &str = include_str!("../../../../sql/extension_now.sql");
const LINES_OF: &str = include_str!("../../../../sql/lines_now.sql");

/// The committed state, whole: each table in one sweep, and what belongs together is brought together in
/// memory, since a walk through an index for each of a million rows takes twice as long.
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
    let mails = Mails::read(conn)?;
    let mut lines: Vec<(Uuid, Line)> = conn
        .prepare(LINES)?
        .query_map([], line)?
        .collect::<rusqlite::Result<_>>()?;
    // In the order of their extensions, which `EXTENSIONS` has too; mostly it is theirs already.
    lines.sort_by(|(a, one), (b, two)| a.cmp(b).then_with(|| one.username.cmp(&two.username)));
    let mut lines = lines.into_iter().peekable();
    let mut extensions = conn.prepare(EXTENSIONS)?;
    let mut found = extensions.query([])?;
    let mut last = Uuid::nil();
    while let Some(row) = found.next()? {
        let (id, domain, mut extension) = extension(row)?;
        // In one spelling, the order of the texts is that of the ids.
        if id <= last {
            return Err(odd(format!("extension {id}: its id is not as mod_pbx writes it")));
        }
        last = id;
        extension.email = mails.of(uuid(row, 7)?);
        // Those of disabled extensions are nobody's.
        while lines.next_if(|(owner, _)| *owner < id).is_some() {}
        let own = std::iter::from_fn(|| lines.next_if(|(owner, _)| *owner == id));
        extension.lines = own.map(|(_, line)| line).collect();
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
    let mut outside = outside::read(conn, None)?;
    let snapshot = Snapshot {
        outside: domains
            .iter()
            .filter_map(|(id, domain)| Some((domain.name.clone(), Arc::new(outside.remove(id)?))))
            .collect(),
        rev: rev.cast_unsigned(),
        domains: domains
            .into_values()
            .map(|d| (d.name.clone(), Arc::new(d)))
            .collect(),
        settings: Arc::new(settings(conn)?),
        schedules: Arc::new(schedules::load(conn)?),
        gateways: Arc::new(gateways::load(conn)?),
        dids: Arc::new(dids::load(conn)?),
    };
    Ok((snapshot, names))
}

/// The mail addresses of all people, in one piece: it is needed for a moment only.
struct Mails {
    text: String,
    /// By person, in order; where the address ends in `text`, and it begins where the one before ends.
    ends: Vec<(Uuid, usize)>,
}

impl Mails {
    fn read(conn: &Connection) -> rusqlite::Result<Self> {
        let mut mails = Self {
            text: String::new(),
            ends: Vec::new(),
        };
        let mut people = conn.prepare("SELECT id, email FROM user WHERE email IS NOT NULL ORDER BY id")?;
        let mut people = people.query([])?;
        while let Some(row) = people.next()? {
            mails.text.push_str(row.get_ref(1)?.as_str()?);
            mails.ends.push((uuid(row, 0)?, mails.text.len()));
        }
        Ok(mails)
    }

    fn of(&self, person: Uuid) -> Option<Box<str>> {
        let found = self.ends.binary_search_by_key(&person, |(id, _)| *id).ok()?;
        let begin = found.checked_sub(1).map_or(0, |before| self.ends[before].1);
        Some(self.text[begin..self.ends[found].1].into())
    }
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
        .query_row([&id], |row| {
            let (_, domain, mut extension) = extension(row)?;
            extension.email = row.get(7)?;
            Ok((domain, extension))
        })
        .optional()?;
    let Some((domain, mut extension)) = found else {
        return Ok(None);
    };
    extension.lines = conn
        .prepare_cached(LINES_OF)?
        .query_map([&id], |row| Ok(line(row)?.1))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some((domain, extension)))
}

/// All but its lines and its person's mail address.
fn extension(row: &Row<'_>) -> rusqlite::Result<(Uuid, Uuid, Extension)> {
    let extension = Extension {
        number: parsed(row, 2)?,
        channel: uuid(row, 8)?,
        caller_id_name: row.get(3)?,
        ring_seconds: row.get(4)?,
        voicemail: row.get(5)?,
        voicemail_pin: row.get(6)?,
        forwards: forwards(row)?,
        email: None,
        lines: Box::default(),
    };
    Ok((uuid(row, 0)?, uuid(row, 1)?, extension))
}

fn forwards(row: &Row<'_>) -> rusqlite::Result<Option<Box<Forwards>>> {
    let place = |index: usize| -> rusqlite::Result<Option<Place>> {
        match row.get_ref(index)? {
            ValueRef::Null => Ok(None),
            _ => parsed(row, index).map(Some),
        }
    };
    let forwards = Forwards {
        dnd: row.get(9)?,
        forward_always: place(10)?,
        forward_busy: place(11)?,
        forward_no_answer: place(12)?,
        forward_offline: place(13)?,
    };
    Ok(forwards.boxed())
}

fn line(row: &Row<'_>) -> rusqlite::Result<(Uuid, Line)> {
    let a1 = row.get_ref(2)?.as_str()?;
    let line = Line {
        username: parsed(row, 1)?,
        a1: secret::from_hex(a1).ok_or_else(|| odd(format!("line {:?}: bad a1", row.get_ref(1))))?,
        max_registrations: row.get(3)?,
        source_acl: row.get(4)?,
        srtp_required: row.get_ref(5)?.as_str()? == "required",
    };
    Ok((uuid(row, 0)?, line))
}

pub(super) fn parsed<T: std::str::FromStr<Err = BadName>>(
    row: &Row<'_>,
    index: usize,
) -> rusqlite::Result<T> {
    let text = row.get_ref(index)?.as_str()?;
    text.parse().map_err(|error: BadName| odd(error.0))
}

pub(super) fn odd(text: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, text.into())
}
