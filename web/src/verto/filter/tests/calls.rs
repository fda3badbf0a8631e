//! What may be asked of a call, and of whose.

use serde_json::json;

use super::{OTHER, OWN, SOUND, ask, invite, passed, ready, refused};
use crate::verto::count::Reason;
use crate::verto::filter::Down;

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
