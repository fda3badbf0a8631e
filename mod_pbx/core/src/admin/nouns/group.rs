//! Groups of extensions.

use super::{AT, DOMAIN, ID, NAME, ROW_REV, UPDATED_AT, group_members};
use crate::admin::{Noun, Sort, Source, Stored, Who, plain};
use crate::store::rows;

/// Groups of extensions.
pub static NOUN: Noun = Noun {
    path: "groups",
    one: "group",
    about: "Extensions that share a grant.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        NAME,
        group_members::MEMBERS,
        group_members::SIZE,
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[Sort::by("name", &["name"]), Sort::BY_TIME],
    source: Source::Table(&Stored {
        show: group_members::show,
        create: Some(group_members::create),
        edit: Some(group_members::edit),
        ..plain::table::<rows::ExtensionGroup>(&["name"])
    }),
    actions: &[],
};
