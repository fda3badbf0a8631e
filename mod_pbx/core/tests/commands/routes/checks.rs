//! `pbx check`: route tests keep what they say from being changed.

use super::desk;

#[test]
fn a_change_that_breaks_a_route_test_is_refused_unless_forced() {
    let desk = desk();
    desk.ok("check add 1001 0900123456 refused");
    desk.ok("check add 1001 030123456 out --gateway carrier --caller-id +4930100");
    assert!(
        desk.say("check").ends_with("2 route tests hold\n"),
        "{}",
        desk.say("check")
    );
    // One that fails from the start says so.
    let why = desk.refused("check add 1002 030123456 out");
    assert!(
        why.contains("1002 calling 030123456 goes out") && why.contains("is granted"),
        "{why}"
    );
    for (line, why) in [
        (
            "group set staff --remove 1001",
            "it is refused: no route for this number is granted",
        ),
        (
            "route delete germany",
            "1001 calling 030123456 goes out by carrier as +4930100",
        ),
        (
            "route set germany --gateway spare --gateway carrier",
            "it goes out by gateway spare",
        ),
        ("route set germany --caller-id none", "it goes out as nobody"),
        ("block add +4930*", "nobody in the domain may call this number"),
        (
            "cap set 1001 --premium-per-day 1",
            "1001 calling 0900123456 is refused",
        ),
        ("extension set 1001 --enabled no", "there is no extension 1001"),
        ("plan set --country-code 1", "breaks a route test"),
    ] {
        let refused = desk.refused(line);
        assert!(
            refused.contains(why) && refused.contains("--force"),
            "{line}: {refused}"
        );
    }
    // What has nothing to do with it is not kept from being made, also while a test fails.
    desk.ok("block add +882*");
    desk.ok("route set germany --gateway spare --gateway carrier --force");
    let failed = desk.say("check");
    assert!(failed.contains("FAILED  1001 calling 030123456"), "{failed}");
    assert_eq!(desk.json("check")["failed"], 1);
    desk.ok("block delete +882*");
    desk.ok("route set germany --gateway carrier --gateway spare");
    assert_eq!(desk.json("check")["ok"], true);
    desk.ok("check delete 1001 0900123456");
    assert!(
        desk.refused("check delete 1001 0900123456")
            .contains("there is no route test")
    );
    desk.ok("cap set 1001 --premium-per-day 1");
    assert_eq!(desk.json("check list")["tests"][0]["dialled"], "030123456");
}

/// What happens within the domain and to calls from outside is tested as well as what goes out.
#[test]
fn route_tests_know_who_rings_for_a_did_and_for_a_number_inside() {
    let desk = desk();
    desk.ok("extension add 1008 --user heidi --name Heidi --line --voicemail no");
    desk.ok("extension add 1009 --user ivan --name Ivan --line");
    desk.ok("gateway set carrier --source-acl 192.0.2.77");
    desk.ok("schedule add office --hours 'mon-fri 08:00-17:00' --time-zone UTC");
    desk.ok("did add +4930777 --members 1009 --then hangup");
    desk.ok(
        "did add +4930555 --members '1008 1009' --schedule office --closed did:+4930777 --then voicemail:1009",
    );
    for line in [
        "gateway:carrier +4930555 rings --target '1009 1008' at 2026-11-23T12:00:00Z",
        "gateway:carrier +4930555 rings --target 1009 at 2026-11-22T12:00:00Z",
        "gateway:carrier +4930556 refused",
        "1001 1009 rings --target 1009",
        "1001 1008 rings --target 1008",
    ] {
        desk.ok(&format!("check add {line}"));
    }
    assert!(
        desk.say("check").ends_with("5 route tests hold\n"),
        "{}",
        desk.say("check")
    );
    for (line, why) in [
        (
            "did set +4930555 --members 1008",
            "gateway:carrier calling +4930555 at 2026-11-23T12:00:00Z rings 1009 1008 (pbx.test), but it rings 1008",
        ),
        (
            "did set +4930555 --closed hangup",
            "at 2026-11-22T12:00:00Z rings 1009 (pbx.test), but it ends",
        ),
        (
            "did set +4930555 --closed voicemail:1009",
            "it reaches the mailbox of 1009",
        ),
        (
            "did delete +4930555",
            "it is refused: the domain has no such number",
        ),
        (
            "did add +493055 --prefix --members 1001",
            "gateway:carrier calling +4930556 is refused",
        ),
        (
            "schedule set office --hours always",
            "rings 1009 (pbx.test), but it rings 1008 1009",
        ),
        ("forward 1009 always 1008", "but it rings 1008 (and 2 more)"),
        ("dnd 1008 on", "but it rings 1009 (and 1 more)"),
    ] {
        let refused = desk.refused(line);
        assert!(refused.contains(why), "{line}: {refused}");
    }
    // A test that says nothing of value is none.
    for (line, why) in [
        ("1001 1009 rings", "name a target"),
        ("1001 1009 rings --target x@y", "numbers of extensions"),
        ("1001 1009 ends --target 1009", "takes no target"),
        ("1001 1009 refused --gateway carrier", "go with out"),
        ("gateway:carrier +4930555 out", "does not go out"),
        (
            "1001 1009 rings --target 1009 --caller 123",
            "goes with gateway:NAME",
        ),
        ("gateway:nobody +4930555 refused", "there is no gateway nobody"),
    ] {
        let refused = desk.refused(&format!("check add {line}"));
        assert!(refused.contains(why), "{line}: {refused}");
    }
    // What a person wants of their own phone is not for a test to refuse; pbx check tells of it.
    desk.pbx.feature("dnd-on 1008@pbx.test");
    assert_eq!(desk.json("check")["failed"], 2);
    desk.ok("dnd 1008 off");
    assert_eq!(desk.json("check")["ok"], true);
    // Made against a test, and taken back.
    desk.ok("did set +4930555 --members 1008 --force");
    desk.ok("check delete gateway:carrier +4930555");
    let rev = desk.rev();
    desk.ok("did set +4930555 --members 1009");
    desk.ok("check add gateway:carrier +4930555 rings --target 1009 at 2026-11-23T12:00:00Z");
    let refused = desk.refused(&format!("revert {}", rev + 1));
    assert!(
        refused.contains("breaks a route test") && refused.contains("--force"),
        "{refused}"
    );
    desk.ok(&format!("revert {} --force", rev + 1));
    assert_eq!(
        desk.json("did show +4930555")["members"],
        serde_json::json!(["1008"])
    );
}

/// What is sent on goes out as a call of who sends it on, for route tests too.
#[test]
fn route_tests_know_what_leads_outside_and_whose_call_that_is() {
    let desk = desk();
    desk.ok("extension add 1009 --user ivan --name Ivan --line");
    desk.ok("did add +4930555 --members '1009 +491711234567/1001'");
    desk.ok("did add +4930777 --members +491711234567/1001 --then voicemail:1009");
    desk.ok("forward 1001 always +491711234567");
    desk.ok("forward 1002 always +491711234567");
    for line in [
        "gateway:carrier +4930555 rings --target '+491711234567/1001 1009'",
        "gateway:carrier +4930777 rings --target +491711234567/1001",
        "1002 1001 out --gateway carrier --caller-id +4930100",
        // Who forwards may not call there.
        "1001 1002 voicemail --target 1002",
    ] {
        desk.ok(&format!("check add {line}"));
    }
    assert!(desk.say("check").ends_with("4 route tests hold\n"));
    let refused = desk.refused("route revoke germany --group staff");
    assert!(refused.contains("but it rings 1009 (and 2 more)"), "{refused}");
    desk.ok("route revoke germany --group staff --force");
    let said = desk.say("check");
    for why in [
        "but it rings 1009",
        "but it reaches the mailbox of 1009",
        "but it reaches the mailbox of 1001",
        "3 of 4 route tests failed",
    ] {
        assert!(said.contains(why), "{why}: {said}");
    }
    desk.ok("route grant germany --group staff");
    // A number outside that is one of ours would come back, and is not called.
    let refused = desk.refused("did add +491711234567 --members 1009");
    assert!(refused.contains("but it rings 1009"), "{refused}");
    let refused = desk.refused("check add gateway:carrier +4930555 rings --target +491711234567/x/y");
    assert!(refused.contains("numbers of extensions"), "{refused}");
}
