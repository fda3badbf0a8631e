//! Numbers that domains own, to show when they call out.

use super::{AT, DOMAIN, ID, ROW_REV, UPDATED_AT, caller_id_use};
use crate::admin::field::{Field, Kind, parsed};
use crate::admin::{Noun, Sort, Source, Stored, Who, plain};
use crate::names::E164;
use crate::store::rows;

/// Numbers that domains own.
pub static NOUN: Noun = Noun {
    path: "caller-ids",
    one: "caller-id",
    about: "A number that a domain owns, and may show when it calls out.",
    read: Who::DomainAdministrators,
    write: Who::Administrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        Field::must(
            "number",
            Kind::Parsed(parsed::<E164>, 16),
            "The number, such as +4930123456; no two domains have the same.",
        ),
        Field::may(
            "name",
            Kind::Shown,
            "The name beside it, where the carrier passes one on.",
        )
        .default("\"\""),
        caller_id_use::USED_BY,
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[
        Sort::by("number", &["number"]),
        Sort::by("name", &["name"]),
        Sort::BY_TIME,
    ],
    source: Source::Table(&Stored {
        show: caller_id_use::used_by,
        ..plain::table::<rows::CallerId>(&["number", "name"])
    }),
    actions: &[],
};
