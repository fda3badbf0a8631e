//! Calls out: groups of extensions, who may take which route, as whom and how much. Each noun here is a table with
//! nothing of its own.
//!
//! What costs money, and whose number is shown, is for the administrators of the whole PBX to say; those of a domain
//! see it, put their extensions into groups and block numbers.

use super::{DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind, parsed};
use crate::admin::{Admin, Noun, Place, Refusal, Show, Sort, Source, Stored, Who, plain};
use crate::names::{E164, Slug};
use crate::routing::pattern::Pattern;
use crate::store::{Image, Reader, Row, Table, rows};

const AT: Field = Field::may(
    "domain_id",
    Kind::Of(Table::Domain),
    "Its domain; need not be said where there is only one.",
)
.fixed()
.filter();
const NAME: Field = Field::must(
    "name",
    Kind::Parsed(parsed::<Slug>, 32),
    "Its name, unique in the domain.",
);

const BY_NAME: &[Sort] = &[
    Sort {
        name: "name",
        terms: &["name"],
    },
    Sort {
        name: "updated_at",
        terms: &["updated_at"],
    },
];
const BY_TIME: &[Sort] = &[Sort {
    name: "updated_at",
    terms: &["updated_at"],
}];

fn nothing(_: &Admin<'_>, _: &Reader<'_>, _: &Row, _: &mut Image) -> Result<(), Refusal> {
    Ok(())
}

const SHOW: Show = nothing;

/// Groups of extensions.
pub static GROUPS: Noun = Noun {
    path: "groups",
    one: "group",
    about: "Extensions that share a grant.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[ID, AT, DOMAIN, NAME, ROW_REV, UPDATED_AT],
    once: &[],
    sort: BY_NAME,
    source: Source::Table(&Stored {
        table: Table::ExtensionGroup,
        place: Place::Domain,
        search: &["name"],
        show: SHOW,
        create: Some(plain::create::<rows::ExtensionGroup>),
        edit: Some(plain::edit),
        delete: Some(plain::delete),
        after: |_| {},
    }),
    actions: &[],
};

/// Who is in them.
pub static MEMBERS: Noun = Noun {
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
    sort: BY_TIME,
    source: Source::Table(&Stored {
        table: Table::GroupMember,
        place: Place::Domain,
        search: &["(SELECT number FROM extension WHERE extension.id = extension_id)"],
        show: SHOW,
        create: Some(plain::create::<rows::GroupMember>),
        edit: None,
        delete: Some(plain::delete),
        after: |_| {},
    }),
    actions: &[],
};

/// Numbers that domains own.
pub static CALLER_IDS: Noun = Noun {
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
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[
        Sort {
            name: "number",
            terms: &["number"],
        },
        Sort {
            name: "name",
            terms: &["name"],
        },
        Sort {
            name: "updated_at",
            terms: &["updated_at"],
        },
    ],
    source: Source::Table(&Stored {
        table: Table::CallerId,
        place: Place::Domain,
        search: &["number", "name"],
        show: SHOW,
        create: Some(plain::create::<rows::CallerId>),
        edit: Some(plain::edit),
        delete: Some(plain::delete),
        after: |_| {},
    }),
    actions: &[],
};

/// Ways out.
pub static ROUTES: Noun = Noun {
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
        Sort {
            name: "priority",
            terms: &["priority", "name"],
        },
        Sort {
            name: "name",
            terms: &["name"],
        },
        Sort {
            name: "updated_at",
            terms: &["updated_at"],
        },
    ],
    source: Source::Table(&Stored {
        table: Table::Route,
        place: Place::Domain,
        search: &["name", "pattern"],
        show: SHOW,
        create: Some(plain::create::<rows::Route>),
        edit: Some(plain::edit),
        delete: Some(plain::delete),
        after: |_| {},
    }),
    actions: &[],
};

/// Who may take them.
pub static GRANTS: Noun = Noun {
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
    sort: BY_TIME,
    source: Source::Table(&Stored {
        table: Table::RouteGrant,
        place: Place::Domain,
        search: &["(SELECT name FROM route WHERE route.id = route_id)"],
        show: SHOW,
        create: Some(plain::create::<rows::RouteGrant>),
        edit: None,
        delete: Some(plain::delete),
        after: |_| {},
    }),
    actions: &[],
};

/// Numbers that nobody may call.
pub static BLOCKS: Noun = Noun {
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
    sort: &[
        Sort {
            name: "pattern",
            terms: &["pattern"],
        },
        Sort {
            name: "updated_at",
            terms: &["updated_at"],
        },
    ],
    source: Source::Table(&Stored {
        table: Table::Block,
        place: Place::Domain,
        search: &["pattern", "note"],
        show: SHOW,
        create: Some(plain::create::<rows::Block>),
        edit: Some(plain::edit),
        delete: Some(plain::delete),
        after: |_| {},
    }),
    actions: &[],
};

const MANY: Kind = Kind::Integer(0, 1_000_000);
const CAP: &str = "And of these, of this class; null: as the domain says.";

/// How much may be called out.
pub static CAPS: Noun = Noun {
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
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: BY_TIME,
    source: Source::Table(&Stored {
        table: Table::Cap,
        place: Place::Domain,
        search: &["(SELECT number FROM extension WHERE extension.id = extension_id)"],
        show: SHOW,
        create: Some(plain::create::<rows::Cap>),
        edit: Some(plain::edit),
        delete: Some(plain::delete),
        after: |_| {},
    }),
    actions: &[],
};
