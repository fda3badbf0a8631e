//! The clock's part, without a clock.

use super::*;
use crate::event::{Kind, made_of};
use crate::presence::contact::Refusal;
use crate::store::snapshot::{Domain, Extension, Line as Configured};

fn snapshot() -> Snapshot {
    let mut domain = Domain::new("pbx.test".parse().unwrap());
    let extension = Extension {
        number: "1001".parse().unwrap(),
        channel: uuid::Uuid::nil(),
        caller_id_name: "A".into(),
        ring_seconds: 20,
        voicemail: false,
        voicemail_pin: None,
        forwards: None,
        email: None,
        lines: Box::new([Configured {
            username: "alice".parse().unwrap(),
            a1: [0; 16],
            max_registrations: 3,
            source_acl: None,
            srtp_required: false,
        }]),
    };
    domain.insert(extension).unwrap();
    let mut snapshot = Snapshot::default();
    snapshot
        .domains
        .insert("pbx.test".parse().unwrap(), Arc::new(domain));
    snapshot
}

fn register(registrar: &mut Registrar, book: &mut Book, host: u8, seconds: &str, now: u64) {
    let contact = format!("<sip:alice@10.0.0.{host}>");
    let (call_id, ip) = (format!("c{host}"), format!("10.0.0.{host}"));
    let event = made_of(
        Kind::Registered,
        &[
            ("profile-name", "internal"),
            ("from-user", "alice"),
            ("from-host", "pbx.test"),
            ("call-id", &call_id),
            ("contact", &contact),
            ("expires", seconds),
            ("network-ip", &ip),
            ("network-port", "5060"),
        ],
    );
    registrar.registered(book, &event, &snapshot(), Moment(now * 1000));
}

#[test]
fn a_phone_is_online_for_as_long_as_it_said_and_the_late_margin() {
    let (mut registrar, mut book) = (Registrar::default(), Book::default());
    register(&mut registrar, &mut book, 5, "120", 0);
    register(&mut registrar, &mut book, 6, "60", 10);
    assert_eq!(registrar.sweep(&mut book, Moment(129_999)), Some(Moment(130_000)));
    assert_eq!(book.view.registrations, 2);
    assert_eq!(registrar.sweep(&mut book, Moment(130_000)), Some(Moment(180_000)));
    assert_eq!(book.view.registrations, 1);
    // A refresh moves the deadline; the old one is looked at and put off.
    register(&mut registrar, &mut book, 5, "120", 170);
    assert_eq!(registrar.sweep(&mut book, Moment(180_000)), Some(Moment(350_000)));
    assert_eq!(registrar.sweep(&mut book, Moment(350_000)), None);
    assert_eq!(book.view.registrations, 0);
    assert_eq!(book.take_changes().len(), 1);
}

#[test]
fn an_absurd_expiry_is_a_day() {
    let (mut registrar, mut book) = (Registrar::default(), Book::default());
    register(&mut registrar, &mut book, 5, "99999999999999999999", 0);
    register(&mut registrar, &mut book, 6, "9999999999", 0);
    let deadlines: Vec<u64> = book
        .lines()
        .flat_map(|(_, l)| &l.registrations)
        .map(|r| r.deadline().0)
        .collect();
    assert_eq!(deadlines, [LATE_MARGIN * 1000, (LONGEST + LATE_MARGIN) * 1000]);
}

#[test]
fn a_phone_that_registers_for_ever_anew_costs_a_bounded_amount() {
    let (mut registrar, mut book) = (Registrar::default(), Book::default());
    for n in 0..20_000_u64 {
        register(&mut registrar, &mut book, (n % 200) as u8, "120", n / 500);
    }
    assert_eq!(book.view.registrations, 3);
    assert!(
        registrar.deadlines.len() <= 1024 + 2 * 3 + 1,
        "{}",
        registrar.deadlines.len()
    );
}

#[test]
fn a_line_that_is_no_longer_configured_is_forgotten() {
    let (mut registrar, mut book) = (Registrar::default(), Book::default());
    register(&mut registrar, &mut book, 5, "120", 0);
    prune(&mut book, &snapshot());
    assert_eq!(book.view.registrations, 1);
    prune(&mut book, &Snapshot::default());
    assert_eq!(book.view.registrations, 0);
    assert_eq!(registrar.sweep(&mut book, Moment(999_999)), None);
}

#[test]
fn who_is_called_is_decided_again_when_the_switchs_addresses_are_known() {
    let (mut registrar, mut book) = (Registrar::default(), Book::default());
    register(&mut registrar, &mut book, 5, "120", 0);
    let target = |book: &Book| book.lines().next().unwrap().1.registrations[0].target.clone();
    assert!(target(&book).is_ok());
    let own = OwnAddresses {
        sockets: vec!["10.0.0.5:5060".parse().unwrap()],
        others: Vec::new(),
    };
    registrar.learn_own(&mut book, own);
    assert_eq!(target(&book), Err(Refusal::Own));
    assert_eq!(registrar.sweep(&mut book, Moment(180_000)), None);
    assert_eq!(book.view.registrations, 0);
}
