//! On a switch with the patch: the directory is told the session id, and a session is ended at the switch.

use serde_json::json;
use uuid::Uuid;

use super::{browser, channel};
use crate::rig::{DOMAINS, Rig};
use crate::running;
use crate::surfer::Surfer;
use crate::verto::Verto;

pub(super) fn wrong_session(rig: &mut Rig) {
    let own = channel(&mut rig.switch, "1001", DOMAINS[0]);
    let session = Surfer::sign_in("alice", DOMAINS[0]).session(&own);
    let mut events = running::connect().unwrap();
    events.subscribe("CUSTOM verto::login").unwrap();
    let mut login = session.login();
    login["sessid"] = json!(Uuid::new_v4().to_string());
    login["loginParams"] = json!({"verto_sessid": session.session});
    let mut wrong = Verto::connect();
    let answer = wrong.ask("login", &login);
    assert_eq!(answer["error"]["code"], -32001, "{answer}");
    assert_eq!(
        events.event().unwrap()["verto_success"],
        "0",
        "it never was logged in"
    );
    login["sessid"] = json!(session.session);
    let mut right = Verto::connect();
    let answer = right.ask("login", &login);
    assert_eq!(answer["result"]["message"], "logged in", "{answer}");
    assert_eq!(events.event().unwrap()["verto_success"], "1");
    // Past the proxy, so only the switch can end it; the other's stays.
    let (_, _, mut other) = browser(rig, "bob", "1002");
    let said = rig.switch.ok(&format!("pbx punt {}", session.session));
    assert!(said.starts_with("+OK"), "{said}");
    right.asked("verto.punt");
    right.closed();
    assert!(!other.is_closed());
    assert!(other.ask("verto.ping", &json!({}))["error"].is_null());
}
