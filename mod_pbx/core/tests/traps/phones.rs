//! What one phone may do to those of others: their registrations, their lamps.

use crate::common::{World, users};

/// Trap: `multiple-registrations=contact` deletes whoever's row has the Contact of a REGISTER.
#[test]
fn nobody_registers_with_the_contact_of_another_lines_phone_from_elsewhere() {
    let world = World::named("phones");
    let asks = |user: &'static str, contact: (&'static str, &'static str), ip: &'static str| {
        let document = world.document(
            "directory",
            [
                ("key_value", "pbx.test"),
                ("action", "sip_auth"),
                ("sip_auth_realm", "pbx.test"),
                ("sip_auth_method", "REGISTER"),
                ("sip_to_user", user),
                ("sip_to_host", "pbx.test"),
                ("sip_from_host", "pbx.test"),
                ("sip_contact_user", contact.0),
                ("sip_contact_host", contact.1),
                ("key", "id"),
                ("user", user),
                ("domain", "pbx.test"),
                ("ip", ip),
            ],
        );
        users(&document).len() == 1
    };
    let alices = ("alice", "192.0.2.8");
    assert!(!asks("bob", alices, "192.0.2.66"));
    assert!(!asks("bob", ("alice", "::ffff:192.0.2.8"), "192.0.2.66"));
    // From the same host, as a phone with two lines does, and alice herself from anywhere.
    assert!(asks("bob", alices, "192.0.2.8"));
    assert!(asks("alice", alices, "192.0.2.66"));
    // Whose phone is behind NAT has an address that others have too.
    assert!(asks("alice", ("bob", "192.168.1.9"), "203.0.113.77"));
    assert!(asks("bob", ("bob", "192.0.2.8"), "192.0.2.66"));
    assert!(asks("bob", ("alice", "phone.example"), "192.0.2.66"));
}

/// Trap: mod_sofia lets whoever has a line subscribe to anybody's lamp.
#[test]
fn nobody_watches_the_lamps_of_another_domain() {
    let world = World::named("two");
    let asks = |to: &'static str| {
        let document = world.document(
            "directory",
            [
                ("key_value", "pbx.test"),
                ("action", "sip_auth"),
                ("sip_auth_realm", "pbx.test"),
                ("sip_auth_method", "SUBSCRIBE"),
                ("sip_to_user", "1002"),
                ("sip_to_host", to),
                ("sip_from_host", "pbx.test"),
                ("key", "id"),
                ("user", "alice"),
                ("domain", "pbx.test"),
                ("ip", "192.0.2.7"),
            ],
        );
        users(&document).len() == 1
    };
    assert!(asks("pbx.test"));
    assert!(!asks("other.test") && !asks("192.0.2.1"));
}
