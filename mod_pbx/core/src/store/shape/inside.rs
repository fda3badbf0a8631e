//! The tables about domains, their people and their phones.

use super::{Shape, Table, flag, key, number, text};

pub(super) static DOMAIN: Shape = Shape {
    table: Table::Domain,
    columns: &[text("id"), text("name"), number("row_rev"), text("updated_at")],
    unique: &[&["name"]],
};

pub(super) static USER: Shape = Shape {
    table: Table::User,
    columns: &[
        text("id"),
        key("domain_id", Table::Domain),
        text("name"),
        text("display_name"),
        text("email"),
        text("role"),
        text("password_hash"),
        flag("enabled"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["domain_id", "name"]],
};

pub(super) static CHANNEL: Shape = Shape {
    table: Table::Channel,
    columns: &[
        text("id"),
        key("domain_id", Table::Domain),
        text("name"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["domain_id", "name"]],
};

pub(super) static EXTENSION: Shape = Shape {
    table: Table::Extension,
    columns: &[
        text("id"),
        key("domain_id", Table::Domain),
        text("number"),
        key("user_id", Table::User),
        key("channel_id", Table::Channel),
        text("caller_id_name"),
        number("ring_seconds"),
        flag("voicemail"),
        text("voicemail_pin"),
        flag("dnd"),
        text("forward_always"),
        text("forward_busy"),
        text("forward_no_answer"),
        text("forward_offline"),
        flag("enabled"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["domain_id", "number"], &["channel_id"]],
};

pub(super) static LINE: Shape = Shape {
    table: Table::Line,
    columns: &[
        text("id"),
        key("domain_id", Table::Domain),
        key("extension_id", Table::Extension),
        key("user_id", Table::User),
        text("username"),
        text("a1"),
        number("max_registrations"),
        text("source_acl"),
        text("srtp"),
        flag("enabled"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["domain_id", "username"]],
};
