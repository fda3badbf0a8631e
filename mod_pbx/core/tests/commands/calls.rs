//! `pbx calls`: what the switch's events leave behind.

use std::ffi::CStr;

use pbx_core::event::{Event, Kind, SUBSCRIPTIONS};
use serde_json::json;

use crate::support::Desk;

fn tell(desk: &Desk, kind: Kind, pairs: &[(&str, &str)]) {
    let subscription = SUBSCRIPTIONS.iter().find(|s| s.kind == kind).unwrap();
    let read = |name: &CStr| {
        let found = pairs.iter().find(|(key, _)| *key == name.to_str().unwrap());
        found.map(|(_, value)| value.as_bytes())
    };
    desk.pbx.tell(Event::copy(subscription, read));
}

/// 1001 calls 1002, who answers if `answered`.
fn call(desk: &Desk, id: &str, name: &str, answered: bool) {
    let (a, b) = (format!("{id}-a"), format!("{id}-b"));
    let caller = [
        ("Unique-ID", a.as_str()),
        ("Call-Direction", "inbound"),
        ("Channel-Presence-Data", "1001@pbx.test"),
        ("Caller-Destination-Number", "1002"),
        ("Caller-Caller-ID-Name", name),
    ];
    tell(desk, Kind::CallBegan, &caller);
    let called = [
        ("Unique-ID", b.as_str()),
        ("Call-Direction", "outbound"),
        ("Channel-Presence-Data", "1002@pbx.test"),
        ("Channel-Call-UUID", a.as_str()),
    ];
    tell(desk, Kind::CallBegan, &called);
    if answered {
        tell(desk, Kind::CallAnswered, &[("Unique-ID", &b)]);
        tell(
            desk,
            Kind::CallBridged,
            &[
                ("Unique-ID", &a),
                ("Bridge-A-Unique-ID", &a),
                ("Bridge-B-Unique-ID", &b),
            ],
        );
    }
    let cause = if answered { "NORMAL_CLEARING" } else { "NO_ANSWER" };
    for leg in [&b, &a] {
        tell(
            desk,
            Kind::CallEnded,
            &[("Unique-ID", leg), ("Hangup-Cause", cause)],
        );
    }
}

fn office() -> Desk {
    let desk = Desk::small();
    desk.ok("extension add 1002 --user bob --name Bob --line");
    desk.ok("extension add 1003 --user carol --name Carol --line");
    desk
}

#[test]
fn calls_are_listed_newest_first_filtered_and_in_pages() {
    let desk = office();
    call(&desk, "one", "x", true);
    call(&desk, "two", "x", false);
    desk.pbx.calls().flush();
    let all = desk.json("calls");
    let all = all["calls"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(
        (&all[0]["outcome"], &all[1]["outcome"]),
        (&json!("no-answer"), &json!("answered"))
    );
    assert_eq!(
        (&all[1]["caller_number"], &all[1]["answered_by"]),
        (&json!("1001"), &json!("1002"))
    );
    assert_eq!(all[1]["legs"].as_array().unwrap().len(), 2);
    for (line, count) in [
        ("calls --extension 1002", 2),
        ("calls --extension 1003", 0),
        ("calls --outcome answered", 1),
        ("calls --direction inbound", 0),
        ("calls --number 100", 2),
        ("calls --number 999", 0),
        ("calls --since 2100-01-01", 0),
        ("calls --until 2000-01-01T00:00:00Z", 0),
        ("calls --limit 1", 1),
        ("calls --domain pbx.test", 2),
    ] {
        assert_eq!(
            desk.json(line)["calls"].as_array().unwrap().len(),
            count,
            "{line}"
        );
    }
    let older = desk.json(&format!("calls --before {}", all[0]["id"].as_str().unwrap()));
    assert_eq!(older["calls"].as_array().unwrap().len(), 1);
    assert!(desk.say("calls --limit 1").contains("--before"));
    // Nothing shows what the switch calls its channels.
    for line in ["calls json", "calls", "calls --csv"] {
        let said = desk.say(line);
        assert!(!said.contains("one-a") && !said.contains("two-b"), "{said}");
    }
    // A renumbered extension keeps its calls.
    desk.ok("extension set 1002 --rename 1005");
    assert_eq!(
        desk.json("calls --extension 1005")["calls"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for line in [
        "calls --limit 0",
        "calls --limit 100000",
        "calls --since never",
        "calls --extension 1999",
    ] {
        desk.refused(line);
    }
}

#[test]
fn a_spreadsheet_gets_text() {
    let desk = office();
    desk.ok("extension set 1001 --caller-id-name '=HYPERLINK(0), \"x\"'");
    call(&desk, "one", "x", true);
    desk.pbx.calls().flush();
    let csv = desk.say("calls --csv");
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows.len(), 2, "{csv}");
    assert!(rows[0].starts_with("id,domain,direction"), "{csv}");
    assert!(rows[1].contains("\"'=HYPERLINK(0), \"\"x\"\"\""), "{csv}");
}
