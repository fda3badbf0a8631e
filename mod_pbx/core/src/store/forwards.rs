//! What forwards must be like after a commit: inside they lead to somebody, and never in a circle. Whether one that
//! leads outside may be called is asked when it is called.

use std::collections::HashMap;

use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::apply::{Applied, Work};
use super::change::Row;
use super::error::{StoreError, on};
use super::rows::Extension;
use crate::forward::Place;

const TARGETS: &str = "SELECT forward_always, forward_busy, forward_no_answer, forward_offline \
                       FROM extension WHERE domain_id = ?1 AND number = ?2";
const FORWARD_TO: &str = include_str!("../../../../sql/forwards_to.sql");

/// Why the configuration cannot stay as this change left it.
pub(super) fn check(work: &Work<'_>, change: &Applied) -> Result<Option<String>, StoreError> {
    let extension = |row: &Option<Row>| match row {
        Some(Row::Extension(extension)) => Some(extension.clone()),
        _ => None,
    };
    let (before, after) = (extension(&change.before), extension(&change.after));
    let place = |extension: &Extension| (extension.domain_id, extension.number.clone());
    let moved = before.as_ref().map(place) != after.as_ref().map(place);
    if let Some(old) = before.as_ref().filter(|_| moved)
        && let Some(refusal) = left_alone(work, old)?
    {
        return Ok(Some(refusal));
    }
    match (&before, &after) {
        (Some(old), Some(new)) if !moved && old.forwards == new.forwards => Ok(None),
        (_, Some(new)) => leads_somewhere(work, new),
        (_, None) => Ok(None),
    }
}

/// A number that nobody has any more is nobody's target.
fn left_alone(work: &Work<'_>, old: &Extension) -> Result<Option<String>, StoreError> {
    if targets(work, old.domain_id, old.number.as_str())?.is_some() {
        return Ok(None);
    }
    let read = || -> rusqlite::Result<Vec<String>> {
        work.conn
            .prepare_cached(FORWARD_TO)?
            .query_map([&old.domain_id.to_string(), old.number.as_str()], |row| {
                row.get(0)
            })?
            .collect()
    };
    let numbers = read().map_err(on(work.conn, "looking for forwards"))?;
    Ok(numbers.first().map(|first| {
        format!(
            "calls to extension {} are forwarded to {1}, which would be nobody's number: \
             change that first (pbx forward {first} shows it)",
            numbers.join(", "),
            old.number
        )
    }))
}

/// Every forward leads to somebody, and none comes back, whatever the reason of each.
fn leads_somewhere(work: &Work<'_>, from: &Extension) -> Result<Option<String>, StoreError> {
    for (when, target) in from.forwards.targets() {
        if let Place::Inside(number) = target
            && targets(work, from.domain_id, number.as_str())?.is_none()
        {
            return Ok(Some(format!(
                "calls to extension {} cannot be forwarded ({}): {number} is not an extension of this domain; a number \
                 outside is written with + and its country code",
                from.number,
                when.as_str()
            )));
        }
    }
    // Who was reached from whom.
    let mut reached: HashMap<String, String> = HashMap::new();
    let own = || from.forwards.targets().map(|(_, target)| target.to_string());
    let mut next: Vec<(String, String)> = own().map(|target| (target, from.number.to_string())).collect();
    while let Some((number, by)) = next.pop() {
        if number == from.number.as_str() {
            return Ok(Some(circle(&number, by, &reached)));
        }
        if reached.insert(number.clone(), by).is_none() {
            let further = targets(work, from.domain_id, &number)?.unwrap_or_default();
            next.extend(further.into_iter().map(|target| (target, number.clone())));
        }
    }
    Ok(None)
}

fn circle(number: &str, by: String, reached: &HashMap<String, String>) -> String {
    let mut path = vec![number.to_owned()];
    let mut last = Some(by);
    while let Some(here) = last.filter(|here| here != number) {
        last = reached.get(&here).cloned();
        path.push(here);
    }
    path.push(number.to_owned());
    path.reverse();
    format!(
        "forwards would go round in a circle: {}. Leave one of them off",
        path.join(" to ")
    )
}

/// Where the extension with this number forwards to; none: there is none.
fn targets(work: &Work<'_>, domain: Uuid, number: &str) -> Result<Option<Vec<String>>, StoreError> {
    let read = || -> rusqlite::Result<Option<Vec<String>>> {
        work.conn
            .prepare_cached(TARGETS)?
            .query_row([&domain.to_string(), number], |row| {
                let columns = (0..4).map(|column| row.get::<_, Option<String>>(column));
                Ok(columns
                    .collect::<rusqlite::Result<Vec<_>>>()?
                    .into_iter()
                    .flatten()
                    .collect())
            })
            .optional()
    };
    read().map_err(on(work.conn, "reading forwards"))
}
