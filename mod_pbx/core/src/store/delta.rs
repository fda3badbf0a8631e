//! From one snapshot to the next: only what a commit touched is read again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::apply::{Applied, Work};
use super::change::{Row, Table};
use super::error::{StoreError, on};
use super::gateways;
use super::load::{self, DomainNames};
use super::log::uuid;
use super::snapshot::{Domain, Snapshot};
use super::{dids, outside, schedules};
use crate::names::DomainName;

/// Beyond this many extensions, and a quarter of all, reading everything again is faster.
const FEW: usize = 10_000;

/// What a commit may change for lookups, found before its rows are written.
#[derive(Debug)]
pub(super) struct Touched {
    /// Extensions, with where they were: domain and number.
    extensions: HashMap<Uuid, Option<(Uuid, String)>>,
    domains: bool,
    settings: bool,
    schedules: bool,
    /// Domains whose calls out are to be read again.
    outside: HashSet<Uuid>,
    gateways: bool,
    dids: HashSet<Uuid>,
}

impl Touched {
    /// Call it before the rows are written.
    pub(super) fn find(work: &Work<'_>, applied: &[Applied]) -> Result<Self, StoreError> {
        let mut touched = Self {
            extensions: HashMap::new(),
            domains: false,
            settings: false,
            schedules: false,
            outside: applied.iter().flat_map(outside::touched).collect(),
            gateways: false,
            dids: HashSet::new(),
        };
        let mut ids = HashSet::new();
        for change in applied {
            match change.table {
                Table::Domain => touched.domains = true,
                Table::Setting => touched.settings = true,
                Table::Schedule => touched.schedules = true,
                Table::Gateway => touched.gateways = true,
                Table::Did => {
                    touched.dids.insert(change.id);
                }
                Table::DidMember => {
                    for row in [&change.before, &change.after] {
                        if let Some(Row::DidMember(member)) = row {
                            touched.dids.insert(member.did_id);
                        }
                    }
                }
                Table::Extension => {
                    if let (Some(Row::Extension(old)), Some(Row::Extension(new))) =
                        (&change.before, &change.after)
                        && old.number != new.number
                    {
                        let dids = dids::of_extension(work.conn, change.id)
                            .map_err(on(work.conn, "reading an extension's DIDs"))?;
                        touched.dids.extend(dids);
                    }
                    ids.insert(change.id);
                }
                Table::Line => {
                    for row in [&change.before, &change.after] {
                        if let Some(Row::Line(line)) = row {
                            ids.insert(line.extension_id);
                        }
                    }
                }
                // Of a person, an extension shows only the mail address.
                Table::User => {
                    let email = |row: &Option<Row>| match row {
                        Some(Row::User(user)) => user.email.clone(),
                        _ => None,
                    };
                    if email(&change.before) != email(&change.after) {
                        ids.extend(extensions_of(work, change.id)?);
                    }
                }
                // See `outside`.
                _ => {}
            }
        }
        for id in ids {
            let place = work
                .conn
                .prepare_cached("SELECT domain_id, number FROM extension WHERE id = ?1")
                .and_then(|mut statement| {
                    statement
                        .query_row([id.to_string()], |row| Ok((uuid(row, 0)?, row.get(1)?)))
                        .optional()
                })
                .map_err(on(work.conn, "reading an extension"))?;
            touched.extensions.insert(id, place);
        }
        Ok(touched)
    }

    /// The snapshot after the commit, and the domains' names. Call it after the rows are written, in
    /// the same transaction.
    pub(super) fn next(
        self,
        work: &Work<'_>,
        current: &Snapshot,
        names: &DomainNames,
        rev: u64,
    ) -> Result<(Snapshot, Option<DomainNames>), StoreError> {
        let all = || current.domains.values().map(|domain| domain.len()).sum::<usize>();
        let many = self.extensions.len() > FEW && self.extensions.len() > all() / 4;
        if !many && current.rev + 1 == rev {
            let error = on(work.conn, "reading what changed");
            if let Some(next) = self.step(work, current, names, rev).map_err(error)? {
                return Ok(next);
            }
            tracing::error!("the configuration in memory disagreed with the database; it is read again");
        }
        let (mut snapshot, names) =
            load::everything(work.conn).map_err(on(work.conn, "reading the configuration"))?;
        snapshot.rev = rev;
        Ok((snapshot, Some(names)))
    }

    /// None: the current snapshot does not fit the database.
    fn step(
        &self,
        work: &Work<'_>,
        current: &Snapshot,
        names: &DomainNames,
        rev: u64,
    ) -> rusqlite::Result<Option<(Snapshot, Option<DomainNames>)>> {
        let mut next = current.clone();
        next.rev = rev;
        if self.settings {
            next.settings = Arc::new(load::settings(work.conn)?);
        }
        // They hold their domain's name. A domain has a handful.
        if self.schedules || self.domains {
            next.schedules = Arc::new(schedules::load(work.conn)?);
        }
        // They know their domain by its name.
        if self.gateways || self.domains {
            next.gateways = Arc::new(gateways::load(work.conn)?);
        }
        self.renew_dids(work, &mut next)?;
        let renewed = if self.domains {
            Some(domain_names(work)?)
        } else {
            None
        };
        // Everything leaves its old place before anything takes a new one.
        for (domain, number) in self.extensions.values().flatten() {
            let Some(domain) = names.get(domain).and_then(|name| next.domains.get_mut(name)) else {
                return Ok(None);
            };
            Arc::make_mut(domain).remove(number);
        }
        if let Some(renewed) = &renewed {
            rename(&mut next, names, renewed);
        }
        let names = renewed.as_ref().unwrap_or(names);
        for &id in &self.outside {
            let Some(name) = names.get(&id) else { continue };
            match outside::read(work.conn, Some(id))?.remove(&id) {
                Some(outside) => next.outside.insert(name.clone(), Arc::new(outside)),
                None => next.outside.remove(name),
            };
        }
        for &id in self.extensions.keys() {
            let Some((domain, extension)) = load::one(work.conn, id)? else {
                continue;
            };
            let Some(domain) = names.get(&domain).and_then(|name| next.domains.get_mut(name)) else {
                return Ok(None);
            };
            if Arc::make_mut(domain).insert(extension).is_err() {
                return Ok(None);
            }
        }
        Ok(Some((next, renewed)))
    }
}

impl Touched {
    /// The DIDs after the commit. All of them know their domain by its name.
    fn renew_dids(&self, work: &Work<'_>, next: &mut Snapshot) -> rusqlite::Result<()> {
        if self.domains && !next.dids.is_empty() || self.dids.len() > FEW {
            next.dids = Arc::new(dids::load(work.conn)?);
            return Ok(());
        }
        for &id in &self.dids {
            match dids::one(work.conn, id)? {
                Some(did) => Arc::make_mut(&mut next.dids).insert(did),
                None => Arc::make_mut(&mut next.dids).remove(id),
            }
        }
        Ok(())
    }
}

/// Adds, renames and takes out domains.
fn rename(snapshot: &mut Snapshot, old: &DomainNames, new: &DomainNames) {
    let mut kept: HashMap<Uuid, Arc<Domain>> = HashMap::new();
    let mut outside = HashMap::new();
    for (id, name) in old {
        if new.get(id) == Some(name) {
            continue;
        }
        if let Some(domain) = snapshot.domains.remove(name) {
            kept.insert(*id, domain);
        }
        if let Some(own) = snapshot.outside.remove(name) {
            outside.insert(*id, own);
        }
    }
    for (id, name) in new {
        if old.get(id) == Some(name) {
            continue;
        }
        let mut domain = match kept.remove(id) {
            Some(domain) => Arc::unwrap_or_clone(domain),
            None => Domain::new(name.clone()),
        };
        domain.name.clone_from(name);
        if let Some(own) = outside.remove(id) {
            snapshot.outside.insert(name.clone(), own);
        }
        snapshot.domains.insert(name.clone(), Arc::new(domain));
    }
}

fn domain_names(work: &Work<'_>) -> rusqlite::Result<DomainNames> {
    work.conn
        .prepare_cached("SELECT id, name FROM domain")?
        .query_map([], |row| {
            let name: DomainName = row.get::<_, String>(1)?.parse().map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
            })?;
            Ok((uuid(row, 0)?, name))
        })?
        .collect()
}

fn extensions_of(work: &Work<'_>, user: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let run = || -> rusqlite::Result<Vec<Uuid>> {
        work.conn
            .prepare_cached("SELECT id FROM extension WHERE user_id = ?1")?
            .query_map([user.to_string()], |row| uuid(row, 0))?
            .collect()
    };
    run().map_err(on(work.conn, "reading a user's extensions"))
}
