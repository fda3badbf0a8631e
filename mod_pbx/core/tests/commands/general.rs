//! What holds for all commands: help, errors, lookups, status, handlers, reload, version.

use crate::support::{Desk, fields};

/// Every command there is, by its words: taken from the help, which comes from the grammar.
pub(crate) fn every_command(desk: &Desk) -> Vec<String> {
    let overview = desk.say("help");
    let table = overview.split("\n\n").nth(1).unwrap();
    let mut all = Vec::new();
    for line in table.lines() {
        let mut words = line.split_whitespace();
        let noun = words.next().unwrap();
        let second = words.next().unwrap();
        // A verb, or several, is in small letters; an explanation begins with a capital.
        if second.starts_with(char::is_lowercase) {
            all.extend(second.split('|').map(|verb| format!("{noun} {verb}")));
        } else {
            all.push(noun.to_owned());
        }
    }
    all
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let desk = Desk::new();
    let all = every_command(&desk);
    for expected in [
        "domain add",
        "user set",
        "extension delete",
        "line show",
        "channel list",
        "setting set",
        "lookup",
    ] {
        assert!(
            all.iter().any(|command| command == expected),
            "{expected}: {all:?}"
        );
    }
    for command in &all {
        let help = desk.say(&format!("help {command}"));
        assert!(
            help.contains("Example") && help.contains(&format!("Usage: pbx {command}")),
            "{command}: {help}"
        );
        assert!(help.starts_with(char::is_uppercase), "{help}");
        assert_eq!(desk.say(&format!("{command} help")), help);
        assert_eq!(desk.say(&format!("{command} --help")), help);
        assert_eq!(desk.say(&format!("{command} whatever follows -h")), help);
        assert_eq!(desk.json(&format!("help {command}"))["help"], help.as_str());
        assert!(
            help.lines().all(|line| line.chars().count() <= 120),
            "{command}: {help}"
        );
        // Every argument is explained.
        for line in help.lines().filter(|line| line.trim_start().starts_with("--")) {
            assert!(line.trim().split("  ").count() >= 2, "{command}: {line:?}");
        }
    }
    assert_eq!(desk.say("help"), desk.say(""));
    assert_eq!(desk.say("extension"), desk.say("extension help"));
    assert!(desk.say("extension").contains("pbx extension add"));
}

#[test]
fn an_error_is_one_line_that_says_what_to_do() {
    let desk = Desk::small();
    for (line, why) in [
        ("frobnicate", "there is no command \"frobnicate\""),
        ("extnsion list", "did you mean extension?"),
        ("extension lst", "did you mean list?"),
        ("help nonsense", "there is no command \"nonsense\""),
        ("help extension frob", "pbx help extension"),
        ("extension list --frob", "--frob has no place here"),
        ("extension list frob", "frob has no place here"),
        ("extension show 'open", "a quote is not closed"),
        ("extension list --search", "--search <TEXT> needs a value"),
        ("revert x", "invalid digit"),
        ("lookup", "<SECTION> is missing"),
        ("lookup nowhere", "directory, dialplan"),
        ("lookup directory nonsense", "is no KEY=VALUE"),
        ("import directory", "<FILE> is missing"),
    ] {
        let answer = desk.refused(line);
        let first = answer.lines().next().unwrap();
        assert!(first.contains(why), "{line}: {answer}");
        let rest: Vec<&str> = answer.lines().skip(1).collect();
        assert!(
            rest.is_empty() || (rest.len() == 1 && rest[0].starts_with("Usage: pbx")),
            "{answer}"
        );
        // For programs too an error is this line.
        assert_eq!(desk.say(&format!("{line} json")), answer, "{line}");
    }
    assert!(desk.refused(&"x".repeat(100_000)).contains("longer than"));
}

#[test]
fn no_line_whatsoever_brings_a_command_down() {
    let desk = Desk::small();
    for line in [
        "\"",
        "\\",
        "''",
        "-",
        "--",
        "json",
        "help",
        "json json",
        "help help",
        "\u{0}",
        "--domain",
        "@",
        "a@b@c",
        "ü",
        "\t",
        "extension show @",
        "extension show 1001@",
        "line show @pbx.test",
        "domain add .",
        "user show @.",
        "setting set sip-port ''",
    ] {
        let answer = desk.say(line);
        assert!(!answer.contains("failed inside the module"), "{line:?}: {answer}");
        assert!(answer.ends_with('\n'), "{line:?}: {answer}");
    }
}

#[test]
fn a_lookup_is_answered_byte_for_byte() {
    let desk = Desk::small();
    let full =
        "lookup directory tag_name=domain key_name=name key_value=pbx.test key=id user=1001 domain=pbx.test";
    let document = desk.say(full);
    assert!(
        document.starts_with("<document type=\"freeswitch/xml\">") && document.ends_with("</document>"),
        "{document}"
    );
    assert!(document.contains("id=\"1001\""));
    assert_eq!(
        desk.say("lookup directory key_value=pbx.test user=1001"),
        document
    );
    assert_eq!(desk.say("lookup directory domain=PBX.test user=1001"), document);
    let json = desk.json("lookup directory domain=pbx.test user=1001");
    assert_eq!(fields(&json), ["answered", "xml"]);
    assert_eq!(
        (json["answered"].as_bool(), json["xml"].as_str()),
        (Some(true), Some(document.as_str()))
    );
    // Not ours is the switch's own "not found".
    assert_eq!(
        desk.say("lookup configuration key_value=ivr.conf"),
        pbx_core::reply::NOT_FOUND_FRAGMENT
    );
    assert_eq!(
        desk.json("lookup configuration key_value=ivr.conf")["answered"],
        false
    );
    assert!(
        desk.say("lookup configuration key_value=sofia.conf")
            .contains("name=\"internal\"")
    );
    // It is not counted among the switch's own.
    assert!(
        desk.pbx
            .counters()
            .rows()
            .iter()
            .all(|count| count.answered + count.not_ours == 0)
    );
    let routed = desk.say(
        "lookup dialplan Hunt-Context=pbx.test Hunt-Destination-Number=1001 variable_domain_name=pbx.test variable_user_name=1001",
    );
    assert!(routed.contains("<context name=\"pbx.test\">"), "{routed}");
}

#[test]
fn a_lookup_of_a_line_bound_to_an_address_takes_the_address() {
    let desk = Desk::small();
    desk.ok("line set 1001 --source-acl 192.0.2.0/24");
    let ask = "lookup directory domain=pbx.test user=1001 action=sip_auth";
    assert!(!desk.say(ask).contains("<user"));
    assert!(desk.say(&format!("{ask} ip=192.0.2.77")).contains("a1-hash"));
    assert!(!desk.say(&format!("{ask} ip=198.51.100.1")).contains("<user"));
}

#[test]
fn status_names_what_needs_attention() {
    let desk = Desk::new();
    let empty = desk.json("status");
    assert!(
        empty["warnings"][0].as_str().unwrap().contains("pbx domain add"),
        "{empty}"
    );
    assert!(
        desk.say("status")
            .contains("needs attention:\n  there is no domain yet")
    );
    let desk = Desk::with(
        &[],
        &[("public-url", "https://pbx.example.com"), ("serve", "none")],
    );
    desk.ok("domain add pbx.test");
    desk.ok("extension add 1001 --user alice --name Alice --line --line two");
    let status = desk.json("status");
    for (name, value) in [
        ("domains", serde_json::json!(1)),
        ("extensions", serde_json::json!(1)),
        ("lines", serde_json::json!(2)),
        ("revision", serde_json::json!(2)),
        ("public-url", serde_json::json!("https://pbx.example.com")),
        ("web-listen", serde_json::json!("127.0.0.1:8480")),
        ("serve", serde_json::json!([])),
        ("running", serde_json::Value::Null),
        ("database", serde_json::json!(desk.dir.path().join("pbx.db"))),
    ] {
        assert_eq!(status[name], value, "{name}: {status}");
    }
    for name in [
        "local-listen",
        "tls-cert",
        "tls-key",
        "trusted-proxies",
        "log-level",
        "verto-url",
        "version",
        "switch_version",
    ] {
        assert!(status.get(name).is_some(), "{name}: {status}");
    }
    assert!(status["database_bytes"].as_u64().unwrap() > 10_000);
    let text = desk.say("status");
    assert!(
        text.contains("public-url       https://pbx.example.com"),
        "{text}"
    );
}

#[test]
fn handlers_version_and_reload() {
    let desk = Desk::small();
    let text = desk.say("handlers");
    assert!(text.starts_with("registry"), "{text}");
    let rows = desk.json("handlers");
    assert_eq!(fields(&rows["handlers"][0]), ["handler", "key", "registry"]);
    assert_eq!(
        rows["handlers"].as_array().unwrap().len() + 1,
        text.lines().count()
    );
    let version = desk.json("version");
    assert_eq!(fields(&version), ["switch_version", "version"]);
    assert!(desk.say("version").contains(version["version"].as_str().unwrap()));
    assert_eq!(desk.ok("reload"), "+OK reloaded\n");
    assert_eq!(
        desk.json("reload"),
        serde_json::json!({"ok": true, "message": "reloaded"})
    );
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 300, ..Default::default() })]

    /// Whatever is typed, something is answered, on lines of its own and without control bytes.
    #[test]
    fn no_words_bring_a_command_down(
        verb in "(domain|user|extension|line|channel|setting|lookup|revisions|revert|help) (add|list|show|set|delete)?",
        rest in "( (--[a-z-]{1,12}|[a-z0-9@.=']{1,12}|\"[^\"]{0,9}\"|.{0,6})){0,5}",
    ) {
        thread_local!(static DESK: Desk = Desk::small());
        let (answer, offered) = DESK.with(|desk| {
            let line = format!("{verb}{rest}");
            (desk.say(&line), desk.pbx.complete(&line))
        });
        proptest::prop_assert!(!answer.contains("failed inside the module"), "{}", answer);
        proptest::prop_assert!(answer.ends_with('\n') || answer.starts_with("<document"), "{}", answer);
        proptest::prop_assert!(!answer.contains(|c: char| c.is_control() && c != '\n'), "{:?}", answer);
        proptest::prop_assert!(offered.iter().all(|word| !word.contains(' ')));
    }
}
