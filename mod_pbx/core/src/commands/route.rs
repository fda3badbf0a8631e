//! `pbx route`: ways out, and who may take them.

use clap::Subcommand;
use serde_json::json;

use super::address::At;
use super::desk::{self, Desk, InDomain, full};
use super::group;
use super::out::{Answer, Refusal, Said, refuse};
use super::route_options::{Options, Whom};
use super::route_view::{list, show};
use crate::names::Slug;
use crate::store::{Change, Reader, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Makes a way out; nobody may take it unless it is granted
    #[command(after_help = "\
Examples: pbx route add national --pattern +49* --gateway carrier --gateway spare --group staff
          pbx route add us --pattern +1* --strip 1 --gateway carrier --extension 1001 --priority 50
          pbx route add help --emergency --pattern \"112 110\" --gateway carrier
A pattern is compared with the number in its one spelling, +COUNTRY..., however it was dialled (pbx plan);
numbers that are known in their country only, such as 116117, are spelled as dialled. x is any digit, * whatever
follows. The route with the lowest priority that is for a number and granted is taken. An emergency route is
everybody's, and goes before all.")]
    Add {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Slug>,
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        whom: Whom,
        #[command(flatten)]
        place: InDomain,
    },
    /// Lists routes, in the order in which they are tried
    #[command(after_help = "Example: pbx route list")]
    List {
        #[command(flatten)]
        place: InDomain,
    },
    /// Shows a route, its gateways, and who may take it
    #[command(after_help = "Example: pbx route show national")]
    Show {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Slug>,
        #[command(flatten)]
        place: InDomain,
    },
    /// Changes a route: only what is named; gateways all together
    #[command(after_help = "Example: pbx route set national --gateway spare --gateway carrier")]
    Set {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Slug>,
        #[command(flatten)]
        options: Options,
        /// Another name
        #[arg(long, value_name = "NAME")]
        rename: Option<Slug>,
        #[command(flatten)]
        place: InDomain,
    },
    /// Grants a route to extensions and groups
    #[command(after_help = "Example: pbx route grant national --group staff --extension 1001")]
    Grant {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Slug>,
        #[command(flatten)]
        whom: Whom,
        #[command(flatten)]
        place: InDomain,
    },
    /// Takes such a grant back
    #[command(after_help = "Example: pbx route revoke national --group staff")]
    Revoke {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Slug>,
        #[command(flatten)]
        whom: Whom,
        #[command(flatten)]
        place: InDomain,
    },
    /// Deletes a route
    #[command(after_help = "Example: pbx route delete national")]
    Delete {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Slug>,
        #[command(flatten)]
        place: InDomain,
    },
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add {
                name,
                options,
                whom,
                place,
            } => add(desk, &name, options, &whom, &place),
            Self::List { place } => list(desk, &place),
            Self::Show { name, place } => show(desk, &name, &place),
            Self::Set {
                name,
                options,
                rename,
                place,
            } => set(desk, &name, options, rename, &place),
            Self::Grant { name, whom, place } => grant(desk, &name, &whom, &place),
            Self::Revoke { name, whom, place } => revoke(desk, &name, &whom, &place),
            Self::Delete { name, place } => delete(desk, &name, &place),
        }
    }
}

pub(super) fn find(
    reader: &Reader<'_>,
    name: &At<Slug>,
    place: &InDomain,
) -> Result<(rows::Domain, rows::Route), Refusal> {
    let domain = desk::domain(reader, name.domain.as_ref(), place.domain.as_ref())?;
    match reader.route_by_name(domain.id, name.name.as_str())? {
        Some(route) => Ok((domain, route)),
        None => refuse(format!(
            "there is no route {} in {}: pbx route list shows those there are",
            name.name, domain.name
        )),
    }
}

fn saved(desk: &Desk<'_>, summary: &str, route: &rows::Route, changes: Vec<Change>) -> Said {
    let done = desk.commit(summary, changes)?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json!({"revision": done.rev, "id": route.id, "name": route.name}),
    ))
}

fn add(desk: &Desk<'_>, name: &At<Slug>, options: Options, whom: &Whom, place: &InDomain) -> Said {
    let (summary, route, changes) = desk.read(|reader| {
        let domain = desk::domain(reader, name.domain.as_ref(), place.domain.as_ref())?;
        let mut route = Options::new_route(&domain, name.name.clone());
        let mut changes = options.apply(reader, &domain, &mut route)?;
        if route.pattern.is_empty() {
            return refuse("say which numbers: --pattern PATTERN");
        }
        changes.insert(0, Change::put(route.clone()));
        for grant in whom.grants(reader, &domain, &route)? {
            changes.push(Change::put(grant));
        }
        Ok((
            format!("route {} added", full(&route.name, &domain)),
            route,
            changes,
        ))
    })?;
    saved(desk, &summary, &route, changes)
}

fn set(desk: &Desk<'_>, name: &At<Slug>, options: Options, rename: Option<Slug>, place: &InDomain) -> Said {
    let (summary, route, changes) = desk.read(|reader| {
        let (domain, before) = find(reader, name, place)?;
        let mut route = before.clone();
        let mut changes = options.apply(reader, &domain, &mut route)?;
        if let Some(other) = rename {
            route.name = other;
        }
        if route != before {
            changes.insert(0, Change::edit(route.clone()));
        }
        Ok((
            format!("route {} changed", full(&before.name, &domain)),
            route,
            changes,
        ))
    })?;
    if changes.is_empty() {
        return refuse("that is how it is already: name what is to be otherwise");
    }
    saved(desk, &summary, &route, changes)
}

fn grant(desk: &Desk<'_>, name: &At<Slug>, whom: &Whom, place: &InDomain) -> Said {
    let (summary, route, changes) = desk.read(|reader| {
        let (domain, route) = find(reader, name, place)?;
        let there = reader.grants_of(route.id)?;
        let new = whom.grants(reader, &domain, &route)?;
        let is_new = |grant: &rows::RouteGrant| {
            !there
                .iter()
                .any(|old| (old.extension_id, old.group_id) == (grant.extension_id, grant.group_id))
        };
        let changes: Vec<Change> = new.into_iter().filter(is_new).map(Change::put).collect();
        Ok((
            format!("route {} granted to {}", full(&route.name, &domain), whom.words()),
            route,
            changes,
        ))
    })?;
    if changes.is_empty() {
        return refuse("say to whom it is not granted yet: --extension NUMBER or --group NAME");
    }
    saved(desk, &summary, &route, changes)
}

fn revoke(desk: &Desk<'_>, name: &At<Slug>, whom: &Whom, place: &InDomain) -> Said {
    let (summary, route, changes) = desk.read(|reader| {
        let (domain, route) = find(reader, name, place)?;
        let named = whom.grants(reader, &domain, &route)?;
        let is_named = |old: &rows::RouteGrant| {
            named
                .iter()
                .any(|grant| (old.extension_id, old.group_id) == (grant.extension_id, grant.group_id))
        };
        let grants = reader.grants_of(route.id)?.into_iter().filter(is_named);
        let changes: Vec<Change> = grants.map(Change::delete).collect();
        Ok((
            format!(
                "route {} revoked from {}",
                full(&route.name, &domain),
                whom.words()
            ),
            route,
            changes,
        ))
    })?;
    if changes.is_empty() {
        return refuse(
            "say to whom it is granted: --extension NUMBER or --group NAME, as pbx route show says",
        );
    }
    saved(desk, &summary, &route, changes)
}

fn delete(desk: &Desk<'_>, name: &At<Slug>, place: &InDomain) -> Said {
    let (domain, route) = desk.read(|reader| find(reader, name, place))?;
    let summary = format!("route {} deleted", full(&route.name, &domain));
    saved(desk, &summary, &route.clone(), vec![Change::delete(route)])
}

/// The groups and extensions that somebody named.
impl Whom {
    fn grants(
        &self,
        reader: &Reader<'_>,
        domain: &rows::Domain,
        route: &rows::Route,
    ) -> Result<Vec<rows::RouteGrant>, Refusal> {
        let mut grants = Vec::new();
        for number in &self.extension {
            let id = group::extension(reader, domain, number)?.id;
            grants.push(Self::grant(route, Some(id), None));
        }
        for name in &self.group {
            let id = group::in_domain(reader, domain, name)?.id;
            grants.push(Self::grant(route, None, Some(id)));
        }
        Ok(grants)
    }
}
