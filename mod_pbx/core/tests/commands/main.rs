//! The `pbx …` commands as an administrator types them, against a PBX with a database of its own and no switch.

mod support;

use support::Desk;

#[test]
fn a_first_session_ends_with_a_phone_that_may_register() {
    let desk = Desk::new();
    assert!(desk.say("").contains("extension add|list|show|set|delete"));
    desk.ok("domain add PBX.test");
    let added = desk.ok("extension add 1001 --user alice --name 'Alice Adams'");
    assert!(added.contains("voicemail PIN"), "{added}");
    let line = desk.json("line add alice-desk --extension 1001");
    let phone = &line["phone"];
    assert_eq!(
        (phone["username"].as_str(), phone["domain"].as_str()),
        (Some("alice-desk"), Some("pbx.test"))
    );
    assert_eq!(
        (phone["server"].as_str(), phone["port"].as_u64()),
        (Some("192.0.2.10"), Some(5060))
    );
    let password = phone["password"].as_str().unwrap();
    let hash = pbx_core::secret::a1_hex("alice-desk", "pbx.test", password);
    let document = desk.say("lookup directory key_value=pbx.test user=alice-desk action=sip_auth");
    assert!(document.contains(&hash), "{document}");
    assert_eq!(desk.rev(), 3);
}
