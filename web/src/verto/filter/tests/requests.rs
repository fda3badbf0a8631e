//! Which requests pass at all: before and after a login, what is none, and how many.

use serde_json::json;

use super::{OTHER, OWN, ask, invite, passed, ready, refused};
use crate::verto::count::Reason;
use crate::verto::filter::{CALLS, Down, Filter, LONGEST, OUTSTANDING, Up};

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
