//! Events that are lost, and the end.

use std::sync::Arc;
use std::time::Duration;

use super::{HOME, PROFILES, TLS, dialled, list, register, start, state, until};
use crate::host::FakeHost;
use crate::presence::WAITING;
use crate::presence::view::State;

#[test]
fn lost_events_are_made_good() {
    let host: Arc<FakeHost> = Arc::default();
    let presence = start(&host);
    until(&presence, |view| view.settled);
    host.say("sofia xmlstatus", PROFILES);
    host.say(
        "sofia xmlstatus profile internal reg",
        &list(&[("c1", "alice", HOME, "10.0.0.5:5062")]),
    );
    presence.lose();
    presence.tell(register("bob", "c2", TLS, "10.0.0.9:40000", "120"));
    until(&presence, |view| {
        view.settled && dialled(view, "alice").len() == 1
    });
    assert_eq!(presence.health().dropped, 1);
}

#[test]
fn a_flood_of_events_is_bounded_counted_and_made_good() {
    // A switch that does not answer keeps the thread from taking events.
    let host: Arc<FakeHost> = Arc::default();
    let mut blocked = host.answers.lock().unwrap();
    let presence = start(&host);
    let flood = WAITING as u64 + 100;
    for n in 0..flood {
        presence.tell(register("bob", &n.to_string(), TLS, "10.0.0.9:40000", "120"));
    }
    let health = presence.health();
    assert_eq!(health.events + health.dropped, flood);
    assert!(health.dropped >= 100, "{health:?}");
    // Before it is let go: it may ask at once, and not again.
    let phones = list(&[("c1", "alice", HOME, "10.0.0.5:5062")]);
    blocked.insert("sofia xmlstatus".to_owned(), PROFILES.to_owned());
    blocked.insert("sofia xmlstatus profile internal reg".to_owned(), phones);
    drop(blocked);
    // The profiles and one's list, at the start and once more.
    until(&presence, |_| presence.health().relists >= 4);
    // The second was newer than all that waited: when what comes after it is there, that has not come back.
    presence.tell(register("alice-desk", "d", HOME, "10.0.0.5:5062", "120"));
    until(&presence, |view| dialled(view, "alice-desk").len() == 1);
    assert_eq!(dialled(&presence.view(), "alice").len(), 1);
    assert_eq!(state(&presence.view(), "1002"), State::Offline);
}

#[test]
fn stopping_tells_readers_and_keeps_the_view() {
    let presence = start(&Arc::default());
    presence.tell(register("bob", "c", "<sip:bob@10.0.0.9>", "10.0.0.9:5060", "120"));
    until(&presence, |view| view.registrations == 1);
    let feed = presence.subscribe();
    feed.wait(Duration::ZERO);
    presence.stop();
    assert!(feed.is_closed());
    presence.tell(register("bob", "d", "<sip:bob@10.0.0.8>", "10.0.0.8:5060", "120"));
    assert_eq!(presence.view().registrations, 1);
}
