//! Who may take which route.

use super::{AT, DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind};
use crate::admin::{Noun, Sort, Source, Stored, Who, plain};
use crate::store::{Table, rows};

/// Grants of routes.
pub static NOUN: Noun = Noun {
    path: "route-grants",
    one: "route-grant",
    about: "An extension, or a group, that may take a route.",
    read: Who::DomainAdministrators,
    write: Who::Administrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        Field::must("route_id", Kind::Of(Table::Route), "The route.")
            .fixed()
            .filter(),
        Field::may(
            "extension_id",
            Kind::Of(Table::Extension),
            "The extension; or group_id.",
        )
        .or_null()
        .fixed()
        .filter(),
        Field::may("group_id", Kind::Of(Table::ExtensionGroup), "The group.")
            .or_null()
            .fixed()
            .filter(),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[Sort::BY_TIME],
    source: Source::Table(&Stored {
        edit: None,
        ..plain::table::<rows::RouteGrant>(&["(SELECT name FROM route WHERE route.id = route_id)"])
    }),
    actions: &[],
};
