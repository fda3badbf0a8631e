//! Groups of extensions.

use super::{AT, DOMAIN, ID, NAME, ROW_REV, UPDATED_AT};
use crate::admin::{Noun, Sort, Source, Who, plain};
use crate::store::rows;

/// Groups of extensions.
pub static NOUN: Noun = Noun {
    path: "groups",
    one: "group",
    about: "Extensions that share a grant.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[ID, AT, DOMAIN, NAME, ROW_REV, UPDATED_AT],
    once: &[],
    sort: &[Sort::by("name", &["name"]), Sort::BY_TIME],
    source: Source::Table(&plain::table::<rows::ExtensionGroup>(&["name"])),
    actions: &[],
};
