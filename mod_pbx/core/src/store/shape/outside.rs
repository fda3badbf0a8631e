//! The tables about calls out.

use super::{Shape, Table, flag, key, number, part, text};

pub(super) static NUMBER_PLAN: Shape = Shape {
    table: Table::NumberPlan,
    columns: &[
        text("id"),
        part("domain_id", Table::Domain),
        text("country_code"),
        text("national_prefix"),
        text("international_prefix"),
        text("area_code"),
        text("access_prefix"),
        text("mobile_prefixes"),
        text("premium_prefixes"),
        text("notify_email"),
        text("notify_url"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["domain_id"]],
};

pub(super) static EXTENSION_GROUP: Shape = Shape {
    table: Table::ExtensionGroup,
    columns: &[
        text("id"),
        part("domain_id", Table::Domain),
        text("name"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["domain_id", "name"]],
};

pub(super) static GROUP_MEMBER: Shape = Shape {
    table: Table::GroupMember,
    columns: &[
        text("id"),
        part("domain_id", Table::Domain),
        part("group_id", Table::ExtensionGroup),
        part("extension_id", Table::Extension),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["group_id", "extension_id"]],
};

pub(super) static CALLER_ID: Shape = Shape {
    table: Table::CallerId,
    columns: &[
        text("id"),
        part("domain_id", Table::Domain),
        text("number"),
        text("name"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["number"]],
};

pub(super) static CALLER_ID_USE: Shape = Shape {
    table: Table::CallerIdUse,
    columns: &[
        text("id"),
        part("domain_id", Table::Domain),
        part("extension_id", Table::Extension),
        part("line_id", Table::Line),
        key("caller_id", Table::CallerId),
        key("emergency_caller_id", Table::CallerId),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["extension_id"], &["line_id"]],
};

pub(super) static ROUTE: Shape = Shape {
    table: Table::Route,
    columns: &[
        text("id"),
        part("domain_id", Table::Domain),
        text("name"),
        number("priority"),
        text("pattern"),
        number("strip"),
        text("prepend"),
        flag("emergency"),
        text("class"),
        key("caller_id", Table::CallerId),
        key("schedule_id", Table::Schedule),
        flag("enabled"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["domain_id", "name"]],
};

pub(super) static ROUTE_GATEWAY: Shape = Shape {
    table: Table::RouteGateway,
    columns: &[
        text("id"),
        part("domain_id", Table::Domain),
        part("route_id", Table::Route),
        key("gateway_id", Table::Gateway),
        number("position"),
        key("caller_id", Table::CallerId),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["route_id", "gateway_id"]],
};

pub(super) static ROUTE_GRANT: Shape = Shape {
    table: Table::RouteGrant,
    columns: &[
        text("id"),
        part("domain_id", Table::Domain),
        part("route_id", Table::Route),
        part("extension_id", Table::Extension),
        part("group_id", Table::ExtensionGroup),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["route_id", "extension_id"], &["route_id", "group_id"]],
};

pub(super) static ROUTE_TEST: Shape = Shape {
    table: Table::RouteTest,
    columns: &[
        text("id"),
        part("domain_id", Table::Domain),
        text("number"),
        text("dialled"),
        text("caller"),
        text("at_time"),
        text("expect"),
        text("target"),
        text("gateway"),
        text("caller_id"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["domain_id", "number", "dialled", "at_time"]],
};

pub(super) static BLOCK: Shape = Shape {
    table: Table::Block,
    columns: &[
        text("id"),
        part("domain_id", Table::Domain),
        text("pattern"),
        text("note"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["domain_id", "pattern"]],
};

pub(super) static CAP: Shape = Shape {
    table: Table::Cap,
    columns: &[
        text("id"),
        part("domain_id", Table::Domain),
        part("extension_id", Table::Extension),
        number("concurrent"),
        number("per_hour"),
        number("per_day"),
        number("local_per_day"),
        number("national_per_day"),
        number("mobile_per_day"),
        number("international_per_day"),
        number("premium_per_day"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["domain_id", "extension_id"]],
};
