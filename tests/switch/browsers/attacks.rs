//! What a stock mod_verto lets a logged-in client do to the switch and to others.

use std::fs;

use serde_json::{Value, json};
use uuid::Uuid;

use super::doors::refused_so_far;
use super::{browser, call, connected, echo_phone, hang_up, no_calls};
use crate::rig::Rig;
use crate::sound::Sound;
use crate::surfer::{self, Surfer};
use crate::verto::Verto;

pub(super) fn through_the_proxy(rig: &mut Rig) {
    let phone = echo_phone(rig, "bob", 1);
    let (_, _, mut alice) = browser(rig, "alice", "1001");
    let one = Sound::new();
    let id = call(&mut alice, &one, "1002");
    connected(&mut alice, &one);
    one.hears(25);
    let sentinel = rig.site.path("tmp/sentinel");
    let system = format!("system touch {}", sentinel.display());

    // Variables by which a channel runs commands, at the login and at the call.
    let carols = super::channel(&mut rig.switch, "1003", crate::rig::DOMAINS[0]);
    let carol = Surfer::sign_in("carol", crate::rig::DOMAINS[0]);
    let session = carol.session(&carols);
    let mut login = session.login();
    let variables = json!({"api_hangup_hook": system, "execute_on_answer_1": system, "pbx_identity": "1001@acme.test",
        "effective_caller_id_number": "110", "user_context": "default", "verto_skip_set_user": "true"});
    login["userVariables"] = variables.clone();
    login["loginParams"] = json!({"purpose": "publish-vm", "user_type": "any", "verto_sessid": "x"});
    let mut mallory = Verto::through(&carol.cookie, &surfer::origin()).unwrap();
    let taken = mallory.ask("login", &login);
    assert_eq!(taken["result"]["message"], "logged in", "{taken}");
    let mine = Uuid::new_v4().to_string();
    let sound = Sound::new();
    let invite = json!({"sdp": sound.sdp(), "userVariables": variables, "dialogParams": {
        "callID": mine, "destination_number": "1999", "userVariables": variables,
        "caller_id_name": "${system(touch /tmp/x)}", "caller_id_number": "110"}});
    assert_eq!(
        mallory.ask("verto.invite", &invite)["result"]["callID"],
        mine.as_str()
    );
    assert_eq!(mallory.asked("verto.bye")["params"]["callID"], mine.as_str());

    // Other people's calls: a browser's, and a phone's, by which a stock mod_verto would end the switch.
    let shown: Value = serde_json::from_str(&rig.switch.ok("show channels as json")).unwrap();
    let rows = shown["rows"].as_array().unwrap();
    let phones = rows
        .iter()
        .find(|row| row["name"].as_str().unwrap().starts_with("sofia"));
    let foreign = phones.unwrap()["uuid"].as_str().unwrap().to_owned();
    let calls = refused_so_far("call");
    let mut tried = 0;
    for theirs in [&id, &foreign] {
        let dialog = json!({"callID": theirs});
        for (method, params) in [
            ("verto.bye", json!({"dialogParams": dialog})),
            ("verto.modify", json!({"action": "hold", "dialogParams": dialog})),
            (
                "verto.modify",
                json!({"action": "transfer", "destination": "1003", "dialogParams": dialog}),
            ),
            (
                "verto.answer",
                json!({"sdp": sound.sdp(), "dialogParams": dialog}),
            ),
            (
                "verto.attach",
                json!({"sdp": sound.sdp(), "dialogParams": dialog}),
            ),
            ("verto.info", json!({"dtmf": "1", "dialogParams": dialog})),
        ] {
            let said = mallory.ask(method, &params);
            assert_eq!(
                said["error"]["message"], "CALL DOES NOT EXIST",
                "{method}: {said}"
            );
            tried += 1;
            // Twenty a second pass.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        // A call of ours with that id, to own it.
        let params =
            json!({"sdp": sound.sdp(), "dialogParams": {"callID": theirs, "destination_number": "1002"}});
        let said = mallory.ask("verto.invite", &params);
        assert!(said["result"].is_null(), "{said}");
        let said = mallory.ask("verto.bye", &json!({"dialogParams": dialog}));
        assert_eq!(said["error"]["message"], "CALL DOES NOT EXIST", "{said}");
        tried += 1;
    }
    assert_eq!(refused_so_far("call"), calls + tried);

    // Methods that no call needs, and what is no request.
    let (methods, objects) = (refused_so_far("method"), refused_so_far("no-object"));
    for method in ["jsapi", "fsapi", "verto.subscribe", "verto.broadcast", "echo"] {
        let params = json!({"command": "status", "eventChannel": "presence", "data": {}});
        assert_eq!(mallory.ask(method, &params)["error"]["code"], -32601, "{method}");
    }
    mallory.send_text("#SPU 1000000");
    mallory.send_text("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"jsapi\"}]");
    assert!(mallory.ask("verto.ping", &json!({}))["error"].is_null());
    assert_eq!(refused_so_far("method"), methods + 5);
    assert_eq!(refused_so_far("no-object"), objects + 2);
    for number in ["1002,sofia/gateway/g/1900", "${system(x)}", "1002@elsewhere"] {
        let params = json!({"sdp": sound.sdp(), "dialogParams": {
            "callID": Uuid::new_v4().to_string(), "destination_number": number}});
        assert_eq!(
            mallory.ask("verto.invite", &params)["error"]["code"],
            -32602,
            "{number}"
        );
    }

    // A flood is slowed, and then ended; one message that is too large ends it at once.
    let rates = refused_so_far("rate");
    for _ in 0..400 {
        mallory.send_text("{}");
    }
    crate::wait::until("the flood to end", crate::wait::SOON, || {
        mallory.is_closed().then_some(())
    });
    assert!(refused_so_far("rate") > rates + 100);
    let mut mallory = carol.log_in(&session);
    mallory.send_text(&"x".repeat(70_000));
    mallory.closed();
    assert!(refused_so_far("size") >= 1);

    // Nothing came of any of it.
    assert!(!sentinel.exists(), "a command ran");
    assert!(!alice.is_closed());
    one.hears(25);
    let log = rig.site.log();
    for reason in ["call", "method", "no-object", "field", "rate", "size"] {
        let line = format!("the browser of 1003@acme.test sent what does not pass: {reason}");
        assert!(log.contains(&line), "{line} is not in the log");
    }
    hang_up(&mut alice, &id);
    phone.succeed();
    no_calls(rig);
}

/// With mod_verto's own socket open to somebody, which nobody should do: the directory's values win over what a
/// login brings, and who calls is who logged in.
pub(super) fn past_the_proxy(rig: &mut Rig) {
    let (_, _, mut bob) = browser(rig, "bob", "1002");
    let own = super::channel(&mut rig.switch, "1001", crate::rig::DOMAINS[0]);
    let alice = Surfer::sign_in("alice", crate::rig::DOMAINS[0]);
    let session = alice.session(&own);
    let sentinel = rig.site.path("tmp/sentinel");
    let mut login = session.login();
    login["userVariables"] = json!({
        "api_hangup_hook": format!("system touch {}", sentinel.display()),
        "api_on_answer": format!("system touch {}", sentinel.display()),
        "execute_on_answer": format!("system touch {}", sentinel.display()),
        "pbx_identity": "1002@acme.test", "presence_data": "1002@acme.test", "user_context": "default",
        "effective_caller_id_number": "110", "accountcode": "110",
    });
    let mut raw = Verto::connect();
    let taken = raw.ask("login", &login);
    assert_eq!(taken["result"]["message"], "logged in", "{taken}");
    for method in ["jsapi", "fsapi", "verto.subscribe", "verto.broadcast", "echo"] {
        let params = json!({"command": "status", "eventChannel": "presence", "data": {}});
        assert_eq!(raw.ask(method, &params)["error"]["code"], -32601, "{method}");
    }
    let one = Sound::new();
    let id = call(&mut raw, &one, "1002");
    let offered = bob.asked("verto.invite");
    assert_eq!(offered["params"]["caller_id_number"], "1001", "{offered}");
    let dumped = rig.switch.ok(&format!("uuid_dump {id}"));
    for line in [
        "variable_pbx_identity: 1001%40acme.test",
        "variable_presence_data: 1001%40acme.test",
        "variable_accountcode: 1001\n",
    ] {
        assert!(dumped.contains(line), "{line} is not in {dumped}");
    }
    assert!(!dumped.contains("variable_api_hangup_hook"), "{dumped}");
    hang_up(&mut raw, &id);
    no_calls(rig);
    assert!(!sentinel.exists(), "a command ran");
    // A wrong session id: a stock switch takes it, the event's answer is punt, and the log says once why that
    // ends nothing there.
    let mut login = session.login();
    login["sessid"] = json!(Uuid::new_v4().to_string());
    let mut wrong = Verto::connect();
    let answer = wrong.ask("login", &login);
    if answer["error"].is_null() {
        crate::wait::until("the log to say so", crate::wait::SOON, || {
            rig.site.log().contains("has no verto_punt").then_some(())
        });
        let listed = rig.switch.ok("pbx client list");
        assert!(listed.contains(&session.session), "{listed}");
    } else {
        assert_eq!(answer["error"]["code"], -32001, "{answer}");
    }
    let _ = fs::remove_file(sentinel);
}
