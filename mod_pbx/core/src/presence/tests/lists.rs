//! What the switch lists when it is asked.

use std::sync::Arc;
use std::time::Duration;

use super::{DESK, HOME, PROFILES, TLS, dialled, list, register, start, state, unregister, until};
use crate::event::{Kind, made_of};
use crate::host::FakeHost;
use crate::presence::contact;
use crate::presence::view::State;

const OWN: &str = "<profile>\n  <profile-info>\n    <url>sip:mod_sofia@10.0.0.1:5060</url>\n";

#[test]
fn what_the_switch_knew_before_us_is_asked_for() {
    let host: Arc<FakeHost> = Arc::default();
    host.say("sofia xmlstatus", PROFILES);
    host.say("sofia xmlstatus profile internal", OWN);
    let rows = [
        ("c1", "alice", HOME, "10.0.0.5:5062"),
        ("c2", "bob", TLS, "10.0.0.9:40000"),
        ("c3", "stranger", HOME, "10.0.0.5:5062"),
        ("c4", "alice-desk", "<sip:x@10.0.0.1:5060>", "10.0.0.66:5060"),
    ];
    host.say("sofia xmlstatus profile internal reg", &list(&rows));
    let channels = r#"{"row_count":2,"rows":[{"uuid":"u1","direction":"inbound","callstate":"ACTIVE",
        "presence_data":"bob@pbx.test"},{"uuid":"u2","callstate":"ACTIVE"}]}"#;
    host.say("show channels as json", channels);
    host.say("uuid_exists none", "false");
    host.say("uuid_exists u1", "true");
    host.say("uuid_exists u2", "true");
    let presence = start(&host);
    until(&presence, |view| view.settled);
    assert_eq!(presence.view().registrations, 3);
    assert_eq!(dialled(&presence.view(), "alice"), ["sip:alice@10.0.0.5:5062"]);
    // Within the same process its connection still stands.
    assert_eq!(state(&presence.view(), "1002"), State::Busy);
    assert_eq!(dialled(&presence.view(), "bob").len(), 1);
    let refused = presence
        .view()
        .line("pbx.test", "alice-desk")
        .unwrap()
        .registrations[0]
        .target
        .clone();
    assert_eq!(refused, Err(contact::Refusal::Own));
}

#[test]
fn after_a_profile_started_its_list_is_the_truth_but_for_connections() {
    let host: Arc<FakeHost> = Arc::default();
    let presence = start(&host);
    until(&presence, |view| view.settled);
    presence.tell(register("alice", "c1", DESK, "10.0.0.6:5062", "120"));
    presence.tell(register("bob", "c2", TLS, "10.0.0.9:40000", "120"));
    until(&presence, |view| view.registrations == 2);
    presence.tell(made_of(Kind::ProfileStarted, &[("profile_name", "internal")]));
    until(&presence, |view| !view.settled && view.registrations == 1);
    // The profile does not answer at once, and what it then lists is what its database kept.
    host.say("sofia xmlstatus profile internal reg", "Invalid Profile!\n");
    std::thread::sleep(Duration::from_millis(150));
    let rows = [
        ("c2", "bob", TLS, "10.0.0.9:40000"),
        ("c7", "alice", HOME, "10.0.0.5:5062"),
    ];
    host.say("sofia xmlstatus profile internal reg", &list(&rows));
    until(&presence, |view| view.settled);
    assert_eq!(dialled(&presence.view(), "alice"), ["sip:alice@10.0.0.5:5062"]);
    assert_eq!(state(&presence.view(), "1002"), State::Offline);
}

#[test]
fn an_old_connection_that_closes_does_not_take_the_new_one_with_it() {
    let host: Arc<FakeHost> = Arc::default();
    let presence = start(&host);
    until(&presence, |view| view.settled);
    presence.tell(register("bob", "c2", TLS, "10.0.0.9:40000", "120"));
    presence.tell(register("bob", "c2", TLS, "10.0.0.9:40001", "120"));
    let reg = "sofia xmlstatus profile internal user bob@pbx.test";
    host.say(reg, &list(&[("c2", "bob", TLS, "10.0.0.9:40001")]));
    presence.tell(unregister("bob", "c2", ""));
    let asked = presence.health().relists;
    until(&presence, |_| presence.health().relists > asked);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(state(&presence.view(), "1002"), State::Online);
    // The new one closes as well.
    host.say(reg, &list(&[]));
    presence.tell(unregister("bob", "c2", ""));
    until(&presence, |view| state(view, "1002") == State::Offline);
}
