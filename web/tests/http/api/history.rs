//! What was done, and by whom.

use serde_json::{Value, json};

use super::{World, send};
use crate::client::{Answer, Browser};
use crate::site::PASSWORD;

#[test]
fn who_changed_what_is_told_and_taken_back() {
    let mut world = World::new();
    let one = world.id("domains?q=one.test");
    let row = world.row(&format!("users?q=alice&domain_id={one}"));
    let path = format!("users/{}", row["id"].as_str().unwrap());
    let changed = send(
        &mut world.chief,
        "PATCH",
        &path,
        row["row_rev"].as_u64(),
        &json!({"display_name": "Alicia"}),
    );
    let rev = changed.json()["row_rev"].as_u64().unwrap();
    let told = send(
        &mut world.root,
        "GET",
        &format!("revisions/{rev}"),
        None,
        &Value::Null,
    )
    .json();
    assert_eq!(
        (&told["actor"], &told["summary"]),
        (&json!("chief@one.test"), &json!("user alice@one.test changed"))
    );
    let change = &told["changes"][0];
    assert_eq!(
        (
            &change["before"]["display_name"],
            &change["after"]["display_name"]
        ),
        (&json!("Alice"), &json!("Alicia"))
    );
    let found = world
        .root
        .ask("GET", "/api/v1/revisions?q=CHIEF%40one&size=5", "")
        .json();
    assert_eq!(found["rows"][0]["rev"], rev);
    let undone = send(
        &mut world.root,
        "POST",
        &format!("revisions/{rev}/revert"),
        None,
        &Value::Null,
    );
    assert_eq!(undone.status, 200, "{undone:?}");
    let after = send(&mut world.root, "GET", &path, None, &Value::Null).json();
    assert_eq!(
        (&after["display_name"], &after["row_rev"]),
        (&json!("Alice"), &undone.json()["revision"])
    );
    // What was changed since is in the way.
    let again = send(
        &mut world.root,
        "POST",
        &format!("revisions/{rev}/revert"),
        None,
        &Value::Null,
    );
    assert_eq!(
        (again.status, again.kind().as_str()),
        (409, "conflict"),
        "{again:?}"
    );
    for none in ["999999", "x", "-1", "18446744073709551616"] {
        let answer = send(
            &mut world.root,
            "POST",
            &format!("revisions/{none}/revert"),
            None,
            &Value::Null,
        );
        assert_eq!(answer.status, 404, "{none}");
    }
}

#[test]
fn sessions_and_their_history_are_seen_and_ended_in_ones_own_domain() {
    let mut world = World::new();
    world
        .site
        .must(&format!("user set alice@two.test --password {PASSWORD}"));
    let mut other = Browser::new(world.site.public());
    assert_eq!(other.sign_in("alice@two.test", PASSWORD).status, 200);
    let wrong = Browser::new(world.site.public()).sign_in("alice@one.test", "wrong");
    assert_eq!(wrong.status, 401);
    let names = |answer: Answer| -> Vec<String> {
        let rows = answer.json()["rows"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["user"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let all = names(send(
        &mut world.root,
        "GET",
        "sessions?sort=user",
        None,
        &Value::Null,
    ));
    assert_eq!(
        all,
        ["alice@one.test", "alice@two.test", "chief@one.test", "root"]
    );
    let seen = names(send(
        &mut world.chief,
        "GET",
        "sessions?sort=user",
        None,
        &Value::Null,
    ));
    assert_eq!(seen, ["alice@one.test", "chief@one.test"]);
    let theirs = send(
        &mut world.root,
        "GET",
        "sessions?q=alice%40two.test",
        None,
        &Value::Null,
    )
    .json();
    let path = format!("sessions/{}", theirs["rows"][0]["id"].as_str().unwrap());
    assert_eq!(
        send(&mut world.chief, "DELETE", &path, None, &Value::Null).status,
        404
    );
    assert_eq!(other.ask("GET", "/api/me", "").status, 200);
    let ended = send(&mut world.root, "DELETE", &path, None, &Value::Null);
    assert_eq!((ended.status, ended.json()), (200, json!({"revision": null})));
    assert_eq!(other.ask("GET", "/api/me", "").status, 401);
    // Events are saved by a thread of their own.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let failed = send(
            &mut world.chief,
            "GET",
            "sign-ins?what=failed",
            None,
            &Value::Null,
        )
        .json();
        let history = send(&mut world.chief, "GET", "sign-ins?size=1000", None, &Value::Null);
        assert!(
            !history.body.contains("two.test") && !history.body.contains("\"root\""),
            "{history:?}"
        );
        if failed["total"] == 1 {
            assert_eq!(failed["rows"][0]["user"], "alice@one.test");
            break;
        }
        assert!(std::time::Instant::now() < until, "{failed}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
