//! Traps 1 to 3: whom a document of the directory names, and with what.

use super::{NAMES, documents, hex, reasons};
use crate::common::{DECOY, World, auth, users, value};

/// Trap 1: a user without a credential is let in (`sofia_reg_parse_auth`).
#[test]
fn trap_1_no_document_lets_anybody_in() {
    let world = World::named("one");
    let mut seen = 0;
    for name in NAMES {
        for document in documents(&world, "pbx.test", name) {
            for user in users(&document) {
                let hash = value(&user, "params", "a1-hash").unwrap();
                assert!(
                    hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit()),
                    "{document}"
                );
                assert_eq!(
                    value(&user, "params", "allow-empty-password").as_deref(),
                    Some("false")
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 50);
}

/// Trap 1, too: an extension without a line of its name does not exist for a digest.
#[test]
fn trap_1_an_extension_alone_cannot_register() {
    let world = World::named("one");
    for number in ["1001", "1002", "1003"] {
        assert!(users(&world.document("directory", auth(number, "pbx.test"))).is_empty());
    }
    let own = world.document("directory", auth("1004", "pbx.test"));
    assert_ne!(value(&users(&own)[0], "params", "a1-hash").unwrap(), hex(&DECOY));
}

/// Trap 2: the core's user cache is shared between tenants (`switch_xml_locate_user_cache`).
/// Trap 2b: a user with a `type` answers to every name (`switch_xml_find_child_multi`).
#[test]
fn trap_2_users_have_no_attribute_but_their_names() {
    let world = World::named("two");
    let mut all = documents(&world, "pbx.test", "alice");
    all.extend(documents(&world, "pbx.test", "1001"));
    all.push(world.document("directory", [("key_value", "pbx.test")]));
    all.push(world.document(
        "directory",
        [
            ("key_value", "pbx.test"),
            ("Event-Calling-Function", "populate_database"),
        ],
    ));
    let publish = [
        ("key_value", "pbx.test"),
        ("Event-Calling-Function", "voicemail_inject"),
        ("user", "_all_"),
        ("purpose", "publish-vm"),
    ];
    all.push(world.document("directory", publish));
    for document in &all {
        for user in users(document) {
            for forbidden in ["cacheable", "type", "ip", "cidr"] {
                assert_eq!(user.attribute(forbidden), None, "{document}");
            }
        }
        assert!(!document.contains("cacheable"));
    }
}

/// Trap 3: parameters are the caller's to choose, those of a verto login before it is checked, and they
/// replace what the switch said before them, `Event-Calling-Function` too.
#[test]
fn trap_3_who_asks_with_a_key_gets_one_user_at_most() {
    let world = World::named("one");
    for function in [
        "voicemail_inject",
        "populate_database",
        "xml_locate_function",
        "config_sofia",
    ] {
        for purpose in ["publish-vm", "gateways", "network-list"] {
            for (mut pairs, name) in reasons().into_iter().flat_map(|r| NAMES.map(|n| (r.clone(), n))) {
                pairs.retain(|(n, _)| *n != "Event-Calling-Function");
                pairs.extend([
                    ("Event-Calling-Function", function),
                    ("purpose", purpose),
                    ("group", "all"),
                    ("user_type", "any"),
                    ("profile", "internal"),
                    ("key_value", "pbx.test"),
                    ("key", "id"),
                    ("user", name),
                ]);
                let document = world.document("directory", pairs);
                let users = users(&document);
                assert!(users.len() <= 1, "{document}");
                for user in users {
                    let is = |attribute| user.attribute(attribute) == Some(name);
                    assert!(is("id") || is("number-alias"), "{name}: {document}");
                }
            }
        }
    }
    // Even everybody is one user whom nobody has.
    let everybody = [
        ("key_value", "pbx.test"),
        ("Event-Calling-Function", "voicemail_inject"),
        ("key", "id"),
        ("user", "_all_"),
    ];
    assert!(users(&world.document("directory", everybody)).is_empty());
}
