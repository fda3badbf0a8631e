//! The mail that is composed of what a stranger says.

use proptest::prelude::*;
use uuid::Uuid;

use super::letter::{self, Recording};
use crate::store::mail::{Kind, Mail, State};

fn mail(caller_name: &str, caller_number: &str) -> Mail {
    Mail {
        id: Uuid::nil(),
        kind: Kind::Voicemail,
        source: String::new(),
        state: State::Waiting,
        recipient: "bob@example.com".to_owned(),
        mailbox: "1002@pbx.test".to_owned(),
        caller_name: caller_name.to_owned(),
        caller_number: caller_number.to_owned(),
        left_at: "2026-03-02T09:00:00Z".to_owned(),
        seconds: 7,
        attempts: 0,
        next_at: String::new(),
        last_error: None,
        queued_at: String::new(),
        details: None,
    }
}

fn composed(name: &str, number: &str) -> (Vec<String>, String) {
    let recording = Recording::Attached(b"RIFF".to_vec());
    let message = letter::compose(&mail(name, number), "pbx@example.com", recording).unwrap();
    assert_eq!(message.envelope().to().len(), 1);
    let text = String::from_utf8(message.formatted()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let names = head
        .lines()
        .map(|line| line.split(':').next().unwrap().to_owned());
    (names.collect(), body.to_owned())
}

const HEADERS: [&str; 6] = [
    "From",
    "To",
    "Subject",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
];

fn only_ours(headers: &[String]) -> bool {
    let ours = |name: &String| HEADERS.contains(&name.as_str()) || name == "Date";
    headers.iter().all(ours)
        && headers.len() == HEADERS.len() + usize::from(headers.iter().any(|h| h == "Date"))
}

#[test]
fn a_caller_s_name_adds_no_header_and_no_part() {
    for name in [
        "Eve\r\nBcc: victim@example.com",
        "Eve\nBcc: victim@example.com",
        "Eve\r\n\r\n--\r\nContent-Type: text/html",
        "=?utf-8?q?=0D=0ABcc:_victim@example.com?=",
        "\"<victim@example.com>",
        &"long ".repeat(1000),
        "Zoë \u{202e}gpj.exe\u{2028}Bcc: x",
    ] {
        let (headers, _) = composed(name, "+49\r\nBcc: victim@example.com");
        assert!(only_ours(&headers), "{name:?}: {headers:?}");
    }
}

#[test]
fn a_nameless_caller_is_told_of_in_words() {
    let (_, body) = composed("", "");
    assert!(body.contains("an unknown caller"), "{body}");
    let (_, body) = composed("1001", "1001");
    assert!(body.contains("From:   1001\r\n"), "{body}");
}

#[test]
fn a_recording_that_is_gone_or_too_large_is_told_of() {
    let text = |recording| {
        let message = letter::compose(&mail("A", "1"), "", recording).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    };
    let large = text(Recording::TooLarge(31_000_000));
    assert!(
        large.contains("31 MB") && large.contains("From: voicemail@pbx.test"),
        "{large}"
    );
    assert!(text(Recording::Gone).contains("could not be attached"));
}

#[test]
fn what_is_no_address_is_named() {
    let mut wrong = mail("A", "1");
    wrong.recipient = "nobody".to_owned();
    let error = letter::compose(&wrong, "", Recording::Gone).unwrap_err();
    assert!(error.contains("\"nobody\" is no address"), "{error}");
}

proptest! {
    #[test]
    fn no_text_adds_a_header(name in any::<String>(), number in any::<String>()) {
        let (headers, _) = composed(&name, &number);
        prop_assert!(only_ours(&headers), "{headers:?}");
    }
}
