//! Making, changing and deleting, and what is based on something else.

use serde_json::{Value, json};

use super::{World, send};

#[test]
fn an_extension_is_made_with_person_and_phone_changed_and_deleted() {
    let mut world = World::new();
    let domain = world.id("domains?q=one.test");
    let wanted = json!({
        "domain_id": domain, "number": "1002", "new_user": {"name": "Bob", "display_name": "Bob B"},
        "new_lines": ["bob-desk"], "ring_seconds": 20,
    });
    let made = send(&mut world.root, "POST", "extensions", None, &wanted);
    assert_eq!(made.status, 201, "{made:?}");
    let row = made.json();
    let id = row["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("/api/v1/extensions/{id}"));
    assert_eq!(made.header("etag"), format!("\"{}\"", row["row_rev"]));
    assert_eq!(
        (
            &row["number"],
            &row["user"],
            &row["lines"],
            &row["domain"],
            &row["caller_id_name"]
        ),
        (
            &json!("1002"),
            &json!("bob"),
            &json!(["bob-desk"]),
            &json!("one.test"),
            &json!("Bob B")
        )
    );
    let phone = &row["shown_once"]["phones"][0];
    assert_eq!(phone["username"], "bob-desk");
    assert_eq!(phone["password"].as_str().unwrap().len(), 16);
    let pin = row["shown_once"]["voicemail_pin"].as_str().unwrap();
    assert_eq!(pin.len(), 6);
    // The channel came along, under the address that the extension tells.
    let channel = world.row("channels?q=1002");
    assert_eq!(channel["id"], row["channel_id"]);
    assert_eq!(channel["url"], row["channel_url"]);
    // All of it is one revision, by who made it, and what is looked up next has it.
    let said = world.site.must("revisions --limit 1");
    assert!(
        said.contains("root") && said.contains("extension 1002@one.test added"),
        "{said}"
    );
    assert!(
        world
            .site
            .must("lookup directory key_value=one.test user=bob-desk")
            .contains("bob-desk")
    );
    // Only what is sent is changed.
    let rev = row["row_rev"].as_u64();
    let changed = send(
        &mut world.root,
        "PATCH",
        &format!("extensions/{id}"),
        rev,
        &json!({"number": "1003"}),
    );
    assert_eq!(changed.status, 200, "{changed:?}");
    let changed = changed.json();
    assert_eq!(changed["number"], "1003");
    for same in [
        "caller_id_name",
        "ring_seconds",
        "user_id",
        "channel_id",
        "voicemail",
        "lines",
        "enabled",
    ] {
        assert_eq!(changed[same], row[same], "{same}");
    }
    assert_eq!(changed.get("shown_once"), None, "the PIN is what it was");
    assert_eq!(
        world.row("channels?q=1003")["id"],
        row["channel_id"],
        "the channel goes by the number"
    );
    // Nothing to change is no revision.
    let rev = changed["row_rev"].as_u64();
    let same = send(
        &mut world.root,
        "PATCH",
        &format!("extensions/{id}"),
        rev,
        &json!({"number": "1003"}),
    );
    assert_eq!((same.status, same.json()["row_rev"].as_u64()), (200, rev));
    // It has a line, which goes along only if that is said.
    let path = format!("extensions/{id}");
    let refused = send(&mut world.root, "DELETE", &path, rev, &Value::Null);
    assert_eq!((refused.status, refused.kind().as_str()), (409, "conflict"));
    let gone = send(
        &mut world.root,
        "DELETE",
        &format!("{path}?with_everything=true"),
        rev,
        &Value::Null,
    );
    assert_eq!(gone.status, 200, "{gone:?}");
    assert!(gone.json()["revision"].as_u64() > rev);
    assert_eq!(
        send(&mut world.root, "GET", &path, None, &Value::Null).status,
        404
    );
    assert_eq!(
        world.root.ask("GET", "/api/v1/lines?q=bob-desk", "").json()["total"],
        0
    );
}

#[test]
fn a_stale_change_is_refused_with_what_is_there_now_and_loses_nothing() {
    let mut world = World::new();
    let domain = world.id("domains?q=one.test");
    let row = world.row(&format!("users?q=alice&domain_id={domain}"));
    let (path, rev) = (
        format!("users/{}", row["id"].as_str().unwrap()),
        row["row_rev"].as_u64(),
    );
    // Two people read it; the first saves.
    let first = send(
        &mut world.chief,
        "PATCH",
        &path,
        rev,
        &json!({"email": "alice@example.com"}),
    );
    assert_eq!(first.status, 200, "{first:?}");
    let second = send(
        &mut world.root,
        "PATCH",
        &path,
        rev,
        &json!({"display_name": "Alice A"}),
    );
    assert_eq!(
        (second.status, second.kind().as_str()),
        (412, "changed"),
        "{second:?}"
    );
    let current = second.json()["current"].clone();
    assert_eq!(current["email"], "alice@example.com");
    assert_eq!(current["display_name"], "Alice");
    // With the revision that the refusal tells it goes, and the first change stays.
    let again = send(
        &mut world.root,
        "PATCH",
        &path,
        current["row_rev"].as_u64(),
        &json!({"display_name": "Alice A"}),
    );
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(again.json()["email"], "alice@example.com");
    assert_eq!(
        send(&mut world.root, "DELETE", &path, rev, &Value::Null).status,
        412
    );
    // A change that does not say what it is based on is not made.
    let blind = send(
        &mut world.root,
        "PATCH",
        &path,
        None,
        &json!({"display_name": "x"}),
    );
    assert_eq!((blind.status, blind.kind().as_str()), (428, "revision-required"));
    for bad in ["*", "17", "\"x\"", "\"1\", \"2\"", ""] {
        let answer = world
            .root
            .clone()
            .with("If-Match", bad)
            .ask("DELETE", &format!("/api/v1/{path}"), "");
        assert_eq!(answer.status, 400, "{bad:?}: {answer:?}");
    }
    assert_eq!(world.row("users?q=alice%20a")["display_name"], "Alice A");
}

#[test]
fn a_retry_is_no_second_request_and_nobody_elses() {
    let mut world = World::new();
    let wanted =
        json!({"name": "carol", "display_name": "Carol", "domain_id": world.id("domains?q=one.test")});
    let mut retrying = world.root.clone().with("Idempotency-Key", "6f1c");
    let first = send(&mut retrying, "POST", "users", None, &wanted);
    assert_eq!(first.status, 201, "{first:?}");
    let again = send(&mut retrying, "POST", "users", None, &wanted);
    assert_eq!(
        (again.status, again.header("idempotency-replayed").as_str()),
        (200, "true"),
        "{again:?}"
    );
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert_eq!(
        world.root.ask("GET", "/api/v1/users?q=carol", "").json()["total"],
        1
    );
    // Under another key, or by somebody else, it is another request, and the name is taken.
    for browser in [
        &mut world.root.clone().with("Idempotency-Key", "7"),
        &mut world.chief.clone().with("Idempotency-Key", "6f1c"),
    ] {
        let other = send(browser, "POST", "users", None, &wanted);
        assert_eq!(other.status, 422, "{other:?}");
        assert_eq!(other.json()["errors"][0]["field"], "name");
    }
    let path = format!("users/{}", first.json()["id"].as_str().unwrap());
    let rev = first.json()["row_rev"].as_u64();
    let (one, two) = (
        send(&mut retrying, "DELETE", &path, rev, &Value::Null),
        send(&mut retrying, "DELETE", &path, rev, &Value::Null),
    );
    assert_eq!((one.status, two.status), (200, 200));
    assert_eq!(one.json(), two.json());
}
