//! `pbx did`: what is made, what is refused, and what lookups then know.

use serde_json::json;

use crate::support::Desk;

fn office() -> Desk {
    let desk = Desk::small();
    desk.ok("extension add 1002 --user bob --name Bob --line");
    desk.ok("extension add 1003 --user carol --name Carol --line --voicemail no");
    desk
}

/// Whose number lookups take this for.
fn found(desk: &Desk, called: &str, caller: &str) -> Option<Vec<String>> {
    let snapshot = desk.pbx.store().snapshot();
    let did = snapshot.dids.find(called, caller, None, None)?;
    Some(did.members.iter().map(ToString::to_string).collect())
}

fn numbers(all: &[&str]) -> Option<Vec<String>> {
    Some(all.iter().map(|&number| number.to_owned()).collect())
}

#[test]
fn a_did_rings_whom_it_names_until_it_is_taken_back() {
    let desk = office();
    desk.ok("did add '+49 30 1234-56' --members 1001");
    let shown = desk.json("did show +4930123456");
    assert_eq!(
        (&shown["number"], &shown["then"]),
        (&json!("4930123456"), &json!("voicemail:1001"))
    );
    assert_eq!(found(&desk, "4930123456", ""), numbers(&["1001"]));
    desk.ok(
        "did set 4930123456 --members '1003 1002' --strategy round-robin --ring-seconds 20 --then hangup",
    );
    let shown = desk.json("did show 4930123456");
    assert_eq!(shown["members"], json!(["1003", "1002"]));
    assert_eq!(
        (&shown["strategy"], &shown["ring_seconds"]),
        (&json!("round-robin"), &json!(20))
    );
    assert_eq!(found(&desk, "4930123456", ""), numbers(&["1003", "1002"]));
    // Who is renumbered goes on being rung.
    desk.ok("extension set 1003 --rename 1033");
    assert_eq!(found(&desk, "4930123456", ""), numbers(&["1033", "1002"]));
    desk.ok(&format!("revert {}", desk.rev()));
    desk.ok(&format!("revert {}", desk.rev() - 2));
    assert_eq!(found(&desk, "4930123456", ""), numbers(&["1001"]));
    desk.ok("did add 4930 --prefix --members 1002 --then did:4930123456");
    desk.ok("did add 4930 --prefix --caller 44 --members 1003");
    assert_eq!(found(&desk, "4930999", "33"), numbers(&["1002"]));
    assert_eq!(found(&desk, "4930999", "4420"), numbers(&["1003"]));
    assert_eq!(desk.json("did show 4930 --caller 44")["then"], "hangup");
    assert_eq!(desk.json("did show 4930")["then"], "did:4930123456");
    assert_eq!(desk.json("did list")["total"], 3);
    desk.ok("domain set pbx.test --rename new.test --new-passwords");
    assert_eq!(found(&desk, "4930999", "33"), numbers(&["1002"]));
    assert_eq!(
        desk.pbx
            .store()
            .snapshot()
            .dids
            .find("4930999", "", None, None)
            .unwrap()
            .domain
            .as_str(),
        "new.test"
    );
    desk.ok("did set 4930 --then hangup");
    desk.ok("did delete 4930123456");
    assert_eq!(found(&desk, "49301234567", ""), numbers(&["1002"]));
    desk.ok("domain delete new.test --with-everything");
    assert!(desk.pbx.store().snapshot().dids.is_empty());
    desk.ok(&format!("revert {}", desk.rev()));
    assert_eq!(found(&desk, "4930999", "4420"), numbers(&["1003"]));
    assert_eq!(desk.json("did show 4930 --caller 44")["members"], json!(["1003"]));
}

#[test]
fn schedules_and_destinations_are_what_they_name() {
    let desk = office();
    desk.ok("schedule add day --hours always");
    desk.ok(
        "did add 4930 --members '1001 1002' --schedule day --closed voicemail:1002 --then announcement:busy",
    );
    let shown = desk.json("did show 4930");
    assert_eq!(
        (&shown["schedule"], &shown["closed"], &shown["then"]),
        (
            &json!("day"),
            &json!("voicemail:1002"),
            &json!("announcement:busy")
        )
    );
    assert!(
        desk.refused("schedule delete day")
            .contains("still used by did 4930")
    );
    assert!(
        desk.refused("extension delete 1001 --with-everything")
            .contains("still rung by DID 4930")
    );
    desk.ok("did set 4930 --members 1003");
    assert!(
        desk.refused("extension delete 1002 --with-everything")
            .contains("still used by did 4930")
    );
    desk.ok("did set 4930 --schedule none --closed none");
    desk.ok("schedule delete day");
    desk.ok("extension delete 1002 --with-everything");
}

#[test]
fn what_cannot_be_is_refused() {
    let desk = office();
    desk.ok("did add 493011 --members 1001");
    desk.ok("did add 493012 --members 1002 --then did:493011");
    desk.ok("did add 493013 --members 1002 --then did:493012");
    for (line, why) in [
        ("did add 493011 --members 1001", "already"),
        ("did add 493014 --members 1009", "no extension 1009"),
        ("did add 493014 --members ''", "1 to 50"),
        ("did add 493014 --members '1001 1001'", "twice"),
        ("did add 49x --members 1001", "not a number"),
        ("did add 4 --members 1001", "at least 2"),
        ("did add 493014 --members 1001 --ring-seconds 4", "5 to 600"),
        (
            "did add 493014 --members 1001 --schedule nine",
            "no schedule nine",
        ),
        (
            "did add 493014 --members 1001 --then voicemail:1003",
            "no mailbox",
        ),
        ("did add 493014 --members 1001 --then did:1", "no DID 1"),
        (
            "did add 493014 --members 1001 --then 'announcement:../x'",
            "not a name",
        ),
        ("did add 493014 --members 1001 --then nowhere", "none of hangup"),
        (
            "did set 493011 --then did:493011",
            "in a circle: 493011 to 493011",
        ),
        (
            "did set 493011 --then did:493013",
            "493011 to 493013 to 493012 to 493011",
        ),
        ("did set 493011 --closed did:493013", "in a circle"),
        ("did set 493011 --rename 493012", "already"),
        ("did set 493011", "nothing"),
        ("did show 4930", "no DID 4930"),
        ("did delete 493011", "still used by did 493012"),
    ] {
        let answer = desk.refused(line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
    // Another domain's extensions and schedules are not to be had.
    desk.ok("domain add other.test");
    assert!(
        desk.refused("did add 493015 --domain other.test --members 1001")
            .contains("no extension 1001")
    );
    assert!(
        desk.refused("did add 493011 --domain pbx.test --members 1001")
            .contains("perhaps in another domain")
    );
}

/// What the switch is told of a call to this number by the carrier at 192.0.2.77.
fn comes(desk: &Desk, context: &str, number: &str, more: &str) -> String {
    desk.say(&format!(
        "lookup dialplan Hunt-Context={context} 'Hunt-Destination-Number={number}' Call-Direction=inbound \
         variable_sofia_profile_name=external variable_sip_acl_authed_by=pbx_gateways \
         Caller-Channel-Name=sofia/external/x variable_sip_network_ip=192.0.2.77 \
         Caller-Caller-ID-Number=+442071234567 'Caller-Caller-ID-Name=Eve ${{system(x)}}, Inc' {more}"
    ))
}

fn has(document: &str, all: &[&str]) {
    for text in all {
        assert!(document.contains(text), "{text} in {document}");
    }
}

fn carrier() -> Desk {
    let desk = office();
    desk.ok("gateway add carrier --proxy 192.0.2.77 --register no");
    desk
}

#[test]
fn a_call_from_a_carrier_rings_and_goes_on() {
    let desk = carrier();
    desk.ok("did add +4930123456 --members '1001 1002' --ring-seconds 20 --then voicemail:1001");
    let document = comes(&desk, "pbx_gateways", "+4930123456", "");
    has(
        &document,
        &[
            "presence_data=pbx_gateway_carrier",
            "continue_on_fail=true pbx_hops=1 force_transfer_context=pbx.test pbx_guest=pbx.test",
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
fn one_extension_is_called_with_its_own_forwards_and_nobodys_number_is_refused() {
    let desk = carrier();
    desk.ok("did add 4930 --prefix --members 1001");
    desk.ok("forward 1001 no-answer 1003");
    let document = comes(&desk, "pbx_gateways", "+4930999", "");
    let id = desk.json("did show 4930")["id"].as_str().unwrap().to_owned();
    has(&document, &[&format!("data=\"{id}-1001 XML pbx_did\"")]);
    let place = format!("{id}-1001");
    let next = comes(
        &desk,
        "pbx_did",
        &place,
        "variable_pbx_hops=1 variable_originate_disposition=NO_ANSWER",
    );
    has(
        &next,
        &[
            "pbx_identity=1003@pbx.test",
            &format!("data=\"{id}-1003 XML pbx_did\""),
        ],
    );
    let place = format!("{id}-1003");
    let last = comes(
        &desk,
        "pbx_did",
        &place,
        "variable_pbx_hops=2 variable_originate_disposition=NO_ANSWER",
    );
    has(&last, &["data=\"default pbx.test 1001\""]);
    for number in ["+44999", "1001", "", "4930${x}", "+49301234567890123456789"] {
        let document = comes(&desk, "pbx_gateways", number, "");
        has(&document, &["404", "UNALLOCATED_NUMBER"]);
    }
    // Nobody but a carrier gets there: not a line, not a stranger, not by naming the context.
    for context in ["pbx_did", "pbx_gateways"] {
        for who in [
            "variable_pbx_identity=1001@pbx.test",
            "variable_sofia_profile_name=internal variable_sip_network_ip=192.0.2.77",
            "variable_sofia_profile_name=external variable_sip_network_ip=192.0.2.78",
        ] {
            let document = desk.say(&format!(
                "lookup dialplan Hunt-Context={context} Hunt-Destination-Number={id} variable_pbx_guest=pbx.test {who}"
            ));
            has(&document, &["403"]);
        }
    }
    // A gateway of another domain does not reach it.
    desk.ok("domain add other.test");
    desk.ok("gateway set carrier --domain other.test");
    has(&comes(&desk, "pbx_gateways", "+4930999", ""), &["404"]);
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

#[test]
fn a_caller_from_outside_is_transferred_to_extensions_and_nowhere_else() {
    let desk = carrier();
    desk.ok("did add 4930 --prefix --members 1001");
    let guest = "variable_pbx_guest=pbx.test variable_pbx_hops=1";
    let document = comes(&desk, "pbx.test", "1002", guest);
    has(
        &document,
        &[
            "name=\"guest\"",
            "pbx_identity=1002@pbx.test",
            "data=\"1002 XML pbx_unanswered\"",
        ],
    );
    let after = format!("{guest} variable_originate_disposition=NO_ANSWER");
    has(
        &comes(&desk, "pbx_unanswered", "1002", &after),
        &["data=\"default pbx.test 1002\""],
    );
    for number in ["*78", "*97", "+4930999", "112", "1009"] {
        has(&comes(&desk, "pbx.test", number, guest), &["404"]);
    }
    has(&comes(&desk, "pbx.test", "1002", ""), &["403"]);
    has(
        &comes(&desk, "pbx.test", "1002", "variable_pbx_guest=other.test"),
        &["403"],
    );
    has(
        &comes(
            &desk,
            "pbx.test",
            "1002",
            "variable_pbx_guest=pbx.test variable_pbx_hops=17",
        ),
        &["482"],
    );
}
