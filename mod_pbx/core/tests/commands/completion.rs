//! Tab completion.

use crate::general::every_command;
use crate::support::Desk;

#[test]
fn every_command_can_be_reached_by_tabs_alone() {
    let desk = Desk::small();
    for command in every_command(&desk) {
        let mut line = String::new();
        for word in command.split(' ') {
            let offered = desk.pbx.complete(&line);
            assert!(
                offered.iter().any(|candidate| candidate == word),
                "{command}: {offered:?}"
            );
            // Half a word is completed too.
            let half = format!("{line}{}", &word[..word.len() / 2 + 1]);
            assert!(
                desk.pbx.complete(&half).iter().any(|candidate| candidate == word),
                "{half}"
            );
            line.push_str(word);
            line.push(' ');
        }
        let offered = desk.pbx.complete(&line);
        assert!(
            offered.contains(&"json".to_owned()) && offered.contains(&"help".to_owned()),
            "{command}: {offered:?}"
        );
        // Every option that the help names is offered.
        for option in desk
            .say(&format!("help {command}"))
            .split_whitespace()
            .filter(|word| word.starts_with("--"))
        {
            let option = option.trim_end_matches(['.', ',', ':', ';']);
            let shown = desk.say(&format!("help {command}"));
            let listed = shown.lines().any(|line| line.trim_start().starts_with(option));
            assert!(
                !listed || offered.contains(&option.to_owned()),
                "{command} {option}: {offered:?}"
            );
        }
        assert!(offered.iter().all(|word| !word.contains(' ')), "{offered:?}");
    }
}

#[test]
fn names_are_offered_where_names_go() {
    let desk = Desk::small();
    desk.ok("extension add 1002 --user bob --name Bob --line bob-desk");
    for (line, expected) in [
        ("extension show 10", vec!["1001", "1002"]),
        ("extension show 1002", vec!["1002"]),
        ("pbx extension show 1002", vec!["1002"]),
        ("line show bob", vec!["bob-desk"]),
        ("line set BOB", vec![]),
        ("user show a", vec!["alice"]),
        ("extension set 1001 --user b", vec!["bob"]),
        ("line add new --extension 1", vec!["1001", "1002"]),
        ("extension show 1001 --domain p", vec!["pbx.test"]),
        ("domain delete p", vec!["pbx.test"]),
        ("setting set sip-tls-p", vec!["sip-tls-port"]),
        ("lookup dir", vec!["directory"]),
        ("lookup directory key_", vec!["key_name=", "key_value="]),
        ("extension set 1001 --enabled ", vec!["no", "yes"]),
        ("user add carol --role dom", vec!["domain-administrator"]),
        ("revert ", vec!["1", "2", "3", "help", "json"]),
        ("channel show 1001", vec!["1001"]),
        ("help ext", vec!["extension"]),
        ("extension add 1", vec![]),
        ("extension set 1001 --ring-seconds ", vec![]),
        ("nonsense ", vec![]),
        ("extension nonsense ", vec![]),
    ] {
        assert_eq!(desk.pbx.complete(line), expected, "{line}");
    }
}

#[test]
fn with_two_domains_names_carry_theirs() {
    let desk = Desk::small();
    desk.ok("domain add two.test");
    desk.ok("extension add 1001@two.test --user alice --name Alice");
    assert_eq!(
        desk.pbx.complete("extension show 10"),
        ["1001@pbx.test", "1001@two.test"]
    );
    assert_eq!(desk.pbx.complete("extension show 1001@t"), ["1001@two.test"]);
    assert_eq!(desk.pbx.complete("extension show --domain two.test 10"), ["1001"]);
}

#[test]
fn nothing_is_offered_by_a_closed_database_and_nothing_breaks() {
    let desk = Desk::small();
    desk.pbx.stop();
    assert!(desk.pbx.complete("ext").contains(&"extension".to_owned()));
    let _ = desk.pbx.complete("user show ");
    assert!(
        desk.say("domain add late.test")
            .starts_with("-ERR the configuration store is closed")
    );
}
