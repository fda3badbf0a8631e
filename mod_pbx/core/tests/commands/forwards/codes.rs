//! Feature codes: whom they obey, and which there are.

use serde_json::json;

use super::{call, has, office};

#[test]
fn a_phone_changes_its_own_extension() {
    let desk = office();
    for (dialled, wish, field, value) in [
        ("*78", "dnd-on", "dnd", json!(true)),
        ("*79", "dnd-off", "dnd", json!(false)),
        ("*721002", "forward-always-1002", "always", json!("1002")),
        ("*73", "forward-always-off", "always", json!(null)),
        ("*901002", "forward-busy-1002", "busy", json!("1002")),
        ("*91", "forward-busy-off", "busy", json!(null)),
        ("*921002", "forward-no-answer-1002", "no-answer", json!("1002")),
        ("*93", "forward-no-answer-off", "no-answer", json!(null)),
        ("*941002", "forward-offline-1002", "offline", json!("1002")),
        ("*95", "forward-offline-off", "offline", json!(null)),
    ] {
        let document = call(&desk, dialled, "");
        let data = format!("{wish} 1001@pbx.test");
        has(
            &document,
            &[
                &format!("application=\"pbx_feature\" data=\"{data}\""),
                &format!("application=\"transfer\" data=\"{wish} XML pbx_granted\""),
            ],
        );
        let told = || {
            desk.say(&format!(
                "lookup dialplan Hunt-Context=pbx_granted Hunt-Destination-Number={wish} \
                 variable_pbx_identity=alice@pbx.test variable_pbx_hops=1"
            ))
        };
        let rev = desk.rev();
        if dialled != "*79" {
            has(&told(), &["name=\"not-granted\""]);
        }
        desk.pbx.feature(&data);
        assert_eq!(desk.rev(), rev + 1, "{dialled}");
        has(&told(), &["name=\"granted\""]);
        assert_eq!(desk.json("forward 1001")["forwards"][field], value, "{dialled}");
        assert_eq!(
            desk.json("revisions")["revisions"][0]["actor"],
            "phone 1001@pbx.test"
        );
        // Asked for again, it is as it was asked for.
        desk.pbx.feature(&data);
        assert_eq!(desk.rev(), rev + 1, "{dialled}");
    }
    // A number that is asked for; one that cannot be; none.
    let ask = call(&desk, "*72", "");
    has(
        &ask,
        &["play_and_get_digits", "forward-always-${pbx_digits} XML pbx_wish"],
    );
    let wished = |text: &str| {
        desk.say(&format!(
            "lookup dialplan Hunt-Context=pbx_wish 'Hunt-Destination-Number={text}' \
             variable_pbx_identity=alice@pbx.test variable_pbx_hops=1"
        ))
    };
    has(
        &wished("forward-always-1002"),
        &["data=\"forward-always-1002 1001@pbx.test\""],
    );
    for bad in [
        "forward-always-",
        "forward-always-${x}",
        "1002",
        "dnd-on 1002@pbx.test",
        "",
    ] {
        let document = wished(bad);
        has(&document, &["name=\"no-wish\"", "480,620"]);
        assert!(!document.contains("pbx_feature"), "{document}");
    }
    let rev = desk.rev();
    for data in [
        "",
        "dnd-on",
        "dnd-on 1001",
        "dnd-on 1999@pbx.test",
        "dnd-on 1001@nowhere.test",
        "forward-always-1999 1001@pbx.test",
        "forward-always-1001 1001@pbx.test",
        "dnd-on 1001@pbx.test; user add x",
        "delete 1001@pbx.test",
    ] {
        desk.pbx.feature(data);
        assert_eq!(desk.rev(), rev, "{data}");
    }
    let failed = desk.say(
        "lookup dialplan Hunt-Context=pbx_granted Hunt-Destination-Number=forward-always-1001 \
         variable_pbx_identity=alice@pbx.test variable_pbx_hops=1",
    );
    has(&failed, &["name=\"not-granted\"", "480,620"]);
}

/// Somebody who is called and redirects or transfers the caller to a code does nothing in the caller's name.
#[test]
fn only_who_dials_a_code_is_obeyed() {
    let desk = office();
    for code in ["*78", "*721002", "*72", "*93"] {
        let document = call(&desk, code, "variable_pbx_hops=1");
        has(&document, &["name=\"refused\"", "403"]);
        assert!(!document.contains("pbx_feature"), "{document}");
    }
    has(
        &call(&desk, "*97", ""),
        &["voicemail_authorized=true", "check default pbx.test 1001"],
    );
    has(
        &call(&desk, "*97", "variable_pbx_hops=1"),
        &["voicemail_authorized=false"],
    );
    has(
        &call(&desk, "*98", ""),
        &["voicemail_authorized=false", "data=\"check default pbx.test\""],
    );
    has(&call(&desk, "*43", ""), &["application=\"echo\""]);
    desk.ok("setting set voicemail-own-pin yes");
    has(&call(&desk, "*97", ""), &["voicemail_authorized=false"]);
    desk.ok("extension set 1001 --voicemail no");
    has(&call(&desk, "*97", ""), &["name=\"no-mailbox\""]);
    // Nobody else's identity, none, and one that a verto client brings along.
    for identity in [
        "",
        "variable_pbx_identity=alice@other.test",
        "Caller-Channel-Name=verto.rtc/x",
    ] {
        let document = desk.say(&format!(
            "lookup dialplan Hunt-Context=pbx.test Hunt-Destination-Number=*78 {identity}"
        ));
        has(&document, &["403"]);
    }
}

#[test]
fn codes_are_settings_that_can_be_told_apart() {
    let desk = office();
    has(&call(&desk, "*9", ""), &["404"]);
    desk.ok("setting set code-dnd-on *55");
    has(&call(&desk, "*55", ""), &["dnd-on"]);
    has(&call(&desk, "*78", ""), &["404"]);
    for (value, why) in [
        ("*97", "begin alike"),
        ("*9", "begin alike"),
        ("*43111", "begin alike"),
        ("78", "* and 1 to 5"),
    ] {
        let answer = desk.refused(&format!("setting set code-dnd-on {value}"));
        assert!(answer.contains(why), "{answer}");
    }
    desk.ok("setting set code-echo ''");
    has(&call(&desk, "*43", ""), &["404"]);
    desk.ok("setting set code-dnd-on *43");
    // The default would clash now.
    assert!(desk.refused("setting delete code-echo").contains("begin alike"));
}
