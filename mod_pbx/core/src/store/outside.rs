//! What calls out must be like after a commit, and how they are read into the snapshot.

mod gather;

use uuid::Uuid;

use super::apply::{Applied, Work};
use super::change::{Row, Table};
use super::error::{StoreError, on};

pub(super) use gather::read;

/// An extension is in no more groups than this, so that a decision about it stays short.
const MOST_GROUPS: u32 = 64;

/// A domain has no more route tests than this: each is asked again at every change.
const MOST_TESTS: u32 = 500;

type Refusal = Result<Option<String>, StoreError>;

/// Why the configuration cannot stay as this change left it.
pub(super) fn check(work: &Work<'_>, change: &Applied) -> Refusal {
    match &change.after {
        Some(Row::GroupMember(member)) => {
            let sql = "SELECT count(*) FROM group_member WHERE extension_id = ?1";
            let groups: u32 = one(work, sql, &[&member.extension_id.to_string()])?;
            Ok((groups > MOST_GROUPS).then(|| {
                format!("an extension is in at most {MOST_GROUPS} groups: take it out of another one first")
            }))
        }
        Some(Row::RouteTest(test)) if change.before.is_none() => {
            let sql = "SELECT count(*) FROM route_test WHERE domain_id = ?1";
            let tests: u32 = one(work, sql, &[&test.domain_id.to_string()])?;
            Ok((tests > MOST_TESTS)
                .then(|| format!("a domain has at most {MOST_TESTS} route tests: delete another one first")))
        }
        Some(Row::RouteGrant(grant)) => {
            let sql = "SELECT emergency FROM route WHERE id = ?1";
            let emergency: bool = one(work, sql, &[&grant.route_id.to_string()])?;
            Ok(emergency.then(|| "an emergency route is everybody's: it takes no grant".to_owned()))
        }
        Some(Row::Route(route)) if route.emergency => {
            let granted = "SELECT count(*) FROM route_grant WHERE route_id = ?1";
            if one::<u32>(work, granted, &[&route.id.to_string()])? > 0 {
                return Ok(Some(format!(
                    "route {} is granted to some, but an emergency route is everybody's: revoke its grants first",
                    route.name
                )));
            }
            behind(work, route.domain_id, &route.pattern)
        }
        Some(Row::NumberPlan(plan)) => {
            let sql =
                "SELECT ifnull(group_concat(pattern, ' '), '') FROM route WHERE domain_id = ?1 AND emergency";
            let numbers: String = one(work, sql, &[&plan.domain_id.to_string()])?;
            behind(work, plan.domain_id, &numbers)
        }
        Some(Row::Extension(extension)) => {
            let sql = include_str!("../../../../sql/emergency_number_taken.sql");
            let number = extension.number.as_str();
            let taken = one::<u32>(work, sql, &[&extension.domain_id.to_string(), number])?;
            Ok((taken > 0).then(|| hidden(number)))
        }
        _ => Ok(None),
    }
}

/// The first extension whose number is one of these for calls for help, or is dialled as one behind the access prefix.
fn behind(work: &Work<'_>, domain: Uuid, numbers: &str) -> Refusal {
    let sql = "SELECT ifnull(min(number), '') FROM extension WHERE domain_id = ?1 AND number IN \
               (?2, (SELECT access_prefix FROM number_plan WHERE domain_id = ?1) || ?2)";
    for number in numbers.split(' ').filter(|number| !number.is_empty()) {
        let taken: String = one(work, sql, &[&domain.to_string(), number])?;
        if !taken.is_empty() {
            return Ok(Some(hidden(&taken)));
        }
    }
    Ok(None)
}

fn hidden(number: &str) -> String {
    format!("{number} is a number for calls for help, and cannot be an extension's: nobody would reach that")
}

fn one<T: rusqlite::types::FromSql>(work: &Work<'_>, sql: &str, params: &[&str]) -> Result<T, StoreError> {
    work.conn
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row(rusqlite::params_from_iter(params), |row| row.get(0)))
        .map_err(on(work.conn, "checking calls out"))
}

/// The domains whose calls out this change may alter.
pub(super) fn touched(change: &Applied) -> impl Iterator<Item = Uuid> {
    let about_calls_out = |table| {
        use Table::{
            Block, CallerId, CallerIdUse, Cap, ExtensionGroup, GroupMember, NumberPlan, Route, RouteGateway,
            RouteGrant, RouteTest,
        };
        matches!(
            table,
            NumberPlan
                | ExtensionGroup
                | GroupMember
                | CallerId
                | CallerIdUse
                | Route
                | RouteGateway
                | RouteTest
                | RouteGrant
                | Block
                | Cap
        )
    };
    let matters = match (&change.before, &change.after) {
        (Some(Row::Extension(old)), Some(Row::Extension(new))) => {
            (old.channel_id, old.domain_id) != (new.channel_id, new.domain_id)
        }
        (Some(Row::Line(old)), Some(Row::Line(new))) => {
            (&old.username, old.domain_id) != (&new.username, new.domain_id)
        }
        _ => about_calls_out(change.table),
    };
    let rows = [&change.before, &change.after].into_iter().flatten();
    rows.filter_map(super::check::domain_of).filter(move |_| matters)
}
