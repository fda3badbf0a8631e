//! Traps 6 and 8: hosts and text of strangers.

use pbx_core::reply::Reply;

use crate::common::{World, elements, users};

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
