//! `pbx setting`.

use pbx_core::store::settings::CATALOGUE;

use crate::support::{Desk, fields};

#[test]
fn every_setting_is_listed_with_what_it_is() {
    let desk = Desk::new();
    let text = desk.say("setting list");
    let rows = desk.json("setting list");
    let rows = rows["settings"].as_array().unwrap();
    assert_eq!(rows.len(), CATALOGUE.len());
    for (definition, row) in CATALOGUE.iter().zip(rows) {
        assert!(
            text.contains(definition.name) && text.contains(definition.description),
            "{}",
            definition.name
        );
        assert_eq!(
            fields(row),
            ["default", "description", "is_set", "name", "takes", "value"]
        );
        assert_eq!(
            (row["name"].as_str(), row["value"].as_str()),
            (Some(definition.name), Some(definition.default))
        );
        assert_eq!(&desk.json(&format!("setting show {}", definition.name)), row);
        assert!(
            desk.say(&format!("setting show {}", definition.name))
                .contains(definition.description)
        );
    }
}

#[test]
fn a_setting_is_set_changed_and_taken_back() {
    let desk = Desk::new();
    assert_eq!(
        desk.ok("setting set SIP-port 5070"),
        "+OK setting sip-port is now \"5070\", was \"5060\" (revision 1)\n"
    );
    desk.ok("setting set sip-port 5090");
    let shown = desk.json("setting show sip-port");
    assert_eq!(
        (&shown["value"], &shown["is_set"]),
        (&"5090".into(), &true.into())
    );
    assert!(
        desk.say("lookup configuration key_value=sofia.conf")
            .contains("5090")
    );
    desk.ok("setting set local-networks '10.0.0.0/8, 192.168.0.0/16'");
    assert_eq!(
        desk.json("setting show local-networks")["value"],
        "10.0.0.0/8 192.168.0.0/16"
    );
    let deleted = desk.json("setting delete sip-port");
    assert_eq!(fields(&deleted), ["before", "name", "ok", "revision", "value"]);
    assert_eq!(
        (&deleted["value"], &deleted["before"]),
        (&"5060".into(), &"5090".into())
    );
    assert_eq!(desk.rev(), 4);
}

#[test]
fn refusals_say_what_to_do() {
    let desk = Desk::new();
    desk.ok("setting set sip-port 5070");
    for (line, why) in [
        ("setting set sip-port 70000", "a port from 1 to 65535"),
        ("setting set sip-port 5070", "already"),
        ("setting set sip-prot 5070", "pbx setting list prints them all"),
        ("setting show nothing", "pbx setting list prints them all"),
        ("setting delete sip-tls", "is not set"),
        ("setting set sip-port", "<VALUE> is missing"),
        ("setting set local-networks 10.0.0.0/99", "not \"10.0.0.0/99\""),
    ] {
        let answer = desk.refused(line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
}

/// The switch can listen on a port once: told when it is set, whichever is set last.
#[test]
fn ports_that_are_the_same_are_refused() {
    let desk = Desk::new();
    let said = desk.refused("setting set sip-port 5080");
    assert!(
        said.contains("gateway-port and sip-port") || said.contains("sip-port and gateway-port"),
        "{said}"
    );
    assert!(said.contains("pbx setting set"), "{said}");
    desk.ok("setting set gateway-port 5090");
    desk.ok("setting set sip-port 5080");
    desk.refused("setting set gateway-port 5080");
    desk.refused("setting delete gateway-port");
    // On another address it is another port.
    desk.ok("setting set gateway-address 192.0.2.77");
    desk.ok("setting set gateway-port 5080");
    desk.refused("setting set gateway-address auto");
    // Ports for TLS count where TLS is on.
    desk.ok("setting set sip-tls-port 5080");
    desk.refused("setting set sip-tls yes");
}
