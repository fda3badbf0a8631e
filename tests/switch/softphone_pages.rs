//! The phone of the page, by the page's own buttons, on a real switch: people call each other from the table, send
//! calls on to phones of other kinds, and load the page again in the middle of a call.

use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::browsers::{self, echo_phone, no_calls};
use crate::chromium::{Chromium, missing};
use crate::group::Group;
use crate::handset::Handset;
use crate::rig::{DOMAINS, Rig};
use crate::surfer::{PASSWORD, origin};

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("pages", browsers::start).needs(missing).add(
        trials,
        &[
            (
                "two_browsers_call_from_the_table_and_one_sends_the_other_to_a_phone",
                from_the_table,
            ),
            ("a_call_comes_back_after_the_page_is_loaded_again", reload),
            ("who_was_missed_is_called_back_from_ones_own_calls", call_back),
            (
                "a_phone_registers_and_its_row_changes_within_a_second",
                row_changes,
            ),
        ],
    );
}

/// The people at the pages of one Chromium.
pub(crate) struct People(Chromium);

impl People {
    #[track_caller]
    pub(crate) fn online(users: &[&str]) -> Self {
        let mut people = Self(Chromium::start());
        for user in users {
            let name = format!("{user}@{}", DOMAINS[0]);
            people.does(
                user,
                "visit",
                json!({"origin": origin(), "name": name, "password": PASSWORD}),
            );
        }
        people
    }

    #[track_caller]
    pub(crate) fn does(&mut self, user: &str, verb: &str, how: Value) -> Value {
        let mut command = how;
        command["do"] = verb.into();
        command["as"] = user.into();
        self.0.step(&command)
    }

    /// Waits for a call of theirs in this state.
    #[track_caller]
    pub(crate) fn has(&mut self, user: &str, state: &str) -> String {
        let said = self.does(user, "call", json!({"state": state}));
        said.as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub(crate) fn hears(&mut self, user: &str) {
        self.does(user, "hears", json!({}));
    }

    #[track_caller]
    pub(crate) fn row_is(&mut self, user: &str, number: &str, state: &str) {
        self.does(user, "rowIs", json!({"number": number, "state": state}));
    }
}

fn from_the_table(rig: &mut Rig) {
    let mut people = People::online(&["alice", "bob"]);
    people.row_is("alice", "1002", "online");
    people.does("alice", "callRow", json!({"number": "1002"}));
    let said = people.has("bob", "ringing");
    assert!(said.contains("alice"), "who calls: {said}");
    people.row_is("alice", "1002", "ringing");
    people.does("bob", "answer", json!({}));
    people.has("alice", "active");
    people.has("bob", "active");
    people.row_is("alice", "1002", "busy");
    people.hears("alice");
    people.hears("bob");
    figures(&mut people, "alice");
    // Alice leaves them to a phone that sends back what it hears.
    let phone = echo_phone(rig, "carol", 1);
    people.row_is("alice", "1003", "online");
    people.does("alice", "transfer", json!({"number": "1003"}));
    people.does("alice", "noCall", json!({}));
    people.row_is("alice", "1003", "busy");
    people.has("bob", "active");
    people.hears("bob");
    people.does("bob", "hangUp", json!({}));
    phone.succeed();
    people.row_is("alice", "1002", "online");
    no_calls(rig);
}

/// One click behind the word for how it sounds.
#[track_caller]
fn figures(people: &mut People, user: &str) {
    let said = people.does(user, "figures", json!({}));
    let text = |label: &str| said[label].as_str().unwrap_or_default().to_owned();
    assert!(text("Lost packets").ends_with('%'), "{said}");
    assert!(text("Jitter").ends_with("ms"), "{said}");
    assert!(text("Round trip").ends_with("ms"), "{said}");
    assert_eq!(text("Codec"), "opus 48 kHz", "{said}");
}

fn call_back(rig: &mut Rig) {
    let mut people = People::online(&["alice", "bob"]);
    people.row_is("bob", "1001", "online");
    people.does("bob", "callRow", json!({"number": "1001"}));
    people.has("alice", "ringing");
    people.does("bob", "hangUp", json!({}));
    people.does("alice", "noCall", json!({}));
    no_calls(rig);
    people.does("alice", "callBack", json!({"number": "1002"}));
    let said = people.has("bob", "ringing");
    assert!(said.contains("1001"), "who calls: {said}");
    people.does("bob", "answer", json!({}));
    people.has("alice", "active");
    people.hears("alice");
    people.hears("bob");
    people.does("alice", "hangUp", json!({}));
    no_calls(rig);
}

fn reload(rig: &mut Rig) {
    let mut people = People::online(&["alice"]);
    let phone = echo_phone(rig, "carol", 1);
    people.row_is("alice", "1003", "online");
    people.does("alice", "callRow", json!({"number": "1003"}));
    people.has("alice", "active");
    people.hears("alice");
    people.does("alice", "reload", json!({}));
    people.has("alice", "active");
    people.hears("alice");
    rig.switch.until("show channels count", "2 total.");
    people.does("alice", "hangUp", json!({}));
    phone.succeed();
    no_calls(rig);
}

/// From before the phone sends its first REGISTER, both rounds of the digest included, to what is painted.
fn row_changes(rig: &mut Rig) {
    let mut people = People::online(&["alice"]);
    let mut took = Vec::new();
    for _ in 0..5 {
        people.row_is("alice", "1002", "offline");
        people.does("alice", "watchRow", json!({"number": "1002", "state": "online"}));
        let phone = Handset::new("bob", DOMAINS[0]);
        let began = now();
        assert_eq!(phone.register(120), 200);
        let changed = people.does("alice", "rowChanged", json!({}));
        took.push(changed.as_f64().expect("milliseconds") - began);
        assert_eq!(phone.register(0), 200);
    }
    took.sort_by(f64::total_cmp);
    let _ = writeln!(
        std::io::stderr(),
        "a row changed after its phone began to register: median {:.0} ms, longest {:.0} ms",
        took[2],
        took[4]
    );
    assert!(took[2] < 1000.0, "{took:?} ms");
    people.row_is("alice", "1002", "offline");
    no_calls(rig);
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    since.as_secs_f64() * 1000.0
}
