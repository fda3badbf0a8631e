//! The table of the gateways.

use super::{Shape, Table, flag, key, number, text};

pub(super) static GATEWAY: Shape = Shape {
    table: Table::Gateway,
    columns: &[
        text("id"),
        key("domain_id", Table::Domain),
        text("name"),
        text("proxy"),
        text("transport"),
        text("realm"),
        text("username"),
        text("password"),
        flag("register"),
        text("from_domain"),
        text("source_acl"),
        number("max_calls"),
        text("caller_id_style"),
        number("ping_seconds"),
        flag("enabled"),
        text("country_code"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["name"]],
};
