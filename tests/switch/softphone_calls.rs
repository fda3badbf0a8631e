//! What goes on within a call, by the page's own buttons, on a real switch: hold, a second call and a transfer that is
//! spoken about first, digits, the echo test, and a network that goes and comes back.

use libtest_mimic::Trial;
use serde_json::json;

use crate::browsers::{self, echo_phone, no_calls};
use crate::chromium::missing;
use crate::group::Group;
use crate::rig::{DOMAINS, Rig};
use crate::softphone_pages::People;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("softphone", browsers::start).needs(missing).add(
        trials,
        &[
            (
                "a_call_is_held_and_then_left_to_somebody_who_was_asked",
                asked_first,
            ),
            ("the_echo_test_is_heard_and_digits_forward_the_phone", digits),
            ("a_call_comes_back_after_the_network_was_away", network),
        ],
    );
}

/// A second with less energy in it has no voice in it.
const SILENCE: f64 = 1e-4;

fn asked_first(rig: &mut Rig) {
    let mut people = People::online(&["alice", "bob"]);
    people.row_is("alice", "1002", "online");
    people.does("alice", "callRow", json!({"number": "1002"}));
    people.has("bob", "ringing");
    people.does("bob", "answer", json!({}));
    people.has("alice", "active");
    people.hears("bob");
    // Held: bob hears the switch's tones, and not alice, whose voice would be in every second.
    people.does("alice", "hold", json!({}));
    people.has("alice", "held");
    let heard = people.does("bob", "loudness", json!({"seconds": 12}));
    let heard: Vec<f64> = serde_json::from_value(heard).expect("energies");
    let silent = heard.iter().filter(|energy| **energy < SILENCE).count();
    assert!((6..12).contains(&silent), "heard on hold: {heard:?}");
    people.does("alice", "resume", json!({}));
    people.has("alice", "active");
    people.hears("alice");
    people.hears("bob");
    // A second call, and both without alice.
    let phone = echo_phone(rig, "carol", 1);
    people.row_is("alice", "1003", "online");
    people.does("alice", "speakFirst", json!({"number": "1003"}));
    people.has("alice", "held");
    people.has("alice", "active");
    people.hears("alice");
    people.does("alice", "connect", json!({}));
    people.does("alice", "noCall", json!({}));
    people.has("bob", "active");
    people.hears("bob");
    people.row_is("alice", "1003", "busy");
    rig.switch.until("show channels count", "2 total.");
    people.does("bob", "hangUp", json!({}));
    phone.succeed();
    no_calls(rig);
}

fn digits(rig: &mut Rig) {
    let mut people = People::online(&["alice"]);
    people.does("alice", "echoTest", json!({}));
    people.has("alice", "active");
    people.hears("alice");
    people.does("alice", "hangUp", json!({}));
    people.does("alice", "noCall", json!({}));
    // The code that asks for a number, which is then pressed.
    people.does("alice", "dial", json!({"number": "*72"}));
    people.has("alice", "active");
    people.does("alice", "digits", json!({"digits": "1002#"}));
    let forwards = format!("pbx forward 1001@{} json", DOMAINS[0]);
    rig.switch.until(&forwards, "\"always\":\"1002\"");
    people.does("alice", "noCall", json!({}));
    people.does("alice", "dial", json!({"number": "*73"}));
    rig.switch.until(&forwards, "\"always\":null");
    no_calls(rig);
}

fn network(rig: &mut Rig) {
    let phone = echo_phone(rig, "carol", 1);
    let mut people = People::online(&["alice"]);
    people.row_is("alice", "1003", "online");
    people.does("alice", "callRow", json!({"number": "1003"}));
    people.has("alice", "active");
    people.hears("alice");
    people.does("alice", "network", json!({"there": false}));
    people.does("alice", "isOffline", json!({}));
    people.does("alice", "network", json!({"there": true}));
    people.does("alice", "isOnline", json!({}));
    people.has("alice", "active");
    people.hears("alice");
    rig.switch.until("show channels count", "2 total.");
    people.does("alice", "hangUp", json!({}));
    phone.succeed();
    no_calls(rig);
}
