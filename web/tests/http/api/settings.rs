//! Settings.

use serde_json::{Value, json};

use super::{World, send};

#[test]
fn settings_are_the_catalogue_and_secrets_are_sealed() {
    let mut world = World::new();
    let listed = world.root.ask("GET", "/api/v1/settings?size=1000", "").json();
    assert!(listed["total"].as_u64() > Some(40), "{}", listed["total"]);
    let port = world.row("settings?q=smtp-port");
    assert_eq!(
        (&port["value"], &port["row_rev"], &port["is_set"]),
        (&json!("587"), &json!(0), &json!(false))
    );
    let set = send(
        &mut world.root,
        "PATCH",
        "settings/smtp-port",
        Some(0),
        &json!({"value": " 2525 "}),
    );
    assert_eq!(
        (set.status, &set.json()["value"]),
        (200, &json!("2525")),
        "{set:?}"
    );
    let stale = send(
        &mut world.root,
        "PATCH",
        "settings/smtp-port",
        Some(0),
        &json!({"value": "25"}),
    );
    assert_eq!(
        (stale.status, &stale.json()["current"]["value"]),
        (412, &json!("2525"))
    );
    let rev = set.json()["row_rev"].as_u64();
    for bad in ["70000", "", "x"] {
        let answer = send(
            &mut world.root,
            "PATCH",
            "settings/smtp-port",
            rev,
            &json!({"value": bad}),
        );
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["field"]),
            (422, &json!("value")),
            "{bad}"
        );
    }
    let back = send(
        &mut world.root,
        "PATCH",
        "settings/smtp-port",
        rev,
        &json!({"value": null}),
    );
    assert_eq!(
        (&back.json()["value"], &back.json()["row_rev"]),
        (&json!("587"), &json!(0))
    );
    let secret = send(
        &mut world.root,
        "PATCH",
        "settings/smtp-password",
        Some(0),
        &json!({"value": "geheimes-wort"}),
    );
    assert_eq!(secret.json()["value"], "(sealed)", "{secret:?}");
    for answer in [
        &secret,
        &send(&mut world.root, "GET", "revisions/1", None, &Value::Null),
    ] {
        assert!(!answer.body.contains("geheimes-wort"));
    }
    assert!(!world.site.must("revisions --limit 3").contains("geheimes-wort"));
    for (browser, status) in [(&mut world.chief, 403), (&mut world.user, 403)] {
        for path in [
            "settings",
            "settings/smtp-port",
            "settings/nonsense",
            "revisions",
            "revisions/1",
        ] {
            assert_eq!(
                send(browser, "GET", path, None, &Value::Null).status,
                status,
                "{path}"
            );
        }
        assert_eq!(
            send(
                browser,
                "PATCH",
                "settings/smtp-port",
                Some(0),
                &json!({"value": "25"})
            )
            .status,
            status
        );
        assert_eq!(
            send(browser, "POST", "revisions/1/revert", None, &Value::Null).status,
            status
        );
    }
    assert_eq!(
        send(
            &mut world.root,
            "PATCH",
            "settings/nonsense",
            Some(0),
            &json!({"value": "1"})
        )
        .status,
        404
    );
}
