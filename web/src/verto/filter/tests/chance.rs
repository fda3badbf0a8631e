//! Whatever is sent, in any order; and what fuzzing has found.

use proptest::prelude::*;
use serde_json::Value;

use super::{OTHER, OWN, SOUND, ask, ready};
use crate::verto::filter::{Filter, Up};

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
