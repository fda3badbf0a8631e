//! The one description of the tables: what the generic row writer and the checks go by.
//!
//! A test compares it with the row types and with what the migrations create.

mod outside;

use super::change::Table;

/// How a column is stored, and so how it reads in a row image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// TEXT.
    Text,
    /// INTEGER, a number.
    Number,
    /// INTEGER, 0 or 1.
    Flag,
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The table whose `id` it holds.
    pub(super) references: Option<Table>,
    /// Whether the row is a part of that, and is deleted with it.
    pub(super) part: bool,
}

/// A table.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) table: Table,
    /// All columns, `id` first.
    pub(super) columns: &'static [Column],
    /// Columns that no two rows may have alike.
    pub(super) unique: &'static [&'static [&'static str]],
}

const fn text(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Text,
        references: None,
        part: false,
    }
}

const fn number(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Number,
        references: None,
        part: false,
    }
}

const fn flag(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Flag,
        references: None,
        part: false,
    }
}

const fn key(name: &'static str, table: Table) -> Column {
    Column {
        name,
        kind: Kind::Text,
        references: Some(table),
        part: false,
    }
}

const fn part(name: &'static str, table: Table) -> Column {
    Column {
        name,
        kind: Kind::Text,
        references: Some(table),
        part: true,
    }
}

static DOMAIN: Shape = Shape {
    table: Table::Domain,
    columns: &[text("id"), text("name"), number("row_rev"), text("updated_at")],
    unique: &[&["name"]],
};

static USER: Shape = Shape {
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

static CHANNEL: Shape = Shape {
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

static EXTENSION: Shape = Shape {
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

static LINE: Shape = Shape {
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

static SETTING: Shape = Shape {
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

static SCHEDULE: Shape = Shape {
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

static GATEWAY: Shape = Shape {
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
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[&["name"]],
};

static API_KEY: Shape = Shape {
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

static DID: Shape = Shape {
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
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[],
};

static DID_MEMBER: Shape = Shape {
    table: Table::DidMember,
    columns: &[
        text("id"),
        key("domain_id", Table::Domain),
        part("did_id", Table::Did),
        number("position"),
        key("extension_id", Table::Extension),
        number("row_rev"),
        text("updated_at"),
    ],
    unique: &[],
};

/// The description of `table`.
pub(super) fn shape(table: Table) -> &'static Shape {
    match table {
        Table::Domain => &DOMAIN,
        Table::User => &USER,
        Table::Channel => &CHANNEL,
        Table::Extension => &EXTENSION,
        Table::Line => &LINE,
        Table::Setting => &SETTING,
        Table::Schedule => &SCHEDULE,
        Table::NumberPlan => &outside::NUMBER_PLAN,
        Table::ExtensionGroup => &outside::EXTENSION_GROUP,
        Table::GroupMember => &outside::GROUP_MEMBER,
        Table::CallerId => &outside::CALLER_ID,
        Table::CallerIdUse => &outside::CALLER_ID_USE,
        Table::Route => &outside::ROUTE,
        Table::RouteGateway => &outside::ROUTE_GATEWAY,
        Table::RouteGrant => &outside::ROUTE_GRANT,
        Table::RouteTest => &outside::ROUTE_TEST,
        Table::Block => &outside::BLOCK,
        Table::Cap => &outside::CAP,
        Table::Gateway => &GATEWAY,
        Table::ApiKey => &API_KEY,
        Table::Did => &DID,
        Table::DidMember => &DID_MEMBER,
    }
}

/// Every column that refers to `table`.
pub(super) fn referrers(table: Table) -> impl Iterator<Item = (&'static Shape, &'static Column)> {
    Table::ALL.iter().flat_map(move |&other| {
        let shape = shape(other);
        let refers = move |column: &&Column| column.references == Some(table);
        shape
            .columns
            .iter()
            .filter(refers)
            .map(move |column| (shape, column))
    })
}

impl Shape {
    /// `id, name, …`
    pub(super) fn column_list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        names.join(", ")
    }

    /// Reads a row by its id.
    pub(super) fn select_sql(&self) -> String {
        format!("SELECT {} FROM {} WHERE id = ?1", self.column_list(), self.table)
    }

    /// Writes a new row.
    pub(super) fn insert_sql(&self) -> String {
        let marks = (1..=self.columns.len()).map(|n| format!("?{n}"));
        format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.table,
            self.column_list(),
            marks.collect::<Vec<_>>().join(", ")
        )
    }

    /// Deletes a row by its id.
    pub(super) fn delete_sql(&self) -> String {
        format!("DELETE FROM {} WHERE id = ?1", self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::change::{Image, Row};
    use rusqlite::Connection;
    use serde_json::json;

    fn sample(table: Table) -> Image {
        let id = uuid::Uuid::now_v7();
        let value = match table {
            Table::Domain => json!({"id": id, "name": "pbx.test"}),
            Table::User => {
                json!({"id": id, "domain_id": id, "name": "alice", "display_name": "", "email": null,
                "role": "user", "password_hash": null, "enabled": true})
            }
            Table::Channel => json!({"id": id, "domain_id": id, "name": "1001"}),
            Table::Extension => json!({"id": id, "domain_id": id, "number": "1001", "user_id": id,
                "channel_id": id, "caller_id_name": "", "ring_seconds": 30, "voicemail": true,
                "voicemail_pin": null, "enabled": true}),
            Table::Line => json!({"id": id, "domain_id": id, "extension_id": id, "user_id": id,
                "username": "alice", "a1": "", "max_registrations": 1, "source_acl": null, "enabled": true}),
            Table::Setting => json!({"id": id, "name": "sip-port", "value": "5060"}),
            Table::ApiKey => json!({"id": id, "domain_id": id, "user_id": id, "name": "x", "token_hash": "",
                "scopes": "*:read", "expires_at": null, "enabled": true}),
            Table::Schedule => {
                json!({"id": id, "domain_id": id, "name": "office", "time_zone": "UTC", "hours": "",
                "holidays": "", "forced": "off", "code": 1, "keys": ""})
            }
            Table::NumberPlan => {
                json!({"id": id, "domain_id": id, "country_code": "49", "national_prefix": "0",
                "international_prefix": "00", "area_code": "", "access_prefix": "", "mobile_prefixes": "15", "premium_prefixes": "900",
                "notify_email": null,
                "notify_url": null})
            }
            Table::ExtensionGroup => json!({"id": id, "domain_id": id, "name": "sales"}),
            Table::GroupMember => json!({"id": id, "domain_id": id, "group_id": id, "extension_id": id}),
            Table::CallerId => json!({"id": id, "domain_id": id, "number": "+4930123456", "name": ""}),
            Table::CallerIdUse => json!({"id": id, "domain_id": id, "extension_id": id, "line_id": null,
                "caller_id": id, "emergency_caller_id": null}),
            Table::Route => json!({"id": id, "domain_id": id, "name": "out", "priority": 1, "pattern": "*",
                "strip": 0, "prepend": "", "emergency": false, "class": null, "caller_id": null, "schedule_id": null,
                "enabled": true}),
            Table::RouteGateway => json!({"id": id, "domain_id": id, "route_id": id, "gateway_id": id,
                "position": 0, "caller_id": id}),
            Table::RouteGrant => json!({"id": id, "domain_id": id, "route_id": id, "extension_id": id,
                "group_id": null}),
            Table::RouteTest => json!({"id": id, "domain_id": id, "number": "1001", "dialled": "112",
                "at_time": "", "expect": "out", "gateway": null, "caller_id": null}),
            Table::Block => json!({"id": id, "domain_id": id, "pattern": "+49900*", "note": ""}),
            Table::Cap => {
                json!({"id": id, "domain_id": id, "extension_id": id, "concurrent": 1, "per_hour": 1,
                "per_day": 1, "local_per_day": 1, "national_per_day": 1, "mobile_per_day": 1,
                "international_per_day": 1, "premium_per_day": 1})
            }
            Table::Gateway => {
                json!({"id": id, "domain_id": null, "name": "carrier", "proxy": "sip.example.com",
                "transport": "udp", "realm": null, "username": null, "password": null, "register": false,
                "from_domain": null, "source_acl": null, "max_calls": 0, "caller_id_style": "pai",
                "ping_seconds": 30, "enabled": true})
            }
            Table::Did => {
                json!({"id": id, "domain_id": id, "number": "4930", "prefix": false, "caller": null,
                "strategy": "all", "ring_seconds": 20, "schedule_id": null, "then_kind": "hangup",
                "then_extension_id": null, "then_did_id": null, "then_announcement": null, "closed_kind": null,
                "closed_extension_id": null, "closed_did_id": null, "closed_announcement": null})
            }
            Table::DidMember => {
                json!({"id": id, "domain_id": id, "did_id": id, "position": 0, "extension_id": id})
            }
        };
        let serde_json::Value::Object(image) = value else {
            unreachable!()
        };
        Row::from_image(table, image).unwrap().image()
    }

    fn described_in_order(shape: &Shape) -> Vec<&'static str> {
        let refers = shape.columns.iter().filter(|column| column.references.is_some());
        refers.map(|column| column.name).collect()
    }

    #[test]
    fn the_description_is_that_of_the_row_types_and_of_the_database() {
        let conn = Connection::open_in_memory().unwrap();
        for (_, sql) in crate::store::migrate::MIGRATIONS {
            conn.execute_batch(sql).unwrap();
        }
        for &table in Table::ALL {
            let shape = shape(table);
            let mut ours: Vec<&str> = shape.columns.iter().map(|c| c.name).collect();
            let mut statement = conn.prepare(&format!("PRAGMA table_info({table})")).unwrap();
            let mut stored: Vec<(String, String)> = statement
                .query_map([], |row| Ok((row.get(1)?, row.get(2)?)))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            for column in shape.columns {
                let kind = if column.kind == Kind::Text {
                    "TEXT"
                } else {
                    "INTEGER"
                };
                assert!(
                    stored.contains(&(column.name.into(), kind.into())),
                    "{table}.{}",
                    column.name
                );
            }
            let image = sample(table);
            for column in shape.columns {
                let value = &image[column.name];
                assert!(
                    match column.kind {
                        Kind::Text => value.is_string() || value.is_null(),
                        Kind::Number => value.is_u64(),
                        Kind::Flag => value.is_boolean(),
                    },
                    "{table}.{}: {value}",
                    column.name
                );
            }
            ours.sort_unstable();
            stored.sort_unstable();
            assert_eq!(
                ours,
                stored.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>()
            );
            assert_eq!(ours, image.keys().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(shape.columns[0].name, "id");

            let mut foreign: Vec<(String, String)> = conn
                .prepare(&format!("PRAGMA foreign_key_list({table})"))
                .unwrap()
                .query_map([], |row| Ok((row.get(3)?, row.get(2)?)))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            foreign.sort();
            let mut described: Vec<(String, String)> = shape
                .columns
                .iter()
                .filter_map(|c| Some((c.name.into(), c.references?.name().into())))
                .collect();
            described.sort();
            assert_eq!(foreign, described);
            let (names, refers) = table.compared();
            assert_eq!(names, shape.unique.concat());
            assert_eq!(refers, described_in_order(shape));
        }
    }
}
