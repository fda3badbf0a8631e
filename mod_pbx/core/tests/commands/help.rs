//! Calls for help that nobody would hear: what `pbx status` and `pbx check` warn of, and what such a call does.

use serde_json::json;

use crate::support::Desk;

fn warned(desk: &Desk) -> Vec<String> {
    let status = desk.json("status");
    let all = status["warnings"].as_array().unwrap().iter();
    let texts = all.map(|warning| warning.as_str().unwrap().to_owned());
    let help: Vec<String> = texts.filter(|text| text.starts_with("calls for help")).collect();
    let checked = desk.json("check");
    assert_eq!(checked["warnings"], json!(help));
    assert_eq!(checked["ok"], true);
    assert_eq!(
        desk.say("check").matches("WARNING calls for help").count(),
        help.len()
    );
    help
}

#[test]
fn status_and_check_warn_of_calls_for_help_that_no_gateway_would_take() {
    let desk = Desk::small();
    let said = warned(&desk);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("pbx.test to 112, 911, 999 would fail"),
        "{said:?}"
    );
    // Who has none on purpose says so.
    desk.ok("setting set emergency-numbers ''");
    assert!(warned(&desk).is_empty());
    desk.ok("gateway add carrier --proxy 192.0.2.50");
    desk.ok("route add help --emergency --pattern '112 110' --gateway carrier");
    assert!(warned(&desk).is_empty());
    desk.ok("gateway set carrier --enabled no");
    let said = warned(&desk);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("emergency route help"), "{said:?}");
    // Domains in which the same is wrong are named in one sentence.
    desk.ok("setting set emergency-numbers 112");
    for name in ["a.test", "b.test"] {
        desk.ok(&format!("domain add {name}"));
        desk.ok(&format!("extension add 1001@{name} --user bob --name Bob"));
    }
    let said = warned(&desk);
    assert!(
        said.iter()
            .any(|text| text.starts_with("calls for help of a.test, b.test to 112 would fail")),
        "{said:?}"
    );
}

#[test]
fn a_call_for_help_without_a_gateway_is_an_error_in_the_log_and_an_event() {
    let desk = Desk::small();
    let explained = desk.say("explain 1001 112");
    for part in [
        "refused (no-gateway)",
        "ERR mod_pbx: the call of 1001@pbx.test for help to 112 FAILED",
        "Event-Subclass=pbx::help-failed,pbx-dialled=112,pbx-from=1001@pbx.test",
        "data=\"503\"",
    ] {
        assert!(explained.contains(part), "{part}: {explained}");
    }
    assert!(desk.say("explain 1001 113").contains("404"), "no number for help");
    // One that goes out says so only behind its last gateway.
    desk.ok("gateway add carrier --proxy 192.0.2.50");
    let explained = desk.say("explain 1001 112");
    let (gateway, failed) = (explained.rfind("external::carrier/112"), explained.find("FAILED"));
    assert!(gateway.is_some() && gateway < failed, "{explained}");
}
