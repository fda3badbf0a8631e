//! Phones that come, stay, do not answer and go.

use std::sync::Arc;
use std::time::Duration;

use super::{DESK, HOME, call, dialled, register, snapshot, start, state, unregister, until};
use crate::event::{Kind, made_of};
use crate::host::FakeHost;
use crate::presence::Presence;
use crate::presence::view::State;
use crate::store::snapshot::Snapshot;

#[test]
fn phones_come_and_go() {
    let presence = start(&Arc::default());
    presence.tell(register("Alice", "c1", HOME, "10.0.0.5:5062", "120"));
    presence.tell(register("alice", "c2", DESK, "10.0.0.6:5062", "120"));
    presence.tell(register(
        "alice-desk",
        "c3",
        "<sip:d@10.0.0.7>",
        "10.0.0.7:5060",
        "120",
    ));
    until(&presence, |view| view.registrations == 3);
    let both = ["sip:alice@10.0.0.5:5062", "sip:alice@10.0.0.6:5062"];
    assert_eq!(dialled(&presence.view(), "alice"), both);
    assert_eq!(state(&presence.view(), "1001"), State::Online);
    assert_eq!(state(&presence.view(), "1002"), State::Offline);

    presence.tell(unregister("alice", "c1", HOME));
    until(&presence, |view| view.registrations == 2);
    assert_eq!(dialled(&presence.view(), "alice"), both[1..]);
    let expired = [
        ("profile-name", "internal"),
        ("user", "alice"),
        ("host", "pbx.test"),
        ("call-id", "c2"),
        ("contact", DESK),
    ];
    presence.tell(made_of(Kind::Expired, &expired));
    // A connection that closed: no Contact.
    presence.tell(unregister("alice-desk", "c3", ""));
    until(&presence, |view| view.registrations == 0);
    assert_eq!(state(&presence.view(), "1001"), State::Offline);
    assert!(presence.view().domains.is_empty());
}

#[test]
fn a_line_that_was_just_added_may_register_at_once() {
    let configured = Arc::new(arc_swap::ArcSwap::from_pointee(Snapshot::default()));
    let theirs = Arc::clone(&configured);
    let host: Arc<FakeHost> = Arc::default();
    let presence = Presence::start(host, Box::new(move || theirs.load_full())).unwrap();
    until(&presence, |view| view.settled);
    // The thread now waits for an event.
    std::thread::sleep(Duration::from_millis(50));
    configured.store(Arc::new(snapshot()));
    presence.tell(register("bob", "c", "<sip:bob@10.0.0.9>", "10.0.0.9:5060", "120"));
    until(&presence, |view| view.registrations == 1);
}

#[test]
fn a_refresh_is_no_change_and_keeps_the_phone() {
    let host = Arc::default();
    let presence = start(&host);
    presence.tell(register("bob", "c", "<sip:bob@10.0.0.9>", "10.0.0.9:5060", "120"));
    until(&presence, |view| view.registrations == 1);
    let feed = presence.subscribe();
    feed.wait(Duration::ZERO);
    let before = presence.view().line("pbx.test", "bob").unwrap().registrations[0].deadline();
    presence.tell(register(
        "bob",
        "c",
        "<sip:bob@10.0.0.9>",
        "10.0.0.9:5060",
        "3600",
    ));
    until(&presence, |view| {
        view.line("pbx.test", "bob").unwrap().registrations[0].deadline() > before
    });
    assert_eq!(feed.wait(Duration::from_millis(50)), None);
}

#[test]
fn a_phone_that_does_not_answer_options_is_not_called() {
    let presence = start(&Arc::default());
    presence.tell(register("bob", "c", "<sip:bob@10.0.0.9>", "10.0.0.9:5060", "120"));
    let pinged = |result, status| {
        let pairs = [
            ("profile-name", "internal"),
            ("from-user", "bob"),
            ("from-host", "pbx.test"),
            ("call-id", "c"),
            ("Ping-Status", result),
            ("Status", status),
        ];
        made_of(Kind::Pinged, &pairs)
    };
    presence.tell(pinged("UNREACHABLE", "408"));
    until(&presence, |view| {
        view.registrations == 1 && state(view, "1002") == State::Offline
    });
    presence.tell(pinged("REACHABLE", "200"));
    until(&presence, |view| state(view, "1002") == State::Online);
    // An answer, if a rude one: mod_sofia calls the phone unreachable, but it is there.
    presence.tell(pinged("UNREACHABLE", "405"));
    presence.tell(call("u", "outbound", "RINGING", "bob@pbx.test"));
    until(&presence, |view| state(view, "1002") == State::Ringing);
    assert_eq!(dialled(&presence.view(), "bob"), ["sip:bob@10.0.0.9"]);
}
