//! `pbx forward`, `pbx dnd` and feature codes, and where calls then go.

use serde_json::json;

use crate::support::Desk;

/// 1001 to 1005 with a phone each that is on; 1006 has none, nor a mailbox.
fn office() -> Desk {
    let desk = Desk::new();
    desk.ok("domain add pbx.test");
    for (user, number) in [
        ("alice", "1001"),
        ("bob", "1002"),
        ("carol", "1003"),
        ("dave", "1004"),
        ("eve", "1005"),
    ] {
        desk.ok(&format!(
            "extension add {number} --user {user} --name {user} --line {user}"
        ));
        desk.registers(user, &format!("<sip:{user}@192.0.2.7:5062>"), "192.0.2.7");
    }
    desk.ok("extension add 1006 --user alice --voicemail no");
    desk
}

/// What happens to a call by alice, with these further parameters.
fn call(desk: &Desk, number: &str, further: &str) -> String {
    desk.say(&format!(
        "lookup dialplan Hunt-Context=pbx.test 'Hunt-Destination-Number={number}' \
         variable_pbx_identity=alice@pbx.test {further}"
    ))
}

/// The same after the phones of `number` did not take it.
fn after(desk: &Desk, number: &str, cause: &str) -> String {
    desk.say(&format!(
        "lookup dialplan Hunt-Context=pbx_unanswered Hunt-Destination-Number={number} \
         variable_pbx_identity=alice@pbx.test variable_originate_disposition={cause} variable_pbx_hops=1"
    ))
}

#[track_caller]
fn rings(document: &str, username: &str) {
    let leg = format!("pbx_identity={username}@pbx.test");
    assert!(document.contains(&leg), "{username}: {document}");
    assert_eq!(document.matches("pbx_identity=").count(), 1, "{document}");
}

#[track_caller]
fn has(document: &str, parts: &[&str]) {
    for part in parts {
        assert!(document.contains(part), "{part}: {document}");
    }
}

#[test]
fn each_forward_leads_where_it_says() {
    let desk = office();
    rings(&call(&desk, "1002", ""), "bob");
    for (when, cause) in [
        ("busy", "USER_BUSY"),
        ("no-answer", "NO_ANSWER"),
        ("offline", "NORMAL_TEMPORARY_FAILURE"),
    ] {
        desk.ok(&format!("forward 1002 {when} 1003"));
        let first = call(&desk, "1002", "");
        rings(&first, "bob");
        has(
            &first,
            &[
                "continue_on_fail=true",
                "application=\"transfer\" data=\"1002 XML pbx_unanswered\"",
                "accountcode=1001 ",
            ],
        );
        assert!(!first.contains("application=\"voicemail\""), "{first}");
        // Who forwards pays; the phone shows who calls.
        let then = after(&desk, "1002", cause);
        rings(&then, "carol");
        has(
            &then,
            &[
                "accountcode=1002 ",
                "effective_caller_id_number=1001 ",
                "pbx_hops=2 ",
            ],
        );
        // What has no forward ends in the mailbox.
        for other in ["USER_BUSY", "NO_ANSWER", "NORMAL_TEMPORARY_FAILURE"] {
            if other != cause {
                has(
                    &after(&desk, "1002", other),
                    &["voicemail\" data=\"default pbx.test 1002\""],
                );
            }
        }
        desk.ok(&format!("forward 1002 {when} off"));
    }
    desk.ok("forward 1002 always 1003");
    let always = call(&desk, "1002", "");
    rings(&always, "carol");
    has(&always, &["accountcode=1002 "]);
    desk.ok("forward 1006 offline 1004");
    rings(&call(&desk, "1006", ""), "dave");
    // Through two extensions: the last who forwards pays.
    desk.ok("forward 1003 always 1006");
    let through = call(&desk, "1002", "");
    rings(&through, "dave");
    has(&through, &["accountcode=1006 ", "pbx_hops=4 "]);
}

#[test]
fn causes_are_busy_no_answer_or_nobody_there() {
    let desk = office();
    desk.ok("extension set 1002 --voicemail no");
    desk.ok("forward 1002 busy 1003");
    desk.ok("forward 1002 no-answer 1004");
    desk.ok("forward 1002 offline 1005");
    for (causes, who) in [
        (&["USER_BUSY", "CALL_REJECTED"][..], "carol"),
        (&["NO_ANSWER", "NO_USER_RESPONSE", "ALLOTTED_TIMEOUT"], "dave"),
        (
            &[
                "USER_NOT_REGISTERED",
                "SUBSCRIBER_ABSENT",
                "RECOVERY_ON_TIMER_EXPIRE",
                "odd",
                "",
            ],
            "eve",
        ),
    ] {
        for cause in causes {
            rings(&after(&desk, "1002", cause), who);
        }
    }
    for when in ["busy", "no-answer", "offline"] {
        desk.ok(&format!("forward 1002 {when} off"));
    }
    has(
        &after(&desk, "1002", "USER_BUSY"),
        &["respond\" data=\"486\"", "USER_BUSY"],
    );
    has(
        &after(&desk, "1002", "NO_ANSWER"),
        &["respond\" data=\"480\"", "NO_ANSWER"],
    );
    has(
        &after(&desk, "1002", ""),
        &["respond\" data=\"480\"", "USER_NOT_REGISTERED"],
    );
    // Without mailbox and forward the caller hears what the phone said.
    has(&call(&desk, "1002", ""), &["continue_on_fail=false"]);
}

#[test]
fn do_not_disturb_rings_nothing() {
    let desk = office();
    desk.ok("dnd 1002 on");
    let message = call(&desk, "1002", "");
    has(&message, &["voicemail\" data=\"default pbx.test 1002\""]);
    assert!(!message.contains("application=\"bridge\""), "{message}");
    desk.ok("extension set 1002 --voicemail no");
    has(&call(&desk, "1002", ""), &["respond\" data=\"486\"", "USER_BUSY"]);
    desk.ok("forward 1002 busy 1003");
    rings(&call(&desk, "1002", ""), "carol");
    // Who forwards all calls has said where to.
    desk.ok("forward 1002 always 1004");
    rings(&call(&desk, "1002", ""), "dave");
    desk.ok("dnd 1002 off");
    desk.ok("forward 1002 always off");
    rings(&call(&desk, "1002", ""), "bob");
}

/// `user/1002@pbx.test`, as a dial string of somebody else's may name it.
#[test]
fn a_dial_string_of_a_user_follows_too() {
    let desk = office();
    let user = |name: &str| {
        desk.say(&format!(
            "lookup directory domain=pbx.test user={name} action=user_call"
        ))
    };
    desk.ok("forward 1002 always 1003");
    // The document is bob's, and what is dialled is carol's phone.
    has(&user("1002"), &["\"[leg_timeout=30,pbx_identity=carol@pbx.test,"]);
    // A phone that is asked for by its own name is wanted itself.
    has(&user("bob"), &["\"[leg_timeout=30,pbx_identity=bob@pbx.test,"]);
    desk.ok("forward 1002 always off");
    desk.ok("dnd 1002 on");
    has(&user("1002"), &["value=\"error/user_busy\""]);
    has(&user("bob"), &["value=\"error/user_busy\""]);
    desk.ok("forward 1002 busy 1003");
    has(&user("1002"), &["pbx_identity=carol@pbx.test,"]);
    has(&user("1006"), &["value=\"error/user_not_registered\""]);
}

/// Whatever a channel brings along, each answer sends it on with a higher number, or not at all.
#[test]
fn a_call_is_sent_on_so_often_and_no_more() {
    let desk = office();
    let hops = |before: &str| {
        let document = call(&desk, "1002", &format!("'variable_pbx_hops={before}'"));
        let (_, rest) = document.split_once("pbx_hops=")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok()
    };
    for before in 0..16_u64 {
        assert_eq!(hops(&before.to_string()), Some(before + 1));
    }
    for before in [
        "16",
        "17",
        "255",
        "256",
        "-1",
        "-100",
        "99999999999",
        "x",
        "",
        "0x0",
        "1.0",
        " 0",
        "${x}",
    ] {
        let document = call(&desk, "1002", &format!("'variable_pbx_hops={before}'"));
        has(&document, &["482"]);
        assert!(
            !document.contains("application=\"bridge\""),
            "{before:?}: {document}"
        );
    }
    // Every way out carries it: forwarded at once, after ringing, to codes.
    desk.ok("forward 1002 always 1003");
    has(
        &call(&desk, "1002", "variable_pbx_hops=14"),
        &["pbx_hops=16 ", ",pbx_hops=16,"],
    );
    has(&call(&desk, "1002", "variable_pbx_hops=15"), &["482"]);
    has(&call(&desk, "*43", "variable_pbx_hops=15"), &["pbx_hops=16 "]);
    has(&call(&desk, "*43", "variable_pbx_hops=17"), &["482"]);
}

#[test]
fn forwards_that_cannot_be_are_refused() {
    let desk = office();
    desk.ok("domain add other.test");
    desk.ok("extension add 2001@other.test --user zoe --name Zoe --line zoe");
    for (line, why) in [
        (
            "forward 1001@pbx.test busy 1999",
            "1999 is not an extension of this domain",
        ),
        (
            "forward 1001@pbx.test busy 2001",
            "2001 is not an extension of this domain",
        ),
        (
            "forward 1001@pbx.test busy 0301234567",
            "only to numbers with a country code",
        ),
        ("forward 1001@pbx.test busy 1001", "circle: 1001 to 1001"),
        ("forward 1001@pbx.test busy", "TARGET"),
        ("forward 1001@pbx.test sometimes 1002", "always"),
        (
            "forward 1001@pbx.test busy 1002 --seconds 20",
            "--seconds goes with no-answer",
        ),
        (
            "forward 1001@pbx.test --seconds 20",
            "--seconds goes with no-answer",
        ),
        ("forward 1001@pbx.test no-answer 1002 --seconds 4", "5 to 600"),
        ("dnd 1001@pbx.test perhaps", "on, off"),
        ("dnd 1999@pbx.test on", "there is no extension 1999"),
    ] {
        let answer = desk.refused(line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
    desk.ok("forward 1001@pbx.test busy 1002");
    desk.ok("forward 1002@pbx.test offline 1003");
    let circle = desk.refused("forward 1003@pbx.test no-answer 1001");
    assert!(
        circle.contains("circle: 1003 to 1001 to 1002 to 1003"),
        "{circle}"
    );
    // A number that is a target stays.
    for line in [
        "extension delete 1003@pbx.test --with-everything",
        "extension set 1003@pbx.test --rename 1033",
    ] {
        let answer = desk.refused(line);
        assert!(
            answer.contains("extension 1002 are forwarded to 1003"),
            "{answer}"
        );
    }
    // One that is switched off is a target still, and takes no call.
    desk.ok("extension set 1003@pbx.test --enabled no");
    desk.refused("forward 1003@pbx.test no-answer 1001");
    // What was undone is not brought back into a circle.
    desk.ok("forward 1001@pbx.test busy off");
    let off = desk.rev();
    desk.ok("forward 1003@pbx.test no-answer 1001");
    let answer = desk.refused(&format!("revert {off}"));
    assert!(answer.contains("circle"), "{answer}");
}

#[test]
fn what_is_set_is_shown() {
    let desk = office();
    let revision = desk.json("forward 1001 no-answer 1002 --seconds 15");
    assert_eq!(
        revision,
        json!({"ok": true, "revision": desk.rev(), "extension": "1001@pbx.test", "ring_seconds": 15,
            "forwards": {"dnd": false, "always": null, "busy": null, "no-answer": "1002", "offline": null}})
    );
    desk.ok("dnd 1001 on");
    let again = desk.json("dnd 1001 on");
    assert_eq!((&again["ok"], &again["revision"]), (&json!(true), &json!(null)));
    let shown = desk.say("forward 1001");
    has(&shown, &["extension 1001@pbx.test\n", "1002, after 15 s", "on"]);
    assert_eq!(desk.say("dnd 1001"), shown);
    assert_eq!(desk.json("forward 1001")["forwards"]["no-answer"], "1002");
    has(
        &desk.say("extension show 1001"),
        &["do not disturb, no-answer: 1002", "15 s"],
    );
    has(&desk.say("extension show 1002"), &["none"]);
    assert_eq!(desk.json("extension show 1001")["forwards"]["dnd"], true);
    let rev = desk.rev();
    desk.ok(&format!("revert {rev}"));
    assert_eq!(desk.json("dnd 1001")["forwards"]["dnd"], false);
    let completed = |line: &str| desk.pbx.complete(line);
    assert_eq!(completed("forward 1001 no"), ["no-answer"]);
    assert_eq!(completed("forward 1001 always o"), ["off"]);
    assert_eq!(completed("forward 1001 always 1004"), ["1004"]);
    assert_eq!(completed("dnd 1001 o"), ["off", "on"]);
}

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
