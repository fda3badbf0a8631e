//! The rules, message by message; whatever is sent, in any order; and what fuzzing has found.

mod calls;
mod chance;
mod downstream;
mod requests;

use serde_json::{Value, json};

use crate::verto::count::Reason;
use crate::verto::filter::{Down, Filter, Up};

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
