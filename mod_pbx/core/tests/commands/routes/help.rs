//! Calls for help: nobody has their numbers, and every way is tried.

use super::desk;

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
