//! Forwards and do not disturb.

use serde_json::{Value, json};

use super::{browser_of, channel, is, newest, refused, site};
use crate::client::Browser;

fn own(browser: &mut Browser) -> Value {
    let answer = browser.ask("GET", "/api/me/forwards", "");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[test]
fn only_what_is_named_changes_and_the_log_says_who() {
    let site = site();
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    let all = own(&mut alice);
    assert_eq!(all["extensions"].as_array().unwrap().len(), 1);
    let one = &all["extensions"][0];
    assert_eq!(
        (&one["channel"], &one["number"]),
        (&json!(channel), &json!("1001"))
    );
    let off = json!({"dnd": false, "always": null, "busy": null, "no-answer": null, "offline": null});
    assert_eq!(one["forwards"], off);
    assert_eq!(
        (&all["codes"]["dnd"], &all["codes"]["no-answer"]),
        (&json!("*78"), &json!("*92"))
    );
    let path = format!("/api/me/forwards/{channel}");
    let changed = alice.ask("PATCH", &path, r#"{"no-answer": " 1002 ", "ring_seconds": 20}"#);
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.json()["forwards"]["no-answer"], "1002");
    assert_eq!(
        newest(&site),
        (
            "alice@pbx.test".to_owned(),
            "extension 1001@pbx.test: forward no-answer to 1002".to_owned()
        )
    );
    assert!(site.must("forward 1001").contains("1002, after 20 s"));
    // What a phone changes is there at the next look, and is left alone by what the page names.
    site.must("dnd 1001 on");
    assert_eq!(own(&mut alice)["extensions"][0]["forwards"]["dnd"], true);
    assert_eq!(alice.ask("PATCH", &path, r#"{"no-answer": null}"#).status, 200);
    let now = own(&mut alice);
    assert_eq!(now["extensions"][0]["forwards"]["dnd"], true);
    assert_eq!(now["extensions"][0]["forwards"]["no-answer"], Value::Null);
    assert_eq!(now["extensions"][0]["ring_seconds"], 20);
    let before = newest(&site);
    assert_eq!(alice.ask("PATCH", &path, r#"{"dnd": true}"#).status, 200);
    assert_eq!(newest(&site), before, "what is so already is no revision");
}

#[test]
fn what_the_command_refuses_is_refused_in_its_words() {
    let site = site();
    site.must("forward 1002 busy 1001");
    let mut alice = browser_of(&site, "alice");
    let path = format!("/api/me/forwards/{}", channel(&mut alice));
    for (about, command, body) in [
        ("circle", "forward 1001 always 1002", r#"{"always": "1002"}"#),
        ("circle", "forward 1001 always 1001", r#"{"always": "1001"}"#),
        ("target", "forward 1001 always 4711", r#"{"always": "4711"}"#),
        (
            "target",
            "forward 1001 no-answer 1003 --seconds 4",
            r#"{"no-answer": "1003", "ring_seconds": 4}"#,
        ),
    ] {
        let answer = alice.ask("PATCH", &path, body);
        refused(&answer, about);
        let said = site.cli(command);
        let words = said.trim().trim_start_matches("-ERR ").to_owned();
        assert_eq!(
            answer.json()["detail"].as_str().unwrap().trim_end_matches('.'),
            words.trim_end_matches('.')
        );
    }
    refused(
        &alice.ask("PATCH", &path, r#"{"ring_seconds": 4}"#),
        "ring-seconds",
    );
    for number in ["0049301234", "1", "*72", "${x}", "x", &"9".repeat(100)] {
        let answer = alice.ask("PATCH", &path, &json!({"busy": number}).to_string());
        refused(&answer, "target");
    }
    for body in [
        r#"{"always": 1002}"#,
        r#"{"sometimes": "1002"}"#,
        r#"{"dnd": "yes"}"#,
        "[]",
        "{",
    ] {
        let answer = alice.ask("PATCH", &path, body);
        assert!([400, 422].contains(&answer.status), "{answer:?}");
        assert_eq!(answer.kind(), "bad-request");
    }
    let forwards = own(&mut alice)["extensions"][0]["forwards"].clone();
    let set = |value: &Value| !value.is_null() && value != false;
    assert!(
        !forwards.as_object().unwrap().values().any(set),
        "nothing was half written: {forwards}"
    );
}

#[test]
fn somebody_elses_extension_is_none() {
    let site = site();
    let (mut alice, mut bob) = (browser_of(&site, "alice"), browser_of(&site, "bob"));
    let (alices, bobs) = (channel(&mut alice), channel(&mut bob));
    for path in [
        format!("/api/me/forwards/{bobs}"),
        "/api/me/forwards/0192f0c1-2345-7abc-8def-0123456789ab".to_owned(),
    ] {
        is(&alice.ask("PATCH", &path, r#"{"dnd": true}"#), 404, "not-found");
    }
    let path = format!("/api/me/forwards/{alices}");
    let mut nobody = Browser::new(site.public());
    is(
        &nobody.ask("PATCH", &path, r#"{"dnd": true}"#),
        401,
        "not-signed-in",
    );
    let mut forged = Browser {
        csrf: bob.csrf.clone(),
        ..alice.clone()
    };
    is(&forged.ask("PATCH", &path, r#"{"dnd": true}"#), 403, "csrf");
    site.must("extension set 1001 --enabled no");
    is(&alice.ask("PATCH", &path, r#"{"dnd": true}"#), 404, "not-found");
    assert_eq!(own(&mut alice)["extensions"], json!([]));
    site.must("extension set 1001 --enabled yes");
    let dnd = |number: &str| site.must(&format!("dnd {number} json"));
    assert!(!dnd("1001").contains("\"dnd\":true") && !dnd("1002").contains("\"dnd\":true"));
}

#[test]
fn a_person_changes_so_much_a_minute() {
    let site = site();
    let mut alice = browser_of(&site, "alice");
    let path = format!("/api/me/forwards/{}", channel(&mut alice));
    let many = (0..60).map(|n| {
        alice
            .ask("PATCH", &path, &json!({"dnd": n % 2 == 0}).to_string())
            .status
    });
    assert!(many.eq([200; 60]));
    is(&alice.ask("PATCH", &path, r#"{"dnd": true}"#), 429, "too-often");
}
