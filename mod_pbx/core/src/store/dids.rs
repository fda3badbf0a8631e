//! DIDs in the database: what a row must be like, that no chain comes back, and how lookups get them.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row as SqlRow};
use uuid::Uuid;

use super::apply::{Applied, Work};
use super::change::{Row, Table};
use super::error::{StoreError, on};
use super::load::{odd, parsed};
use super::log::uuid;
use super::rows;
use crate::dids::{Destination, Did, Dids, Kind, Member, Outside, Rare, Strategy, Turn};
use crate::names::{BadName, DomainName, Number};

const ALL: &str = include_str!("../../../../sql/load_dids.sql");
const MEMBERS: &str = include_str!("../../../../sql/load_did_members.sql");

/// Checks a row by itself.
pub(super) fn check_row(did: &rows::Did) -> Result<(), String> {
    let shortest = if did.prefix { 1 } else { 2 };
    if did.number.as_str().len() < shortest {
        return Err("a DID has at least 2 digits".into());
    }
    if did
        .ring_seconds
        .is_some_and(|seconds| !(5..=600).contains(&seconds))
    {
        return Err("ring-seconds takes 5 to 600".into());
    }
    let fits = |kind: Option<Kind>, extension: Option<Uuid>, other: Option<Uuid>, announcement: bool| {
        (extension.is_some(), other.is_some(), announcement)
            == match kind {
                None | Some(Kind::HangUp) => (false, false, false),
                Some(Kind::Voicemail) => (true, false, false),
                Some(Kind::Did) => (false, true, false),
                Some(Kind::Announcement) => (false, false, true),
            }
    };
    let then = fits(
        Some(did.then_kind),
        did.then_extension_id,
        did.then_did_id,
        did.then_announcement.is_some(),
    );
    let closed = fits(
        did.closed_kind,
        did.closed_extension_id,
        did.closed_did_id,
        did.closed_announcement.is_some(),
    );
    if then && closed {
        Ok(())
    } else {
        Err(
            "a destination names what its kind goes with: an extension, a DID, an announcement, or nothing"
                .into(),
        )
    }
}

/// Why the configuration cannot stay as this change left it.
pub(super) fn check(work: &Work<'_>, change: &Applied) -> Result<Option<String>, StoreError> {
    match &change.after {
        Some(Row::Did(did)) => match taken(work, did)?.or(elsewhere(work, did)?) {
            None => circle(work, did),
            refusal => Ok(refusal),
        },
        _ => Ok(None),
    }
}

/// A gateway of another domain brings it no calls.
fn elsewhere(work: &Work<'_>, did: &rows::Did) -> Result<Option<String>, StoreError> {
    let Some(gateway) = did.gateway_id else {
        return Ok(None);
    };
    let serves: Option<bool> = work
        .conn
        .prepare_cached("SELECT ifnull(domain_id, ?2) = ?2 FROM gateway WHERE id = ?1")
        .and_then(|mut statement| {
            let found =
                statement.query_row((gateway.to_string(), did.domain_id.to_string()), |row| row.get(0));
            found.optional()
        })
        .map_err(on(work.conn, "looking for a DID's gateway"))?;
    Ok((serves == Some(false)).then(|| {
        format!(
            "the gateway of DID {} belongs to another domain, and brings no calls here",
            did.number
        )
    }))
}

/// Another DID of the same number, caller and gateway: a call could not tell them apart.
fn taken(work: &Work<'_>, did: &rows::Did) -> Result<Option<String>, StoreError> {
    let caller = did.caller.as_ref().map(|caller| caller.as_str());
    let others: u32 = work
        .conn
        .prepare_cached(
            "SELECT count(*) FROM did WHERE number = ?1 AND prefix = ?2 AND caller IS ?3 AND id <> ?4 \
             AND gateway_id IS ?5",
        )
        .and_then(|mut statement| {
            let gateway = did.gateway_id.map(|id| id.to_string());
            statement.query_row(
                (
                    did.number.as_str(),
                    did.prefix,
                    caller,
                    did.id.to_string(),
                    gateway,
                ),
                |row| row.get(0),
            )
        })
        .map_err(on(work.conn, "looking for another DID"))?;
    let whose = caller.map_or_else(String::new, |caller| format!(" for callers {caller}…"));
    Ok((others > 0).then(|| {
        format!(
            "there is a DID {}{whose} already, perhaps in another domain",
            did.number
        )
    }))
}

/// Destinations must not come back to where they began.
fn circle(work: &Work<'_>, did: &rows::Did) -> Result<Option<String>, StoreError> {
    let next = |id: &str| -> rusqlite::Result<Option<(String, [Option<String>; 2])>> {
        work.conn
            .prepare_cached("SELECT number, then_did_id, closed_did_id FROM did WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?])))
            .optional()
    };
    let own = did.id.to_string();
    // Who was reached from whom.
    let mut reached: HashMap<String, (String, String)> = HashMap::new();
    let begin = [did.then_did_id, did.closed_did_id].into_iter().flatten();
    let mut open: Vec<(String, String)> = begin.map(|id| (id.to_string(), own.clone())).collect();
    while let Some((id, by)) = open.pop() {
        if id == own {
            let mut path = vec![did.number.to_string()];
            let mut last = by;
            while let Some((number, before)) = reached.get(&last) {
                path.push(number.clone());
                last = before.clone();
            }
            path.push(did.number.to_string());
            path.reverse();
            return Ok(Some(format!(
                "calls would go round in a circle: {}. Let one of them end elsewhere",
                path.join(" to ")
            )));
        }
        if reached.contains_key(&id) {
            continue;
        }
        let Some((number, further)) = next(&id).map_err(on(work.conn, "reading DIDs"))? else {
            continue;
        };
        open.extend(further.into_iter().flatten().map(|further| (further, id.clone())));
        reached.insert(id, (number, by));
    }
    Ok(None)
}

/// The DIDs that ring or name a row that is deleted, in words; none: it is used by none as far as this is told better
/// here than by the tables' own references.
pub(super) fn rung_by(work: &Work<'_>, table: Table, id: Uuid) -> Result<Option<String>, StoreError> {
    if table != Table::Extension {
        return Ok(None);
    }
    let read = || -> rusqlite::Result<Vec<String>> {
        work.conn
            .prepare_cached(
                "SELECT DISTINCT d.number FROM did_member m JOIN did d ON d.id = m.did_id \
                 WHERE m.extension_id = ?1 LIMIT 4",
            )?
            .query_map([id.to_string()], |row| row.get(0))?
            .collect()
    };
    let numbers = read().map_err(on(work.conn, "looking for DIDs"))?;
    Ok((!numbers.is_empty()).then(|| numbers.join(", ")))
}

/// The DIDs whose documents name this extension's number.
pub(super) fn of_extension(conn: &Connection, extension: Uuid) -> rusqlite::Result<Vec<Uuid>> {
    conn.prepare_cached(include_str!("../../../../sql/dids_of_extension.sql"))?
        .query_map([extension.to_string()], |row| uuid(row, 0))?
        .collect()
}

/// Every DID as lookups need it.
pub(super) fn load(conn: &Connection) -> rusqlite::Result<Dids> {
    let mut names: HashMap<Uuid, Arc<DomainName>> = HashMap::new();
    let mut members = conn.prepare(&format!("{MEMBERS} ORDER BY m.did_id, m.position, m.id"))?;
    let mut members = members
        .query_map([], |row| Ok((uuid(row, 0)?, member(row)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?
        .into_iter()
        .peekable();
    let mut dids = Dids::default();
    let mut statement = conn.prepare(&format!("{ALL} ORDER BY d.id"))?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let id = uuid(row, 0)?;
        while members.next_if(|(owner, _)| *owner < id).is_some() {}
        let own = std::iter::from_fn(|| members.next_if(|(owner, _)| *owner == id)).map(|(_, member)| member);
        let name = names.entry(uuid(row, 1)?);
        let name = match name {
            std::collections::hash_map::Entry::Occupied(name) => Arc::clone(name.get()),
            std::collections::hash_map::Entry::Vacant(place) => {
                Arc::clone(place.insert(Arc::new(parsed(row, 2)?)))
            }
        };
        dids.insert(did(row, name, own.collect())?);
    }
    Ok(dids)
}

/// One DID; none: there is none.
pub(super) fn one(conn: &Connection, id: Uuid) -> rusqlite::Result<Option<Did>> {
    let id = id.to_string();
    let members = conn
        .prepare_cached(&format!(
            "{MEMBERS} WHERE m.did_id = ?1 ORDER BY m.position, m.id"
        ))?
        .query_map([&id], member)?
        .collect::<rusqlite::Result<Box<[Member]>>>()?;
    conn.prepare_cached(&format!("{ALL} WHERE d.id = ?1"))?
        .query_row([&id], |row| did(row, Arc::new(parsed(row, 2)?), members.clone()))
        .optional()
}

fn member(row: &SqlRow<'_>) -> rusqlite::Result<Member> {
    let number: Number = parsed(row, 1)?;
    Ok(match optional(row, 2)? {
        None => Member::Extension(number),
        Some(outside) => Member::Outside(Box::new(Outside {
            number: outside,
            payer: number,
        })),
    })
}

fn did(row: &SqlRow<'_>, domain: Arc<DomainName>, members: Box<[Member]>) -> rusqlite::Result<Did> {
    let strategy = row.get_ref(5)?.as_str()?;
    let known = |one: &Strategy| one.as_str() == strategy;
    let rare = Rare {
        caller: optional(row, 7)?,
        schedule: if row.get_ref(8)? == rusqlite::types::ValueRef::Null {
            None
        } else {
            Some(uuid(row, 8)?)
        },
        closed: destination(row, 13)?,
        gateway: if row.get_ref(17)? == rusqlite::types::ValueRef::Null {
            None
        } else {
            Some(uuid(row, 17)?)
        },
    };
    Ok(Did {
        id: uuid(row, 0)?,
        number: parsed(row, 3)?,
        is_prefix: row.get(4)?,
        strategy: Strategy::ALL
            .into_iter()
            .find(known)
            .ok_or_else(|| odd(format!("strategy {strategy:?}")))?,
        ring_seconds: row.get(6)?,
        domain,
        members,
        then: destination(row, 9)?.unwrap_or(Destination::HangUp),
        rare: (rare != Rare::default()).then(|| Box::new(rare)),
        turn: Turn::default(),
    })
}

/// Kind, extension's number, DID, announcement, from this column on.
fn destination(row: &SqlRow<'_>, first: usize) -> rusqlite::Result<Option<Destination>> {
    let kind: Option<String> = row.get(first)?;
    let Some(kind) = kind else { return Ok(None) };
    Ok(Some(
        match Kind::ALL.into_iter().find(|known| known.as_str() == kind) {
            Some(Kind::HangUp) => Destination::HangUp,
            Some(Kind::Voicemail) => Destination::Voicemail(parsed(row, first + 1)?),
            Some(Kind::Did) => Destination::Did(uuid(row, first + 2)?),
            Some(Kind::Announcement) => Destination::Announcement(parsed(row, first + 3)?),
            None => return Err(odd(format!("destination {kind:?}"))),
        },
    ))
}

fn optional<T: std::str::FromStr<Err = BadName>>(
    row: &SqlRow<'_>,
    index: usize,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(index)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => parsed(row, index).map(Some),
    }
}
