//! What is wrong with what was sent.

use serde_json::json;

use super::{World, send};

#[test]
fn each_wrong_field_is_named_and_nothing_is_saved() {
    let mut world = World::new();
    let domain = world.id("domains?q=one.test");
    let before = world.site.must("revisions --limit 1 json");
    let cases = [
        ("extensions", json!({}), vec!["number"]),
        (
            "extensions",
            json!({"number": 1002, "ring_seconds": "30", "voicemail": "yes"}),
            vec!["number", "ring_seconds", "voicemail"],
        ),
        (
            "extensions",
            json!({"number": "1002", "ring_seconds": 4, "domain_id": domain, "user_id": domain}),
            vec!["ring_seconds", "user_id"],
        ),
        (
            "extensions",
            json!({"number": "1002", "domain_id": domain}),
            vec!["user_id"],
        ),
        (
            "extensions",
            json!({"number": "1002", "new_user": {"name": "zoe", "display_name": "Zoe"}}),
            vec!["domain_id"],
        ),
        (
            "extensions",
            json!({"number": "1002", "domain_id": domain, "new_user": {"name": "zoe"}}),
            vec!["new_user"],
        ),
        (
            "extensions",
            json!({"number": "1002", "domain_id": domain, "new_user": {"name": "zoe", "display_name": "Z", "role": "administrator"}}),
            vec!["new_user"],
        ),
        (
            "users",
            json!({"name": "x y", "email": "nobody", "role": "king", "enabled": null}),
            vec!["email", "enabled", "name", "role"],
        ),
        (
            "users",
            json!({"name": "zoe", "display_name": "a\nb", "domain_id": domain}),
            vec!["display_name"],
        ),
        (
            "users",
            json!({"name": "zoe", "display_name": "x".repeat(65), "domain_id": domain}),
            vec!["display_name"],
        ),
        (
            "users",
            json!({"name": "zoe", "password": "short", "domain_id": domain}),
            vec!["password"],
        ),
        (
            "users",
            json!({"name": "zoe", "domain_id": null}),
            vec!["domain_id"],
        ),
        // Mass assignment: what is only shown, or is a column and no field, cannot be set.
        (
            "users",
            json!({"name": "zoe", "domain_id": domain, "password_hash": "x", "id": domain, "row_rev": 1, "has_password": true}),
            vec!["has_password", "id", "password_hash", "row_rev"],
        ),
        (
            "lines",
            json!({"username": "zoe", "a1": "0".repeat(32), "domain_id": domain}),
            vec!["a1", "domain_id", "extension_id"],
        ),
        (
            "lines",
            json!({"username": "zoe", "extension_id": "1001", "source_acl": "10.0.0.0/33", "srtp": "Required"}),
            vec!["extension_id", "source_acl", "srtp"],
        ),
        ("domains", json!({"name": "two.test"}), vec!["name"]),
        ("domains", json!({"name": "a b"}), vec!["name"]),
    ];
    for (path, body, fields) in cases {
        let answer = send(&mut world.root, "POST", path, None, &body);
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (422, "invalid"),
            "{path} {body}: {answer:?}"
        );
        let mut named: Vec<String> = answer.json()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap_or_default().to_owned())
            .collect();
        named.sort();
        assert_eq!(named, fields, "{path} {body}: {answer:?}");
    }
    assert_eq!(world.site.must("revisions --limit 1 json"), before);
}

#[test]
fn bodies_that_are_no_plain_object_are_refused() {
    let world = World::new();
    let long = format!("{{\"name\": \"{}\"}}", "x".repeat(70_000));
    let cases: [(&str, &str, u16); 8] = [
        (
            "application/json",
            r#"{"name": "zoe", "role": "user", "role": "administrator"}"#,
            400,
        ),
        ("application/json", "[]", 400),
        ("application/json", "{", 400),
        ("application/json", "", 400),
        ("application/json", &"[".repeat(10_000), 400),
        ("text/plain", r#"{"name": "zoe"}"#, 415),
        ("application/x-www-form-urlencoded", "name=zoe", 415),
        ("application/json", &long, 413),
    ];
    for (kind, body, status) in cases {
        let mut sender = world.root.clone();
        let headers = sender.headers();
        let headers = headers.iter().filter(|(name, _)| name != "Content-Type");
        let mut headers: Vec<(&str, &str)> = headers
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        headers.push(("Content-Type", kind));
        let answer = crate::client::ask(sender.to, "POST", "/api/v1/users", &headers, body);
        assert_eq!(answer.status, status, "{kind} {:.60}: {answer:?}", body);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        sender.session = None;
        // Who is not signed in is told that, whatever they send.
        let headers: Vec<_> = headers
            .into_iter()
            .filter(|(name, _)| *name != "Cookie")
            .collect();
        let stranger = crate::client::ask(sender.to, "POST", "/api/v1/users", &headers, "{}");
        assert_eq!(stranger.status, 401);
    }
}
