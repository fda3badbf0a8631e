//! Schedules in the database: what a row must be like, whom it names, and how lookups get it.

use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::apply::{Applied, Work};
use super::change::Row;
use super::error::{StoreError, on};
use super::load::{odd, parsed};
use super::log::uuid;
use super::rows;
use super::snapshot::Schedules;
use crate::names::Number;
use crate::schedules::{self, Override, Schedule};

/// The most extensions that may switch one schedule.
const MOST_KEYS: usize = 100;

/// Checks a row by itself and brings its values into their one spelling. Looks for the time zone's file.
pub(super) fn check_row(schedule: &mut rows::Schedule) -> Result<(), String> {
    schedules::zone(&schedule.time_zone)?;
    if schedule.code.is_some_and(|code| !(1..=999).contains(&code)) {
        return Err("a schedule's code is a number from 1 to 999".into());
    }
    let mut keys: Vec<Number> = each_key(&schedule.keys)
        .map(|key| key.parse().map_err(|bad: crate::names::BadName| bad.0))
        .collect::<Result<_, _>>()?;
    keys.sort();
    keys.dedup();
    if keys.len() > MOST_KEYS {
        return Err(format!("at most {MOST_KEYS} extensions may switch a schedule"));
    }
    schedule.keys = keys.iter().map(Number::as_str).collect::<Vec<_>>().join(" ");
    Ok(())
}

fn each_key(keys: &str) -> impl Iterator<Item = &str> {
    keys.split([' ', ',']).filter(|key| !key.is_empty())
}

/// Whom it names must be there, and its code nobody else's.
pub(super) fn check(work: &Work<'_>, change: &Applied) -> Result<Option<String>, StoreError> {
    let Some(Row::Schedule(schedule)) = &change.after else {
        return Ok(None);
    };
    let domain = schedule.domain_id.to_string();
    let count = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
        work.conn
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, |row| row.get::<_, u32>(0)))
            .map_err(on(work.conn, "checking a schedule"))
    };
    for key in each_key(&schedule.keys) {
        let sql = "SELECT count(*) FROM extension WHERE domain_id = ?1 AND number = ?2";
        if count(sql, &[&domain, &key])? == 0 {
            return Ok(Some(format!(
                "there is no extension {key} in this domain that could switch schedule {}",
                schedule.name
            )));
        }
    }
    let Some(code) = schedule.code else {
        return Ok(None);
    };
    let sql = "SELECT count(*) FROM schedule WHERE domain_id = ?1 AND code = ?2 AND id <> ?3";
    let others = count(sql, &[&domain, &code, &schedule.id.to_string()])?;
    Ok((others > 0).then(|| format!("another schedule of this domain has the code {code}: choose another")))
}

/// A number that a schedule names stays an extension's, and the same one's.
pub(super) fn check_extension(work: &Work<'_>, change: &Applied) -> Result<Option<String>, StoreError> {
    let Some(Row::Extension(old)) = &change.before else {
        return Ok(None);
    };
    if matches!(&change.after, Some(Row::Extension(new)) if (new.domain_id, &new.number) == (old.domain_id, &old.number))
    {
        return Ok(None);
    }
    let named = || -> rusqlite::Result<Vec<String>> {
        work.conn
            .prepare_cached(
                "SELECT name FROM schedule WHERE domain_id = ?1 AND instr(' ' || keys || ' ', ' ' || ?2 || ' ') LIMIT 4",
            )?
            .query_map([&old.domain_id.to_string(), old.number.as_str()], |row| row.get(0))?
            .collect()
    };
    let names = named().map_err(on(work.conn, "looking for schedules"))?;
    Ok(names.first().map(|first| {
        format!(
            "extension {} may switch schedule {}: change that first (pbx schedule set {first} --keys …)",
            old.number,
            names.join(", ")
        )
    }))
}

/// Every schedule as lookups need it. Reads the time zones' files.
pub(super) fn load(conn: &Connection) -> rusqlite::Result<Schedules> {
    conn.prepare_cached(include_str!("../../../../sql/load_schedules.sql"))?
        .query_map([], |row| {
            let name = row.get_ref(3)?.as_str()?;
            let zone = schedules::zone(name).unwrap_or_else(|why| {
                // A backup may come from another machine; calls go on.
                tracing::error!("{why}; until then schedules that name it are in this machine's own time");
                TimeZone::system()
            });
            let forced = row.get_ref(6)?.as_str()?;
            let is = |one: &Override| one.as_str() == forced;
            let keys = row.get_ref(8)?.as_str()?;
            let key = |key: &str| key.parse().map_err(|bad: crate::names::BadName| odd(bad.0));
            Ok(Schedule {
                id: uuid(row, 0)?,
                domain: parsed(row, 1)?,
                name: parsed(row, 2)?,
                zone,
                hours: parsed(row, 4)?,
                holidays: parsed(row, 5)?,
                forced: Override::ALL
                    .into_iter()
                    .find(is)
                    .ok_or_else(|| odd(format!("override {forced:?}")))?,
                code: row.get(7)?,
                keys: each_key(keys).map(key).collect::<Result<_, _>>()?,
            })
        })?
        .collect()
}
