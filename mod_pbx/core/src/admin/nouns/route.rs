//! Routes: ways out for some numbers.
//!
//! What costs money, and whose number is shown, is for the administrators of the whole PBX to say; those of a domain
//! see it, put their extensions into groups and block numbers.

use super::{AT, DOMAIN, ID, NAME, ROW_REV, UPDATED_AT, route_gateways};
use crate::admin::field::{Field, Kind};
use crate::admin::{Noun, Sort, Source, Stored, Who, plain};
use crate::store::{Table, rows};

/// Ways out.
pub static NOUN: Noun = Noun {
    path: "routes",
    one: "route",
    about: "A way out for some numbers. Nobody may take it unless a grant says so.",
    read: Who::DomainAdministrators,
    write: Who::Administrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        NAME,
        Field::may(
            "priority",
            Kind::Integer(0, 100_000),
            "The lowest is tried first.",
        )
        .default("100")
        .filter(),
        Field::must(
            "pattern",
            Kind::Text(200),
            "Its numbers; of an emergency route exact numbers, blank separated.",
        ),
        Field::may(
            "strip",
            Kind::Integer(0, 20),
            "How many characters go from the front, with the +.",
        )
        .default("0"),
        Field::may("prepend", Kind::Text(32), "What is put before what is left.").default("\"\""),
        Field::may(
            "emergency",
            Kind::Flag,
            "For calls for help: everybody may, nothing is counted.",
        )
        .default("false")
        .filter(),
        Field::may(
            "class",
            Kind::Choice(&["local", "national", "mobile", "international", "premium"]),
            "What its calls are counted as; null: by the number.",
        )
        .or_null()
        .default("null"),
        Field::may(
            "caller_id",
            Kind::Of(Table::CallerId),
            "The number of its calls, where nothing else is said.",
        )
        .or_null()
        .default("null"),
        route_gateways::GATEWAYS,
        route_gateways::BY,
        Field::may(
            "schedule_id",
            Kind::Of(Table::Schedule),
            "When it is there; null: always.",
        )
        .or_null()
        .default("null"),
        Field::may("enabled", Kind::Flag, "Off, it is as if it were not there.")
            .default("true")
            .filter(),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[
        Sort::by("priority", &["priority", "name"]),
        Sort::by("name", &["name"]),
        Sort::BY_TIME,
    ],
    source: Source::Table(&Stored {
        show: route_gateways::show,
        create: Some(route_gateways::create),
        edit: Some(route_gateways::edit),
        ..plain::table::<rows::Route>(&["name", "pattern"])
    }),
    actions: &[],
};
