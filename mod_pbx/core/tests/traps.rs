//! The traps that FreeSWITCH's source holds for whoever answers its lookups: a test each.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use common::{DECOY, World, auth, elements, users, value, with};
use pbx_core::reply::Reply;

/// Every reason that FreeSWITCH has to ask for one user, as parameters.
fn reasons() -> Vec<Vec<(&'static str, &'static str)>> {
    vec![
        vec![],
        vec![("action", "sip_auth"), ("sip_auth_method", "REGISTER")],
        vec![("action", "sip_auth"), ("sip_auth_method", "INVITE")],
        vec![("action", "user_call"), ("as_channel", "true")],
        vec![("action", "voicemail-lookup")],
        vec![("action", "message-count")],
        vec![("action", "web-vm")],
        vec![("action", "group_call")],
        vec![("action", "jsonrpc-authenticate")],
        vec![("action", "event_socket_auth")],
        vec![("action", "reverse-auth-lookup")],
        vec![("action", "skinny-auth")],
        vec![("action", "something-new")],
        vec![("number_alias", "check")],
        vec![("VM-Action", "change-password")],
        vec![
            ("Event-Calling-Function", "voicemail_inject"),
            ("purpose", "publish-vm"),
        ],
        vec![("Event-Calling-Function", "vm_fsdb_auth_login_function")],
        vec![("Event-Calling-Function", "user_data_function")],
    ]
}

/// The documents for a name, whatever the reason.
fn documents<'a>(world: &World, domain: &'a str, name: &'a str) -> Vec<String> {
    reasons()
        .into_iter()
        .map(|mut pairs: Vec<(&'a str, &'a str)>| {
            pairs.extend([
                ("key_value", domain),
                ("key", "id"),
                ("user", name),
                ("domain", domain),
            ]);
            world.document("directory", pairs)
        })
        .collect()
}

const NAMES: [&str; 10] = [
    "alice", "1001", "bob", "1002", "bob-desk", "1003", "1004", "dave", "1005", "nobody",
];

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

/// Trap 4: what the directory does not set, a verto client may (`userVariables`).
#[test]
fn trap_4_every_user_that_calls_sets_every_security_variable() {
    let world = World::named("one");
    for name in ["alice", "1001", "bob-desk", "1004", "1003"] {
        let asks: [&[(&str, &str)]; 3] = [
            &[],
            &[("action", "user_call")],
            &[("action", "sip_auth"), ("sip_auth_method", "INVITE")],
        ];
        for reason in asks {
            let mut pairs = vec![("key_value", "pbx.test"), ("key", "id"), ("user", name)];
            pairs.extend(reason);
            for user in users(&world.document("directory", pairs)) {
                for variable in [
                    "user_context",
                    "domain_name",
                    "toll_allow",
                    "accountcode",
                    "effective_caller_id_name",
                    "effective_caller_id_number",
                    "pbx_identity",
                ] {
                    // An empty value would be deleted (`switch_channel_set_variable`), and so set nothing.
                    assert!(
                        !value(&user, "variables", variable).unwrap().is_empty(),
                        "{name} {variable}"
                    );
                }
            }
        }
    }
}

/// Trap 4, too: the identity of a call is not what the call says.
#[test]
fn trap_4_a_call_is_nobodys_without_the_directorys_identity() {
    let world = World::named("two");
    let base = [
        ("Hunt-Context", "pbx.test"),
        ("Hunt-Destination-Number", "1002"),
        ("Hunt-Source", "mod_sofia"),
        ("Caller-Username", "alice"),
        ("Caller-Caller-ID-Number", "1001"),
        ("variable_user_name", "alice"),
        ("variable_domain_name", "pbx.test"),
        ("variable_sip_from_user", "alice"),
        ("variable_sip_authorized", "true"),
        ("variable_sip_h_X-pbx_identity", "alice@pbx.test"),
        ("pbx_identity", "alice@pbx.test"),
    ];
    assert_eq!(
        first_action(&world, base.to_vec()),
        ("respond".into(), "403".into())
    );
    for forged in [
        "alice@other.test",
        "alice",
        "@pbx.test",
        "nobody@pbx.test",
        "alice@pbx.test@pbx.test",
        "",
    ] {
        let pairs = with(base.to_vec(), "variable_pbx_identity", forged);
        assert_eq!(
            first_action(&world, pairs),
            ("respond".into(), "403".into()),
            "{forged}"
        );
    }
    let known = with(base.to_vec(), "variable_pbx_identity", "alice@pbx.test");
    assert_eq!(first_action(&world, known.clone()).0, "multiset");
    let verto = with(known, "Hunt-Source", "mod_verto");
    assert_eq!(first_action(&world, verto), ("respond".into(), "403".into()));
}

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

/// Trap 6: a redirect's target that is found in the directory counts as local.
#[test]
fn trap_6_a_foreign_host_is_not_ours() {
    let world = World::named("two");
    for host in [
        "evil.example",
        "192.0.2.1",
        "pbx.test.evil.example",
        "test",
        "",
        "pbx.test.",
    ] {
        let pairs = [
            ("tag_name", "domain"),
            ("key_value", host),
            ("Event-Calling-Function", "switch_xml_locate_domain"),
            ("domain", host),
        ];
        assert_eq!(world.ask("directory", pairs), Reply::NotOurs, "{host}");
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

/// Trap 8: a returned document must not echo what was asked with.
#[test]
fn trap_8_nothing_hostile_is_echoed() {
    let world = World::named("one");
    let long = "9".repeat(65_536);
    for text in [
        "\"/><user id=\"x\"><params/></user><x y=\"",
        "]]>",
        "<!--",
        "1000,sofia/gateway/x/1900",
        "1001|1002",
        "${system(touch /tmp/pwned)}",
        "{origination_caller_id_number=911}1001",
        "[leg=1]1001",
        "1001\n1002",
        "1001\u{0}",
        "\u{fffd}",
        "'1001'",
        "10 01",
        "%31001",
        "１００１",
        &long,
    ] {
        for (section, field) in [("directory", "user"), ("dialplan", "Hunt-Destination-Number")] {
            let pairs = [
                ("key_value", "pbx.test"),
                ("key", "id"),
                ("Hunt-Context", "pbx.test"),
                ("variable_pbx_identity", "alice@pbx.test"),
                (field, text),
            ];
            let document = world.document(section, pairs);
            assert!(!document.contains(text) && document.len() < 700, "{document}");
            elements(&document);
            if section == "dialplan" {
                assert!(document.contains("\"404\""), "{document}");
            } else {
                assert!(users(&document).is_empty());
            }
        }
        let pairs = [
            ("Hunt-Context", text),
            ("variable_pbx_identity", "alice@pbx.test"),
        ];
        assert_eq!(world.ask("dialplan", pairs), Reply::NotOurs);
        assert_eq!(
            world.ask("directory", [("tag_name", "domain"), ("key_value", text)]),
            Reply::NotOurs
        );
        assert_eq!(world.ask("configuration", [("key_value", text)]), Reply::NotOurs);
    }
}

/// An extension's number is what is dialled, never a username, even of digits.
#[test]
fn a_username_that_looks_like_a_number_gets_no_calls() {
    let d = "pbx.test";
    let alice = common::extension(d, "1001", "Alice", &["112", "777"]);
    let world = World::new([common::domain(d, [alice])]);
    // What is a number for help is called as one, and there is no gateway.
    for (dialled, name, status) in [("777", "unknown", "404"), ("112", "help", "503")] {
        let identity = format!("{dialled}@{d}");
        let pairs = vec![
            ("Hunt-Context", d),
            ("Hunt-Destination-Number", dialled),
            ("variable_pbx_identity", &identity),
        ];
        let document = world.document("dialplan", pairs);
        assert!(
            document.contains(&format!("name=\"{name}\""))
                && document.contains(&format!("\"{status}\""))
                && !document.contains("bridge"),
            "{document}"
        );
    }
}

fn first_action(world: &World, pairs: Vec<(&str, &str)>) -> (String, String) {
    let document = world.document("dialplan", pairs);
    let all = elements(&document);
    let action = all.iter().find(|e| e.name() == "action").unwrap();
    let attribute = |name| action.attribute(name).unwrap().to_owned();
    (attribute("application"), attribute("data"))
}

fn hex(bytes: &[u8; 16]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

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
