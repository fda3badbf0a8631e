//! Traps 5 and 7: which credential there is, for what, and when a digest is none.

use super::{NAMES, documents, hex, reasons};
use crate::common::{World, auth, users, value, with};

/// Trap 5: the order of several credentials weakens a verto login; the hash is MD5 and only that.
#[test]
fn trap_5_one_credential_and_the_real_one_for_a_digest_only() {
    let world = World::named("one");
    let real = hex(&world
        .snapshot
        .domain("pbx.test")
        .unwrap()
        .find("alice")
        .unwrap()
        .lines[0]
        .a1);
    for (reason, document) in reasons().iter().zip(documents(&world, "pbx.test", "alice")) {
        for name in ["\"password\"", "jsonrpc-", "esl-", "http-allowed", "reverse-auth"] {
            assert!(!document.contains(name), "{document}");
        }
        let digest = reason.contains(&("action", "sip_auth"));
        assert_eq!(document.contains(&real), digest, "{reason:?}");
    }
}

/// Trap 5, too: browser clients have a realm of their own; nobody logs in to verto as a phone.
#[test]
fn trap_5_no_line_for_a_verto_login() {
    let world = World::named("one");
    for name in NAMES {
        let pairs = [
            ("key_value", "pbx.test"),
            ("action", "jsonrpc-authenticate"),
            ("key", "id"),
            ("user", name),
        ];
        assert!(users(&world.document("directory", pairs)).is_empty());
    }
}

/// Trap 7, too: mod_sofia takes such a digest again from whoever overheard it.
#[test]
fn trap_7_a_digest_that_does_not_count_its_uses_is_none() {
    let world = World::named("one");
    let found = |pairs: Vec<_>| users(&world.document("directory", pairs)).len();
    let counted = [
        ("sip_auth_response", "0123456789abcdef0123456789abcdef"),
        ("sip_auth_qop", "auth"),
        ("sip_auth_cnonce", "c"),
        ("sip_auth_nc", "00000001"),
    ];
    let asked = |left_out: &str| {
        let mut pairs = auth("alice", "pbx.test");
        pairs.extend(counted.iter().filter(|(name, _)| *name != left_out));
        pairs
    };
    assert_eq!(found(asked("")), 1);
    for (name, _) in &counted[1..] {
        assert_eq!(found(asked(name)), 0, "{name}");
        assert_eq!(found(with(asked(""), name, "")), 0, "{name}");
    }
}

/// Trap 7: the realm is the client's to choose.
#[test]
fn trap_7_domain_realm_and_from_must_agree() {
    let two = World::named("two");
    let found = |world: &World, pairs| users(&world.document("directory", pairs)).len();
    assert_eq!(found(&two, auth("alice", "pbx.test")), 1);
    for (field, text) in [
        ("sip_auth_realm", "other.test"),
        ("sip_from_host", "other.test"),
        ("sip_from_host", "anonymous.invalid"),
        ("sip_to_host", "other.test"),
        ("sip_to_host", "PBX.test"),
        ("sip_to_user", "bob"),
        ("sip_to_user", "Alice"),
    ] {
        assert_eq!(
            found(&two, with(auth("alice", "pbx.test"), field, text)),
            0,
            "{field}={text}"
        );
    }
    // A call is to whomever it is to.
    let invite = with(auth("alice", "pbx.test"), "sip_auth_method", "INVITE");
    assert_eq!(
        found(
            &two,
            with(with(invite.clone(), "sip_to_user", "1002"), "sip_to_host", "x")
        ),
        1
    );
    assert_eq!(
        found(&two, with(invite.clone(), "sip_from_host", "anonymous.invalid")),
        1
    );
    assert_eq!(found(&two, with(invite, "sip_from_host", "other.test")), 0);
    // With one domain the profile has fixed the realm, and a phone may know the switch by address only.
    let one = World::named("one");
    let by_address = with(
        with(auth("alice", "pbx.test"), "sip_to_host", "192.0.2.1"),
        "sip_from_host",
        "192.0.2.1",
    );
    assert_eq!(found(&one, by_address), 1);
    assert_eq!(
        found(
            &one,
            with(auth("alice", "pbx.test"), "sip_auth_realm", "other.test")
        ),
        0
    );
}

/// Trap 7, too: a digest of one domain is worth nothing in another.
#[test]
fn trap_7_the_same_username_has_another_hash_in_another_domain() {
    let world = World::named("two");
    let hash = |domain| {
        let document = world.document("directory", auth("alice", domain));
        value(&users(&document)[0], "params", "a1-hash").unwrap()
    };
    assert_ne!(hash("pbx.test"), hash("other.test"));
}

/// A call for help is refused for a wrong password alone.
#[test]
fn neither_where_a_call_for_help_comes_from_nor_its_digest_s_form_refuses_it() {
    let world = World::named("two");
    let asked = |user: &'static str, method: &'static str, number: &'static str| {
        let mut pairs = with(auth(user, "pbx.test"), "sip_auth_method", method);
        pairs.push(("sip_request_user", number));
        pairs
    };
    let found = |pairs: Vec<_>| users(&world.document("directory", pairs)).len();
    // dave's line is tied to networks, and this is none of them.
    assert_eq!(found(asked("dave", "INVITE", "112")), 1);
    // And what comes of it is marked: it is no way to other calls.
    let marked = |pairs: Vec<_>| world.document("directory", pairs).contains("pbx_help_only");
    assert!(marked(asked("dave", "INVITE", "112")));
    assert!(!marked(asked("alice", "INVITE", "112")) && !marked(asked("alice", "INVITE", "1002")));
    for (method, number) in [("INVITE", "1001"), ("INVITE", "1120"), ("MESSAGE", "112")] {
        assert_eq!(found(asked("dave", method, number)), 0, "{method} {number}");
    }
    // Without `qop`, or From whatever it likes.
    for odd in [
        ("sip_auth_response", "0123456789abcdef0123456789abcdef"),
        ("sip_from_host", "192.0.2.99"),
    ] {
        assert_eq!(
            found(with(asked("alice", "INVITE", "112"), odd.0, odd.1)),
            1,
            "{odd:?}"
        );
        assert_eq!(
            found(with(asked("alice", "INVITE", "1002"), odd.0, odd.1)),
            0,
            "{odd:?}"
        );
    }
    // But nobody's password is tried where gateways are, nor in another domain.
    for odd in [("sip_profile", "external"), ("sip_auth_realm", "other.test")] {
        assert_eq!(
            found(with(asked("alice", "INVITE", "112"), odd.0, odd.1)),
            0,
            "{odd:?}"
        );
    }
}
