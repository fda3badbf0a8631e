//! Calls as the switch tells of them, and what is written down.

mod paid;

use std::sync::Arc;

use super::book::{Batch, Book};
use crate::event::{Event, Kind, made_of};
use crate::store::calls::{Call, Direction, Filter, Leg, Outcome, Role};
use crate::store::snapshot::{Domain, Extension, Line, Snapshot};
use crate::store::{ConfigStore, StoreOptions};

fn snapshot() -> Snapshot {
    let mut domain = Domain::new("pbx.test".parse().unwrap());
    for (number, name) in [("1001", "alice"), ("1002", "bob"), ("1003", "carol")] {
        let line = Line {
            username: name.parse().unwrap(),
            a1: [0; 16],
            max_registrations: 1,
            source_acl: None,
            srtp_required: false,
        };
        domain
            .insert(Extension {
                number: number.parse().unwrap(),
                channel: uuid::Uuid::now_v7(),
                caller_id_name: name.into(),
                ring_seconds: 20,
                voicemail: true,
                voicemail_pin: None,
                forwards: None,
                email: None,
                lines: Box::new([line]),
            })
            .unwrap();
    }
    let mut snapshot = Snapshot::default();
    snapshot.domains.insert(domain.name.clone(), Arc::new(domain));
    snapshot
}

/// A switch, second by second.
struct Scene {
    book: Book,
    snapshot: Snapshot,
    now: i64,
}

impl Scene {
    fn new() -> Self {
        Self {
            book: Book::default(),
            snapshot: snapshot(),
            now: 1_800_000_000_000_000,
        }
    }

    fn event(&mut self, kind: Kind, pairs: &[(&str, &str)]) -> Event {
        self.now += 1_000_000;
        let now = self.now.to_string();
        let mut all = vec![("Event-Date-Timestamp", now.as_str())];
        all.extend(pairs);
        made_of(kind, &all)
    }

    /// A channel begins, called for another or calling; `whose` as `presence_data` says.
    fn begin(&mut self, uuid: &str, whose: &str, other: Option<&str>, number: &str) {
        let direction = if other.is_some() { "outbound" } else { "inbound" };
        let event = self.event(
            Kind::CallBegan,
            &[
                ("Unique-ID", uuid),
                ("Call-Direction", direction),
                ("Channel-Presence-Data", whose),
                ("Channel-Call-UUID", other.unwrap_or(uuid)),
                ("Other-Leg-Unique-ID", other.unwrap_or_default()),
                ("Caller-Destination-Number", number),
                ("Caller-Caller-ID-Number", "+442071234567"),
                ("Caller-Caller-ID-Name", "=cmd()"),
            ],
        );
        self.book.began(&event, &self.snapshot);
    }

    fn answer(&mut self, uuid: &str) {
        let event = self.event(Kind::CallAnswered, &[("Unique-ID", uuid)]);
        self.book.answered(&event);
    }

    fn bridge(&mut self, one: &str, two: &str) {
        let event = self.event(
            Kind::CallBridged,
            &[
                ("Unique-ID", one),
                ("Bridge-A-Unique-ID", one),
                ("Bridge-B-Unique-ID", two),
            ],
        );
        self.book.bridged(&event);
    }

    fn end(&mut self, uuid: &str, cause: &str, more: &[(&str, &str)]) {
        let mut pairs = vec![("Unique-ID", uuid), ("Hangup-Cause", cause)];
        pairs.extend(more);
        let event = self.event(Kind::CallEnded, &pairs);
        self.book.learn(&event, &self.snapshot);
        self.book.ended(&event);
    }

    fn only(&mut self) -> (Call, Vec<Leg>) {
        let Batch { mut calls, .. } = self.book.take();
        assert_eq!(calls.len(), 1, "{calls:?}");
        calls.remove(0)
    }
}

fn sides(legs: &[Leg]) -> Vec<(Role, &str, Option<&str>)> {
    legs.iter()
        .map(|leg| (leg.role, leg.number.as_str(), leg.cause.as_deref()))
        .collect()
}

#[test]
fn a_did_that_rings_three_is_one_call_with_the_one_who_answered() {
    let mut scene = Scene::new();
    scene.begin("a", "pbx_gateway_carrier", None, "+4930123456");
    for (uuid, whose, number) in [
        ("b", "alice@pbx.test", "x"),
        ("c", "bob@pbx.test", "y"),
        ("d", "1003@pbx.test", "z"),
    ] {
        scene.begin(uuid, whose, Some("a"), number);
    }
    let (open, _) = scene.only();
    assert_eq!(
        (open.outcome, open.direction),
        (Outcome::Open, Direction::Inbound)
    );
    scene.answer("c");
    scene.answer("a");
    scene.bridge("a", "c");
    scene.end("b", "LOSE_RACE", &[]);
    scene.end("d", "LOSE_RACE", &[]);
    scene.end("c", "NORMAL_CLEARING", &[]);
    scene.end("a", "NORMAL_CLEARING", &[]);
    let (call, legs) = scene.only();
    assert_eq!(
        sides(&legs),
        [
            (Role::Caller, "+442071234567", Some("NORMAL_CLEARING")),
            (Role::Called, "1001", Some("LOSE_RACE")),
            (Role::Called, "1002", Some("NORMAL_CLEARING")),
            (Role::Called, "1003", Some("LOSE_RACE")),
        ]
    );
    assert_eq!(
        (call.id, call.outcome, call.seconds),
        (open.id, Outcome::Answered, 4)
    );
    assert_eq!(
        (call.domain.as_deref(), call.gateway.as_deref()),
        (Some("pbx.test"), Some("carrier"))
    );
    assert_eq!(
        (call.caller_number.as_str(), call.called_number.as_str()),
        ("+442071234567", "+4930123456")
    );
    assert_eq!(
        (legs[2].device.as_deref(), legs[3].device.as_deref()),
        (Some("bob"), None)
    );
    assert!(legs[2].answered.is_some() && legs[1].answered.is_none());
    assert!(scene.book.is_quiet() && scene.book.channels().next().is_none());
}

#[test]
fn a_transfer_is_one_call_whether_asked_for_first_or_not() {
    // Blind: the caller's own channel rings another.
    let mut scene = Scene::new();
    scene.begin("a", "alice@pbx.test", None, "1002");
    scene.begin("b", "bob@pbx.test", Some("a"), "x");
    scene.answer("b");
    scene.bridge("a", "b");
    scene.end("b", "BLIND_TRANSFER", &[]);
    scene.begin("c", "carol@pbx.test", Some("a"), "y");
    scene.answer("c");
    scene.bridge("a", "c");
    scene.end("c", "NORMAL_CLEARING", &[]);
    scene.end("a", "NORMAL_CLEARING", &[("variable_accountcode", "1001")]);
    let (call, legs) = scene.only();
    assert_eq!(legs.len(), 3);
    assert_eq!(
        (call.caller_number.as_str(), call.called_number.as_str()),
        ("1001", "1002")
    );
    assert_eq!(
        (call.outcome, call.payer.as_deref()),
        (Outcome::Answered, Some("1001"))
    );
    // Attended: two calls, of which one becomes a part of the other when the two that are left speak.
    let mut scene = Scene::new();
    scene.begin("a", "alice@pbx.test", None, "1002");
    scene.begin("b", "bob@pbx.test", Some("a"), "x");
    scene.bridge("a", "b");
    let (first, _) = scene.only();
    scene.begin("b2", "bob@pbx.test", None, "1003");
    scene.begin("c", "carol@pbx.test", Some("b2"), "y");
    scene.bridge("b2", "c");
    let (second, _) = scene.only();
    assert_ne!(first.id, second.id);
    scene.end("b2", "ATTENDED_TRANSFER", &[]);
    scene.bridge("a", "c");
    scene.end("b", "ATTENDED_TRANSFER", &[]);
    for uuid in ["c", "a"] {
        scene.end(uuid, "NORMAL_CLEARING", &[]);
    }
    let batch = scene.book.take();
    assert_eq!(batch.gone, [second.id]);
    let [(call, legs)] = batch.calls.as_slice() else {
        panic!("{:?}", batch.calls)
    };
    assert_eq!((call.id, legs.len()), (first.id, 4));
    assert_eq!(call.outcome, Outcome::Answered);
}

/// The database could not be written while a transfer made two calls one.
#[test]
fn a_call_that_became_a_part_of_another_stays_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = ConfigStore::open(StoreOptions::new(folder.path().join("pbx.db"))).unwrap();
    let mut scene = Scene::new();
    for (caller, whose, called) in [("a", "alice@pbx.test", "b"), ("b2", "bob@pbx.test", "c")] {
        scene.begin(caller, whose, None, "1002");
        scene.begin(called, "carol@pbx.test", Some(caller), "x");
        scene.bridge(caller, called);
    }
    let mut unwritten = Batch::default();
    unwritten.append(scene.book.take());
    assert_eq!(unwritten.calls.len(), 2);
    scene.end("b2", "ATTENDED_TRANSFER", &[]);
    scene.bridge("a", "c");
    unwritten.append(scene.book.take());
    for uuid in ["b", "c", "a"] {
        scene.end(uuid, "NORMAL_CLEARING", &[]);
    }
    unwritten.append(scene.book.take());
    store.keep_calls(&unwritten.calls, &unwritten.gone).unwrap();
    let calls = store.read(|reader| reader.calls(&Filter::default(), 10)).unwrap();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0].outcome, Outcome::Answered);
    let legs = store.read(|reader| reader.legs_of_call(calls[0].id)).unwrap();
    assert_eq!(legs.len(), 4);
}

#[test]
fn how_a_call_ended_is_told_apart() {
    let ended = |answered: bool, cause: &str, more: &[(&str, &str)]| {
        let mut scene = Scene::new();
        scene.begin("a", "alice@pbx.test", None, "1002");
        scene.begin("b", "bob@pbx.test", Some("a"), "x");
        scene.end("b", "NO_ANSWER", &[]);
        if answered {
            scene.answer("a");
        }
        scene.end("a", cause, more);
        scene.only().0.outcome
    };
    assert_eq!(ended(false, "NO_ANSWER", &[]), Outcome::NoAnswer);
    assert_eq!(ended(false, "USER_BUSY", &[]), Outcome::Busy);
    assert_eq!(ended(false, "ORIGINATOR_CANCEL", &[]), Outcome::Cancelled);
    assert_eq!(ended(false, "CALL_REJECTED", &[]), Outcome::Refused);
    assert_eq!(ended(false, "UNALLOCATED_NUMBER", &[]), Outcome::Failed);
    let voicemail = [("variable_current_application", "voicemail")];
    assert_eq!(ended(true, "NORMAL_CLEARING", &voicemail), Outcome::Voicemail);
    assert_eq!(ended(true, "NORMAL_CLEARING", &[]), Outcome::Answered);
}

#[test]
fn strangers_are_not_written_down_and_what_vanished_ends() {
    let mut scene = Scene::new();
    scene.begin("s", "", None, "1900");
    scene.end("s", "CALL_REJECTED", &[]);
    scene.begin("t", "mallory@evil.test", None, "1900");
    scene.end("t", "CALL_REJECTED", &[]);
    assert!(scene.book.take().calls.is_empty());
    scene.begin("a", "alice@pbx.test", None, "1002");
    scene
        .book
        .vanished(&["a".into(), "nobody".into()], "2026-11-22T00:00:00.000Z");
    assert_eq!(scene.only().0.outcome, Outcome::Failed);
    // Events of channels that were never seen to begin.
    scene.answer("z");
    scene.bridge("z", "a");
    scene.end("z", "NORMAL_CLEARING", &[]);
    assert!(scene.book.is_quiet());
    // One call has so many legs, and no more.
    scene.begin("a", "alice@pbx.test", None, "1002");
    for leg in 0..300 {
        scene.begin(&format!("b{leg}"), "bob@pbx.test", Some("a"), "x");
    }
    assert!(scene.book.take().calls.iter().all(|(_, legs)| legs.len() <= 200));
}

#[test]
fn what_is_written_is_read_again_and_an_open_call_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let store = ConfigStore::open(StoreOptions::new(folder.path().join("pbx.db"))).unwrap();
    let mut scene = Scene::new();
    scene.begin("a", "alice@pbx.test", None, "1002");
    scene.begin("b", "bob@pbx.test", Some("a"), "x");
    let open = scene.book.take();
    store.keep_calls(&open.calls, &open.gone).unwrap();
    scene.bridge("a", "b");
    scene.end("b", "NORMAL_CLEARING", &[]);
    scene.end("a", "NORMAL_CLEARING", &[]);
    scene.begin("c", "carol@pbx.test", None, "1001");
    let rest = scene.book.take();
    store.keep_calls(&rest.calls, &rest.gone).unwrap();
    store.interrupt_calls().unwrap();
    let read = |filter: Filter, limit| store.read(|reader| reader.calls(&filter, limit)).unwrap();
    let all = read(Filter::default(), 10);
    assert_eq!(all.len(), 2);
    assert_eq!(
        (all[0].outcome, all[1].outcome),
        (Outcome::Interrupted, Outcome::Answered)
    );
    let legs = store.read(|reader| reader.legs_of_call(all[1].id)).unwrap();
    assert_eq!(legs.len(), 2);
    assert_eq!(read(Filter::default(), 1), [all[0].clone()]);
    assert_eq!(
        read(
            Filter {
                before: Some(all[0].id),
                ..Filter::default()
            },
            10
        ),
        [all[1].clone()]
    );
    let bob = legs[1].extension.unwrap();
    assert_eq!(
        read(
            Filter {
                extensions: vec![bob],
                ..Filter::default()
            },
            10
        ),
        [all[1].clone()]
    );
    assert_eq!(
        read(
            Filter {
                domain: Some("other.test".into()),
                ..Filter::default()
            },
            10
        ),
        []
    );
    assert_eq!(
        read(
            Filter {
                number: "1002".into(),
                ..Filter::default()
            },
            10
        ),
        [all[1].clone()]
    );
    assert_eq!(
        read(
            Filter {
                outcome: Some(Outcome::Interrupted),
                ..Filter::default()
            },
            10
        ),
        [all[0].clone()]
    );
    let later = |since: &str| Filter {
        since: Some(since.into()),
        ..Filter::default()
    };
    assert_eq!(
        (read(later("2020"), 10).len(), read(later("2100"), 10).len()),
        (2, 0)
    );
    assert_eq!(store.forget_calls("2100", 1).unwrap(), 1);
    assert_eq!(read(Filter::default(), 10), [all[0].clone()]);
    assert_eq!(store.forget_calls("2100", 10).unwrap(), 1);
    assert_eq!(store.read(|reader| reader.legs_of_call(all[0].id)).unwrap(), []);
}
