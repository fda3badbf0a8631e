//! Who calls from a browser.

use uuid::Uuid;

use super::World;

/// A call that says it is a verto client's is one of who logged in, whatever variables it brings.
#[test]
fn a_verto_caller_is_who_logged_in_and_no_variable_changes_that() {
    let world = World::new();
    let issued = world.open("1001", "a");
    let route = |pairs: &[(&str, &str)]| {
        let mut line = "lookup dialplan Hunt-Context=pbx.test Hunt-Destination-Number=1002".to_owned();
        for (name, value) in pairs {
            line.push_str(&format!(" {name}={value}"));
        }
        world.say(&line)
    };
    let from = |login: &str, more: &[(&str, &str)]| {
        let pairs = [
            ("Caller-Channel-Name", "verto.rtc/1002"),
            ("Caller-Source", "mod_verto"),
            ("Call-Direction", "inbound"),
            ("Caller-Username", login),
        ];
        route(&[&pairs, more].concat())
    };
    let login = format!("{}@extensions", issued.client.id);
    let bob = ("variable_pbx_identity", "1002@pbx.test");
    for answer in [from(&login, &[]), from(&login, &[bob])] {
        assert!(answer.contains("effective_caller_id_number=1001"), "{answer}");
    }
    let refused = route(&[("Caller-Source", "mod_verto"), bob]);
    assert!(refused.contains("name=\"refused\""), "{refused}");
    for stranger in [
        "1001@pbx.test",
        "alice",
        &issued.client.id.to_string(),
        &format!("{}@pbx.test", issued.client.id),
        &format!("{}@extensions", Uuid::new_v4()),
    ] {
        assert_eq!(from(stranger, &[bob]), refused, "{stranger}");
    }
    // A leg that the switch called carries what our dial string says: it may be transferred.
    let called = route(&[
        ("Caller-Channel-Name", "verto.rtc/x"),
        ("Caller-Source", "mod_verto"),
        ("Call-Direction", "outbound"),
        ("variable_pbx_identity", "1001@pbx.test"),
    ]);
    assert!(called.contains("effective_caller_id_number=1001"), "{called}");
    // A phone is not a browser because of its name.
    let phone = route(&[
        ("Caller-Channel-Name", "sofia/internal/verto@pbx.test"),
        ("Caller-Source", "mod_sofia"),
        ("variable_pbx_identity", "1001@pbx.test"),
    ]);
    assert!(phone.contains("effective_caller_id_number=1001"), "{phone}");
}
