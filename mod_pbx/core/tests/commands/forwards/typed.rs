//! What is typed: what is refused, and what is then shown.

use serde_json::json;

use super::{has, office};

#[test]
fn forwards_that_cannot_be_are_refused() {
    let desk = office();
    desk.ok("domain add other.test");
    desk.ok("extension add 2001@other.test --user zoe --name Zoe --line zoe");
    for (line, why) in [
        (
            "forward 1001@pbx.test busy 1999",
            "1999 is not an extension of this domain",
        ),
        (
            "forward 1001@pbx.test busy 2001",
            "2001 is not an extension of this domain",
        ),
        (
            "forward 1001@pbx.test busy 0301234567",
            "only to numbers with a country code",
        ),
        ("forward 1001@pbx.test busy 1001", "circle: 1001 to 1001"),
        ("forward 1001@pbx.test busy", "TARGET"),
        ("forward 1001@pbx.test sometimes 1002", "always"),
        (
            "forward 1001@pbx.test busy 1002 --seconds 20",
            "--seconds goes with no-answer",
        ),
        (
            "forward 1001@pbx.test --seconds 20",
            "--seconds goes with no-answer",
        ),
        ("forward 1001@pbx.test no-answer 1002 --seconds 4", "5 to 600"),
        ("dnd 1001@pbx.test perhaps", "on, off"),
        ("dnd 1999@pbx.test on", "there is no extension 1999"),
    ] {
        let answer = desk.refused(line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
    desk.ok("forward 1001@pbx.test busy 1002");
    desk.ok("forward 1002@pbx.test offline 1003");
    let circle = desk.refused("forward 1003@pbx.test no-answer 1001");
    assert!(
        circle.contains("circle: 1003 to 1001 to 1002 to 1003"),
        "{circle}"
    );
    // A number that is a target stays.
    for line in [
        "extension delete 1003@pbx.test --with-everything",
        "extension set 1003@pbx.test --rename 1033",
    ] {
        let answer = desk.refused(line);
        assert!(
            answer.contains("extension 1002 are forwarded to 1003"),
            "{answer}"
        );
    }
    // One that is switched off is a target still, and takes no call.
    desk.ok("extension set 1003@pbx.test --enabled no");
    desk.refused("forward 1003@pbx.test no-answer 1001");
    // What was undone is not brought back into a circle.
    desk.ok("forward 1001@pbx.test busy off");
    let off = desk.rev();
    desk.ok("forward 1003@pbx.test no-answer 1001");
    let answer = desk.refused(&format!("revert {off}"));
    assert!(answer.contains("circle"), "{answer}");
}

#[test]
fn what_is_set_is_shown() {
    let desk = office();
    let revision = desk.json("forward 1001 no-answer 1002 --seconds 15");
    assert_eq!(
        revision,
        json!({"ok": true, "revision": desk.rev(), "extension": "1001@pbx.test", "ring_seconds": 15,
            "forwards": {"dnd": false, "always": null, "busy": null, "no-answer": "1002", "offline": null}})
    );
    desk.ok("dnd 1001 on");
    let again = desk.json("dnd 1001 on");
    assert_eq!((&again["ok"], &again["revision"]), (&json!(true), &json!(null)));
    let shown = desk.say("forward 1001");
    has(&shown, &["extension 1001@pbx.test\n", "1002, after 15 s", "on"]);
    assert_eq!(desk.say("dnd 1001"), shown);
    assert_eq!(desk.json("forward 1001")["forwards"]["no-answer"], "1002");
    has(
        &desk.say("extension show 1001"),
        &["do not disturb, no-answer: 1002", "15 s"],
    );
    has(&desk.say("extension show 1002"), &["none"]);
    assert_eq!(desk.json("extension show 1001")["forwards"]["dnd"], true);
    let rev = desk.rev();
    desk.ok(&format!("revert {rev}"));
    assert_eq!(desk.json("dnd 1001")["forwards"]["dnd"], false);
    let completed = |line: &str| desk.pbx.complete(line);
    assert_eq!(completed("forward 1001 no"), ["no-answer"]);
    assert_eq!(completed("forward 1001 always o"), ["off"]);
    assert_eq!(completed("forward 1001 always 1004"), ["1004"]);
    assert_eq!(completed("dnd 1001 o"), ["off", "on"]);
}
