//! What a login needs, and what the directory is told of it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::setup::{DOMAIN, directory, disconnected, events, login, session};
use crate::rig::Rig;
use crate::verto::Verto;

pub(super) fn a_login_without_a_session_id_is_refused(_: &mut Rig) {
    let directory = directory();
    directory.take("", "");
    let mut verto = Verto::connect();
    for (user, password) in [("u1", "pw-u1"), ("u1", "wrong"), ("nobody", "wrong")] {
        for sessid in [None, Some(json!("")), Some(json!(7)), Some(Value::Null)] {
            let mut params = json!({"login": format!("{user}@{DOMAIN}"), "passwd": password});
            if let Some(sessid) = sessid {
                params["sessid"] = sessid;
            }
            for method in ["login", "echo"] {
                let answer = verto.ask(method, &params);
                let error = json!({"code": -32001, "message": "Missing sessid"});
                assert_eq!(answer["error"], error, "{method} {params}");
            }
        }
    }
    assert_eq!(
        directory.take("action", "jsonrpc-authenticate").len(),
        0,
        "refused before any lookup"
    );
    assert_eq!(
        verto.ask("login", &json!({}))["error"]["code"],
        -32000,
        "as a stock one answers"
    );
    let (mut events, address) = (events(), verto.address());
    drop(verto);
    let gone = disconnected(&mut events, &address);
    assert_eq!(gone["verto_sessid"], Value::Null, "not logged in: {gone}");
}

pub(super) fn a_session_id_that_cannot_be_named_is_refused(_: &mut Rig) {
    let mut verto = Verto::connect();
    let long = "x".repeat(257);
    for sessid in [
        " x",
        "x y",
        "x\ny",
        "ARRAY::a|:b",
        "a;;b",
        "${x}",
        "a,b",
        "ä",
        &long,
    ] {
        let answer = login(&mut verto, "u1", sessid);
        assert_eq!(answer["error"]["message"], "Invalid sessid", "{sessid:?}");
    }
    let longest = "x".repeat(256);
    assert_eq!(
        login(&mut verto, "u1", &longest)["result"]["sessid"],
        longest.as_str()
    );
}

pub(super) fn a_connection_keeps_its_session_id(_: &mut Rig) {
    let (mut verto, sessid) = session("u1");
    assert_eq!(
        login(&mut verto, "u1", &sessid)["result"]["message"],
        "logged in",
        "a renewal"
    );
    let answer = login(&mut verto, "u1", &Uuid::new_v4().to_string());
    assert_eq!(answer["error"]["message"], "Different sessid");
    assert_eq!(
        verto.ask("echo", &json!({"x": 1}))["result"]["sessid"],
        sessid.as_str(),
        "and lives on"
    );
}

pub(super) fn the_directory_is_told_the_real_session_id(_: &mut Rig) {
    let directory = directory();
    directory.take("", "");
    let (mut verto, sessid) = (Verto::connect(), Uuid::new_v4().to_string());
    let shadows = json!({"verto_sessid": "a", "VERTO_SESSID": "b", "verto_sessid[0]": "c", "action": "d"});
    let answer = verto.ask(
        "login",
        &json!({"login": format!("u1@{DOMAIN}"), "passwd": "pw-u1", "sessid": sessid, "loginParams": shadows}),
    );
    assert_eq!(answer["result"]["message"], "logged in", "{answer}");
    let lookups = directory.take("action", "jsonrpc-authenticate");
    let [lookup] = lookups.as_slice() else {
        panic!("one lookup: {lookups:?}")
    };
    let named = lookup
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("verto_sessid"));
    assert_eq!(
        named.map(|(_, value)| value).collect::<Vec<_>>(),
        [&sessid],
        "{lookup:?}"
    );
}
