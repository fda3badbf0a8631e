//! `pbx caller-id`: numbers that a domain owns, and who calls as them.

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::At;
use super::desk::{self, Desk, InDomain};
use super::group;
use super::out::{Answer, Refusal, Said, Table, count, refuse};
use crate::names::{BadName, E164, GatewayName, Number, Slug, Username};
use crate::store::{Change, Reader, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Adds a number that the domain owns
    #[command(after_help = "Example: pbx caller-id add +4930123456 --name \"Example Ltd\"")]
    Add {
        /// The number with its country code
        #[arg(value_name = "NUMBER")]
        number: At<E164>,
        /// The name beside it
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        name: String,
        #[command(flatten)]
        place: InDomain,
    },
    /// Lists the numbers, and who calls as them
    #[command(after_help = "Example: pbx caller-id list")]
    List {
        #[command(flatten)]
        place: InDomain,
    },
    /// Changes the name beside a number
    #[command(after_help = "Example: pbx caller-id set +4930123456 --name \"Example Ltd\"")]
    Set {
        /// The number with its country code
        #[arg(value_name = "NUMBER")]
        number: At<E164>,
        /// The name beside it
        #[arg(long, value_name = "TEXT")]
        name: String,
        #[command(flatten)]
        place: InDomain,
    },
    /// Deletes a number that nobody calls as
    #[command(after_help = "Example: pbx caller-id delete +4930123456")]
    Delete {
        /// The number with its country code
        #[arg(value_name = "NUMBER")]
        number: At<E164>,
        #[command(flatten)]
        place: InDomain,
    },
    /// Says as whom an extension or a line calls out, or whoever does by a route's gateway
    #[command(after_help = "\
Examples: pbx caller-id use --extension 1001 --number +4930123456
          pbx caller-id use --line alice-mobile --number +4930123457 --emergency +4930123456
          pbx caller-id use --extension 1001 --number none
          pbx caller-id use --route national --gateway spare --number +4930123458
A line's own goes before its extension's, that before a route's (pbx route set --caller-id), and that before the
one of the route's gateway.")]
    Use {
        /// The extension that calls
        #[arg(long, value_name = "NUMBER", conflicts_with = "line")]
        extension: Option<Number>,
        /// The line that calls
        #[arg(long, value_name = "USERNAME")]
        line: Option<Username>,
        /// With --gateway: calls by this gateway of the route for which nobody else says as whom
        #[arg(long, value_name = "NAME", requires = "gateway", conflicts_with_all = ["extension", "line", "emergency"])]
        route: Option<Slug>,
        /// The gateway of --route
        #[arg(long, value_name = "NAME", requires = "route")]
        gateway: Option<GatewayName>,
        /// A number of the domain, or none
        #[arg(long, value_name = "NUMBER|none")]
        number: Option<Chosen>,
        /// The same for calls for help
        #[arg(long, value_name = "NUMBER|none")]
        emergency: Option<Chosen>,
        #[command(flatten)]
        place: InDomain,
    },
}

/// A number, or none.
#[derive(Debug, Clone)]
pub(super) struct Chosen(pub(super) Option<E164>);

impl std::str::FromStr for Chosen {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        match text {
            "none" => Ok(Self(None)),
            number => number.parse().map(|number| Self(Some(number))),
        }
    }
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add { number, name, place } => add(desk, &number, name, &place),
            Self::List { place } => list(desk, &place),
            Self::Set { number, name, place } => set(desk, &number, name, &place),
            Self::Delete { number, place } => delete(desk, &number, &place),
            Self::Use {
                route: Some(route),
                gateway: Some(gateway),
                number,
                place,
                ..
            } => by_gateway(desk, &route, &gateway, number, &place),
            Self::Use {
                extension,
                line,
                number,
                emergency,
                place,
                ..
            } => use_it(desk, extension.as_ref(), line.as_ref(), number, emergency, &place),
        }
    }
}

/// The number of the domain.
pub(super) fn owned(
    reader: &Reader<'_>,
    domain: &rows::Domain,
    number: &E164,
) -> Result<rows::CallerId, Refusal> {
    reader.caller_id_by_number(domain.id, number.as_str())?.ok_or_else(|| {
        Refusal(format!(
            "{number} is not a number of {}: pbx caller-id list shows those there are, pbx caller-id add {number} adds it",
            domain.name
        ))
    })
}

fn find(
    reader: &Reader<'_>,
    at: &At<E164>,
    place: &InDomain,
) -> Result<(rows::Domain, rows::CallerId), Refusal> {
    let domain = desk::domain(reader, at.domain.as_ref(), place.domain.as_ref())?;
    let row = owned(reader, &domain, &at.name)?;
    Ok((domain, row))
}

fn answer(summary: &str, rev: u64, domain: &rows::Domain, row: &rows::CallerId) -> Answer {
    Answer::done(
        format!("{summary} (revision {rev})\n"),
        json!({"revision": rev, "id": row.id, "domain": domain.name, "number": row.number, "name": row.name}),
    )
}

fn add(desk: &Desk<'_>, at: &At<E164>, name: String, place: &InDomain) -> Said {
    let domain = desk.read(|reader| desk::domain(reader, at.domain.as_ref(), place.domain.as_ref()))?;
    let row = rows::CallerId {
        id: Uuid::now_v7(),
        domain_id: domain.id,
        number: at.name.clone(),
        name,
        row_rev: 0,
        updated_at: String::new(),
    };
    let summary = format!("caller ID {} of {} added", row.number, domain.name);
    let done = desk.commit(&summary, vec![Change::put(row.clone())])?;
    Ok(answer(&summary, done.rev, &domain, &row))
}

/// Who calls as a number: extensions and lines, those that do so for help only in parentheses.
fn users(reader: &Reader<'_>, uses: &[rows::CallerIdUse], id: Uuid) -> Result<Vec<String>, Refusal> {
    let mut all = Vec::new();
    for row in uses {
        let name = match (row.extension_id, row.line_id) {
            (Some(id), _) => reader
                .get::<rows::Extension>(id)?
                .map(|row| row.number.to_string()),
            (_, Some(id)) => reader.get::<rows::Line>(id)?.map(|row| row.username.to_string()),
            _ => None,
        };
        let name = name.unwrap_or_default();
        if row.caller_id == Some(id) {
            all.push(name);
        } else if row.emergency_caller_id == Some(id) {
            all.push(format!("({name})"));
        }
    }
    Ok(all)
}

fn list(desk: &Desk<'_>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let uses = reader.caller_id_uses(domain.id)?;
        let mut table = Table::new(["number", "name", "used by (for help)"]);
        let mut rows: Vec<Value> = Vec::new();
        for row in reader.caller_ids(domain.id)? {
            let users = users(reader, &uses, row.id)?;
            table.row([row.number.to_string(), row.name.clone(), users.join(" ")]);
            rows.push(json!({
                "id": row.id, "number": row.number, "name": row.name, "used_by": users, "row_rev": row.row_rev,
            }));
        }
        let text = format!("{}{}\n", table.text(), count(rows.len() as u64, "number"));
        Ok(Answer::new(text, json!({"domain": domain.name, "caller_ids": rows})))
    })
}

fn set(desk: &Desk<'_>, at: &At<E164>, name: String, place: &InDomain) -> Said {
    let (domain, mut row) = desk.read(|reader| find(reader, at, place))?;
    row.name = name;
    let summary = format!("caller ID {} changed", row.number);
    let done = desk.commit(&summary, vec![Change::edit(row.clone())])?;
    Ok(answer(&summary, done.rev, &domain, &row))
}

fn delete(desk: &Desk<'_>, at: &At<E164>, place: &InDomain) -> Said {
    let (domain, row) = desk.read(|reader| {
        let (domain, row) = find(reader, at, place)?;
        let users = users(reader, &reader.caller_id_uses(domain.id)?, row.id)?;
        if !users.is_empty() {
            return refuse(format!(
                "{} is used by {}: choose another there first",
                row.number,
                users.join(" ")
            ));
        }
        Ok((domain, row))
    })?;
    let summary = format!("caller ID {} deleted", row.number);
    let done = desk.commit(&summary, vec![Change::delete(row.clone())])?;
    Ok(answer(&summary, done.rev, &domain, &row))
}

fn use_it(
    desk: &Desk<'_>,
    extension: Option<&Number>,
    line: Option<&Username>,
    number: Option<Chosen>,
    emergency: Option<Chosen>,
    place: &InDomain,
) -> Said {
    if number.is_none() && emergency.is_none() {
        return refuse("say as whom: --number NUMBER, --emergency NUMBER, or none instead of a number");
    }
    let (name, change) = desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let (name, extension_id, line_id, before) = match (extension, line) {
            (Some(number), None) => {
                let id = group::extension(reader, &domain, number)?.id;
                (
                    format!("extension {number}"),
                    Some(id),
                    None,
                    reader.caller_id_use_of_extension(id)?,
                )
            }
            (None, Some(username)) => {
                let at = At {
                    name: username.clone(),
                    domain: None,
                };
                let (_, line) = desk::line(reader, &at, place)?;
                (
                    format!("line {username}"),
                    None,
                    Some(line.id),
                    reader.caller_id_use_of_line(line.id)?,
                )
            }
            _ => return refuse("say who calls: --extension NUMBER or --line USERNAME"),
        };
        let mut row = before.clone().unwrap_or_else(|| rows::CallerIdUse {
            id: Uuid::now_v7(),
            domain_id: domain.id,
            extension_id,
            line_id,
            caller_id: None,
            emergency_caller_id: None,
            row_rev: 0,
            updated_at: String::new(),
        });
        for (field, chosen) in [
            (&mut row.caller_id, number),
            (&mut row.emergency_caller_id, emergency),
        ] {
            match chosen {
                None => {}
                Some(Chosen(None)) => *field = None,
                Some(Chosen(Some(number))) => *field = Some(owned(reader, &domain, &number)?.id),
            }
        }
        let gone = row.caller_id.is_none() && row.emergency_caller_id.is_none();
        let change = match (before, gone) {
            (Some(before), true) => Change::delete(before),
            (Some(_), false) => Change::edit(row),
            (None, false) => Change::put(row),
            (None, true) => return refuse(format!("{name} has no caller ID of its own already")),
        };
        Ok((name, change))
    })?;
    let summary = format!("caller ID of {name} set");
    let done = desk.commit(&summary, vec![change])?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json!({"revision": done.rev}),
    ))
}

/// As whom calls go out by a gateway of a route, where neither line, extension nor route says so.
fn by_gateway(
    desk: &Desk<'_>,
    route: &Slug,
    gateway: &GatewayName,
    number: Option<Chosen>,
    place: &InDomain,
) -> Said {
    let Some(Chosen(number)) = number else {
        return refuse("say as whom: --number NUMBER, or --number none");
    };
    let row = desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let Some(found) = reader.route_by_name(domain.id, route.as_str())? else {
            return refuse(format!(
                "there is no route {route} in {}: pbx route list shows those there are",
                domain.name
            ));
        };
        let known = reader.gateway_by_name(gateway.as_str())?;
        let mut ways = reader.gateways_of_route(found.id)?;
        ways.retain(|way| known.as_ref().is_some_and(|known| known.id == way.gateway_id));
        let Some(mut way) = ways.pop() else {
            return refuse(format!(
                "calls of route {route} do not go by {gateway}: pbx route show {route} shows its gateways"
            ));
        };
        let chosen = match &number {
            Some(number) => Some(owned(reader, &domain, number)?.id),
            None => None,
        };
        if way.caller_id == chosen {
            return refuse(format!(
                "the caller ID of {gateway} in route {route} is so already"
            ));
        }
        way.caller_id = chosen;
        Ok(way)
    })?;
    let summary = format!("caller ID of {gateway} in route {route} set");
    let done = desk.commit(&summary, vec![Change::edit(row)])?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json!({"revision": done.rev}),
    ))
}
