//! API keys: what opens, what does not, and for how long.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::api::{World, send};
use crate::client::{Answer, ask};
use crate::openapi::conforms;

/// A request of a program: no cookie, nothing that browsers say.
#[track_caller]
fn program(to: SocketAddr, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {key}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = ask(to, method, &format!("/api/v1/{path}"), &headers, &text);
    conforms(method, &format!("/api/v1/{path}"), &answer);
    answer
}

#[track_caller]
fn made(world: &mut World, body: Value) -> (String, Value) {
    let answer = send(&mut world.root, "POST", "keys", None, &body);
    assert_eq!(answer.status, 201, "{answer:?}");
    let row = answer.json();
    (row["shown_once"]["key"].as_str().unwrap().to_owned(), row)
}

#[test]
fn a_key_does_what_its_scopes_say_and_no_more() {
    let mut world = World::new();
    let to = world.site.public();
    let (key, _) = made(
        &mut world,
        json!({"name": "crm", "scopes": ["users:write", "lines:read"]}),
    );
    let null = Value::Null;
    let one = world.id("domains?q=one.test");
    for (path, status) in [
        ("users", 200),
        ("lines", 200),
        ("extensions", 403),
        ("keys", 403),
        ("revisions", 403),
        ("dashboard", 403),
    ] {
        let answer = program(to, &key, "GET", path, &null);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    let user = program(
        to,
        &key,
        "POST",
        "users",
        &json!({"name": "bob", "domain_id": one}),
    );
    assert_eq!(user.status, 201, "{user:?}");
    assert_eq!(program(to, &key, "POST", "lines", &json!({})).status, 403);
    // The log says whose key it was.
    let said = world.site.must("revisions --limit 1");
    assert!(said.contains("root by key crm"), "{said}");
    // No key makes keys, whatever its scopes: it would outlive its own end.
    let (all, _) = made(&mut world, json!({"name": "all", "scopes": ["*:write"]}));
    assert_eq!(program(to, &all, "GET", "keys", &null).status, 200);
    let more = program(
        to,
        &all,
        "POST",
        "keys",
        &json!({"name": "more", "scopes": ["*:write"]}),
    );
    assert_eq!((more.status, more.kind().as_str()), (403, "forbidden"));
    for bad in [
        json!([]),
        json!(["users"]),
        json!(["users:read lines:write"]),
        json!(["nobodys:read"]),
        json!("users:read"),
    ] {
        let answer = send(
            &mut world.root,
            "POST",
            "keys",
            None,
            &json!({"name": "bad", "scopes": bad}),
        );
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["field"]),
            (422, &json!("scopes")),
            "{bad}"
        );
    }
}

#[test]
fn a_key_is_at_most_its_person_and_ends_with_them() {
    let mut world = World::new();
    let to = world.site.public();
    let null = Value::Null;
    let mine = send(
        &mut world.chief,
        "POST",
        "keys",
        None,
        &json!({"name": "mine", "scopes": ["*:write"]}),
    );
    let key = mine.json()["shown_once"]["key"].as_str().unwrap().to_owned();
    // It is made for who makes it: for nobody else, whatever is sent.
    let other = world.id("users?q=root");
    let forged = send(
        &mut world.chief,
        "POST",
        "keys",
        None,
        &json!({"name": "x", "scopes": ["*:write"], "user_id": other}),
    );
    assert_eq!(forged.status, 422);
    let two = world.id("domains?q=two.test");
    assert_eq!(program(to, &key, "GET", "settings", &null).status, 403);
    assert_eq!(
        program(to, &key, "GET", &format!("domains/{two}"), &null).status,
        404
    );
    assert_eq!(program(to, &key, "GET", "users", &null).status, 200);
    // A user's does nothing here at all.
    let said = world
        .site
        .must("key add own --user alice@one.test --scopes \"*:write\" json");
    let users: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        program(to, users["token"].as_str().unwrap(), "GET", "users", &null).status,
        403
    );
    // Its person is disabled: it opens nothing from the next request on; enabled again, it does.
    world.site.must("user set chief@one.test --enabled no");
    let refused = program(to, &key, "GET", "users", &null);
    assert_eq!((refused.status, refused.kind().as_str()), (401, "wrong-key"));
    world.site.must("user set chief@one.test --enabled yes");
    assert_eq!(program(to, &key, "GET", "users", &null).status, 200);
    // And it may be at most what they are now.
    world.site.must("user set chief@one.test --role user");
    assert_eq!(program(to, &key, "GET", "users", &null).status, 403);
}

#[test]
fn a_key_ends_when_it_is_revoked_turned_off_or_over() {
    let mut world = World::new();
    let to = world.site.public();
    let null = Value::Null;
    let (key, row) = made(&mut world, json!({"name": "k", "scopes": ["users:read"]}));
    assert_eq!(row["last_used_at"], null);
    assert_eq!(program(to, &key, "GET", "users", &null).status, 200);
    let path = format!("keys/{}", row["id"].as_str().unwrap());
    let seen = send(&mut world.root, "GET", &path, None, &null).json();
    assert!(
        seen["last_used_at"].is_string() && seen["last_used_from"] == "127.0.0.1",
        "{seen}"
    );
    let off = send(
        &mut world.root,
        "PATCH",
        &path,
        seen["row_rev"].as_u64(),
        &json!({"enabled": false}),
    );
    assert_eq!(off.status, 200, "{off:?}");
    assert_eq!(program(to, &key, "GET", "users", &null).status, 401);
    let past = json!({"enabled": true, "expires_at": "2020-01-01T00:00:00Z"});
    let over = send(
        &mut world.root,
        "PATCH",
        &path,
        off.json()["row_rev"].as_u64(),
        &past,
    );
    assert_eq!(program(to, &key, "GET", "users", &null).status, 401);
    let future = json!({"expires_at": "2099-01-01T00:00:00Z"});
    let good = send(
        &mut world.root,
        "PATCH",
        &path,
        over.json()["row_rev"].as_u64(),
        &future,
    );
    assert_eq!(program(to, &key, "GET", "users", &null).status, 200);
    let gone = send(
        &mut world.root,
        "DELETE",
        &path,
        good.json()["row_rev"].as_u64(),
        &null,
    );
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(program(to, &key, "GET", "users", &null).status, 401);
    // The key itself is nowhere: not in the database, and neither it nor its hash in the log of revisions.
    for file in ["pbx.db", "pbx.db-wal"] {
        let bytes = std::fs::read(world.site.folder.path().join(file)).unwrap_or_default();
        assert!(
            !bytes.windows(key.len()).any(|window| window == key.as_bytes()),
            "{file}"
        );
    }
    let rev = gone.json()["revision"].clone();
    let told = send(&mut world.root, "GET", &format!("revisions/{rev}"), None, &null);
    assert!(!told.body.contains("token_hash\":"), "{told:?}");
    assert_eq!(
        told.json()["changes"][0]["secrets_changed"],
        json!(["token_hash"])
    );
}

#[test]
fn with_a_key_a_cookie_counts_for_nothing() {
    let mut world = World::new();
    let to = world.site.public();
    let cookie = format!("__Host-pbx={}", world.root.session.as_deref().unwrap());
    let (key, _) = made(&mut world, json!({"name": "k", "scopes": ["users:read"]}));
    let with = |authorization: &[&str], method: &str, path: &str| {
        let mut headers = vec![("Cookie", cookie.as_str()), ("Content-Type", "application/json")];
        headers.extend(authorization.iter().map(|value| ("Authorization", *value)));
        ask(to, method, path, &headers, "{}")
    };
    let (good, wrong) = (format!("Bearer {key}"), format!("Bearer pbx_{}", "A".repeat(43)));
    // Another site's page could send a key of its own, and the browser the cookie along: it gets what the key opens.
    for bad in [wrong.as_str(), "Bearer ", "bearer x", "BEARER pbx_"] {
        for (method, path) in [
            ("POST", "/api/v1/users"),
            ("GET", "/api/v1/users"),
            ("POST", "/api/sign-out"),
            ("DELETE", "/api/sessions"),
            ("GET", "/api/me"),
        ] {
            assert_eq!(with(&[bad], method, path).status, 401, "{bad} {method} {path}");
        }
    }
    assert_eq!(
        with(&[&good], "POST", "/api/v1/users").status,
        403,
        "the key's scopes, not the cookie's power"
    );
    assert_eq!(with(&[&good], "POST", "/api/sign-out").status, 401);
    assert_eq!(
        with(&[&good, &good], "GET", "/api/v1/users").status,
        401,
        "one key at most"
    );
    assert_eq!(with(&[&wrong, &good], "GET", "/api/v1/users").status, 401);
    assert_eq!(with(&[&good], "GET", "/api/v1/users").status, 200);
    // What a proxy asks for before us is no key, and nothing is changed by it.
    assert_eq!(with(&["Basic YTpi"], "GET", "/api/v1/users").status, 200);
    let forged = with(&["Basic YTpi"], "POST", "/api/v1/users");
    assert_eq!((forged.status, forged.kind().as_str()), (403, "cross-origin"));
    assert_eq!(
        world.root.ask("GET", "/api/me", "").status,
        200,
        "who is signed in still is"
    );
}

#[test]
fn who_tries_keys_waits_and_locks_nobody_out() {
    let mut world = World::new();
    let to = world.site.public();
    let null = Value::Null;
    let (key, _) = made(&mut world, json!({"name": "k", "scopes": ["users:read"]}));
    assert_eq!(program(to, &key, "GET", "users", &null).status, 200);
    let tried: Vec<u16> = (0..25)
        .map(|number| program(to, &format!("pbx_{number:043}"), "GET", "users", &null).status)
        .collect();
    assert_eq!(tried[..20], [401; 20]);
    assert_eq!(tried[20..], [429; 5]);
    let waits = program(to, "pbx_", "GET", "users", &null);
    assert!((1..=61).contains(&waits.header("retry-after").parse::<u64>().unwrap()));
    assert_eq!(
        program(to, &key, "GET", "users", &null).status,
        200,
        "a program that has a good one goes on"
    );
}
