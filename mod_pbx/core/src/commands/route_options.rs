//! What a route is made of, as typed.

use clap::Args;
use uuid::Uuid;

use super::address::flag;
use super::caller_id::{self, Chosen};
use super::out::{Refusal, refuse};
use crate::names::{BadName, GatewayName, Number, Slug};
use crate::routing::Class;
use crate::store::{Change, Reader, rows};

/// More gateways than this for one call only keep the caller waiting.
const MOST_GATEWAYS: usize = 8;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Its numbers, such as +49*; of an emergency route exact ones
    #[arg(long, value_name = "PATTERN")]
    pattern: Option<String>,
    /// By what the calls go out, the first first; may be there several times
    #[arg(long, value_name = "NAME")]
    gateway: Vec<GatewayName>,
    /// The lowest is tried first, 100 unless said
    #[arg(long, value_name = "N")]
    priority: Option<u32>,
    /// How many characters of +COUNTRY… are left out for the gateway
    #[arg(long, value_name = "N")]
    strip: Option<u32>,
    /// What is put before the rest
    #[arg(long, value_name = "DIGITS")]
    prepend: Option<String>,
    /// What its calls count as, number for what the number says
    #[arg(long, value_name = "CLASS")]
    class: Option<Counted>,
    /// As whom its calls go out where nobody else says so
    #[arg(long, value_name = "NUMBER|none")]
    caller_id: Option<Chosen>,
    /// The schedule while which is open it may be taken, or always
    #[arg(long, value_name = "NAME|always")]
    schedule: Option<Slug>,
    /// It is for calls for help: everybody's, and nothing is counted
    #[arg(long)]
    emergency: bool,
    /// Off, it is not there: yes or no
    #[arg(long, value_parser = flag, value_name = "YES|NO")]
    enabled: Option<bool>,
}

/// To whom a route is granted.
#[derive(Debug, Args)]
pub(super) struct Whom {
    /// An extension that may take it; may be there several times
    #[arg(long, value_name = "NUMBER")]
    pub(super) extension: Vec<Number>,
    /// A group whose extensions may take it; may be there several times
    #[arg(long, value_name = "NAME")]
    pub(super) group: Vec<Slug>,
}

/// A class, or that of the number.
#[derive(Debug, Clone, Copy)]
struct Counted(Option<Class>);

impl std::str::FromStr for Counted {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        if text == "number" {
            return Ok(Self(None));
        }
        let class = Class::ALL.into_iter().find(|class| class.as_str() == text);
        class.map(|class| Self(Some(class))).ok_or_else(|| {
            BadName(format!(
                "{:?} is no class: use local, national, mobile, international, premium, or number",
                text.chars().take(64).collect::<String>()
            ))
        })
    }
}

impl Whom {
    pub(super) fn grant(
        route: &rows::Route,
        extension_id: Option<Uuid>,
        group_id: Option<Uuid>,
    ) -> rows::RouteGrant {
        rows::RouteGrant {
            id: Uuid::now_v7(),
            domain_id: route.domain_id,
            route_id: route.id,
            extension_id,
            group_id,
            row_rev: 0,
            updated_at: String::new(),
        }
    }

    pub(super) fn words(&self) -> String {
        let numbers = self.extension.iter().map(ToString::to_string);
        let groups = self.group.iter().map(ToString::to_string);
        numbers.chain(groups).collect::<Vec<_>>().join(", ")
    }
}

impl Options {
    /// A route that says nothing yet.
    pub(super) fn new_route(domain: &rows::Domain, name: Slug) -> rows::Route {
        rows::Route {
            id: Uuid::now_v7(),
            domain_id: domain.id,
            name,
            priority: 100,
            pattern: String::new(),
            strip: 0,
            prepend: String::new(),
            emergency: false,
            class: None,
            caller_id: None,
            schedule_id: None,
            enabled: true,
            row_rev: 0,
            updated_at: String::new(),
        }
    }

    /// Makes the route so; gives the changes of its gateways.
    pub(super) fn apply(
        self,
        reader: &Reader<'_>,
        domain: &rows::Domain,
        route: &mut rows::Route,
    ) -> Result<Vec<Change>, Refusal> {
        route.emergency |= self.emergency;
        if let Some(pattern) = self.pattern {
            route.pattern = pattern;
        }
        route.priority = self.priority.unwrap_or(route.priority);
        route.strip = self.strip.unwrap_or(route.strip);
        if let Some(prepend) = self.prepend {
            route.prepend = prepend;
        }
        if let Some(Counted(class)) = self.class {
            route.class = class;
        }
        match self.caller_id {
            None => {}
            Some(Chosen(None)) => route.caller_id = None,
            Some(Chosen(Some(number))) => {
                route.caller_id = Some(caller_id::owned(reader, domain, &number)?.id);
            }
        }
        match self.schedule {
            None => {}
            Some(name) if name.as_str() == "always" => route.schedule_id = None,
            Some(name) => {
                let Some(schedule) = reader.schedule_by_name(domain.id, name.as_str())? else {
                    return refuse(format!(
                        "there is no schedule {name} in {}: pbx schedule list shows those there are",
                        domain.name
                    ));
                };
                route.schedule_id = Some(schedule.id);
            }
        }
        route.enabled = self.enabled.unwrap_or(route.enabled);
        gateways(reader, route, &self.gateway)
    }
}

/// The changes after which these are the route's gateways, in this order; of none that are named, none.
fn gateways(reader: &Reader<'_>, route: &rows::Route, names: &[GatewayName]) -> Result<Vec<Change>, Refusal> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    if names.len() > MOST_GATEWAYS {
        return refuse(format!("a route has at most {MOST_GATEWAYS} gateways"));
    }
    let old = reader.gateways_of_route(route.id)?;
    let (mut changes, mut kept) = (Vec::new(), Vec::new());
    for (position, name) in (0..).zip(names) {
        let Some(gateway) = reader.gateway_by_name(name.as_str())? else {
            return refuse(format!(
                "there is no gateway {name}: pbx gateway list shows those there are"
            ));
        };
        if kept.contains(&gateway.id) {
            return refuse(format!("gateway {name} is there twice: say it once"));
        }
        kept.push(gateway.id);
        match old.iter().find(|way| way.gateway_id == gateway.id) {
            Some(way) if way.position == position => {}
            Some(way) => changes.push(Change::edit(rows::RouteGateway {
                position,
                ..way.clone()
            })),
            None => changes.push(Change::put(rows::RouteGateway {
                id: Uuid::now_v7(),
                domain_id: route.domain_id,
                route_id: route.id,
                gateway_id: gateway.id,
                position,
                caller_id: None,
                row_rev: 0,
                updated_at: String::new(),
            })),
        }
    }
    let gone = old.into_iter().filter(|way| !kept.contains(&way.gateway_id));
    changes.extend(gone.map(Change::delete));
    Ok(changes)
}
