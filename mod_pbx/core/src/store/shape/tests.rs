//! The description is that of the row types and of the database.

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
            "at_time": "", "expect": "out", "gateway": null, "caller_id": null, "caller": null, "target": null}),
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
            "ping_seconds": 30, "enabled": true, "country_code": null})
        }
        Table::Did => {
            json!({"id": id, "domain_id": id, "number": "4930", "prefix": false, "caller": null,
            "strategy": "all", "ring_seconds": 20, "schedule_id": null, "then_kind": "hangup",
            "then_extension_id": null, "then_did_id": null, "then_announcement": null, "closed_kind": null,
            "closed_extension_id": null, "closed_did_id": null, "closed_announcement": null, "gateway_id": null})
        }
        Table::DidMember => {
            json!({"id": id, "domain_id": id, "did_id": id, "position": 0, "extension_id": id, "outside": null})
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
