//! The OpenAPI document against what is answered: every answer of `/api/v1` that a test gets is held against it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::api::{World, send};
use crate::client::{Answer, Browser, ask};
use crate::site::Site;

const PREFIX: &str = "/api/v1/";
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| pbx_core::admin::openapi::document("/api/v1"));

static SCHEMAS: LazyLock<Mutex<HashMap<String, &'static Validator>>> = LazyLock::new(Mutex::default);

/// Whether a value is what a schema of the document says, and what is wrong with it.
fn valid(schema: &Value, value: &Value) -> Result<(), String> {
    let name = schema.to_string();
    let mut known = SCHEMAS.lock().unwrap();
    let validator = *known.entry(name).or_insert_with(|| {
        let whole = json!({"allOf": [schema], "components": DOCUMENT["components"]});
        let options = jsonschema::options().should_validate_formats(true).build(&whole);
        Box::leak(Box::new(options.expect("a schema")))
    });
    drop(known);
    let wrong: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

/// The path of the document that a request's path is one of.
fn template(path: &str) -> Option<&'static String> {
    let path = path.split('?').next().unwrap_or_default();
    let paths = DOCUMENT["paths"].as_object().unwrap().keys();
    let mut fits = paths.filter(|known| {
        let (ours, theirs): (Vec<_>, Vec<_>) = (known.split('/').collect(), path.split('/').collect());
        ours.len() == theirs.len()
            && ours
                .iter()
                .zip(&theirs)
                .all(|(a, b)| a == b || *a == "{id}" && !b.is_empty())
    });
    fits.next()
}

/// An answer is described: its status, and what is in it.
#[track_caller]
pub(crate) fn conforms(method: &str, path: &str, answer: &Answer) {
    let Some(template) = template(path) else {
        assert_eq!(
            answer.status, 404,
            "{method} {path} is answered and not described: {answer:?}"
        );
        return;
    };
    let operation = &DOCUMENT["paths"][template][method.to_ascii_lowercase()];
    if operation.is_null() {
        assert_eq!(
            answer.status, 405,
            "{method} {template} is answered and not described: {answer:?}"
        );
        return;
    }
    // What the server says before it has found the operation.
    if [405, 408, 421].contains(&answer.status) {
        panic!("{method} {template} is described and answers {answer:?}");
    }
    let response = &operation["responses"][answer.status.to_string()];
    assert!(
        !response.is_null(),
        "{method} {template} does not say that it answers {answer:?}"
    );
    let kind = answer.header("content-type");
    let kind = kind.split(';').next().unwrap_or_default().to_owned();
    let schema = &response["content"][kind.as_str()]["schema"];
    assert!(
        !schema.is_null(),
        "{method} {template} {} does not say {kind}",
        answer.status
    );
    let body = if kind == "text/csv" {
        Value::from(answer.body.clone())
    } else {
        answer.json()
    };
    if let Err(wrong) = valid(schema, &body) {
        panic!("{method} {template} {}: {wrong}\n{}", answer.status, answer.body);
    }
}

#[test]
fn the_document_is_served_to_anybody_and_names_what_there_is() {
    let site = Site::new(&[]);
    let answer = ask(site.public(), "GET", "/api/openapi.json", &[], "");
    assert_eq!((answer.status, answer.json()), (200, DOCUMENT.clone()));
    assert_eq!(DOCUMENT["openapi"], "3.1.0");
    // Each reference leads somewhere, each name is there once.
    let text = DOCUMENT.to_string();
    for reference in text.split("\"$ref\":\"#/").skip(1) {
        let pointer = format!("/{}", reference.split('"').next().unwrap());
        assert!(DOCUMENT.pointer(&pointer).is_some(), "{pointer}");
    }
    let mut names = Vec::new();
    for (path, operations) in DOCUMENT["paths"].as_object().unwrap() {
        for method in METHODS.map(str::to_ascii_lowercase) {
            let Some(operation) = operations.get(&method) else {
                continue;
            };
            names.push(operation["operationId"].as_str().unwrap().to_owned());
            let described = operations["parameters"].as_array().into_iter().flatten();
            assert_eq!(described.count(), usize::from(path.contains("{id}")), "{path}");
        }
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(all > 30, "{all}");
}

#[test]
fn what_is_described_answers_as_described_and_nothing_else_answers() {
    let mut world = World::new();
    for (path, operations) in DOCUMENT["paths"].as_object().unwrap() {
        // A thing that there is, where there is one.
        let rest = path.strip_prefix(PREFIX).unwrap();
        let noun = rest.split('/').next().unwrap();
        let listed = match rest.contains("{id}") && !["imports", "export"].contains(&noun) {
            true => send(&mut world.root, "GET", noun, None, &Value::Null).json()["rows"].clone(),
            false => json!([]),
        };
        // Not the session that is asked with.
        let rows = listed.as_array().unwrap().iter();
        let others = rows.filter(|row| noun != "sessions" || row["user"] == "alice@one.test");
        let listed: Vec<&Value> = others.collect();
        let nothing = json!("00000000-0000-7000-8000-000000000000");
        let id = listed
            .first()
            .map_or(&nothing, |row| &row["id"])
            .as_str()
            .unwrap();
        let path = rest.replace("{id}", id);
        for method in METHODS {
            let described = operations.get(method.to_ascii_lowercase()).is_some();
            // No change is good enough to be made but what an action does.
            let mut browser = if path.ends_with("revert") {
                world.chief.clone()
            } else {
                world.root.clone()
            };
            let answer = send(&mut browser, method, &path, Some(0), &json!({"no such field": 1}));
            assert_eq!(answer.status != 405, described, "{method} {path}: {answer:?}");
            let is_noun = !["imports", "export"].contains(&noun);
            if method == "GET" && is_noun && (!rest.contains("{id}") || !listed.is_empty()) && described {
                assert_eq!(answer.status, 200, "{path}: {answer:?}");
            }
        }
    }
}

#[test]
fn what_may_be_sent_is_what_is_taken() {
    let mut world = World::new();
    let domain = world.id("domains?q=one.test");
    let user = world.id(&format!("users?q=alice&domain_id={domain}"));
    let extension = world.id(&format!("extensions?domain_id={domain}"));
    let good = [
        (
            "users",
            "User",
            json!({"name": "bob", "domain_id": domain, "email": null, "role": "user", "enabled": false}),
        ),
        (
            "extensions",
            "Extension",
            json!({"number": "1200", "user_id": user, "domain_id": domain, "ring_seconds": 5, "forward_busy": "1001", "forward_always": null, "new_lines": ["x1200"]}),
        ),
        (
            "lines",
            "Line",
            json!({"username": "desk", "extension_id": extension, "source_acl": "192.0.2.0/24", "srtp": "required"}),
        ),
        ("domains", "Domain", json!({"name": "three.test"})),
        (
            "keys",
            "Key",
            json!({"name": "k", "scopes": ["users:read"], "expires_at": "2099-01-01T00:00:00Z"}),
        ),
    ];
    for (noun, name, body) in good {
        let schema = json!({"$ref": format!("#/components/schemas/New{name}")});
        valid(&schema, &body).unwrap_or_else(|wrong| panic!("{noun}: {wrong}"));
        let made = send(&mut world.root, "POST", noun, None, &body);
        assert_eq!(made.status, 201, "{noun}: {made:?}");
        // What the document does not take is not taken.
        for (field, value) in [
            ("no such field", json!(1)),
            ("id", json!(domain)),
            ("row_rev", json!(1)),
        ] {
            let mut bad = body.clone();
            bad[field] = value;
            assert!(valid(&schema, &bad).is_err(), "{noun}: {bad}");
            assert_eq!(send(&mut world.root, "POST", noun, None, &bad).status, 422);
        }
        for field in body.as_object().unwrap().keys() {
            let mut bad = body.clone();
            bad[field] = json!({"neither": ["text", "nor", "number"]});
            assert!(valid(&schema, &bad).is_err(), "{noun}: {bad}");
            assert_eq!(
                send(&mut world.root, "POST", noun, None, &bad).status,
                422,
                "{noun}: {bad}"
            );
        }
        let (id, rev) = (
            made.json()["id"].as_str().unwrap().to_owned(),
            made.json()["row_rev"].as_u64(),
        );
        let edit = json!({"$ref": format!("#/components/schemas/Edit{name}")});
        assert!(valid(&edit, &json!({})).is_ok() && valid(&edit, &json!({"id": id})).is_err());
        let same = send(&mut world.root, "PATCH", &format!("{noun}/{id}"), rev, &json!({}));
        assert_eq!(
            (same.status, same.json()["row_rev"].as_u64()),
            (200, rev),
            "{same:?}"
        );
    }
}

#[test]
fn strangers_are_told_nothing_but_that() {
    let site = Site::new(&[]);
    let mut stranger = Browser::new(site.public());
    for (path, operations) in DOCUMENT["paths"].as_object().unwrap() {
        for method in METHODS {
            if operations.get(method.to_ascii_lowercase()).is_some() {
                let path = path.strip_prefix(PREFIX).unwrap().replace("{id}", "1");
                let answer = send(&mut stranger, method, &path, Some(1), &json!({}));
                assert_eq!(
                    (answer.status, answer.kind().as_str()),
                    (401, "not-signed-in"),
                    "{method} {path}"
                );
            }
        }
    }
}
