//! The gateways of a route, in their order, as a part of the route.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Draft, Grant, Plan, Refusal, plain};
use crate::store::rows::{Gateway, Route, RouteGateway};
use crate::store::{Change, Image, Reader, Row, StoreError, Table};

/// More gateways than this for one call only keep the caller waiting.
pub(crate) const MOST: usize = 8;

const WAY: [Field; 2] = [
    Field::must("gateway_id", Kind::Of(Table::Gateway), "The gateway."),
    Field::may(
        "caller_id",
        Kind::Of(Table::CallerId),
        "The number of its calls, where neither line, extension nor route has one.",
    )
    .or_null(),
];

/// The field of a route.
pub(super) const GATEWAYS: Field = Field::may(
    "gateways",
    Kind::List(&Kind::Object(&WAY), MOST),
    "By what its calls go out: the first first, the next where one is down or the network fails.",
)
.default("[]");

/// Their names, and how they are.
pub(super) const BY: Field = Field::shown(
    "by",
    Kind::List(&Kind::Text(32), MOST),
    "The names of these gateways, in order.",
);

/// Fills in the gateways of a route.
pub(super) fn show(_: &Admin<'_>, reader: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let mut by = Vec::new();
    for way in reader.gateways_of_route(row.id())? {
        by.extend(reader.get::<Gateway>(way.gateway_id)?.map(|gateway| gateway.name));
    }
    image.insert("gateways".into(), json!(ways(reader, row.id())?));
    image.insert("by".into(), json!(by));
    Ok(())
}

/// The gateways of a route as they are sent.
fn ways(reader: &Reader<'_>, route: Uuid) -> Result<Vec<Value>, StoreError> {
    let all = reader.gateways_of_route(route)?.into_iter();
    Ok(all
        .map(|way| json!({"gateway_id": way.gateway_id, "caller_id": way.caller_id}))
        .collect())
}

fn id(way: &Value, name: &str) -> Option<Uuid> {
    way[name].as_str().and_then(|id| id.parse().ok())
}

/// The gateways that were sent.
fn sent(draft: &Draft) -> Result<Option<Vec<Value>>, Refusal> {
    let Some(all) = draft.get("gateways").and_then(Value::as_array) else {
        return Ok(None);
    };
    let twice = |(index, way): (usize, &Value)| {
        all[..index]
            .iter()
            .any(|other| other["gateway_id"] == way["gateway_id"])
    };
    if all.iter().enumerate().any(twice) {
        return Err(Refusal::field("gateways", "a gateway is there twice"));
    }
    let whole = |way: &Value| json!({"gateway_id": id(way, "gateway_id"), "caller_id": id(way, "caller_id")});
    Ok(Some(all.iter().map(whole).collect()))
}

/// The changes after which these are the gateways of a route.
fn changes(old: Vec<RouteGateway>, route: &Route, wanted: &[Value]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (position, way) in (0..).zip(wanted) {
        let (gateway_id, caller_id) = (id(way, "gateway_id").unwrap_or_default(), id(way, "caller_id"));
        match old.iter().find(|old| old.gateway_id == gateway_id) {
            Some(old) if (old.position, old.caller_id) == (position, caller_id) => {}
            Some(old) => changes.push(Change::edit(RouteGateway {
                position,
                caller_id,
                ..old.clone()
            })),
            None => changes.push(Change::put(RouteGateway {
                id: Uuid::now_v7(),
                domain_id: route.domain_id,
                route_id: route.id,
                gateway_id,
                position,
                caller_id,
                row_rev: 0,
                updated_at: String::new(),
            })),
        }
    }
    let is_wanted = |old: &RouteGateway| {
        wanted
            .iter()
            .any(|way| id(way, "gateway_id") == Some(old.gateway_id))
    };
    changes.extend(old.into_iter().filter(|old| !is_wanted(old)).map(Change::delete));
    changes
}

/// Makes a route with its gateways.
pub(super) fn create(admin: &Admin<'_>, grant: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    let mut plan = plain::create::<Route>(admin, grant, draft)?;
    let route = plan.changes.iter().find_map(|change| match change {
        Change::Put {
            row: Row::Route(route),
            ..
        } => Some(route.clone()),
        _ => None,
    });
    if let (Some(route), Some(wanted)) = (route, sent(draft)?) {
        plan.changes.extend(changes(Vec::new(), &route, &wanted));
    }
    Ok(plan)
}

/// Changes a route, and its gateways if they were sent.
pub(super) fn edit(admin: &Admin<'_>, grant: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let Row::Route(route) = before else {
        return Err(Refusal::Missing);
    };
    let mut plan = plain::edit(admin, grant, before, draft)?;
    let Some(wanted) = sent(draft)? else {
        return Ok(plan);
    };
    let old = admin.read(|reader| Ok(reader.gateways_of_route(route.id)?))?;
    let changes = changes(old, route, &wanted);
    if !changes.is_empty() && plan.changes.is_empty() {
        // Always with the row itself: two who change the gateways at once then see each other.
        plan.changes.push(Change::edit(route.clone()));
    }
    plan.changes.extend(changes);
    Ok(plan)
}
