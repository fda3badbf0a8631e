//! Mailboxes: what their owners hear, and what others try.

use serde_json::{Value, json};

use super::{browser_of, channel, is, newest, refused, site};
use crate::client::{Answer, Browser, connect, request};
use crate::site::Site;
use crate::site::mailboxes::Left;
use std::io::{Read as _, Write as _};

const FIRST: &str = "0192f0c1-0000-7abc-8def-000000000001";
const SECOND: &str = "0192f0c1-0000-7abc-8def-000000000002";
const BOBS: &str = "0192f0c1-0000-7abc-8def-00000000000b";

/// Bytes that no text has, as sound has them.
fn sound() -> Vec<u8> {
    (0..10_000_u32).map(|n| ((n * 7919) >> 3) as u8).collect()
}

fn left<'a>(id: &'a str, number: &'a str, at: i64) -> Left<'a> {
    Left {
        id,
        number,
        domain: "pbx.test",
        caller: ("1002", "Bob <b>Brown</b>"),
        at,
        seconds: 7,
    }
}

/// Two messages to alice, one to bob.
fn with_messages() -> Site {
    let site = site();
    let mailboxes = site.mailboxes();
    mailboxes.leave(&left(FIRST, "1001", 1_772_438_700), &sound());
    mailboxes.leave(&left(SECOND, "1001", 1_772_438_800), b"RIFF");
    mailboxes.leave(&left(BOBS, "1002", 1_772_438_900), b"a secret of bob's");
    site
}

#[track_caller]
fn messages(browser: &mut Browser, channel: &str, query: &str) -> Value {
    let answer = browser.ask("GET", &format!("/api/me/mailboxes/{channel}/messages{query}"), "");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Status, headers, and the body as it is.
fn bytes(browser: &Browser, path: &str, range: Option<&str>) -> (u16, String, Vec<u8>) {
    let headers = browser.headers();
    let mut headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    headers.extend(range.map(|range| ("Range", range)));
    let mut stream = connect(browser.to);
    stream
        .write_all(request(browser.to, "GET", path, &headers, "").as_bytes())
        .unwrap();
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    let at = all
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8(all[..at].to_vec()).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, all[at + 4..].to_vec())
}

#[test]
fn messages_are_listed_marked_and_deleted_by_mod_voicemails_own_means() {
    let site = with_messages();
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    let boxes = alice.ask("GET", "/api/me/mailboxes", "").json();
    assert_eq!(
        (&boxes["mailboxes"][0]["number"], &boxes["code"]),
        (&json!("1001"), &json!("*97"))
    );
    assert_eq!(boxes["mailboxes"].as_array().unwrap().len(), 1);
    let all = messages(&mut alice, &channel, "");
    assert_eq!((&all["total"], &all["new"]), (&json!(2), &json!(2)));
    assert_eq!(
        all["messages"][1],
        json!({"id": FIRST, "name": "Bob <b>Brown</b>", "number": "1002", "left": "2026-03-02T08:05:00Z",
               "seconds": 7, "new": true, "urgent": false})
    );
    assert_eq!(all["messages"][0]["id"], SECOND, "the newest first");
    let path = format!("/api/me/mailboxes/{channel}/messages/{FIRST}");
    site.commanded("vm_");
    assert_eq!(alice.ask("PATCH", &path, r#"{"new": false}"#).status, 204);
    assert_eq!(
        alice.ask("PATCH", &path, r#"{"new": false}"#).status,
        204,
        "it is so already"
    );
    assert_eq!(messages(&mut alice, &channel, "")["new"], 1);
    assert_eq!(alice.ask("PATCH", &path, r#"{"new": true}"#).status, 204);
    assert_eq!(messages(&mut alice, &channel, "")["new"], 2);
    assert_eq!(alice.ask("DELETE", &path, "").status, 204);
    assert_eq!(
        site.commanded("vm_"),
        [
            format!("vm_read 1001@pbx.test/default read {FIRST}"),
            format!("vm_read 1001@pbx.test/default unread {FIRST}"),
            format!("vm_delete 1001@pbx.test/default {FIRST}"),
        ]
    );
    is(&alice.ask("DELETE", &path, ""), 404, "not-found");
    is(&alice.ask("PATCH", &path, r#"{"new": true}"#), 404, "not-found");
    assert_eq!(messages(&mut alice, &channel, "")["total"], 1);
}

#[test]
fn a_recording_is_served_whole_and_in_parts() {
    let site = with_messages();
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    let path = format!("/api/me/mailboxes/{channel}/messages/{FIRST}/sound");
    let whole = sound();
    let (status, head, body) = bytes(&alice, &path, None);
    assert_eq!((status, &body), (200, &whole), "{head}");
    for part in [
        "content-type: audio/",
        "accept-ranges: bytes",
        "cache-control: no-store",
        "nosniff",
    ] {
        assert!(head.contains(part), "{part}: {head}");
    }
    for (range, from, to) in [
        ("bytes=0-", 0, 10_000),
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=9990-", 9990, 10_000),
        ("bytes=9990-99999999", 9990, 10_000),
        ("bytes=-10", 9990, 10_000),
        ("bytes=-99999999", 0, 10_000),
    ] {
        let (status, head, body) = bytes(&alice, &path, Some(range));
        if status == 416 {
            // What reaches beyond the end may be refused (RFC 9110, 14.1.2), never answered with other bytes.
            assert!(range.contains("99999999"), "{range}: {head}");
            continue;
        }
        assert_eq!(status, 206, "{range}: {head}");
        assert_eq!(body, whole[from..to], "{range}: {head}");
        assert!(
            head.contains(&format!("content-range: bytes {from}-{}/10000", to - 1)),
            "{head}"
        );
    }
}

#[test]
fn ranges_that_make_no_sense_cost_nothing() {
    let site = with_messages();
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    let path = format!("/api/me/mailboxes/{channel}/messages/{FIRST}/sound");
    // As in CVE-2011-3192: each part of it as large as the file.
    let many = format!("bytes={}", vec!["0-"; 1300].join(","));
    for range in [
        "bytes=10000-",
        "bytes=5-2",
        "bytes=-0",
        "bytes=18446744073709551615-18446744073709551616",
        "bytes=0-1,5-6",
        "bytes=a-b",
        "lines=0-1",
        "",
        &many,
    ] {
        let (status, head, body) = bytes(&alice, &path, Some(range));
        assert!([200, 206, 400, 416].contains(&status), "{range}: {head}");
        assert!(body.len() <= 10_000, "{range}: {} bytes", body.len());
    }
}

#[test]
fn nobody_hears_or_touches_the_messages_of_others() {
    let site = with_messages();
    let (mut alice, mut bob) = (browser_of(&site, "alice"), browser_of(&site, "bob"));
    let (alices, bobs) = (channel(&mut alice), channel(&mut bob));
    let nowhere = "0192f0c1-2345-7abc-8def-0123456789ab";
    site.commanded("vm_");
    for (channel, id) in [
        (&*bobs, BOBS),
        (&*alices, BOBS),
        (nowhere, FIRST),
        (&*bobs, FIRST),
    ] {
        let path = format!("/api/me/mailboxes/{channel}/messages/{id}");
        is(&alice.ask("GET", &format!("{path}/sound"), ""), 404, "not-found");
        is(&alice.ask("PATCH", &path, r#"{"new": false}"#), 404, "not-found");
        is(&alice.ask("DELETE", &path, ""), 404, "not-found");
    }
    is(
        &alice.ask("GET", &format!("/api/me/mailboxes/{bobs}/messages"), ""),
        404,
        "not-found",
    );
    let pin = format!("/api/me/mailboxes/{bobs}/pin");
    is(&alice.ask("PUT", &pin, r#"{"pin": "739104"}"#), 404, "not-found");
    let own = format!("/api/me/mailboxes/{alices}/messages/{FIRST}");
    let mut nobody = Browser::new(site.public());
    is(
        &nobody.ask("GET", &format!("{own}/sound"), ""),
        401,
        "not-signed-in",
    );
    is(&nobody.ask("DELETE", &own, ""), 401, "not-signed-in");
    let mut forged = Browser {
        csrf: bob.csrf.clone(),
        ..alice.clone()
    };
    is(&forged.ask("DELETE", &own, ""), 403, "csrf");
    is(&forged.ask("PATCH", &own, r#"{"new": false}"#), 403, "csrf");
    let mut elsewhere = alice.clone();
    elsewhere.csrf.clear();
    is(&elsewhere.ask("DELETE", &own, ""), 403, "csrf");
    assert_eq!(
        site.commanded("vm_"),
        Vec::<String>::new(),
        "the switch heard nothing of it"
    );
    assert_eq!(messages(&mut bob, &bobs, "")["new"], 1);
    site.must("extension set 1001 --voicemail no");
    is(&alice.ask("GET", &format!("{own}/sound"), ""), 404, "not-found");
}

#[test]
fn no_id_is_a_path_or_a_command() {
    let site = with_messages();
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    std::fs::write(site.folder.path().join("secret.wav"), "a secret").unwrap();
    site.commanded("vm_");
    let long = "a".repeat(65);
    for id in [
        "..%2f..%2f..%2f..%2f..%2fsecret.wav",
        "%2e%2e",
        "..",
        ".",
        "x%20unread",
        "%00",
        "*",
        "%27%20or%20%271%27=%271",
        &long,
        "x",
    ] {
        for (method, path, body) in [
            ("GET", format!("{id}/sound"), ""),
            ("DELETE", id.to_owned(), ""),
            ("PATCH", id.to_owned(), r#"{"new": false}"#),
        ] {
            let answer = alice.ask(
                method,
                &format!("/api/me/mailboxes/{channel}/messages/{path}"),
                body,
            );
            assert!(
                [400, 404, 405].contains(&answer.status),
                "{method} {id}: {answer:?}"
            );
            assert!(!answer.body.contains("a secret"));
        }
    }
    assert_eq!(site.commanded("vm_"), Vec::<String>::new());
}

/// Whatever mod_voicemail's database says: only what lies in the mailbox's own folder.
#[test]
fn only_files_of_the_mailbox_are_served() {
    let site = with_messages();
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    let folder = site.folder.path();
    let secret = folder.join("pbx.key");
    std::fs::write(&secret, "a secret").unwrap();
    let bobs = folder.join(format!("storage/voicemail/default/pbx.test/1002/msg_{BOBS}.wav"));
    let own = folder.join("storage/voicemail/default/pbx.test/1001");
    let link = own.join("link.wav");
    std::os::unix::fs::symlink(&secret, &link).unwrap();
    let beside = folder.join("storage/voicemail/default/pbx.test/10019");
    std::fs::create_dir_all(&beside).unwrap();
    std::fs::write(beside.join("x.wav"), "a secret").unwrap();
    let files = [
        secret,
        bobs,
        link,
        own.clone(),
        own.join("../1002").join(format!("msg_{BOBS}.wav")),
        beside.join("x.wav"),
        own.join("gone.wav"),
    ];
    for (n, file) in files.iter().enumerate() {
        let id = format!("odd-{n}");
        site.mailboxes().book(&left(&id, "1001", 1), file);
        let answer = alice.ask(
            "GET",
            &format!("/api/me/mailboxes/{channel}/messages/{id}/sound"),
            "",
        );
        is(&answer, 404, "not-found");
    }
}

#[test]
fn a_large_mailbox_comes_in_pages() {
    let site = site();
    for n in 0..60 {
        let id = format!("message-{n}");
        site.mailboxes().book(
            &left(&id, "1001", 1_772_438_700 + n),
            std::path::Path::new("/nowhere.wav"),
        );
    }
    let mut alice = browser_of(&site, "alice");
    let channel = channel(&mut alice);
    let mut seen = Vec::new();
    for page in 1..=3 {
        let part = messages(&mut alice, &channel, &format!("?page={page}"));
        assert_eq!((&part["total"], &part["size"]), (&json!(60), &json!(25)));
        let ids = part["messages"].as_array().unwrap().iter();
        seen.extend(ids.map(|message| message["id"].as_str().unwrap().to_owned()));
    }
    let all: Vec<String> = (0..60).rev().map(|n| format!("message-{n}")).collect();
    assert_eq!(seen, all);
    let far = messages(&mut alice, &channel, "?page=18446744073709551615&size=4294967295");
    assert_eq!((&far["messages"], &far["size"]), (&json!([]), &json!(100)));
    for query in ["?page=-1", "?page=x", "?size=-1", "?order=1"] {
        let path = format!("/api/me/mailboxes/{channel}/messages{query}");
        is(&alice.ask("GET", &path, ""), 400, "bad-request");
    }
}

/// A message that one call left in several mailboxes has one id in all of them.
#[test]
fn a_message_to_several_is_deleted_in_one_mailbox_alone() {
    let site = with_messages();
    let (mut alice, mut bob) = (browser_of(&site, "alice"), browser_of(&site, "bob"));
    let (alices, bobs) = (channel(&mut alice), channel(&mut bob));
    let id = "0192f0c1-0000-7abc-8def-0000000000aa";
    for number in ["1001", "1002"] {
        site.mailboxes().leave(&left(id, number, 1_772_438_950), &sound());
    }
    let path = |channel: &str| format!("/api/me/mailboxes/{channel}/messages/{id}");
    let marked: Answer = alice.ask("PATCH", &path(&alices), r#"{"new": false}"#);
    is(&marked, 409, "full");
    assert_eq!(alice.ask("DELETE", &path(&alices), "").status, 204);
    assert_eq!(messages(&mut bob, &bobs, "")["messages"][0]["id"], id);
    assert_eq!(bytes(&bob, &format!("{}/sound", path(&bobs)), None).2, sound());
    assert_eq!(
        bob.ask("PATCH", &path(&bobs), r#"{"new": false}"#).status,
        204,
        "now it is bob's alone"
    );
}

#[test]
fn a_pin_is_changed_by_revision_and_mod_voicemail_forgets_its_own() {
    let site = site();
    let mut alice = browser_of(&site, "alice");
    let path = format!("/api/me/mailboxes/{}/pin", channel(&mut alice));
    for easy in ["1111", "1234", "1001", "123", "12345678901", "12a4", ""] {
        let answer = alice.ask("PUT", &path, &json!({"pin": easy}).to_string());
        refused(&answer, "pin");
    }
    site.commanded("vm_");
    assert_eq!(alice.ask("PUT", &path, r#"{"pin": "739104"}"#).status, 204);
    assert_eq!(
        site.commanded("vm_"),
        ["vm_fsdb_pref_password_set default pbx.test 1001 ''"]
    );
    let who = (
        "alice@pbx.test".to_owned(),
        "PIN of 1001@pbx.test changed".to_owned(),
    );
    assert_eq!(newest(&site), who);
    let asked = "lookup directory key_value=pbx.test user=1001 domain=pbx.test action=voicemail-lookup";
    assert!(
        site.must(asked).contains("739104"),
        "mod_voicemail is told the new one"
    );
    assert!(!site.must("revisions json").contains("739104"));
}
