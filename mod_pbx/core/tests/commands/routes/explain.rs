//! `pbx explain` says what the switch gets.

use super::desk;
use crate::support::Desk;

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
/// A call that is only explained, or looked up by command, takes no place within a cap.
#[test]
fn what_is_explained_does_not_count() {
    let desk = Desk::small();
    for line in [
        "extension add 1002 --user bob --name bob --line bob",
        "plan set --country-code 49",
        "gateway add carrier --proxy 192.0.2.50",
        "route add all --pattern * --gateway carrier --extension 1002",
        "cap set 1002 --concurrent 1 --per-hour 1",
    ] {
        desk.ok(line);
    }
    for _ in 0..3 {
        let explained = desk.say("explain 1002 +49301234");
        assert!(
            explained.contains("calls at once: 0 of 1") && explained.contains("calls in this hour: 0 of 1"),
            "{explained}"
        );
        let looked_up = desk.say(
            "lookup dialplan Hunt-Context=pbx.test Hunt-Destination-Number=+49301234 \
             Unique-ID=0192c0de-0000-4000-8000-000000000001 variable_pbx_identity=bob@pbx.test",
        );
        assert!(looked_up.contains("external::carrier/+49301234"), "{looked_up}");
    }
}
