//! Numbers that nobody may call.

use super::{AT, DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind, parsed};
use crate::admin::{Noun, Sort, Source, Who, plain};
use crate::routing::pattern::Pattern;
use crate::store::rows;

/// Numbers that nobody may call.
pub static NOUN: Noun = Noun {
    path: "blocks",
    one: "block",
    about: "Numbers that nobody in a domain may call.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        Field::must("pattern", Kind::Parsed(parsed::<Pattern>, 200), "The numbers."),
        Field::may("note", Kind::Text(200), "Why.").default("\"\""),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[Sort::by("pattern", &["pattern"]), Sort::BY_TIME],
    source: Source::Table(&plain::table::<rows::Block>(&["pattern", "note"])),
    actions: &[],
};
