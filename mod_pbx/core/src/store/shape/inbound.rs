//! The tables about calls that come in.

use super::{Shape, Table, flag, key, number, part, text};

pub(super) static SCHEDULE: Shape = Shape {
    table: Table::Schedule,
    columns: &[
        text("id"),
        key("domain_id", Table::Domain),
        text("name"),
        text("time_zone"),
        text("hours"),
        text("holidays"),
        text("forced"),
        number("code"),
        text("keys"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["domain_id", "name"]],
};

pub(super) static DID: Shape = Shape {
    table: Table::Did,
    columns: &[
        text("id"),
        key("domain_id", Table::Domain),
        text("number"),
        flag("prefix"),
        text("caller"),
        text("strategy"),
        number("ring_seconds"),
        key("schedule_id", Table::Schedule),
        text("then_kind"),
        key("then_extension_id", Table::Extension),
        key("then_did_id", Table::Did),
        text("then_announcement"),
        text("closed_kind"),
        key("closed_extension_id", Table::Extension),
        key("closed_did_id", Table::Did),
        text("closed_announcement"),
        key("gateway_id", Table::Gateway),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[],
};

pub(super) static DID_MEMBER: Shape = Shape {
    table: Table::DidMember,
    columns: &[
        text("id"),
        key("domain_id", Table::Domain),
        part("did_id", Table::Did),
        number("position"),
        key("extension_id", Table::Extension),
        text("outside"),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[],
};
