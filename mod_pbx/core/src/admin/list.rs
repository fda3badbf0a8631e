//! Lists of facts, which are no rows of a table: filtered, sorted and cut in memory.

use std::cmp::Ordering;

use serde_json::Value;

use super::noun::{Facts, Noun};
use super::query::Query;
use super::refusal::Refusal;
use super::{Admin, Done, Draft, Grant, Listed, Request, Scope};
use crate::store::Image;

/// The page that was asked for.
pub(super) fn page(noun: &Noun, mut all: Vec<Image>, query: &Query) -> Result<Listed, Refusal> {
    let q = query.q.to_lowercase();
    let holds = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.to_lowercase().contains(&q))
    };
    all.retain(|row| q.is_empty() || row.values().any(holds));
    for (name, wanted) in &query.filters {
        all.retain(|row| row.get(*name).is_some_and(|value| spoken(value) == *wanted));
    }
    let column = query.sort.as_deref();
    if let Some(column) = column {
        all.sort_by(|a, b| {
            let order = order(a.get(column), b.get(column));
            if query.descending { order.reverse() } else { order }
        });
    }
    debug_assert!(column.is_none_or(|name| noun.sort.iter().any(|sort| sort.name == name)));
    let total = all.len() as u64;
    let skip = usize::try_from(query.skip()).unwrap_or(usize::MAX);
    let rows = all.into_iter().skip(skip).take(query.size as usize).collect();
    Ok(Listed {
        rows,
        total,
        next: None,
    })
}

fn spoken(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn order(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
        }
        (a, b) => a.map(spoken).cmp(&b.map(spoken)),
    }
}

/// One of them.
pub(super) fn find(admin: &Admin<'_>, facts: &Facts, scope: &Scope, id: &str) -> Result<Image, Refusal> {
    let found = match facts.get {
        Some(get) => get(admin, scope, id)?,
        None => {
            let mut all = (facts.list)(admin, scope)?.into_iter();
            all.find(|row| row.get("id").and_then(Value::as_str) == Some(id))
        }
    };
    found.ok_or(Refusal::Missing)
}

/// Changes one whose values are rows all the same.
pub(super) fn edit(
    admin: &Admin<'_>,
    (noun, facts): (&Noun, &Facts),
    (grant, scope): (&Grant, &Scope),
    id: &str,
    sent: Image,
    (base, request): (u64, Request),
) -> Result<Done, Refusal> {
    let change = facts.edit.ok_or(Refusal::Missing)?;
    let before = find(admin, facts, scope, id)?;
    let draft = admin.read(|reader| Draft::edit(noun, sent, scope, reader))?;
    let stored = before.get("row_rev").and_then(Value::as_u64).unwrap_or_default();
    if admin
        .pbx
        .store()
        .read(|reader| reader.revision_of(request.id()))?
        .is_some()
    {
        return Ok(Done {
            row: before,
            revision: None,
            once: Image::new(),
            before: true,
        });
    }
    if stored != base {
        return Err(Refusal::Stale {
            why: format!(
                "{} {id} was changed after you read it: look at it again",
                noun.one
            ),
            current: Some(before),
        });
    }
    let mut plan = change(admin, grant, &before, &draft)?;
    let once = std::mem::take(&mut plan.once);
    let revision = match plan.changes.is_empty() {
        true => None,
        false => Some(
            admin
                .commit(grant, &mut plan, request)
                .map_err(|refusal| match refusal {
                    Refusal::Stale { why, .. } => Refusal::Stale {
                        why,
                        current: find(admin, facts, scope, id).ok(),
                    },
                    other => other,
                })?,
        ),
    };
    (facts.after)(admin);
    Ok(Done {
        row: find(admin, facts, scope, id)?,
        revision,
        once,
        before: false,
    })
}
