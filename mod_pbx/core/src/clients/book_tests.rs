//! The book without clock, switch and database.

use super::book::{Book, Limits, Opening};
use super::view::{Client, Connection, GRACE};
use super::{Note, Refused};
use std::sync::Arc;
use uuid::Uuid;

const LIMITS: Limits = Limits {
    seconds: 100,
    per_user: 2,
    per_channel: 3,
};

fn opening(user: u128, channel: u128, sign_in: &str, session: u128) -> Opening {
    Opening {
        channel: Uuid::from_u128(channel),
        user: Uuid::from_u128(user),
        sign_in: sign_in.into(),
        session: Uuid::from_u128(session),
        domain: "pbx.test".parse().unwrap(),
        number: "1001".parse().unwrap(),
    }
}

fn open(book: &mut Book, opening: Opening, now: i64) -> Result<Arc<Client>, Refused> {
    book.open(opening, LIMITS, now, |known| {
        (known.unwrap_or_else(Uuid::new_v4), rand())
    })
}

fn rand() -> [u8; 16] {
    *Uuid::new_v4().as_bytes()
}

fn from(port: u16) -> Connection {
    Connection {
        profile: "pbx".into(),
        address: format!("127.0.0.1:{port}").into(),
    }
}

fn log_in(book: &mut Book, client: &Client, port: u16, now: i64) {
    let note = Note::LoggedIn {
        client: client.id,
        connection: from(port),
    };
    book.note(note, now);
}

fn connected(book: &Book, client: &Client) -> Option<(Connection, i64)> {
    book.view.clients.get(&client.id).unwrap().connected.clone()
}

#[test]
fn the_same_session_is_renewed_and_nobody_elses_is_taken() {
    let mut book = Book::default();
    let first = open(&mut book, opening(1, 1, "a", 7), 0).unwrap();
    let again = open(&mut book, opening(1, 1, "a", 7), 50).unwrap();
    assert_eq!(first.id, again.id);
    assert_ne!(first.a1, again.a1, "a new password");
    assert_eq!((first.expires, again.expires), (100, 150));
    for thief in [
        opening(2, 1, "a", 7),
        opening(1, 2, "a", 7),
        opening(1, 1, "b", 7),
    ] {
        assert!(matches!(open(&mut book, thief, 51), Err(Refused::SessionTaken)));
    }
    assert_eq!(book.view.len(), 1);
}

#[test]
fn only_the_connection_that_ended_takes_its_stamp_away() {
    let mut book = Book::default();
    let client = open(&mut book, opening(1, 1, "a", 7), 0).unwrap();
    log_in(&mut book, &client, 1, 10);
    assert_eq!(connected(&book, &client), Some((from(1), 10)));
    // The browser is back before the switch has noticed that it was gone.
    log_in(&mut book, &client, 2, 20);
    book.note(Note::Left(from(1)), 21);
    assert_eq!(connected(&book, &client), Some((from(2), 20)));
    // A login that renews keeps its stamp.
    log_in(&mut book, &client, 2, 30);
    assert_eq!(connected(&book, &client), Some((from(2), 20)));
    book.note(Note::Left(from(3)), 31);
    assert_eq!(book.at_home().len(), 1);
    book.note(Note::Left(from(2)), 32);
    assert_eq!(connected(&book, &client), None);
    assert_eq!(book.at_home(), []);
}

#[test]
fn a_new_connection_of_the_same_name_means_that_the_old_one_is_gone() {
    let mut book = Book::default();
    let client = open(&mut book, opening(1, 1, "a", 7), 0).unwrap();
    log_in(&mut book, &client, 1, 10);
    book.note(Note::Connected(from(1)), 11);
    assert_eq!(connected(&book, &client), None);
}

#[test]
fn there_are_no_more_than_the_settings_allow_and_who_is_there_stays() {
    let mut book = Book::default();
    let first = open(&mut book, opening(1, 1, "a", 1), 0).unwrap();
    let second = open(&mut book, opening(1, 1, "a", 2), 1).unwrap();
    assert!(matches!(
        open(&mut book, opening(1, 1, "a", 3), 2),
        Err(Refused::TooMany)
    ));
    // Another person's do not count for the person, but for the channel.
    open(&mut book, opening(2, 1, "b", 4), 2).unwrap();
    assert!(matches!(
        open(&mut book, opening(3, 1, "c", 5), 3),
        Err(Refused::TooMany)
    ));
    open(&mut book, opening(3, 2, "c", 5), 3).unwrap();
    // One that is logged in never makes room; the one that left longest ago does.
    let limits = Limits {
        seconds: 10_000,
        ..LIMITS
    };
    let renew = |book: &mut Book, session, now| {
        let fresh = |known: Option<Uuid>| (known.unwrap(), rand());
        book.open(opening(1, 1, "a", session), limits, now, fresh)
            .unwrap()
    };
    renew(&mut book, 1, 5);
    renew(&mut book, 2, 5);
    log_in(&mut book, &first, 1, 5);
    log_in(&mut book, &second, 2, 5);
    book.note(Note::Left(from(2)), 50);
    assert!(matches!(
        open(&mut book, opening(1, 2, "a", 6), 160),
        Err(Refused::TooMany)
    ));
    open(&mut book, opening(1, 2, "a", 6), 170).unwrap();
    assert!(book.view.clients.contains_key(&first.id) && !book.view.clients.contains_key(&second.id));
    let ended: Vec<Uuid> = book.take_ended().iter().map(|client| client.id).collect();
    assert_eq!(ended, [second.id], "its session is to be punted");
}

#[test]
fn nobody_opens_clients_faster_than_a_person_would() {
    let mut book = Book::default();
    for n in 0..30 {
        open(&mut book, opening(1, 1, "a", 7), n).unwrap();
    }
    assert!(matches!(
        open(&mut book, opening(1, 1, "a", 7), 30),
        Err(Refused::TooOften)
    ));
    open(&mut book, opening(2, 1, "b", 8), 30).unwrap();
    open(&mut book, opening(1, 1, "a", 7), 60).unwrap();
}

#[test]
fn a_client_ends_with_its_sign_in_its_extension_and_its_time() {
    let mut book = Book::default();
    let one = open(&mut book, opening(1, 1, "a", 1), 0).unwrap();
    let two = open(&mut book, opening(1, 1, "b", 2), 0).unwrap();
    let three = open(&mut book, opening(2, 1, "c", 3), 0).unwrap();
    assert_eq!(book.close(|client| *client.sign_in == *"a"), 1);
    book.follow(|client| {
        let renamed = ("pbx.test".parse().unwrap(), "1009".parse().unwrap());
        (client.id != two.id).then_some(renamed)
    });
    assert_eq!(book.view.clients.get(&three.id).unwrap().number.as_str(), "1009");
    let ended: Vec<Uuid> = book.take_ended().iter().map(|client| client.id).collect();
    assert_eq!(ended, [one.id, two.id]);
    book.sweep(100 + GRACE - 1);
    assert_eq!(book.view.len(), 1, "its calls may still be there");
    book.sweep(100 + GRACE);
    assert!(book.view.is_empty());
}

#[test]
fn the_switchs_own_list_is_the_truth() {
    let mut book = Book::default();
    let one = open(&mut book, opening(1, 1, "a", 1), 0).unwrap();
    let two = open(&mut book, opening(2, 1, "b", 2), 0).unwrap();
    log_in(&mut book, &one, 1, 1);
    book.take_list(vec![(two.id, from(2)), (Uuid::from_u128(99), from(3))], 5);
    assert_eq!(connected(&book, &one), None);
    assert_eq!(connected(&book, &two), Some((from(2), 5)));
    book.take_list(vec![(two.id, from(2))], 9);
    assert_eq!(connected(&book, &two), Some((from(2), 5)));
    book.note(Note::Left(from(2)), 10);
    assert_eq!(connected(&book, &two), None);
}
