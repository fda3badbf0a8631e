//! Who enters, whom that replaces, and how many there may be.

use std::sync::Arc;

use super::{DESK, HOME, dialled, register, start, unregister, until};

#[test]
fn strangers_never_enter() {
    let presence = start(&Arc::default());
    for n in 0..2000 {
        presence.tell(register(
            &format!("stranger{n}"),
            "c",
            HOME,
            "10.0.0.5:5062",
            "120",
        ));
    }
    presence.tell(register("bob", "c", "<sip:bob@10.0.0.9>", "10.0.0.9:5060", "120"));
    until(&presence, |view| view.registrations == 1);
    assert_eq!(presence.health().dropped, 0);
}

#[test]
fn a_phone_that_comes_back_replaces_itself_and_nobody_else() {
    let presence = start(&Arc::default());
    presence.tell(register("alice", "c1", HOME, "10.0.0.5:5062", "120"));
    presence.tell(register(
        "bob",
        "c9",
        "<sip:bob@10.0.0.9>",
        "10.0.0.9:5060",
        "120",
    ));
    // Rebooted: another Call-ID, the same Contact.
    presence.tell(register("alice", "c2", HOME, "10.0.0.5:5062", "120"));
    // Got another address: the same Call-ID, another Contact.
    presence.tell(register("alice", "c2", DESK, "10.0.0.6:5062", "120"));
    // Alice's password used to take bob's phone off: his Contact, then his Call-ID.
    presence.tell(register(
        "alice",
        "c3",
        "<sip:bob@10.0.0.9>",
        "10.0.0.66:5060",
        "120",
    ));
    presence.tell(register(
        "alice",
        "c9",
        "<sip:evil@10.0.0.66>",
        "10.0.0.66:5060",
        "120",
    ));
    presence.tell(unregister("alice", "c9", "<sip:bob@10.0.0.9>"));
    until(&presence, |view| dialled(view, "alice").len() == 2);
    assert_eq!(dialled(&presence.view(), "bob"), ["sip:bob@10.0.0.9"]);
    assert_eq!(
        dialled(&presence.view(), "alice"),
        ["sip:alice@10.0.0.6:5062", "sip:evil@10.0.0.66"]
    );
}

#[test]
fn no_line_has_more_phones_than_it_may() {
    let presence = start(&Arc::default());
    for n in 1..=50 {
        let contact = format!("<sip:alice@10.0.0.{n}>");
        presence.tell(register(
            "alice",
            &format!("c{n}"),
            &contact,
            &format!("10.0.0.{n}:5060"),
            "120",
        ));
    }
    until(&presence, |view| {
        dialled(view, "alice")
            .last()
            .is_some_and(|last| last == "sip:alice@10.0.0.50")
    });
    assert_eq!(presence.view().registrations, 3);
}
