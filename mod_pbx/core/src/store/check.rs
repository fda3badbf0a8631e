//! What the configuration as a whole must be like after a commit, checked inside its transaction.

use std::collections::HashSet;

use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::apply::{Applied, Work};
use super::change::{Row, Table};
use super::error::{StoreError, on};
use super::shape::{referrers, shape};
use super::{dids, forwards, load, outside, rows, schedules, settings};
use crate::features;
use crate::secret;

/// Checks every row that a commit wrote or deleted against all others.
///
/// # Errors
/// The first change that leaves the configuration wrong.
pub(super) fn check(work: &Work<'_>, applied: &[Applied]) -> Result<(), StoreError> {
    for (index, change) in applied.iter().enumerate() {
        let checked = match &change.after {
            None => unused(work, change)?,
            Some(row) => match references(work, row, change.before.as_ref())? {
                None if moved(change) => left_behind(work, row)?,
                refusal => refusal,
            },
        };
        if let Some(message) = checked {
            return Err(StoreError::invalid(index, message));
        }
    }
    // Only now is it certain that what the rows name exists.
    for (index, change) in applied.iter().enumerate() {
        let checked = match &change.after {
            Some(Row::Extension(extension)) if !same_identity(change) => number_is_free(work, extension)?,
            Some(Row::Line(line)) if !same_identity(change) => match username_is_free(work, line)? {
                None => credential(work, line, change.before.as_ref(), applied)?,
                refusal => refusal,
            },
            Some(Row::Domain(domain)) => renamed(work, domain, change.before.as_ref(), applied)?,
            _ => None,
        };
        let checked = match checked {
            None if change.table == Table::Extension => match forwards::check(work, change)? {
                None => schedules::check_extension(work, change)?,
                refusal => refusal,
            },
            None if change.table == Table::Schedule => schedules::check(work, change)?,
            None if change.table == Table::Did => dids::check(work, change)?,
            refusal => refusal,
        };
        let checked = match checked {
            None => outside::check(work, change)?,
            refusal => refusal,
        };
        if let Some(message) = checked {
            return Err(StoreError::invalid(index, message));
        }
    }
    if let Some(index) = applied.iter().position(is_a_code) {
        let settings = load::settings(work.conn).map_err(on(work.conn, "reading settings"))?;
        if let Some(message) = features::clash(&settings) {
            return Err(StoreError::invalid(index, message));
        }
    }
    if let Some(index) = applied.iter().position(is_a_port) {
        let settings = load::settings(work.conn).map_err(on(work.conn, "reading settings"))?;
        if let Some(message) = settings.port_clash() {
            return Err(StoreError::invalid(index, message));
        }
    }
    Ok(())
}

/// Whether something was changed of which ports SIP is heard on.
fn is_a_port(change: &Applied) -> bool {
    let port = |row: &Option<Row>| match row {
        Some(Row::Setting(setting)) => settings::SIP_SOCKETS
            .iter()
            .any(|definition| definition.name == setting.name),
        _ => false,
    };
    port(&change.before) || port(&change.after)
}

/// Whether a feature code was changed.
fn is_a_code(change: &Applied) -> bool {
    let code = |row: &Option<Row>| match row {
        Some(Row::Setting(setting)) => settings::definition(&setting.name)
            .is_some_and(|definition| definition.kind == settings::Kind::Code),
        _ => false,
    };
    code(&change.before) || code(&change.after)
}

type Refusal = Result<Option<String>, StoreError>;

/// The labels of up to four rows.
fn labels(work: &Work<'_>, sql: &str, params: &[&str]) -> Result<Vec<String>, StoreError> {
    let run = || -> rusqlite::Result<Vec<String>> {
        work.conn
            .prepare_cached(sql)?
            .query_map(rusqlite::params_from_iter(params), |row| row.get(0))?
            .collect()
    };
    run().map_err(on(work.conn, "checking what refers to a row"))
}

fn listed(labels: &[String]) -> String {
    let more = if labels.len() > 3 { ", …" } else { "" };
    format!("{}{more}", labels[..labels.len().min(3)].join(", "))
}

/// A deleted row must not be in use.
fn unused(work: &Work<'_>, change: &Applied) -> Refusal {
    let Some(row) = &change.before else {
        return Ok(None);
    };
    if let Some(numbers) = dids::rung_by(work, change.table, change.id)? {
        return Ok(Some(format!(
            "{} {} is still rung by DID {numbers}: change that first (pbx did set … --members …)",
            change.table,
            row.label()
        )));
    }
    for (shape, column) in referrers(change.table) {
        let label = shape.table.label();
        let sql = format!(
            "SELECT {label} FROM {} WHERE {} = ?1 LIMIT 4",
            shape.table, column.name
        );
        let users = labels(work, &sql, &[&change.id.to_string()])?;
        if !users.is_empty() {
            return Ok(Some(format!(
                "{} {} is still used by {} {}: delete or change that first",
                change.table,
                row.label(),
                shape.table,
                listed(&users)
            )));
        }
    }
    Ok(None)
}

/// What a row refers to must exist, in the row's own domain. An administrator of the whole PBX is in none.
///
/// References that stay the same stay good: what they lead to cannot be deleted ([`unused`]) nor move
/// away ([`left_behind`]).
fn references(work: &Work<'_>, row: &Row, before: Option<&Row>) -> Refusal {
    if before.is_some_and(|old| old.same_references(row)) {
        return Ok(None);
    }
    let image = row.image();
    let domain = image.get("domain_id").and_then(|id| id.as_str());
    for column in shape(row.table()).columns {
        let Some(table) = column.references else { continue };
        let Some(id) = image.get(column.name).and_then(|id| id.as_str()) else {
            continue;
        };
        let sql = match table {
            Table::Domain => "SELECT id, name FROM domain WHERE id = ?1".to_owned(),
            _ => format!("SELECT domain_id, {} FROM {table} WHERE id = ?1", table.label()),
        };
        let found: Option<(Option<String>, String)> = work
            .conn
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement
                    .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .map_err(on(work.conn, "looking up what a row refers to"))?;
        match found {
            None => {
                return Ok(Some(format!(
                    "{} {} refers to the {table} {id}, which does not exist: add it first",
                    row.table(),
                    row.label()
                )));
            }
            Some((Some(other), label)) if Some(other.as_str()) != domain => {
                return Ok(Some(format!(
                    "{} {} cannot use {table} {label}: that belongs to another domain",
                    row.table(),
                    row.label()
                )));
            }
            Some(_) => {}
        }
    }
    Ok(None)
}

/// Whether all that its directory identity and credential are made of is as it was. A changed name on
/// the other side of a collision is checked there, a renamed domain in [`renamed`].
fn same_identity(change: &Applied) -> bool {
    match (&change.before, &change.after) {
        (Some(Row::Extension(old)), Some(Row::Extension(new))) => {
            (old.domain_id, &old.number) == (new.domain_id, &new.number)
        }
        (Some(Row::Line(old)), Some(Row::Line(new))) => {
            (old.domain_id, old.extension_id, &old.username, &old.a1)
                == (new.domain_id, new.extension_id, &new.username, &new.a1)
        }
        _ => false,
    }
}

pub(super) fn domain_of(row: &Row) -> Option<Uuid> {
    match row {
        Row::User(user) => user.domain_id,
        Row::Channel(channel) => Some(channel.domain_id),
        Row::Extension(extension) => Some(extension.domain_id),
        Row::Line(line) => Some(line.domain_id),
        Row::Schedule(schedule) => Some(schedule.domain_id),
        Row::Gateway(gateway) => gateway.domain_id,
        Row::ApiKey(key) => key.domain_id,
        Row::Did(did) => Some(did.domain_id),
        Row::DidMember(member) => Some(member.domain_id),
        Row::Domain(_) | Row::Setting(_) => None,
        Row::NumberPlan(row) => Some(row.domain_id),
        Row::ExtensionGroup(row) => Some(row.domain_id),
        Row::GroupMember(row) => Some(row.domain_id),
        Row::CallerId(row) => Some(row.domain_id),
        Row::CallerIdUse(row) => Some(row.domain_id),
        Row::Route(row) => Some(row.domain_id),
        Row::RouteTest(row) => Some(row.domain_id),
        Row::RouteGateway(row) => Some(row.domain_id),
        Row::RouteGrant(row) => Some(row.domain_id),
        Row::Block(row) => Some(row.domain_id),
        Row::Cap(row) => Some(row.domain_id),
    }
}

fn moved(change: &Applied) -> bool {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => domain_of(before) != domain_of(after),
        _ => false,
    }
}

/// A row that moves to another domain takes what refers to it along.
fn left_behind(work: &Work<'_>, row: &Row) -> Refusal {
    let Some(domain) = domain_of(row) else {
        return Ok(None);
    };
    for (shape, column) in referrers(row.table()) {
        let label = shape.table.label();
        let sql = format!(
            "SELECT {label} FROM {} WHERE {} = ?1 AND domain_id IS NOT ?2 LIMIT 4",
            shape.table, column.name
        );
        let others = labels(work, &sql, &[&row.id().to_string(), &domain.to_string()])?;
        if !others.is_empty() {
            return Ok(Some(format!(
                "{} {} cannot move to another domain: {} {} stays behind and uses it",
                row.table(),
                row.label(),
                shape.table,
                listed(&others)
            )));
        }
    }
    Ok(None)
}

/// A number must not be the username of another extension's line: both are identities in the directory.
fn number_is_free(work: &Work<'_>, extension: &rows::Extension) -> Refusal {
    let sql = "SELECT username FROM line WHERE domain_id = ?1 AND username = ?2 AND extension_id <> ?3";
    let (domain, id) = (extension.domain_id.to_string(), extension.id.to_string());
    let others = labels(work, sql, &[&domain, extension.number.as_str(), &id])?;
    Ok((!others.is_empty()).then(|| {
        format!(
            "the number {0} is the username of a line of another extension: choose another number or rename that line",
            extension.number
        )
    }))
}

/// A username must not be another extension's number.
fn username_is_free(work: &Work<'_>, line: &rows::Line) -> Refusal {
    let sql = "SELECT number FROM extension WHERE domain_id = ?1 AND number = ?2 AND id <> ?3";
    let (domain, extension) = (line.domain_id.to_string(), line.extension_id.to_string());
    let others = labels(work, sql, &[&domain, line.username.as_str(), &extension])?;
    Ok((!others.is_empty()).then(|| {
        format!(
            "the username {} is the number of another extension: choose another username \
             (it may be the number of the line's own extension)",
            line.username
        )
    }))
}

/// The A1 contains username and domain: when one of them changes, it must be a new one.
fn credential(work: &Work<'_>, line: &rows::Line, before: Option<&Row>, applied: &[Applied]) -> Refusal {
    let domain = domain_name(work, line.domain_id)?;
    if let Some(Row::Line(old)) = before {
        let old_domain = applied
            .iter()
            .find_map(|change| match &change.before {
                Some(Row::Domain(domain)) if domain.id == old.domain_id => Some(domain.name.to_string()),
                _ => None,
            })
            .map_or_else(|| domain_name(work, old.domain_id), Ok)?;
        if old.a1 == line.a1 && (old.username != line.username || old_domain != domain) {
            return Ok(Some(format!(
                "line {} needs a new password: its old one is bound to {}@{old_domain}",
                line.username, old.username
            )));
        }
    }
    let number: String = work
        .conn
        .prepare_cached("SELECT number FROM extension WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([line.extension_id.to_string()], |row| row.get(0)))
        .map_err(on(work.conn, "reading a line's extension"))?;
    let username = line.username.as_str();
    let known = secret::from_hex(&line.a1);
    let trivial = ["", username, number.as_str()]
        .iter()
        .any(|password| known == Some(secret::a1(username, &domain, password)));
    Ok(trivial.then(|| {
        format!(
            "the password of line {username} is empty, its username or its number: \
             use another, or leave it off to have one made up"
        )
    }))
}

fn domain_name(work: &Work<'_>, id: Uuid) -> Result<String, StoreError> {
    work.conn
        .prepare_cached("SELECT name FROM domain WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id.to_string()], |row| row.get(0)))
        .map_err(on(work.conn, "reading a domain"))
}

/// A renamed domain needs a new A1 for every line in it, in the same commit.
fn renamed(work: &Work<'_>, domain: &rows::Domain, before: Option<&Row>, applied: &[Applied]) -> Refusal {
    match before {
        Some(Row::Domain(old)) if old.name != domain.name => {}
        _ => return Ok(None),
    }
    let renewed: HashSet<Uuid> = applied
        .iter()
        .filter(|change| match (&change.before, &change.after) {
            (Some(Row::Line(old)), Some(Row::Line(new))) => old.a1 != new.a1,
            (None, Some(Row::Line(_))) => true,
            _ => false,
        })
        .map(|change| change.id)
        .collect();
    let lines = || -> rusqlite::Result<Vec<(String, String)>> {
        work.conn
            .prepare_cached("SELECT id, username FROM line WHERE domain_id = ?1")?
            .query_map([domain.id.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    };
    let old: Vec<String> = lines()
        .map_err(on(work.conn, "reading a domain's lines"))?
        .into_iter()
        .filter(|(id, _)| id.parse().map_or(true, |id: Uuid| !renewed.contains(&id)))
        .map(|(_, username)| username)
        .collect();
    Ok((!old.is_empty()).then(|| {
        format!(
            "renaming a domain takes a new password for every line in it, in the same step, since a \
             stored password is bound to the domain: {} of line(s) {} would stop working",
            old.len(),
            listed(&old)
        )
    }))
}
