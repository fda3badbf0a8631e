//! Calls as carriers bring them: whom they ring, and how numbers are read.

use super::{carrier, comes, has};

#[test]
fn a_call_from_a_carrier_rings_and_goes_on() {
    let desk = carrier();
    desk.ok("did add +4930123456 --members '1001 1002' --ring-seconds 20 --then voicemail:1001");
    let document = comes(&desk, "pbx_gateways", "+4930123456", "");
    has(
        &document,
        &[
            "presence_data=pbx_gateway_carrier",
            "continue_on_fail=true:pbx_hops=1:force_transfer_context=pbx.test:pbx_guest=pbx.test",
            "effective_caller_id_number=+442071234567",
            "effective_caller_id_name=Eve   system(x)   Inc",
            "call_timeout=20",
            "pbx_identity=1001@pbx.test",
            "pbx_identity=1002@pbx.test",
            "leg_timeout=20",
            " XML pbx_did\"",
        ],
    );
    assert!(!document.contains("${"), "{document}");
    let id = desk.json("did show +4930123456")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    has(&document, &[&format!("data=\"{id} XML pbx_did\"")]);
    let after = comes(
        &desk,
        "pbx_did",
        &id,
        "variable_pbx_hops=1 variable_originate_disposition=NO_ANSWER",
    );
    has(
        &after,
        &[
            "data=\"default pbx.test 1001\"",
            "presence_data=pbx_gateway_carrier",
        ],
    );
    desk.ok("did set 4930123456 --strategy order --then announcement:closed");
    has(&comes(&desk, "pbx_gateways", "004930123456", ""), &["|["]);
    has(
        &comes(&desk, "pbx_did", &id, "variable_pbx_hops=1"),
        &["480,620", "NORMAL_CLEARING"],
    );
    // An announcement is found once it is there.
    let folder = desk.dir.path().join("sounds/announcements");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("closed.wav"), [0; 100]).unwrap();
    std::fs::write(folder.join("${x}.wav"), [0; 100]).unwrap();
    desk.ok("reload");
    has(
        &comes(&desk, "pbx_did", &id, "variable_pbx_hops=1"),
        &["sounds/announcements/closed.wav\""],
    );
    for (place, hops, what) in [
        ("00000000-0000-7000-8000-000000000000", 1, "480"),
        ("x", 1, "404"),
        ("", 1, "404"),
        (id.as_str(), 17, "482"),
    ] {
        has(
            &comes(&desk, "pbx_did", place, &format!("variable_pbx_hops={hops}")),
            &[what],
        );
    }
}

#[test]
fn a_did_may_be_tied_to_its_gateway_and_numbers_are_read_as_the_carrier_writes_them() {
    let desk = carrier();
    desk.ok("did add +4930123456 --members 1001");
    has(
        &comes(&desk, "pbx_gateways", "+4930123456", ""),
        &["1001@pbx.test"],
    );
    // In the way of a country that nobody has named.
    has(&comes(&desk, "pbx_gateways", "030123456", ""), &["404"]);
    desk.ok("gateway set carrier --country-code 49");
    for number in [
        "030123456",
        "30123456",
        "+49030123456",
        "004930123456",
        "4930123456",
    ] {
        has(&comes(&desk, "pbx_gateways", number, ""), &["1001@pbx.test"]);
    }
    for number in ["030123457", "0030123456", "0", "00"] {
        has(&comes(&desk, "pbx_gateways", number, ""), &["404"]);
    }
    // As the domain's own plan says, if the gateway is a domain's.
    desk.ok("gateway set carrier --country-code ''");
    has(&comes(&desk, "pbx_gateways", "030123456", ""), &["404"]);
    desk.ok("plan set --country-code 49 --access-prefix 9");
    desk.ok("gateway set carrier --domain pbx.test");
    has(&comes(&desk, "pbx_gateways", "030123456", ""), &["1001@pbx.test"]);

    desk.ok("gateway add other --proxy 198.51.100.99 --register no");
    desk.ok("did add +4930123456 --gateway other --members 1002");
    has(&comes(&desk, "pbx_gateways", "030123456", ""), &["1001@pbx.test"]);
    desk.ok("did add +4930123456 --gateway carrier --members 1003");
    let document = comes(&desk, "pbx_gateways", "030123456", "");
    has(&document, &["1003@pbx.test"]);
    assert!(!document.contains("1001@"), "{document}");
    let refused = desk.refused("did add +4930123456 --gateway carrier --members 1002");
    assert!(refused.contains("already"), "{refused}");
    let refused = desk.refused("gateway delete carrier");
    assert!(refused.contains("did 4930123456"), "{refused}");
    let refused = desk.refused("did add +4930123457 --gateway nobody --members 1002");
    assert!(refused.contains("there is no gateway nobody"), "{refused}");
    desk.ok("domain add other.test");
    let refused = desk.refused("gateway set other --domain other.test");
    assert!(refused.contains("did 4930123456 stays behind"), "{refused}");
    desk.ok("gateway add third --proxy 198.51.100.98 --register no --domain other.test");
    let refused = desk.refused("did add +4930123458 --gateway third --members 1002 --domain pbx.test");
    assert!(refused.contains("belongs to another domain"), "{refused}");
    let refused = desk.refused("gateway set carrier --country-code 049");
    assert!(refused.contains("country-code is up to 3 digits"), "{refused}");
}
