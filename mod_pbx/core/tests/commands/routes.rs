//! Calls out: `pbx plan`, `group`, `caller-id`, `route`, `block`, `cap`, and `pbx explain`.

use serde_json::json;

use crate::support::Desk;

/// Two extensions and a gateway; 1001 may call Germany.
fn desk() -> Desk {
    let desk = Desk::small();
    desk.ok("extension add 1002 --user alice");
    desk.ok("gateway add carrier --proxy sip.example.com --source-acl 198.51.100.0/24");
    desk.ok("gateway add spare --proxy sip.example.net --source-acl 203.0.113.0/24");
    desk.ok("plan set --country-code 49 --area-code 30");
    desk.ok("group add staff --member 1001");
    desk.ok("caller-id add +4930100 --name 'Example Ltd'");
    desk.ok("route add germany --pattern +49* --gateway carrier --gateway spare --group staff --caller-id +4930100");
    desk
}

#[test]
fn a_country_brings_its_prefixes() {
    let desk = desk();
    let plan = desk.json("plan show");
    assert_eq!(
        (
            &plan["national_prefix"],
            &plan["area_code"],
            &plan["premium_prefixes"]
        ),
        (&json!("0"), &json!("30"), &json!("900 137 118"))
    );
    assert!(
        desk.refused("plan set --country-code 049")
            .contains("without zeros")
    );
    assert!(desk.refused("plan set --area-code 30").contains("already"));
    assert!(
        desk.ok("plan set --country-code 998")
            .contains("--premium-prefixes")
    );
}

#[test]
fn a_route_is_what_was_typed_and_goes_whole() {
    let desk = desk();
    let shown = desk.json("route show GERMANY");
    for (field, expected) in [
        ("pattern", json!("+49*")),
        ("priority", json!(100)),
        ("gateways", json!(["carrier", "spare"])),
        ("granted", json!(["staff"])),
        ("caller_id", json!("+4930100")),
        ("class", json!(null)),
        ("emergency", json!(false)),
    ] {
        assert_eq!(shown[field], expected, "{field}");
    }
    desk.ok("route set germany --gateway spare --gateway carrier --class mobile --strip 3 --prepend 0");
    assert_eq!(
        desk.json("route show germany")["gateways"],
        json!(["spare", "carrier"])
    );
    desk.ok("route grant germany --extension 1002 --group staff");
    assert_eq!(
        desk.json("route show germany")["granted"],
        json!(["staff", "1002"])
    );
    desk.ok("route revoke germany --extension 1002");
    for (line, why) in [
        ("route add germany --pattern 1*", "exists already"),
        ("route add x --pattern 49${x}", "is not a pattern"),
        ("route add x", "--pattern"),
        (
            "route add x --pattern * --gateway nobody",
            "there is no gateway nobody",
        ),
        (
            "route add x --pattern * --caller-id +4930999",
            "is not a number of pbx.test",
        ),
        ("route add x --emergency --pattern 112*", "exact numbers"),
        (
            "route add x --emergency --pattern 1001",
            "nobody would reach that",
        ),
        (
            "route add x --emergency --pattern 112 --group staff",
            "everybody's",
        ),
        ("gateway delete spare", "still used by route_gateway"),
        ("caller-id delete +4930100", "still used by route germany"),
        ("group add staff", "exists already"),
        ("block add +49a", "is not a pattern"),
    ] {
        assert!(desk.refused(line).contains(why), "{line}: {}", desk.refused(line));
    }
    let before = desk.rev();
    desk.ok("route delete germany");
    desk.ok("gateway delete spare");
    desk.ok(&format!("revert {}", before + 2));
    desk.ok(&format!("revert {}", before + 1));
    assert_eq!(
        desk.json("route show germany")["gateways"],
        json!(["spare", "carrier"])
    );
    assert_eq!(desk.json("route show germany")["granted"], json!(["staff"]));
}

#[test]
fn who_goes_takes_memberships_grants_and_caps_along() {
    let desk = desk();
    desk.ok("cap set 1001 --concurrent 1 --premium-per-day 3");
    desk.ok("caller-id use --extension 1001 --number +4930100 --emergency +4930100");
    assert_eq!(
        desk.json("caller-id list")["caller_ids"][0]["used_by"],
        json!(["1001"])
    );
    assert!(desk.refused("caller-id delete +4930100").contains("used by 1001"));
    desk.ok("extension delete 1001 --with-everything");
    assert_eq!(desk.json("group show staff")["members"], json!([]));
    assert_eq!(desk.json("cap list")["caps"], json!([]));
    let gone = desk.rev();
    desk.ok(&format!("revert {gone}"));
    assert_eq!(desk.json("group show staff")["members"], json!(["1001"]));
    assert_eq!(desk.json("cap list")["caps"][0]["concurrent"], 1);
    desk.ok("domain delete pbx.test --with-everything");
    desk.ok(&format!("revert {}", gone + 2));
    assert_eq!(desk.json("route show germany")["granted"], json!(["staff"]));
}

#[test]
fn what_is_blocked_and_capped_is_listed_and_taken_back() {
    let desk = desk();
    desk.ok("block add +882* --note satellites");
    assert_eq!(desk.json("block list")["blocks"][0]["pattern"], "+882*");
    desk.ok("block delete +882*");
    assert!(desk.refused("block delete +882*").contains("is not blocked"));
    desk.ok("cap set --per-day 100 --international-per-day 0");
    desk.ok("cap set 1001 --per-day none --concurrent domain");
    let caps = desk.json("cap list");
    assert_eq!(
        (&caps["caps"][0]["per_day"], &caps["caps"][0]["extension"]),
        (&json!(100), &json!(null))
    );
    assert_eq!(caps["caps"][1]["per_day"], 1_000_000);
    assert!(desk.say("cap list").contains("none"), "{}", desk.say("cap list"));
    desk.ok("cap delete");
    assert!(desk.refused("cap delete").contains("nothing is capped"));
    assert!(desk.refused("cap set 1001").contains("--concurrent 2"));
}

#[test]
fn no_extension_has_what_is_dialled_for_help() {
    let desk = desk();
    let why = "is a number for calls for help";
    desk.ok("route add help --emergency --pattern '112 110' --gateway carrier");
    assert!(desk.refused("extension add 112 --user alice").contains(why));
    desk.ok("extension add 9112 --user alice");
    let refused = desk.refused("plan set --access-prefix 9");
    assert!(refused.contains(&format!("9112 {why}")), "{refused}");
    desk.ok("extension set 9112 --rename 9113");
    desk.ok("plan set --access-prefix 9");
    assert!(desk.refused("extension add 9110 --user alice").contains(why));
    assert!(
        desk.refused("route set help --pattern '112 113'")
            .contains("9113")
    );
}

#[test]
fn the_next_gateway_is_tried_for_a_fault_of_the_network_and_for_help_whatever_was_said() {
    let desk = desk();
    desk.ok("route add help --emergency --pattern 112 --gateway carrier --gateway spare");
    let call = |number: &str| {
        desk.say(&format!(
            "lookup dialplan Hunt-Context=pbx.test Hunt-Destination-Number={number} \
             variable_pbx_identity=1001@pbx.test"
        ))
    };
    let help = call("112");
    assert!(help.contains("continue_on_fail=true:"), "{help}");
    let at = |way: &str| help.find(way).unwrap_or_else(|| panic!("{way}: {help}"));
    assert!(at("external::carrier/112") < at("external::spare/112"));
    let ordinary = call("030123456");
    assert!(ordinary.contains("continue_on_fail=GATEWAY_DOWN,"), "{ordinary}");
    assert!(!ordinary.contains("USER_BUSY") && ordinary.contains("external::spare/+4930123456"));
}

/// What `pbx explain` prints last is what the switch gets, for whatever is dialled.
#[test]
fn the_last_line_of_an_explanation_is_the_answer() {
    let desk = desk();
    desk.ok("forward 1002 always 1001");
    for from in ["1001", "1002", "1001@pbx.test"] {
        for to in [
            "1001",
            "1002",
            "1999",
            "*97",
            "*43",
            "112",
            "030123456",
            "+4930123456",
            "0900123456",
            "gw+x",
            "${x}",
        ] {
            let explained = desk.say(&format!("explain {from} '{to}'"));
            let last = explained.trim_end().lines().last().unwrap();
            let identity = format!("{}@pbx.test", from.trim_end_matches("@pbx.test"));
            let asked = format!(
                "lookup dialplan Caller-Context=pbx.test Hunt-Context=pbx.test variable_pbx_identity={identity} \
                 'Hunt-Destination-Number={to}' Unique-ID=00000000-0000-0000-0000-000000000000"
            );
            assert_eq!(last, desk.say(&asked).trim_end(), "{from} {to}");
            assert_eq!(desk.json(&format!("explain {from} '{to}'"))["answer"], last);
            assert!(
                explained.contains(&format!("extension {} of pbx.test calls", &from[..4])),
                "{explained}"
            );
        }
    }
    let forwarded = desk.say("explain 1001 1002");
    assert!(
        forwarded.contains("- extension 1002 forwards every call"),
        "{forwarded}"
    );
    assert!(forwarded.contains("so it goes on to 1001"), "{forwarded}");
    assert!(
        desk.say("explain gateway:carrier +4930100").contains("<document"),
        "a call that comes in"
    );
    assert!(desk.refused("explain 1999 112").contains("there is no extension"));
    assert!(desk.refused("explain 1001 112 on Sunday").contains("at TIME"));
    assert!(desk.refused("explain 1001 112 at noon").contains("is no time"));
    desk.say("explain 1001 112 at 2026-12-24T20:00");
    desk.say("explain 1001 112 at 2026-12-24 20:00");
}

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

/// Said by command, seen in the decision, and last in the order.
#[test]
fn a_gateway_of_a_route_has_a_caller_id_of_its_own() {
    let desk = Desk::small();
    for line in [
        "plan set --country-code 49",
        "caller-id add +4930123456",
        "caller-id add +4930123457",
        "gateway add one --proxy 192.0.2.50",
        "gateway add two --proxy 192.0.2.51",
        "route add all --pattern * --gateway one --gateway two --extension 1001",
        "caller-id use --route all --gateway two --number +4930123457",
    ] {
        desk.ok(line);
    }
    let explained = desk.say("explain 1001 +49301234");
    assert!(
        explained.contains("gateway one (unknown): +49301234 as none")
            && explained.contains("gateway two (unknown): +49301234 as +4930123457"),
        "{explained}"
    );
    desk.ok("route set all --caller-id +4930123456");
    assert!(!desk.say("explain 1001 +49301234").contains("as +4930123457"));
    desk.ok("route set all --caller-id none");
    for (line, why) in [
        (
            "caller-id use --route all --gateway two --number +4930999",
            "not a number of pbx.test",
        ),
        (
            "caller-id use --route all --gateway three --number none",
            "do not go by three",
        ),
        (
            "caller-id use --route none --gateway two --number none",
            "no route none",
        ),
        ("caller-id use --route all --number none", "--gateway"),
        (
            "caller-id use --route all --gateway two --number +4930123457",
            "so already",
        ),
    ] {
        let said = desk.refused(line);
        assert!(said.contains(why), "{line}: {said}");
    }
    desk.ok("caller-id use --route all --gateway two --number none");
    assert!(!desk.say("explain 1001 +49301234").contains("as +4930123457"));
}

/// People who dial a prefix for every call outside dial it before a number for help as well, and without it.
#[test]
fn help_is_called_with_and_without_the_access_prefix() {
    let desk = desk();
    desk.ok("plan set --access-prefix 9");
    desk.ok("setting set emergency-numbers '110 112'");
    for dialled in ["110", "112", "9110", "9112"] {
        let said = desk.say(&format!("explain 1002 {dialled}"));
        let number = dialled.trim_start_matches('9');
        assert!(
            said.contains(&format!("goes out to {number}")),
            "{dialled}: {said}"
        );
    }
    for dialled in ["91120", "99112", "1120", "+112"] {
        let said = desk.say(&format!("explain 1002 {dialled}"));
        assert!(!said.contains("call for help"), "{dialled}: {said}");
    }
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
