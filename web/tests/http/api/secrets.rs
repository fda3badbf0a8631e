//! What nobody is told.

use serde_json::{Value, json};

use super::{World, send};

#[test]
fn no_answer_and_no_log_holds_a_secret() {
    let mut world = World::new();
    let domain = world.id("domains?q=one.test");
    let secrets = ["kT8!vqPz2w-secret", "80412973"];
    let body = json!({"domain_id": domain, "number": "1005", "new_user": {"name": "eve", "display_name": "Eve"},
        "voicemail_pin": secrets[1], "new_lines": ["eve-desk"], "password": secrets[0]});
    let made = send(&mut world.root, "POST", "extensions", None, &body);
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(
        made.json()["shown_once"].get("voicemail_pin"),
        None,
        "who chose it knows it"
    );
    let eve = world.row("users?q=eve");
    let path = format!("users/{}", eve["id"].as_str().unwrap());
    let set = send(
        &mut world.root,
        "PATCH",
        &path,
        eve["row_rev"].as_u64(),
        &json!({"password": secrets[0]}),
    );
    assert_eq!((set.status, &set.json()["has_password"]), (200, &json!(true)));
    let mut all = format!("{}{}", made.body, set.body);
    world.site.must("setting set smtp-password 80412973-mail");
    let revisions = world.root.ask("GET", "/api/v1/revisions?size=1000", "").json();
    for revision in revisions["rows"].as_array().unwrap() {
        let path = format!("revisions/{}", revision["rev"]);
        all.push_str(&send(&mut world.root, "GET", &path, None, &Value::Null).body);
    }
    for list in [
        "users",
        "extensions",
        "lines",
        "channels",
        "domains",
        "settings",
        "keys",
        "sessions",
        "sign-ins",
    ] {
        all.push_str(
            &world
                .root
                .ask("GET", &format!("/api/v1/{list}?size=1000"), "")
                .body,
        );
    }
    for word in secrets.into_iter().chain([
        "argon2",
        "\"a1\":",
        "password_hash\":",
        "\"voicemail_pin\":",
        "sealed:",
        "token_hash\":",
    ]) {
        assert!(!all.contains(word), "{word}");
    }
}
