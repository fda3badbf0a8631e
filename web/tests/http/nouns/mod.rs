//! Nouns of calls from outside and out, over the API.

mod calls;
mod dids;
mod out;
mod roles;
mod route_tests;
mod schedules;
mod thought;

use serde_json::{Value, json};

use crate::api::{World, send};
use crate::client::{Answer, Browser};

/// Two domains; in the first also the extension 1002, and a gateway for everybody.
fn world() -> World {
    let world = World::new();
    world
        .site
        .must("extension add 1002@one.test --user bob --name Bob");
    world
        .site
        .must("gateway add carrier --proxy sip.example.com --source-acl 198.51.100.0/24");
    world
}

/// The id of a domain.
#[track_caller]
fn domain(world: &mut World, name: &str) -> String {
    world.id(&format!("domains?q={name}"))
}

/// The id of an extension, `1001@one.test`.
#[track_caller]
fn extension(world: &mut World, name: &str) -> String {
    let (number, domain) = name.split_once('@').unwrap();
    let domain = self::domain(world, domain);
    world.id(&format!("extensions?domain_id={domain}&q={number}"))
}

/// Makes a thing.
#[track_caller]
fn made(browser: &mut Browser, noun: &str, body: &Value) -> Value {
    let answer = send(browser, "POST", noun, None, body);
    assert_eq!(answer.status, 201, "{noun} {body}: {answer:?}");
    answer.json()
}

/// Where a thing is, and its revision.
fn at(noun: &str, row: &Value) -> (String, Option<u64>) {
    (
        format!("{noun}/{}", row["id"].as_str().unwrap()),
        row["row_rev"].as_u64(),
    )
}

/// Changes a thing.
#[track_caller]
fn changed(browser: &mut Browser, noun: &str, row: &Value, body: &Value) -> Value {
    let (path, rev) = at(noun, row);
    let answer = send(browser, "PATCH", &path, rev, body);
    assert_eq!(answer.status, 200, "{path} {body}: {answer:?}");
    answer.json()
}

/// The fields that a refusal names.
#[track_caller]
fn wrong(answer: &Answer) -> Vec<String> {
    assert_eq!(
        (answer.status, answer.kind().as_str()),
        (422, "invalid"),
        "{answer:?}"
    );
    let named = |error: &Value| error["field"].as_str().unwrap_or_default().to_owned();
    let errors = answer.json()["errors"].clone();
    let mut fields: Vec<String> = errors.as_array().unwrap().iter().map(named).collect();
    fields.sort();
    fields
}

/// Members as they are sent.
fn members(ids: &[&str]) -> Value {
    ids.iter()
        .map(|id| json!({"extension_id": id, "outside": null}))
        .collect()
}
