//! The rules, message by message; whatever is sent, in any order; and what fuzzing has found.

use proptest::prelude::*;

use super::*;

const OWN: &str = "0b2f4f0e-6a59-4d0e-8e1e-3f5b8a1c7d11";
const OTHER: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
const SOUND: &str = "v=0\r\nm=audio 9 RTP/AVP 0\r\n";

fn ask(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": "x", "method": method, "params": params}).to_string()
}

fn passed(up: Up) -> Value {
    match up {
        Up::Pass(text) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn refused(up: Up) -> Reason {
    match up {
        Up::Refuse(reason, _) | Up::Drop(reason) => reason,
        other => panic!("{other:?}"),
    }
}

/// A socket that is logged in and has the call [`OWN`].
fn ready() -> Filter {
    let mut filter = Filter::default();
    let login = json!({"login": "c", "passwd": "p", "sessid": "s"});
    let Up::Login(login) = filter.up(&ask("login", &login)) else {
        panic!("no login")
    };
    let sent = passed(filter.login(&login));
    let answer =
        json!({"jsonrpc": "2.0", "id": sent["id"], "result": {"message": "logged in", "sessid": "s"}});
    assert!(matches!(filter.down(&answer.to_string()), Down::LoggedIn(_)));
    let sent = passed(filter.up(&ask("verto.invite", &invite(OWN))));
    let answer =
        json!({"jsonrpc": "2.0", "id": sent["id"], "result": {"message": "CALL CREATED", "callID": OWN}});
    assert!(matches!(filter.down(&answer.to_string()), Down::Pass(_)));
    assert!(filter.owns(OWN));
    filter
}

fn invite(call: &str) -> Value {
    json!({"sdp": SOUND, "dialogParams": {"callID": call, "destination_number": "1002"}})
}

#[test]
fn a_login_passes_with_three_fields_and_nothing_else() {
    let mut filter = Filter::default();
    let params = json!({
        "login": "c", "passwd": "p", "sessid": "s",
        "userVariables": {"api_hangup_hook": "system x"}, "loginParams": {"purpose": "x"}, "echoParams": true,
    });
    let Up::Login(login) = filter.up(&ask("login", &params)) else {
        panic!("no login")
    };
    let sent = passed(filter.login(&login));
    assert_eq!(
        sent["params"],
        json!({"login": "c", "passwd": "p", "sessid": "s"})
    );
    for bad in [
        json!({"login": "c", "passwd": "p"}),
        json!({"login": "c", "passwd": "p", "sessid": ""}),
        json!({"login": ["c"], "passwd": "p", "sessid": "s"}),
        json!({"login": "c".repeat(129), "passwd": "p", "sessid": "s"}),
    ] {
        assert_eq!(refused(filter.up(&ask("login", &bad))), Reason::Field);
    }
}

#[test]
fn before_the_login_nothing_else_passes() {
    let mut filter = Filter::default();
    for method in ["verto.invite", "verto.bye", "verto.ping", "jsapi"] {
        assert_eq!(
            refused(filter.up(&ask(method, &invite(OWN)))),
            Reason::NotLoggedIn
        );
    }
    // Not by an answer that nobody asked for either.
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": {"message": "logged in"}}).to_string();
    assert_eq!(filter.down(&answer), Down::Drop(Reason::Downstream));
    assert_eq!(
        refused(filter.up(&ask("verto.ping", &json!({})))),
        Reason::NotLoggedIn
    );
}

#[test]
fn an_invite_passes_without_a_name_a_variable_or_a_camera() {
    let mut filter = ready();
    let params = json!({
        "sdp": SOUND,
        "userVariables": {"api_hangup_hook": "x"},
        "dialogParams": {
            "callID": OTHER, "destination_number": "*97",
            "caller_id_name": "Police", "caller_id_number": "110", "ani": "1", "aniii": "1", "rdnis": "1",
            "remote_caller_id_name": "x", "remote_caller_id_number": "1", "userVariables": {"x": "y"},
            "useVideo": true, "screenShare": true, "conferenceCanvasID": 1,
            "audio": {"echoCancellation": true, "evil": "x", "noiseSuppression": "${x}"}, "recoverCall": false,
        },
    });
    let sent = passed(filter.up(&ask("verto.invite", &params)));
    assert_eq!(
        sent["params"],
        json!({"sdp": SOUND, "dialogParams": {
            "callID": OTHER, "destination_number": "*97",
            "audio": {"echoCancellation": true}, "recoverCall": false,
        }})
    );
}

#[test]
fn only_numbers_are_dialled() {
    let mut filter = ready();
    for bad in [
        "",
        "1002,sofia/gateway/g/1900",
        "${system(x)}",
        "1 2",
        "alice",
        "1002@x",
        &"1".repeat(33),
    ] {
        let mut params = invite(OTHER);
        params["dialogParams"]["destination_number"] = json!(bad);
        assert_eq!(refused(filter.up(&ask("verto.invite", &params))), Reason::Field);
        let transfer = json!({"action": "transfer", "destination": bad, "dialogParams": {"callID": OWN}});
        assert_eq!(refused(filter.up(&ask("verto.modify", &transfer))), Reason::Field);
    }
    for sdp in ["v=0\r\nm=audio 9 x\r\nm=video 9 x\r\n", "v=0\0\r\n"] {
        let mut params = invite(OTHER);
        params["sdp"] = json!(sdp);
        assert_eq!(refused(filter.up(&ask("verto.invite", &params))), Reason::Field);
    }
}

#[test]
fn nobody_touches_somebody_elses_call() {
    let mut filter = ready();
    let other = json!({"callID": OTHER});
    for (method, params) in [
        ("verto.bye", json!({"dialogParams": other})),
        ("verto.answer", json!({"sdp": SOUND, "dialogParams": other})),
        ("verto.attach", json!({"sdp": SOUND, "dialogParams": other})),
        ("verto.modify", json!({"action": "hold", "dialogParams": other})),
        ("verto.info", json!({"dtmf": "1", "dialogParams": other})),
        (
            "verto.modify",
            json!({"action": "replace", "replaceCallID": OTHER, "dialogParams": {"callID": OWN}}),
        ),
        (
            "verto.modify",
            json!({"action": "replace", "replaceCallID": OWN, "dialogParams": {"callID": OWN}}),
        ),
    ] {
        assert_eq!(
            refused(filter.up(&ask(method, &params))),
            Reason::Call,
            "{method}"
        );
    }
    // Asking for a call with that id does not make it ours: the switch refuses one that exists.
    let sent = passed(filter.up(&ask("verto.invite", &invite(OTHER))));
    let bye = ask("verto.bye", &json!({"dialogParams": other}));
    assert_eq!(refused(filter.up(&bye)), Reason::Call);
    let answer = json!({"jsonrpc": "2.0", "id": sent["id"],
        "error": {"message": "CALL ERROR", "callID": OTHER, "code": -32002}});
    assert!(matches!(filter.down(&answer.to_string()), Down::Pass(_)));
    assert_eq!(refused(filter.up(&bye)), Reason::Call);
    // Nor does an answer about another call.
    let sent = passed(filter.up(&ask("verto.invite", &invite(OTHER))));
    let answer =
        json!({"jsonrpc": "2.0", "id": sent["id"], "result": {"message": "CALL CREATED", "callID": OWN}});
    filter.down(&answer.to_string());
    assert_eq!(refused(filter.up(&bye)), Reason::Call);
}

#[test]
fn ones_own_call_can_do_all_that_a_call_needs() {
    let mut filter = ready();
    let own = json!({"callID": OWN, "caller_id_number": "110", "userVariables": {"x": "y"}});
    let kept = json!({"callID": OWN});
    for (method, mut params, mut sent) in [
        (
            "verto.bye",
            json!({"cause": "NORMAL_CLEARING", "evil": 1}),
            json!({"cause": "NORMAL_CLEARING"}),
        ),
        ("verto.bye", json!({"causeCode": 16}), json!({"causeCode": 16})),
        ("verto.answer", json!({"sdp": SOUND}), json!({"sdp": SOUND})),
        ("verto.attach", json!({"sdp": SOUND}), json!({"sdp": SOUND})),
        ("verto.info", json!({"dtmf": "1*#D"}), json!({"dtmf": "1*#D"})),
        (
            "verto.modify",
            json!({"action": "hold"}),
            json!({"action": "hold"}),
        ),
        (
            "verto.modify",
            json!({"action": "transfer", "destination": "1003", "replaceCallID": OTHER}),
            json!({"action": "transfer", "destination": "1003"}),
        ),
        (
            "verto.modify",
            json!({"action": "updateMedia", "sdp": SOUND}),
            json!({"action": "updateMedia", "sdp": SOUND}),
        ),
    ] {
        params["dialogParams"] = own.clone();
        sent["dialogParams"] = kept.clone();
        assert_eq!(
            passed(filter.up(&ask(method, &params)))["params"],
            sent,
            "{method}"
        );
    }
    for (method, mut params) in [
        ("verto.info", json!({"dtmf": "1@5000"})),
        ("verto.info", json!({"dtmf": ""})),
        ("verto.info", json!({"msg": {"to": "x@y", "body": "z"}})),
        ("verto.info", json!({"type": "mediaSettings"})),
        ("verto.modify", json!({"action": "videoRefresh"})),
        ("verto.bye", json!({"cause": "x y"})),
        ("verto.bye", json!({"causeCode": -1})),
    ] {
        params["dialogParams"] = own.clone();
        assert_eq!(
            refused(filter.up(&ask(method, &params))),
            Reason::Field,
            "{method}"
        );
    }
}

#[test]
fn what_is_no_request_is_not_for_the_switch() {
    let mut filter = ready();
    for (text, reason) in [
        ("#SPU 1000000", Reason::NoObject),
        ("[]", Reason::NoObject),
        (&*format!("[{}]", ask("verto.ping", &json!({}))), Reason::NoObject),
        ("", Reason::NoObject),
        ("{", Reason::NoObject),
        ("{\"method\":\"verto.ping\",\"id\":1}", Reason::NoObject),
        (
            "{\"jsonrpc\":\"2.0\",\"method\":\"verto.ping\",\"id\":{}}",
            Reason::NoObject,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"method\":\"verto.ping\",\"id\":1,\"params\":[]}",
            Reason::NoObject,
        ),
        (&*"[".repeat(10_000), Reason::NoObject),
        (&*"x".repeat(LONGEST + 1), Reason::Size),
    ] {
        assert_eq!(
            refused(filter.up(text)),
            reason,
            "{}",
            &text[..text.len().min(60)]
        );
    }
    for method in [
        "verto.subscribe",
        "verto.unsubscribe",
        "verto.broadcast",
        "jsapi",
        "fsapi",
        "echo",
        "verto.invite\n",
        "LOGIN",
    ] {
        assert_eq!(
            refused(filter.up(&ask(method, &json!({})))),
            Reason::Method,
            "{method}"
        );
    }
    let answer = "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"method\":\"verto.invite\"}}";
    assert_eq!(filter.up(answer), Up::Ignore);
}

#[test]
fn the_last_of_two_equal_keys_counts_and_only_that_is_sent() {
    let mut filter = ready();
    let text = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"jsapi\",\"method\":\"verto.bye\",\"params\":{{\
         \"dialogParams\":{{\"callID\":\"{OTHER}\",\"callID\":\"{OWN}\"}}}}}}"
    );
    let Up::Pass(sent) = filter.up(&text) else {
        panic!("{text}")
    };
    assert!(!sent.contains(OTHER) && !sent.contains("jsapi"), "{sent}");
    let text = text
        .replace(OWN, "x")
        .replace(OTHER, OWN)
        .replace("\"x\"", &format!("\"{OTHER}\""));
    assert_eq!(refused(filter.up(&text)), Reason::Call);
}

#[test]
fn a_browser_hears_of_its_calls_and_not_of_the_switch() {
    let mut filter = ready();
    let offered = json!({"jsonrpc": "2.0", "id": 7, "method": "verto.invite", "params": {
        "callID": OTHER, "sdp": SOUND, "caller_id_name": "Bob", "caller_id_number": "1002",
        "display_direction": "outbound", "variables": {"Core-UUID": "x", "FreeSWITCH-Hostname": "y"},
        "verto_h_x": "z", "evil": {"a": 1},
    }});
    let Down::Pass(text) = filter.down(&offered.to_string()) else {
        panic!("dropped")
    };
    let text: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        text["params"],
        json!({"callID": OTHER, "sdp": SOUND, "caller_id_name": "Bob", "caller_id_number": "1002",
            "display_direction": "outbound"})
    );
    assert!(filter.owns(OTHER));
    let bye = json!({"jsonrpc": "2.0", "id": 8, "method": "verto.bye", "params": {"callID": OTHER, "causeCode": 16}});
    filter.down(&bye.to_string());
    assert!(!filter.owns(OTHER));
    for method in [
        "verto.event",
        "verto.prompt",
        "verto.announce",
        "verto.mediaParams",
    ] {
        let event = json!({"jsonrpc": "2.0", "id": 9, "method": method, "params": {"callID": OTHER}});
        assert_eq!(
            filter.down(&event.to_string()),
            Down::Drop(Reason::Downstream),
            "{method}"
        );
        assert!(!filter.owns(OTHER));
    }
    // As mod_verto writes it: with a key twice.
    let sent = passed(filter.up(&ask("verto.invite", &invite(OTHER))));
    let text = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{},\"error\":{{\"message\":\"SDP missing\",\"causeCode\":95,\
         \"message\":\"CALL ERROR\",\"code\":-32002}}}}",
        sent["id"]
    );
    let Down::Pass(answer) = filter.down(&text) else {
        panic!("dropped")
    };
    assert!(
        answer.contains("CALL ERROR") && answer.contains("\"id\":\"x\""),
        "{answer}"
    );
    let punt = json!({"jsonrpc": "2.0", "id": 1, "method": "verto.punt", "params": {}});
    assert!(matches!(filter.down(&punt.to_string()), Down::Last(_)));
}

#[test]
fn a_flood_of_requests_or_calls_is_bounded() {
    let mut filter = ready();
    for _ in 0..OUTSTANDING {
        filter.up(&ask("verto.ping", &json!({})));
    }
    assert_eq!(refused(filter.up(&ask("verto.ping", &json!({})))), Reason::Rate);
    let mut filter = ready();
    for n in 0..CALLS + 5 {
        let call = uuid::Uuid::from_u128(n as u128).to_string();
        filter.up(&ask("verto.invite", &invite(&call)));
    }
    let call = uuid::Uuid::from_u128(99).to_string();
    assert_eq!(
        refused(filter.up(&ask("verto.invite", &invite(&call)))),
        Reason::Rate
    );
}

/// Whatever passes is one request with known fields, about no call of somebody else.
fn check_passed(filter: &Filter, text: &str) {
    let sent: Value = serde_json::from_str(text).unwrap();
    let method = sent["method"].as_str().unwrap();
    assert!(
        [
            "login",
            "verto.invite",
            "verto.answer",
            "verto.attach",
            "verto.bye",
            "verto.modify",
            "verto.info",
            "verto.ping"
        ]
        .contains(&method)
    );
    assert!(sent["id"].is_u64() && sent.as_object().unwrap().len() == 4);
    let known = [
        "sdp",
        "dialogParams",
        "cause",
        "causeCode",
        "action",
        "destination",
        "replaceCallID",
        "dtmf",
        "login",
        "passwd",
        "sessid",
    ];
    let params = sent["params"].as_object().unwrap();
    assert!(params.keys().all(|name| known.contains(&name.as_str())), "{sent}");
    if let Some(dialog) = params.get("dialogParams").and_then(Value::as_object) {
        let known = ["callID", "destination_number", "audio", "recoverCall"];
        assert!(dialog.keys().all(|name| known.contains(&name.as_str())), "{sent}");
        let call = dialog["callID"].as_str().unwrap();
        assert!(method == "verto.invite" || filter.owns(call), "{sent}");
    }
    if let Some(other) = params.get("replaceCallID") {
        assert!(filter.owns(other.as_str().unwrap()));
    }
}

/// What the fuzz target does with its bytes: lines that begin with `<` come from the switch.
fn drive(text: &str) {
    let mut filters = [Filter::default(), ready()];
    for filter in &mut filters {
        for line in text.lines() {
            match line.strip_prefix('<') {
                Some(line) => {
                    filter.down(line);
                }
                None => match filter.up(line) {
                    Up::Pass(text) => check_passed(filter, &text),
                    Up::Login(login) => {
                        if let Up::Pass(text) = filter.login(&login) {
                            check_passed(filter, &text);
                        }
                    }
                    _ => {}
                },
            }
        }
    }
}

/// Every file of the fuzz target's corpus.
#[test]
fn the_corpus_breaks_nothing() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/verto");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        drive(&String::from_utf8_lossy(&bytes));
        files += 1;
    }
    assert!(files >= 10, "{files} files in {folder}");
}

fn value() -> impl Strategy<Value = Value> {
    let texts = [
        OWN,
        OTHER,
        SOUND,
        "1002",
        "hold",
        "transfer",
        "replace",
        "updateMedia",
        "NORMAL_CLEARING",
        "1#",
    ];
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::from),
        proptest::sample::select(texts.to_vec()).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let keys = [
            "callID",
            "sdp",
            "dialogParams",
            "action",
            "destination",
            "destination_number",
            "replaceCallID",
            "dtmf",
            "cause",
            "causeCode",
            "userVariables",
            "audio",
            "login",
            "passwd",
            "sessid",
        ];
        let key = prop_oneof![
            proptest::sample::select(keys.to_vec()).prop_map(str::to_owned),
            any::<String>()
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_sent_only_known_fields_of_ones_own_calls_pass(
        requests in proptest::collection::vec(
            (
                proptest::sample::select(vec![
                    "login", "verto.invite", "verto.answer", "verto.attach", "verto.bye", "verto.modify",
                    "verto.info", "verto.ping", "verto.subscribe", "jsapi",
                ]),
                value(),
            ),
            1..8,
        ),
    ) {
        let lines: Vec<String> = requests.iter().map(|(method, params)| ask(method, params)).collect();
        drive(&lines.join("\n"));
    }

    #[test]
    fn no_bytes_break_it(text in any::<String>()) {
        drive(&text);
        drive(&format!("<{text}"));
    }
}
