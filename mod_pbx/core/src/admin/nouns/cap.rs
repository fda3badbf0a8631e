//! How much may be called out.

use super::{AT, DOMAIN, ID, ROW_REV, UPDATED_AT, cap_used};
use crate::admin::field::{Field, Kind};
use crate::admin::{Noun, Sort, Source, Stored, Who, plain};
use crate::store::{Table, rows};

const MANY: Kind = Kind::Integer(0, 1_000_000);
const CAP: &str = "And of these, of this class; null: as the domain says.";

/// How much may be called out.
pub static NOUN: Noun = Noun {
    path: "caps",
    one: "cap",
    about: "How much an extension may call out; without an extension: each of the domain that says nothing else.",
    read: Who::DomainAdministrators,
    write: Who::Administrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        Field::may(
            "extension_id",
            Kind::Of(Table::Extension),
            "Whose calls; null: those of the domain.",
        )
        .or_null()
        .default("null")
        .fixed()
        .filter(),
        cap_used::EXTENSION,
        Field::may("concurrent", MANY, "Calls at once.")
            .or_null()
            .default("null"),
        Field::may("per_hour", MANY, "Calls begun in an hour of the clock.")
            .or_null()
            .default("null"),
        Field::may("per_day", MANY, "Calls begun in a day.")
            .or_null()
            .default("null"),
        Field::may("local_per_day", MANY, CAP).or_null().default("null"),
        Field::may("national_per_day", MANY, CAP)
            .or_null()
            .default("null"),
        Field::may("mobile_per_day", MANY, CAP).or_null().default("null"),
        Field::may("international_per_day", MANY, CAP)
            .or_null()
            .default("null"),
        Field::may("premium_per_day", MANY, CAP).or_null().default("null"),
        cap_used::USED,
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[Sort::BY_TIME],
    source: Source::Table(&Stored {
        show: cap_used::show,
        ..plain::table::<rows::Cap>(&["(SELECT number FROM extension WHERE extension.id = extension_id)"])
    }),
    actions: &[],
};
