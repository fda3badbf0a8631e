//! Digests that are right, and what a ban makes of them.

use super::*;

/// mod_sofia refuses the phone for which there is no room in the words that a wrong password gets.
#[test]
fn who_has_the_right_password_and_is_refused_is_not_banned() {
    let desk = Desk::new();
    for line in ["line set alice --max-registrations 1", "line list"] {
        let answer = desk.say(line);
        assert!(!answer.starts_with("-ERR"), "{line}: {answer}");
    }
    let try_once = |user: &str, from: &str, right: bool| {
        let gets = desk.gets_by_digest(user, from, ("REGISTER", ""), right);
        desk.fail(1, user, from, "REGISTER");
        gets
    };
    // There is room: it failed, whatever it was.
    for _ in 0..3 {
        try_once("alice", "192.0.2.5", true);
    }
    desk.until_banned(1);
    desk.register("alice", "192.0.2.1");
    for _ in 0..20 {
        assert!(try_once("alice", "192.0.2.9", true));
        desk.counted();
    }
    assert!(desk.registers("alice", "192.0.2.9") && desk.pbx.bans().list().len() == 1);
    // An excuse is for one failure, and who has none is counted.
    for _ in 0..3 {
        try_once("alice", "192.0.2.9", false);
    }
    desk.until_banned(2);
    assert!(!desk.registers("alice", "192.0.2.9"));
}

/// Two phones behind NATs may have the same address within.
#[test]
fn who_has_the_address_of_anothers_phone_is_refused_and_not_banned() {
    let desk = Desk::new();
    desk.register("alice", "192.168.1.10");
    let contact = [
        ("sip_contact_user", "alice"),
        ("sip_contact_host", "192.168.1.10"),
    ];
    assert!(!desk.gets_for("bob", "203.0.113.7", "REGISTER", "", &contact));
    for right in [true, false] {
        for _ in 0..3 {
            assert!(!desk.gets_with("bob", "203.0.113.7", ("REGISTER", ""), right, &contact));
            desk.fail(1, "bob", "203.0.113.7", "REGISTER");
        }
        desk.counted();
        assert_eq!(desk.pbx.bans().list().is_empty(), right);
    }
}

/// Whoever guesses beside them.
#[test]
fn who_is_banned_calls_for_help_with_the_right_password_alone() {
    let desk = Desk::new();
    desk.fail(5, "x", "192.0.2.1", "INVITE");
    desk.until_banned(1);
    let helps = |right: bool| desk.gets_by_digest("alice", "192.0.2.1", ("INVITE", "112"), right);
    for _ in 0..100 {
        assert!(!helps(false) && helps(true));
    }
    assert!(!desk.gets_by_digest("alice", "192.0.2.1", ("INVITE", "1001"), true));
}
