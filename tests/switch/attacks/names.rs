//! Realms and usernames that are gone through.

use std::collections::BTreeSet;

use super::ACME;
use crate::rig::{DOMAINS, Rig, account, password};
use crate::wire::Phone;

/// Usernames that are gone through.
const NAMES: usize = 10_000;

/// A digest for the other tenant, for a realm of nobody's, for none.
pub(super) fn a_foreign_realm_registers_nobody(rig: &mut Rig) {
    let (right, theirs) = (password("alice", ACME), password("alice", DOMAINS[1]));
    let mut home = Phone::new();
    assert_eq!(
        home.register(account("alice", ACME, &right), 60).unwrap()[1].status,
        200
    );
    for realm in [
        DOMAINS[1],
        "evil.test",
        "",
        "acme.test\\\"",
        "*",
        "extensions",
        "127.0.0.1",
        "ACME.test.evil",
    ] {
        for secret in [&right, &theirs] {
            let mut phone = Phone::at("127.0.0.101");
            let answer = phone
                .register_with_realm(account("alice", ACME, secret), realm)
                .unwrap();
            assert!(matches!(answer.status, 400..=499), "{realm:?}: {}", answer.text);
        }
    }
    let list = rig.switch.api("sofia status profile internal reg");
    assert!(
        !list.contains("127.0.0.101") && list.contains("alice@acme.test"),
        "{list}"
    );
}

/// Half of the names exist. Each is tried with a wrong password, from addresses that are banned one after the
/// other; the answers are all alike, and alice's phone, which is named again and again, keeps registering.
pub(super) fn ten_thousand_names_tell_nothing(rig: &mut Rig) {
    let right = password("alice", ACME);
    let alice = account("alice", ACME, &right);
    let mut home = Phone::new();
    assert_eq!(home.register(alice, 60).unwrap()[1].status, 200);
    rig.switch
        .until(&format!("pbx presence 1001@{ACME} json"), "127.0.0.1:");
    let addresses: Vec<String> = (110..150).map(|last| format!("127.0.0.{last}")).collect();
    let mut phones: Vec<Phone> = addresses.iter().map(|address| Phone::at(address)).collect();
    let count = phones.len();
    let mut shapes = BTreeSet::new();
    for turn in 0..NAMES {
        let name = match turn % 4 {
            0 => "alice".to_owned(),
            1 => "bob".to_owned(),
            _ => format!("line{turn}"),
        };
        let wrong = account(&name, ACME, "wrong");
        let answers = phones[turn % count].register(wrong, 60).unwrap();
        assert_eq!((answers[0].status, answers[1].status), (401, 403), "{name}");
        shapes.insert(answers.map(|answer| answer.shape(wrong).replace(&addresses[turn % count], "HERE")));
        if turn % 500 == 0 {
            assert_eq!(
                home.register(alice, 60).unwrap()[1].status,
                200,
                "after {turn} attempts"
            );
        }
    }
    assert_eq!(
        shapes.len(),
        1,
        "{:#?}",
        shapes.iter().take(2).collect::<Vec<_>>()
    );
    let list = rig.switch.ok("pbx ban list");
    for address in &addresses {
        assert!(list.contains(address.as_str()), "{address}: {list}");
    }
    assert!(!list.contains("127.0.0.1 "), "{list}");
    let registered = rig.switch.api("sofia status profile internal reg");
    assert!(
        addresses
            .iter()
            .all(|address| !registered.contains(&format!("{address}:"))),
        "{registered}"
    );
    assert_eq!(home.register(alice, 60).unwrap()[1].status, 200);
}
