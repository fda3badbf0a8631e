//! Calls out as they are read into the snapshot.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row as SqlRow};
use uuid::Uuid;

use crate::names::{BadName, E164, Slug, Username};
use crate::routing::Class;
use crate::routing::expect::{Expected, Test};
use crate::routing::outside::{Block, CallerId, Identity, Limits, Outside, Parts, Route, To};
use crate::routing::plan::Plan;
use crate::store::log::uuid;

/// What every domain's calls out are made from, by the domain's id; or that of one domain.
///
/// # Errors
/// SQLite's own, or a row that no program of ours could have written.
pub(in crate::store) fn read(
    conn: &Connection,
    only: Option<Uuid>,
) -> rusqlite::Result<HashMap<Uuid, Outside>> {
    let mut all = Gathered {
        conn,
        only: only.map(|id| id.to_string()),
        parts: HashMap::new(),
    };
    let caller_ids = all.caller_ids()?;
    all.plans()?;
    let mut routes = all.routes(&caller_ids)?;
    all.ways(&mut routes, &caller_ids)?;
    all.grants(routes)?;
    all.members()?;
    all.uses(&caller_ids)?;
    all.blocks()?;
    all.caps()?;
    all.tests()?;
    let built = all.parts.into_iter().map(|(id, parts)| (id, Outside::new(parts)));
    Ok(built.collect())
}

struct Gathered<'c> {
    conn: &'c Connection,
    only: Option<String>,
    parts: HashMap<Uuid, Parts>,
}

impl Gathered<'_> {
    /// Every row of a query whose `WHERE` may end in a condition on `domain_id` of the table `of`.
    fn each(
        &mut self,
        sql: &str,
        of: &str,
        mut take: impl FnMut(&mut HashMap<Uuid, Parts>, &SqlRow<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let conn = self.conn;
        let condition = if self.only.is_some() {
            format!("{of}.domain_id = ?1")
        } else {
            "1".to_owned()
        };
        let mut statement = conn.prepare_cached(&sql.replace("{here}", &condition))?;
        let mut rows = statement.query(rusqlite::params_from_iter(&self.only))?;
        while let Some(row) = rows.next()? {
            take(&mut self.parts, row)?;
        }
        Ok(())
    }

    fn caller_ids(&mut self) -> rusqlite::Result<HashMap<Uuid, CallerId>> {
        let mut all = HashMap::new();
        let sql = "SELECT id, number, name FROM caller_id c WHERE {here}";
        self.each(sql, "c", |_, row| {
            let caller_id = CallerId {
                number: parsed::<E164>(row, 1)?,
                name: row.get::<_, String>(2)?.into(),
            };
            all.insert(uuid(row, 0)?, caller_id);
            Ok(())
        })?;
        Ok(all)
    }

    fn plans(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT domain_id, country_code, national_prefix, international_prefix, area_code, \
                   access_prefix, mobile_prefixes, premium_prefixes, notify_email, notify_url FROM number_plan p WHERE {here}";
        self.each(sql, "p", |parts, row| {
            let parts = parts.entry(uuid(row, 0)?).or_default();
            parts.plan = Plan {
                country_code: row.get(1)?,
                national_prefix: row.get(2)?,
                international_prefix: row.get(3)?,
                area_code: row.get(4)?,
                access_prefix: row.get(5)?,
                mobile_prefixes: row.get(6)?,
                premium_prefixes: row.get(7)?,
            };
            parts.notify_email = row.get(8)?;
            parts.notify_url = row.get(9)?;
            Ok(())
        })
    }

    fn routes(
        &mut self,
        caller_ids: &HashMap<Uuid, CallerId>,
    ) -> rusqlite::Result<HashMap<Uuid, (Uuid, Route)>> {
        let mut routes = HashMap::new();
        let sql = "SELECT id, domain_id, name, priority, pattern, strip, prepend, emergency, class, caller_id, \
                   schedule_id, enabled FROM route r WHERE {here}";
        self.each(sql, "r", |_, row| {
            let id = uuid(row, 0)?;
            let class = match row.get_ref(8)? {
                ValueRef::Null => None,
                text => {
                    let text = text.as_str()?;
                    let known = Class::ALL.into_iter().find(|class| class.as_str() == text);
                    Some(known.ok_or_else(|| odd(format!("route {id}: {text:?} is no class")))?)
                }
            };
            let route = Route {
                id,
                name: parsed::<Slug>(row, 2)?,
                priority: row.get(3)?,
                numbers: row.get::<_, String>(4)?.into(),
                strip: row.get(5)?,
                prepend: row.get::<_, String>(6)?.into(),
                emergency: row.get(7)?,
                class,
                caller_id: known(row, 9, caller_ids)?,
                schedule: match row.get_ref(10)? {
                    ValueRef::Null => None,
                    _ => Some(uuid(row, 10)?),
                },
                enabled: row.get(11)?,
                gateways: Box::default(),
                grants: Box::default(),
            };
            routes.insert(id, (uuid(row, 1)?, route));
            Ok(())
        })?;
        Ok(routes)
    }

    fn ways(
        &mut self,
        routes: &mut HashMap<Uuid, (Uuid, Route)>,
        caller_ids: &HashMap<Uuid, CallerId>,
    ) -> rusqlite::Result<()> {
        let mut ways: HashMap<Uuid, Vec<To>> = HashMap::new();
        let sql =
            "SELECT route_id, gateway_id, caller_id FROM route_gateway w WHERE {here} ORDER BY position, id";
        self.each(sql, "w", |_, row| {
            ways.entry(uuid(row, 0)?).or_default().push(To {
                gateway: uuid(row, 1)?,
                caller_id: known(row, 2, caller_ids)?,
            });
            Ok(())
        })?;
        for (route, to) in ways {
            if let Some((_, route)) = routes.get_mut(&route) {
                route.gateways = to.into();
            }
        }
        Ok(())
    }

    fn grants(&mut self, mut routes: HashMap<Uuid, (Uuid, Route)>) -> rusqlite::Result<()> {
        let mut grants: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        let sql = "SELECT g.route_id, ifnull(g.group_id, e.channel_id) FROM route_grant g \
                   LEFT JOIN extension e ON e.id = g.extension_id WHERE {here}";
        self.each(sql, "g", |_, row| {
            grants.entry(uuid(row, 0)?).or_default().push(uuid(row, 1)?);
            Ok(())
        })?;
        for (route, mut to) in grants {
            to.sort_unstable();
            if let Some((_, route)) = routes.get_mut(&route) {
                route.grants = to.into();
            }
        }
        for (domain, route) in routes.into_values() {
            self.parts.entry(domain).or_default().routes.push(route);
        }
        Ok(())
    }

    fn members(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT m.domain_id, e.channel_id, g.id, g.name FROM group_member m \
                   JOIN extension e ON e.id = m.extension_id JOIN extension_group g ON g.id = m.group_id \
                   WHERE {here}";
        self.each(sql, "m", |parts, row| {
            let parts = parts.entry(uuid(row, 0)?).or_default();
            let group = (uuid(row, 2)?, parsed::<Slug>(row, 3)?);
            parts.members.entry(uuid(row, 1)?).or_default().push(group);
            Ok(())
        })
    }

    fn uses(&mut self, caller_ids: &HashMap<Uuid, CallerId>) -> rusqlite::Result<()> {
        let sql = "SELECT u.domain_id, e.channel_id, l.username, u.caller_id, u.emergency_caller_id \
                   FROM caller_id_use u LEFT JOIN extension e ON e.id = u.extension_id \
                   LEFT JOIN line l ON l.id = u.line_id WHERE {here}";
        self.each(sql, "u", |parts, row| {
            let parts = parts.entry(uuid(row, 0)?).or_default();
            let identity = Identity {
                caller_id: known(row, 3, caller_ids)?,
                emergency: known(row, 4, caller_ids)?,
            };
            match row.get_ref(1)? {
                ValueRef::Null => parts
                    .lines
                    .insert(parsed::<Username>(row, 2)?, identity)
                    .is_some(),
                _ => parts.extensions.insert(uuid(row, 1)?, identity).is_some(),
            };
            Ok(())
        })
    }

    fn blocks(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT domain_id, pattern, note FROM block b WHERE {here}";
        self.each(sql, "b", |parts, row| {
            let block = Block {
                pattern: parsed(row, 1)?,
                note: row.get::<_, String>(2)?.into(),
            };
            parts.entry(uuid(row, 0)?).or_default().blocks.push(block);
            Ok(())
        })
    }

    fn tests(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT domain_id, number, dialled, at_time, expect, gateway, caller_id, caller, target \
                   FROM route_test t WHERE {here} ORDER BY id";
        self.each(sql, "t", |parts, row| {
            let test = Test {
                number: parsed(row, 1)?,
                dialled: row.get::<_, String>(2)?.into(),
                caller: row.get(7)?,
                at: row.get_ref(3)?.as_str()?.parse().ok(),
                expected: {
                    let text = row.get_ref(4)?.as_str()?;
                    let known = Expected::ALL.into_iter().find(|one| one.as_str() == text);
                    known.ok_or_else(|| odd(format!("{text:?} is nothing that is expected of a call")))?
                },
                target: row.get(8)?,
                gateway: perhaps(row, 5)?,
                caller_id: perhaps(row, 6)?,
            };
            parts.entry(uuid(row, 0)?).or_default().tests.push(test);
            Ok(())
        })
    }

    fn caps(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT c.domain_id, e.channel_id, c.concurrent, c.per_hour, c.per_day, c.local_per_day, \
                   c.national_per_day, c.mobile_per_day, c.international_per_day, c.premium_per_day FROM cap c \
                   LEFT JOIN extension e ON e.id = c.extension_id WHERE {here}";
        self.each(sql, "c", |parts, row| {
            let parts = parts.entry(uuid(row, 0)?).or_default();
            let limits = Limits {
                concurrent: row.get(2)?,
                per_hour: row.get(3)?,
                per_day: row.get(4)?,
                class_per_day: [row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?],
            };
            match row.get_ref(1)? {
                ValueRef::Null => parts.limits = limits,
                _ => {
                    parts.own_limits.insert(uuid(row, 1)?, limits);
                }
            }
            Ok(())
        })
    }
}

fn known(
    row: &SqlRow<'_>,
    index: usize,
    caller_ids: &HashMap<Uuid, CallerId>,
) -> rusqlite::Result<Option<CallerId>> {
    match row.get_ref(index)? {
        ValueRef::Null => Ok(None),
        _ => Ok(caller_ids.get(&uuid(row, index)?).cloned()),
    }
}

fn perhaps<T: std::str::FromStr<Err = BadName>>(
    row: &SqlRow<'_>,
    index: usize,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(index)? {
        ValueRef::Null => Ok(None),
        _ => parsed(row, index).map(Some),
    }
}

fn parsed<T: std::str::FromStr<Err = BadName>>(row: &SqlRow<'_>, index: usize) -> rusqlite::Result<T> {
    row.get_ref(index)?
        .as_str()?
        .parse()
        .map_err(|error: BadName| odd(error.0))
}

fn odd(text: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, text.into())
}
