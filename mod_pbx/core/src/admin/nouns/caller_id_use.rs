//! As whom extensions and lines call out; and who calls as a number.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{AT, DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Noun, Place, Refusal, Sort, Source, Stored, Who, plain};
use crate::store::rows::{CallerId, CallerIdUse, Extension, Gateway, Line, Route};
use crate::store::{Image, Reader, Row, Table};

/// Who calls as a number is told up to so many.
const MOST: u32 = 100;

/// Uses of caller ids.
pub static NOUN: Noun = Noun {
    path: "caller-id-uses",
    one: "caller-id-use",
    about: "As whom an extension, or one line, calls out. A line's goes before its extension's, and that before a \
            route's.",
    read: Who::DomainAdministrators,
    write: Who::Administrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        Field::may(
            "extension_id",
            Kind::Of(Table::Extension),
            "The extension that calls; or line_id.",
        )
        .or_null()
        .default("null")
        .fixed()
        .filter(),
        Field::may("line_id", Kind::Of(Table::Line), "The line that calls.")
            .or_null()
            .default("null")
            .fixed()
            .filter(),
        Field::shown(
            "who",
            Kind::Text(64),
            "The extension's number, or the line's username.",
        ),
        Field::may(
            "caller_id",
            Kind::Of(Table::CallerId),
            "The number of its calls; null: as if nothing were said.",
        )
        .or_null()
        .default("null")
        .filter(),
        Field::shown("number", Kind::Text(16), "That number.").or_null(),
        Field::may(
            "emergency_caller_id",
            Kind::Of(Table::CallerId),
            "The number of its calls for help; null: likewise.",
        )
        .or_null()
        .default("null")
        .filter(),
        Field::shown("emergency_number", Kind::Text(16), "That number.").or_null(),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[Sort {
        name: "updated_at",
        terms: &["updated_at"],
    }],
    source: Source::Table(&Stored {
        table: Table::CallerIdUse,
        place: Place::Domain,
        search: &[
            "(SELECT number FROM extension WHERE extension.id = extension_id)",
            "(SELECT username FROM line WHERE line.id = line_id)",
        ],
        show,
        create: Some(plain::create::<CallerIdUse>),
        edit: Some(plain::edit),
        delete: Some(plain::delete),
        after: |_| {},
    }),
    actions: &[],
};

fn show(_: &Admin<'_>, reader: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let Row::CallerIdUse(own) = row else {
        return Ok(());
    };
    let number = |id: Option<Uuid>| -> Result<Value, Refusal> {
        let Some(id) = id else { return Ok(Value::Null) };
        Ok(json!(reader.get::<CallerId>(id)?.map(|row| row.number)))
    };
    image.insert("who".into(), json!(who(reader, own)?.unwrap_or_default()));
    image.insert("number".into(), number(own.caller_id)?);
    image.insert("emergency_number".into(), number(own.emergency_caller_id)?);
    Ok(())
}

fn who(reader: &Reader<'_>, own: &CallerIdUse) -> Result<Option<String>, Refusal> {
    Ok(match (own.extension_id, own.line_id) {
        (Some(id), _) => reader.get::<Extension>(id)?.map(|row| row.number.to_string()),
        (_, Some(id)) => reader.get::<Line>(id)?.map(|row| row.username.to_string()),
        _ => None,
    })
}

const USER: [Field; 4] = [
    Field::must(
        "what",
        Kind::Choice(&["extension", "line", "route", "gateway"]),
        "What calls as the number; a gateway: of a route.",
    ),
    Field::must("id", Kind::Id, "Which; of a gateway, the route."),
    Field::must("name", Kind::Text(200), "Its number or name."),
    Field::must("emergency", Kind::Flag, "Whether only calls for help do."),
];

/// Who calls as a number.
pub(super) const USED_BY: Field = Field::shown(
    "used_by",
    Kind::List(&Kind::Object(&USER), 3 * MOST as usize),
    "Who calls as it; up to 100 of extensions and lines, of routes, and of gateways of routes.",
);

/// Fills in who calls as a number.
pub(super) fn used_by(
    _: &Admin<'_>,
    reader: &Reader<'_>,
    row: &Row,
    image: &mut Image,
) -> Result<(), Refusal> {
    let id = row.id();
    let mut all: Vec<Value> = Vec::new();
    for own in reader.uses_of_caller_id(id, MOST)? {
        let (what, whose) = match own.extension_id {
            Some(id) => ("extension", Some(id)),
            None => ("line", own.line_id),
        };
        let name = who(reader, &own)?;
        let emergency = own.caller_id != Some(id);
        all.push(json!({"what": what, "id": whose, "name": name, "emergency": emergency}));
    }
    for route in reader.routes_of_caller_id(id, MOST)? {
        all.push(json!({"what": "route", "id": route.id, "name": route.name, "emergency": route.emergency}));
    }
    for way in reader.ways_of_caller_id(id, MOST)? {
        let route = reader.get::<Route>(way.route_id)?;
        let gateway = reader.get::<Gateway>(way.gateway_id)?;
        if let (Some(route), Some(gateway)) = (route, gateway) {
            let name = format!("{} by {}", route.name, gateway.name);
            all.push(json!({"what": "gateway", "id": route.id, "name": name, "emergency": route.emergency}));
        }
    }
    image.insert("used_by".into(), json!(all));
    Ok(())
}
