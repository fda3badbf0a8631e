//! Who is in which group of extensions.

use super::{AT, DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind};
use crate::admin::{Noun, Sort, Source, Stored, Who, plain};
use crate::store::{Table, rows};

/// Members of groups.
pub static NOUN: Noun = Noun {
    path: "group-members",
    one: "group-member",
    about: "An extension in a group.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        Field::must("group_id", Kind::Of(Table::ExtensionGroup), "The group.")
            .fixed()
            .filter(),
        Field::must("extension_id", Kind::Of(Table::Extension), "The extension.")
            .fixed()
            .filter(),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[Sort::BY_TIME],
    source: Source::Table(&Stored {
        edit: None,
        ..plain::table::<rows::GroupMember>(&[
            "(SELECT number FROM extension WHERE extension.id = extension_id)",
        ])
    }),
    actions: &[],
};
