//! The tables about the PBX itself.

use super::{Shape, Table, flag, key, number, text};

pub(super) static SETTING: Shape = Shape {
    table: Table::Setting,
    columns: &[
        text("id"),
        text("name"),
        text("value"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["name"]],
};

pub(super) static API_KEY: Shape = Shape {
    table: Table::ApiKey,
    columns: &[
        text("id"),
        key("domain_id", Table::Domain),
        key("user_id", Table::User),
        text("name"),
        text("token_hash"),
        text("scopes"),
        text("expires_at"),
        flag("enabled"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["user_id", "name"], &["token_hash"]],
};
