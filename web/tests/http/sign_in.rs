//! People at the door, and what they hold when they are in.

use crate::client::Browser;
use crate::site::{PASSWORD, Site};

#[test]
fn the_session_cookie_is_for_this_host_alone_and_no_script_reads_it() {
    let site = Site::new(&[]).with_alice();
    let answer = Browser::new(site.public()).sign_in("alice@pbx.test", PASSWORD);
    let cookies = answer.header("set-cookie");
    for name in ["__Host-pbx=", "__Host-pbx-known="] {
        let cookie = cookies.lines().find(|line| line.starts_with(name)).expect(name);
        for flag in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
            assert!(cookie.split("; ").any(|part| part == flag), "{flag}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    let value = answer.cookie("__Host-pbx").unwrap();
    assert_eq!(value.len(), 43, "256 bits");
    assert!(!answer.body.contains(&value), "the value is in the cookie alone");
    assert_eq!(answer.header("cache-control"), "no-store");
    // What is stored opens nothing.
    let file = std::fs::read(site.folder.path().join("pbx.db-wal")).unwrap_or_default();
    assert!(!file.windows(value.len()).any(|window| window == value.as_bytes()));
}

#[test]
fn a_session_that_was_planted_is_not_the_one_that_is_signed_in() {
    let site = Site::new(&[]).with_alice();
    let mut victim = Browser::new(site.public());
    victim.session = Some("A".repeat(43));
    assert_eq!(victim.ask("GET", "/api/me", "").status, 401);
    let answer = victim.sign_in("alice@pbx.test", PASSWORD);
    assert_eq!(answer.status, 200);
    assert_ne!(victim.session.as_deref(), Some("A".repeat(43).as_str()));
    // And one that somebody was signed in with ends when they sign in again.
    let before = victim.clone();
    assert_eq!(victim.sign_in("alice@pbx.test", PASSWORD).status, 200);
    assert_ne!(victim.session, before.session);
    assert_eq!(before.clone().ask("GET", "/api/me", "").status, 401);
    assert_eq!(victim.ask("GET", "/api/me", "").status, 200);
}

#[test]
fn signing_out_ends_it_here_or_everywhere() {
    let site = Site::new(&[]).with_alice();
    let (mut one, mut two, mut three) = (
        site.alices_browser(),
        site.alices_browser(),
        site.alices_browser(),
    );
    let me = one.ask("GET", "/api/me", "").json();
    assert_eq!(
        (&me["user"]["name"], &me["user"]["role"]),
        (&"alice@pbx.test".into(), &"user".into())
    );
    let listed = one.ask("GET", "/api/sessions", "").json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 3);
    let held = one.clone();
    assert_eq!(one.ask("POST", "/api/sign-out", "").status, 204);
    assert_eq!(one.session, None, "the cookie is taken away");
    assert_eq!(
        held.clone().ask("GET", "/api/me", "").status,
        401,
        "and it opens nothing any more"
    );
    let id = two.ask("GET", "/api/me", "").json()["sign_in"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        three.ask("DELETE", &format!("/api/sessions/{id}"), "").status,
        204
    );
    assert_eq!(two.ask("GET", "/api/me", "").status, 401);
    let (mut four, mut five) = (site.alices_browser(), site.alices_browser());
    assert_eq!(four.ask("DELETE", "/api/sessions", "").status, 204);
    for gone in [&mut three, &mut five] {
        assert_eq!(gone.ask("GET", "/api/me", "").status, 401);
    }
}

#[test]
fn nobody_ends_somebody_elses_session() {
    let site = Site::new(&[]).with_alice();
    site.must("user add bob --name Bob");
    site.must(&format!("user set bob --password {PASSWORD}"));
    let mut alice = site.alices_browser();
    let id = alice.ask("GET", "/api/me", "").json()["sign_in"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut bob = Browser::new(site.public());
    assert_eq!(
        bob.sign_in("bob", PASSWORD).status,
        200,
        "the only domain need not be said"
    );
    assert_eq!(bob.ask("DELETE", &format!("/api/sessions/{id}"), "").status, 404);
    assert_eq!(
        bob.ask("GET", "/api/sessions", "").json()["sessions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(bob.ask("DELETE", "/api/sessions", "").status, 204);
    assert_eq!(alice.ask("GET", "/api/me", "").status, 200);
}

#[test]
fn a_new_password_ends_every_other_session_and_changes_the_cookie() {
    let site = Site::new(&[]).with_alice();
    let (mut here, mut there) = (site.alices_browser(), site.alices_browser());
    let change = |current: &str, new: &str| serde_json::json!({"current": current, "new": new}).to_string();
    let wrong = here.ask(
        "POST",
        "/api/password",
        &change("not hers at all", "another 8!vqPz2w"),
    );
    assert_eq!((wrong.status, wrong.kind().as_str()), (401, "wrong-password"));
    for weak in ["short", "alicealice12", "password1234"] {
        let answer = here.ask("POST", "/api/password", &change(PASSWORD, weak));
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (422, "weak-password"),
            "{weak}"
        );
    }
    assert_eq!(
        here.ask("POST", "/api/password", &change(PASSWORD, PASSWORD))
            .status,
        422
    );
    let before = here.clone();
    let answer = here.ask("POST", "/api/password", &change(PASSWORD, "another 8!vqPz2w"));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_ne!(here.session, before.session);
    assert_eq!(here.ask("GET", "/api/me", "").status, 200);
    assert_eq!(there.ask("GET", "/api/me", "").status, 401);
    assert_eq!(before.clone().ask("GET", "/api/me", "").status, 401);
    assert_eq!(
        Browser::new(site.public())
            .sign_in("alice@pbx.test", PASSWORD)
            .status,
        401
    );
    assert!(
        site.cli("revisions").contains("alice@pbx.test"),
        "the revision says who"
    );
    assert!(!site.cli("revisions 5").contains("argon2"), "and not the hash");
}

#[test]
fn who_is_disabled_or_gets_a_new_password_is_out_with_the_next_request() {
    let site = Site::new(&[]).with_alice();
    let mut browser = site.alices_browser();
    site.must("user set alice --name \"Alice Brown\"");
    let me = browser.ask("GET", "/api/me", "");
    assert_eq!(
        me.json()["user"]["display_name"],
        "Alice Brown",
        "a change that is none of her sign-in's"
    );
    site.must("user set alice --password another-8!vqPz2w");
    assert_eq!(browser.ask("GET", "/api/me", "").status, 401);
    site.must(&format!("user set alice --password {PASSWORD}"));
    let mut browser = site.alices_browser();
    site.must("user set alice --enabled no");
    assert_eq!(browser.ask("GET", "/api/me", "").status, 401);
    assert_eq!(Browser::new(site.public()).sign_in("alice", PASSWORD).status, 401);
}

#[test]
fn the_first_administrator_changes_the_password_before_anything_else() {
    let site = Site::new(&[]);
    let first = site
        .pbx
        .people()
        .first_administrator()
        .unwrap()
        .expect("there is none yet");
    assert_eq!(
        site.pbx.people().first_administrator().unwrap(),
        None,
        "there is one now"
    );
    let text = std::fs::read_to_string(&first.file).unwrap();
    let (name, password) = text.trim().split_once(' ').unwrap();
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(
        std::fs::metadata(&first.file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(site.cli("status").contains("first-password"));
    let mut browser = Browser::new(site.public());
    let answer = browser.sign_in(name, password);
    assert_eq!(answer.json()["must_change_password"], true);
    assert_eq!(answer.json()["user"]["role"], "administrator");
    let body = serde_json::json!({"current": password, "new": "kT8!vqPz2w-long"}).to_string();
    let answer = browser.ask("POST", "/api/password", &body);
    assert_eq!(
        (answer.status, &answer.json()["must_change_password"]),
        (200, &false.into())
    );
    assert!(!first.file.exists(), "the file is gone");
    assert_eq!(Browser::new(site.public()).sign_in(name, password).status, 401);
    assert_eq!(
        browser.ask("GET", "/api/me", "").json()["must_change_password"],
        false
    );
}

#[test]
fn sessions_and_known_addresses_outlive_a_restart_and_what_ended_stays_ended() {
    let mut site = Site::new(&[]).with_alice();
    let (mut stays, mut ends) = (site.alices_browser(), site.alices_browser());
    assert_eq!(ends.clone().ask("POST", "/api/sign-out", "").status, 204);
    site.restart();
    stays.to = site.public();
    ends.to = site.public();
    // A stop writes what was waiting to be written.
    let count = |site: &Site, what: &str| {
        let events = site.pbx.people().events(100).unwrap();
        events.iter().filter(|event| event.what == what).count()
    };
    assert_eq!((count(&site, "signed-in"), count(&site, "signed-out")), (2, 1));
    assert_eq!(stays.ask("GET", "/api/me", "").status, 200);
    assert_eq!(
        stays.ask("POST", "/api/sign-out", "").status,
        204,
        "the token of before is good"
    );
    assert_eq!(ends.ask("GET", "/api/me", "").status, 401);
    site.restart();
    stays.to = site.public();
    assert_eq!(stays.ask("GET", "/api/me", "").status, 401);
    assert_eq!((count(&site, "signed-in"), count(&site, "signed-out")), (2, 2));
}

#[test]
fn an_administrator_sees_and_ends_sessions() {
    let site = Site::new(&[]).with_alice();
    let (mut one, mut two) = (site.alices_browser(), site.alices_browser());
    let listed = site.cli("sessions list");
    assert!(
        listed.contains("alice@pbx.test") && listed.contains("127.0.0.1") && listed.contains("2 sessions"),
        "{listed}"
    );
    let id = one.ask("GET", "/api/me", "").json()["sign_in"]
        .as_str()
        .unwrap()
        .to_owned();
    site.must(&format!("sessions end {id}"));
    assert_eq!(one.ask("GET", "/api/me", "").status, 401);
    assert_eq!(two.ask("GET", "/api/me", "").status, 200);
    site.must("sessions end --user alice");
    assert_eq!(two.ask("GET", "/api/me", "").status, 401);
    assert!(site.cli("sessions end --user alice").starts_with("-ERR"));
}

#[test]
fn a_password_that_was_reset_is_good_for_one_sign_in() {
    let site = Site::new(&[]).with_alice();
    let said: serde_json::Value = serde_json::from_str(&site.must("user reset alice json")).unwrap();
    let password = said["password"].as_str().unwrap();
    let mut browser = Browser::new(site.public());
    let answer = browser.sign_in("alice", password);
    assert_eq!(answer.json()["must_change_password"], true);
    assert_eq!(Browser::new(site.public()).sign_in("alice", PASSWORD).status, 401);
    assert!(site.cli("user set alice --password short").starts_with("-ERR"));
}
