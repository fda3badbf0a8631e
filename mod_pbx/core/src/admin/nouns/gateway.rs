//! Gateways: ways out of the PBX, and in.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind, parsed};
use crate::admin::{Admin, Draft, Grant, Noun, Place, Plan, Refusal, Sort, Source, Stored, Who, plain};
use crate::gateways::purpose;
use crate::names::{DomainName, GatewayName, SipHost};
use crate::pbx::Pbx;
use crate::seal::Vault;
use crate::store::rows::Gateway;
use crate::store::{Change, Image, Reader, Row, Table};

/// The longest password, in bytes.
const LONGEST: usize = 128;

/// Gateways: for administrators of the whole PBX.
pub static NOUN: Noun = Noun {
    path: "gateways",
    one: "gateway",
    about: "A way out of the PBX, and in: a carrier's trunk, or another switch.",
    read: Who::Administrators,
    write: Who::Administrators,
    fields: &[
        ID,
        Field::may(
            "domain_id",
            Kind::Of(Table::Domain),
            "The domain that may use it; null: every domain.",
        )
        .or_null()
        .default("null")
        .filter(),
        DOMAIN.or_null(),
        Field::must(
            "name",
            Kind::Parsed(parsed::<GatewayName>, 32),
            "Its name, unique in the PBX.",
        ),
        Field::must(
            "proxy",
            Kind::Parsed(parsed::<SipHost>, 300),
            "Where its calls go: a host or address, maybe a port.",
        ),
        Field::may(
            "transport",
            Kind::Choice(&["udp", "tcp", "tls"]),
            "How SIP travels to it.",
        )
        .default("\"udp\""),
        Field::may(
            "realm",
            Kind::Parsed(parsed::<DomainName>, 253),
            "The realm it challenges with; null: the proxy's name.",
        )
        .or_null()
        .default("null"),
        Field::may("username", Kind::Text(128), "The account there; null: none.")
            .or_null()
            .default("null"),
        Field::may(
            "password",
            Kind::Password,
            "The account's password; stored sealed. null: none.",
        )
        .hidden()
        .or_null(),
        Field::shown("has_password", Kind::Flag, "Whether it has one."),
        Field::may(
            "register",
            Kind::Flag,
            "Whether the switch registers there; if left out, where there is a password.",
        ),
        Field::may(
            "from_domain",
            Kind::Parsed(parsed::<DomainName>, 253),
            "The domain in From; null: the proxy's name.",
        )
        .or_null()
        .default("null"),
        Field::may(
            "source_acl",
            Kind::Networks,
            "Networks its calls come from; null: none come.",
        )
        .or_null(),
        Field::may(
            "max_calls",
            Kind::Integer(0, 10_000),
            "How many calls it carries at once; 0: no limit.",
        )
        .default("0"),
        Field::may(
            "caller_id_style",
            Kind::Choice(&["from", "pai", "rpid"]),
            "Where it looks for who calls.",
        )
        .default("\"pai\""),
        Field::may(
            "ping_seconds",
            Kind::Integer(0, 3600),
            "Seconds between two OPTIONS, from 5; 0: none.",
        )
        .default("30"),
        Field::may(
            "country_code",
            Kind::Text(3),
            "In which country's way it writes numbers, by its calling code; null: as its domain's plan says.",
        )
        .or_null()
        .default("null"),
        Field::may("enabled", Kind::Flag, "Off, it does not exist for the switch.")
            .default("true")
            .filter(),
        Field::shown(
            "state",
            Kind::Choice(&["up", "down", "unknown"]),
            "Whether calls can go out by it, as far as the switch knows.",
        ),
        Field::shown(
            "calls",
            Kind::Integer(0, i64::MAX),
            "How many calls it carries now.",
        ),
        Field::shown(
            "since",
            Kind::Time,
            "Since when it is up or down; null: the switch has not said.",
        )
        .or_null(),
        Field::shown(
            "why",
            Kind::Text(1000),
            "What the other side, or the switch, said of it last; may be empty.",
        ),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[
        Sort::by("name", &["name"]),
        Sort::by("proxy", &["proxy"]),
        Sort::BY_TIME,
    ],
    source: Source::Table(&Stored {
        table: Table::Gateway,
        place: Place::DomainOrWhole,
        search: &["name", "proxy", "username"],
        show,
        create: Some(create),
        edit: Some(edit),
        delete: Some(plain::delete),
        after: |_| {},
    }),
    actions: &[],
};

fn show(admin: &Admin<'_>, _: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let Row::Gateway(gateway) = row else {
        return Ok(());
    };
    let now = admin.pbx.gateways().view();
    image.insert("has_password".into(), json!(gateway.password.is_some()));
    image.insert("state".into(), json!(now.state(gateway.id)));
    image.insert("calls".into(), json!(now.calls(gateway.id)));
    let seen = now.seen(gateway.id);
    image.insert(
        "since".into(),
        json!(seen.and_then(|seen| seen.since).map(|at| at.to_string())),
    );
    let why = seen.map(|seen| seen.why.chars().take(1000).collect::<String>());
    image.insert("why".into(), json!(why.unwrap_or_default()));
    Ok(())
}

/// A password as it is stored, sealed for the gateway of this id alone; none: there is to be none.
pub(crate) fn sealed(pbx: &Pbx, id: Uuid, password: &str) -> Result<Option<String>, Refusal> {
    if password.is_empty() {
        return Ok(None);
    }
    if password.len() > LONGEST || password.chars().any(char::is_control) {
        let why = format!("a password takes up to {LONGEST} bytes without control characters");
        return Err(Refusal::field("password", why));
    }
    let vault = Vault::of(&pbx.config().database);
    let sealed = vault.seal(&purpose(id), password);
    sealed
        .map(Some)
        .map_err(|error| Refusal::Unavailable(error.to_string()))
}

fn create(admin: &Admin<'_>, _: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    let id = Uuid::now_v7();
    let password = sealed(admin.pbx, id, draft.text("password").unwrap_or_default())?;
    let mut image = Image::new();
    draft.onto(&mut image);
    if !draft.has("register") {
        image.insert("register".into(), json!(password.is_some()));
    }
    if !draft.has("source_acl") {
        let proxy: SipHost = draft.name("proxy")?;
        image.insert(
            "source_acl".into(),
            json!(proxy.address().map(|address| address.to_string())),
        );
    }
    image.insert("id".into(), json!(id));
    image.insert("password".into(), json!(password));
    let row: Gateway =
        serde_json::from_value(Value::Object(image)).map_err(|error| Refusal::whole(error.to_string()))?;
    Ok(Plan {
        summary: format!("gateway {} added", row.name),
        changes: vec![Change::put(row)],
        id,
        once: Image::new(),
    })
}

fn edit(admin: &Admin<'_>, _: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let Row::Gateway(before) = before else {
        return Err(Refusal::Missing);
    };
    let mut values = draft.clone();
    let password = match draft.has("password") {
        true => sealed(admin.pbx, before.id, draft.text("password").unwrap_or_default())?,
        false => before.password.clone(),
    };
    values.set("password", json!(password));
    let row: Gateway = values.over(before)?;
    let mut plan = Plan {
        summary: format!("gateway {} changed", before.name),
        id: before.id,
        ..Plan::default()
    };
    if row != *before {
        plan.changes.push(Change::edit(row));
    }
    Ok(plan)
}
