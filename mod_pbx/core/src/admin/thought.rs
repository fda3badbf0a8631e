//! Calls that are only thought of: what would happen to one and why, and whether the route tests hold. Nothing is
//! changed by it.

use std::iter::Peekable;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::field::{Field, Kind, object};
use super::nouns::route_test;
use super::openapi::{json_of, reference, responses};
use super::{Admin, Draft, Grant, Refusal, Scope, Verb, Who};
use crate::commands;
use crate::explain::{Caller, Explained, Unthinkable, explain as think};
use crate::names::{DomainName, Username};
use crate::routing::Step;
use crate::store::{Image, rows};

/// Its name in the scopes of keys.
pub const EXPLAIN: &str = "explain";

/// What is sent to have a call explained.
static CALL: [Field; 5] = [
    Field::must(
        "from",
        Kind::Text(330),
        "Who calls: an extension's number or a line's username, with @DOMAIN where there are several domains; or \
         gateway:NAME for a call that comes in.",
    ),
    Field::must("to", Kind::Text(64), "What is dialled."),
    Field::may("at", Kind::Time, "When; null: now.")
        .or_null()
        .default("null"),
    Field::may(
        "caller",
        Kind::Text(40),
        "The number of the caller of a call that comes in; null: it gives none.",
    )
    .or_null()
    .default("null"),
    Field::may(
        "transferred_by",
        Kind::Text(330),
        "An extension's number or a line's username: from is in a call with them, and they transfer it to what is dialled; \
         null: it is dialled by who calls.",
    )
    .or_null()
    .default("null"),
];

/// What happens to a call, by the lookup that answers the switch.
///
/// # Errors
/// It may not be asked, or there can be no such call.
pub fn explain(admin: &Admin<'_>, grant: &Grant, sent: Image) -> Result<Value, Refusal> {
    let scope = grant.may_at_all(Who::DomainAdministrators, EXPLAIN, Verb::Read)?;
    let call = admin.read(|reader| Draft::of("explain", &CALL, sent, &scope, reader))?;
    let text = |name: &str| call.text(name).unwrap_or_default();
    let (from, to) = (text("from"), text("to"));
    let at: Option<Timestamp> = call.text("at").and_then(|at| at.parse().ok());
    let sender = call.text("transferred_by");
    let sender = sender
        .map(|name| own(admin, &scope, "transferred_by", name))
        .transpose()?;
    let sender = sender.as_ref().map(|(domain, name)| (domain, name.as_str()));
    let explained = match from.strip_prefix("gateway:") {
        Some(name) => inbound(admin, &scope, name, (to, call.text("caller"), at, sender))?,
        None if call.text("caller").is_some() => {
            let why = "caller goes with from gateway:NAME: who calls from inside has a number already";
            return Err(Refusal::field("caller", why));
        }
        None => {
            let (domain, name) = own(admin, &scope, "from", from)?;
            let caller = Caller::Own(&domain, name.as_str());
            think(admin.pbx, caller, to, at, sender).map_err(|why| refused(why, from))?
        }
    };
    let mut steps = explained.steps.iter().peekable();
    Ok(json!({
        "from": from,
        "to": to,
        "transferred_by": call.text("transferred_by"),
        "at": at.map(|at| at.to_string()),
        "domain": explained.domain,
        "steps": tree(&mut steps, 0),
        "answer": explained.document,
    }))
}

/// The extension or line that a field names, and its domain.
fn own(
    admin: &Admin<'_>,
    scope: &Scope,
    field: &'static str,
    from: &str,
) -> Result<(DomainName, Username), Refusal> {
    let bad = |bad: crate::names::BadName| Refusal::field(field, bad.0);
    let (name, domain) = match from.split_once('@') {
        Some((name, domain)) => (name, Some(domain.parse::<DomainName>().map_err(bad)?)),
        None => (from, None),
    };
    let name = name.parse().map_err(bad)?;
    if let Some(domain) = domain {
        return match scope.holds_name(Some(domain.as_str())) {
            true => Ok((domain, name)),
            false => Err(nobody(field, from)),
        };
    }
    if let Scope::Domain(_, own) = scope {
        return Ok((own.clone(), name));
    }
    match admin.read(|reader| Ok(reader.domains()?))?.as_slice() {
        [rows::Domain { name: only, .. }] => Ok((only.clone(), name)),
        all => {
            let why = format!("there are {} domains: write {name}@DOMAIN", all.len());
            Err(Refusal::field(field, why))
        }
    }
}

fn nobody(field: &'static str, name: &str) -> Refusal {
    let why = format!("there is no extension or line {name}, or it is disabled");
    Refusal::field(field, why)
}

/// Who transfers the call, if anybody does.
type Sender<'a> = Option<(&'a DomainName, &'a str)>;

/// A call that comes in. Who administers only a domain learns of its own numbers, by gateways that it may use; another
/// domain's number is to them one that nobody has.
fn inbound(
    admin: &Admin<'_>,
    scope: &Scope,
    name: &str,
    (to, caller, at, sender): (&str, Option<&str>, Option<Timestamp>, Sender<'_>),
) -> Result<Explained, Refusal> {
    let snapshot = admin.pbx.store().snapshot();
    let gateway = snapshot.gateways.by_name(name);
    let gateway = match scope {
        Scope::All => gateway,
        Scope::Domain(_, own) => gateway.filter(|gateway| gateway.serves(own)),
    };
    let Some(gateway) = gateway else {
        return Err(Refusal::field("from", "there is no such gateway"));
    };
    let explained = think(admin.pbx, Caller::Outside(gateway, caller), to, at, sender);
    let explained = explained.map_err(|why| refused(why, name))?;
    match (scope, &explained.domain) {
        (Scope::Domain(_, own), domain) if domain.as_ref() != Some(own) => {
            Err(Refusal::field("to", "this domain has no such number"))
        }
        _ => Ok(explained),
    }
}

fn refused(why: Unthinkable, from: &str) -> Refusal {
    match why {
        Unthinkable::Dialled => Refusal::field("to", "to is missing: what is dialled?"),
        Unthinkable::Nobody => nobody("from", from),
        Unthinkable::NobodySends => Refusal::field(
            "transferred_by",
            "there is no such extension or line, or it is disabled",
        ),
        Unthinkable::NoSource => Refusal::field("from", format!("no call comes in by gateway {from}")),
        Unthinkable::NotOurs => Refusal::whole("the switch's own dialplan has such a call, and not this PBX"),
    }
}

/// Steps with those that are deeper under them.
fn tree<'s>(steps: &mut Peekable<impl Iterator<Item = &'s Step>>, depth: u8) -> Vec<Value> {
    let mut all = Vec::new();
    while let Some(step) = steps.next_if(|step| step.depth >= depth) {
        let under = match step.depth.checked_add(1) {
            Some(deeper) => tree(steps, deeper),
            None => Vec::new(),
        };
        all.push(json!({"text": step.text, "verdict": step.verdict, "steps": under}));
    }
    all
}

/// Whether the route tests that one may see hold.
///
/// # Errors
/// They may not be asked.
pub fn check(admin: &Admin<'_>, grant: &Grant) -> Result<Value, Refusal> {
    let scope = grant.may(&route_test::NOUN, Verb::Read)?;
    let snapshot = admin.pbx.store().snapshot();
    let mut domains: Vec<_> = snapshot.outside.iter().collect();
    domains.sort_by(|a, b| a.0.cmp(b.0));
    let seen = domains
        .into_iter()
        .filter(|(domain, _)| scope.holds_name(Some(domain.as_str())));
    let tests: Vec<Value> = seen
        .flat_map(|(domain, outside)| outside.tests.iter().map(move |test| (domain, test)))
        .map(|(domain, test)| {
            json!({"domain": domain, "test": test.to_string(), "failure": test.failure(&snapshot, domain)})
        })
        .collect();
    let failed = tests.iter().filter(|test| !test["failure"].is_null()).count();
    let warnings = commands::help_warnings(admin.pbx, &snapshot, |domain| {
        scope.holds_name(Some(domain.as_str()))
    });
    Ok(json!({"ok": failed == 0, "failed": failed, "tests": tests, "warnings": warnings}))
}

/// A step, as OpenAPI describes it.
pub(super) fn step() -> Value {
    json!({
        "type": "object",
        "description": "Something that a decision looked at.",
        "required": ["text", "verdict", "steps"],
        "additionalProperties": false,
        "properties": {
            "text": {"type": "string", "description": "In words."},
            "verdict": {"type": ["boolean", "null"], "description": "Whether it speaks for the call; null: neither."},
            "steps": {"type": "array", "items": reference("Step"), "description": "What was looked at for it."},
        },
    })
}

/// Both, as OpenAPI describes them.
pub(super) fn paths(prefix: &str) -> Map<String, Value> {
    let body = object(&CALL, |field| Some(field.create == super::field::Sent::Must));
    let explained = json!({
        "type": "object",
        "required": ["from", "to", "transferred_by", "at", "domain", "steps", "answer"],
        "additionalProperties": false,
        "properties": {
            "from": {"type": "string"},
            "to": {"type": "string"},
            "transferred_by": {"type": ["string", "null"]},
            "at": {"type": ["string", "null"], "format": "date-time"},
            "domain": {"type": ["string", "null"], "description": "Whose call it is; null: nobody has the number."},
            "steps": {"type": "array", "items": reference("Step"), "description": "The decision, in its order."},
            "answer": {"type": "string", "description": "The very document that the switch would be answered."},
        },
    });
    let checked = json!({
        "type": "object",
        "required": ["ok", "failed", "tests", "warnings"],
        "additionalProperties": false,
        "properties": {
            "ok": {"type": "boolean", "description": "Whether all hold."},
            "failed": {"type": "integer", "minimum": 0},
            "warnings": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Calls for help that no gateway would take, as of now.",
            },
            "tests": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["domain", "test", "failure"],
                    "additionalProperties": false,
                    "properties": {
                        "domain": {"type": "string"},
                        "test": {"type": "string", "description": "In words."},
                        "failure": {"type": ["string", "null"], "description": "What happens instead; null: it holds."},
                    },
                },
            },
        },
    });
    let about = "For administrators, and those of a domain for what is in it.";
    let explain = json!({
        "operationId": "explain",
        "tags": [EXPLAIN],
        "summary": "What happens to a call, and why, by the lookup that answers the switch. No call is made.",
        "description": about,
        "requestBody": {"required": true, "content": {"application/json": {"schema": body}}},
        "responses": responses(json!({"200": json_of(explained, "The decision.")}), &["400", "413", "415", "422"]),
    });
    let check = json!({
        "operationId": "check",
        "tags": [route_test::NOUN.path],
        "summary": "Asks every route test, and looks whether calls for help would be heard.",
        "description": about,
        "responses": responses(json!({"200": json_of(checked, "Which hold.")}), &[]),
    });
    Map::from_iter([
        (format!("{prefix}/explain"), json!({"post": explain})),
        (format!("{prefix}/check"), json!({"post": check})),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deeper_is_under_what_comes_before() {
        let step = |depth, text: &str| Step {
            depth,
            verdict: None,
            text: text.to_owned(),
        };
        let steps = [
            step(1, "a"),
            step(0, "b"),
            step(1, "c"),
            step(3, "d"),
            step(2, "e"),
            step(0, "f"),
        ];
        let text = json!(tree(&mut steps.iter().peekable(), 0)).to_string();
        let plain = text.replace("\"verdict\":null", "").replace(['"', ','], "");
        assert_eq!(
            plain,
            "[{steps:[]text:a}{steps:[{steps:[{steps:[]text:d}{steps:[]text:e}]text:c}]text:b}{steps:[]text:f}]"
        );
    }
}
