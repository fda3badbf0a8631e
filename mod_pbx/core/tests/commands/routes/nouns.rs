//! Plans, groups, routes, blocks and caps, as typed, shown and taken back.

use serde_json::json;

use super::desk;

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
