//! What the switch's own commands find through our answers: each kind of lookup as FreeSWITCH makes it.

use libtest_mimic::Trial;

use crate::group::Group;
use crate::rig::{DOMAINS, PEOPLE, Rig, canary};
use crate::running::Running;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("lookups", Rig::whole).add(
        trials,
        &[
            (
                "a_user_exists_by_username_and_by_number",
                a_user_exists_by_username_and_by_number,
            ),
            (
                "user_data_tells_what_the_switch_needs",
                user_data_tells_what_the_switch_needs,
            ),
            ("nobody_else_is_found", nobody_else_is_found),
            (
                "no_command_shows_a_password_or_its_hash",
                no_command_shows_a_password_or_its_hash,
            ),
            (
                "a_domain_is_found_and_a_strange_one_is_not",
                a_domain_is_found_and_a_strange_one_is_not,
            ),
            (
                "everybody_is_listed_in_their_domain",
                everybody_is_listed_in_their_domain,
            ),
            ("there_are_no_groups", there_are_no_groups),
            (
                "configuration_comes_as_serve_says",
                configuration_comes_as_serve_says,
            ),
            (
                "a_change_is_seen_by_the_next_lookup",
                a_change_is_seen_by_the_next_lookup,
            ),
            (
                "pbx_lookup_prints_what_the_switch_gets",
                pbx_lookup_prints_what_the_switch_gets,
            ),
        ],
    );
}

/// Runs each command and compares its whole answer.
#[track_caller]
fn answers(switch: &mut Running, table: &[(String, String)]) {
    for (command, answer) in table {
        // An empty answer is said so by mod_event_socket.
        let got = switch.api(command).replace("-ERR no reply\n", "");
        assert_eq!(got.trim(), answer, "{command}");
    }
}

fn every_person() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    DOMAINS
        .into_iter()
        .flat_map(|domain| PEOPLE.map(|(username, number)| (domain, username, number)))
}

fn a_user_exists_by_username_and_by_number(rig: &mut Rig) {
    for (domain, username, number) in every_person() {
        for name in [username, &username.to_uppercase(), number] {
            answers(
                &mut rig.switch,
                &[
                    (format!("user_exists id {name} {domain}"), "true".to_owned()),
                    (
                        format!("user_exists number-alias {name} {domain}"),
                        "true".to_owned(),
                    ),
                    (
                        format!("user_exists id {name} {}", domain.to_uppercase()),
                        "true".to_owned(),
                    ),
                ],
            );
        }
    }
}

fn user_data_tells_what_the_switch_needs(rig: &mut Rig) {
    for (domain, username, number) in every_person() {
        for (name, id) in [(username, username), (number, number)] {
            let ask = |what: &str| format!("user_data {name}@{domain} {what}");
            let name_shown = format!("{username} {}", canary(domain));
            let table = [
                ("attr id", id),
                ("var user_context", domain),
                ("var domain_name", domain),
                ("var accountcode", number),
                ("var effective_caller_id_number", number),
                ("var effective_caller_id_name", &name_shown),
                ("var toll_allow", "none"),
                ("param allow-empty-password", "false"),
                ("param vm-enabled", "true"),
                ("attr cacheable", ""),
                ("attr type", ""),
                ("param password", ""),
            ];
            answers(
                &mut rig.switch,
                &table.map(|(what, answer)| (ask(what), answer.to_owned())),
            );
            assert!(
                !rig.switch.api(&ask("param dial-string")).trim().is_empty(),
                "{name}@{domain}"
            );
        }
    }
}

fn nobody_else_is_found(rig: &mut Rig) {
    for domain in DOMAINS {
        for name in [
            "nobody",
            "100",
            "10011",
            "1999",
            "alic",
            "alicea",
            "*",
            "%",
            "'",
            "alice@acme.test",
            "_all_",
        ] {
            answers(
                &mut rig.switch,
                &[(format!("user_exists id {name} {domain}"), "false".to_owned())],
            );
        }
    }
    let elsewhere = "user_exists id alice no-such-domain.test".to_owned();
    answers(&mut rig.switch, &[(elsewhere, "false".to_owned())]);
}

fn no_command_shows_a_password_or_its_hash(rig: &mut Rig) {
    for (domain, username, number) in every_person() {
        let secret = crate::wire::a1(username, domain, &crate::rig::password(username, domain));
        for command in [
            format!("find_user_xml id {username} {domain}"),
            format!("find_user_xml number-alias {number} {domain}"),
            format!("xml_locate directory domain name {domain}"),
            format!("user_data {username}@{domain} param a1-hash"),
        ] {
            let answer = rig.switch.api(&command);
            assert!(!answer.contains("-ERR"), "{command}: {answer}");
            assert!(!answer.contains(&secret), "{command}: {answer}");
        }
    }
}

fn a_domain_is_found_and_a_strange_one_is_not(rig: &mut Rig) {
    let mut table = vec![
        ("domain_exists no-such-domain.test".to_owned(), "false".to_owned()),
        ("domain_exists 127.0.0.1".to_owned(), "false".to_owned()),
        (
            "xml_locate directory domain name no-such-domain.test".to_owned(),
            "can't find anything".to_owned(),
        ),
    ];
    for domain in DOMAINS {
        table.push((format!("domain_exists {domain}"), "true".to_owned()));
        table.push((
            format!("domain_exists {}", domain.to_uppercase()),
            "true".to_owned(),
        ));
        table.push((format!("domain_data {domain} attr name"), domain.to_owned()));
    }
    answers(&mut rig.switch, &table);
}

fn everybody_is_listed_in_their_domain(rig: &mut Rig) {
    let [acme, other] = DOMAINS;
    for (domain, foreign) in [(acme, other), (other, acme)] {
        for command in [
            format!("list_users domain {domain}"),
            format!("xml_locate directory domain name {domain}"),
        ] {
            let listed = rig.switch.api(&command);
            for (username, number) in PEOPLE {
                assert!(
                    listed.contains(username) && listed.contains(number),
                    "{command}: {listed}"
                );
            }
            assert!(listed.contains(&canary(domain)), "{command}: {listed}");
            assert!(
                !listed.contains(&canary(foreign)) && !listed.contains(foreign),
                "{command}: {listed}"
            );
        }
    }
    let all = rig.switch.api("list_users");
    assert!(
        DOMAINS.iter().all(|domain| all.contains(&canary(domain))),
        "{all}"
    );
}

fn there_are_no_groups(rig: &mut Rig) {
    for domain in DOMAINS {
        answers(
            &mut rig.switch,
            &[
                (format!("in_group alice@{domain},sales"), "false".to_owned()),
                (
                    format!("group_call sales@{domain}"),
                    "error/NO_ROUTE_DESTINATION".to_owned(),
                ),
            ],
        );
    }
}

fn configuration_comes_as_serve_says(rig: &mut Rig) {
    let ask = |name: &str| format!("xml_locate configuration configuration name {name}");
    for name in ["sofia.conf", "verto.conf", "acl.conf", "voicemail.conf"] {
        let answer = rig.switch.api(&ask(name));
        assert!(
            answer.contains(&format!("<configuration name=\"{name}\"")),
            "{name}: {answer}"
        );
    }
    // The operator's own stays the operator's.
    assert!(rig.switch.api(&ask("event_socket.conf")).contains("listen-port"));
    let nobodys = (ask("ivr.conf"), "can't find anything".to_owned());
    answers(&mut rig.switch, &[nobodys]);
}

fn a_change_is_seen_by_the_next_lookup(rig: &mut Rig) {
    let domain = DOMAINS[0];
    for turn in 0..50 {
        rig.switch.ok(&format!(
            "pbx extension set 1003@{domain} --caller-id-name \"Turn {turn}\""
        ));
        let ask = format!("user_data carol@{domain} var effective_caller_id_name");
        answers(&mut rig.switch, &[(ask, format!("Turn {turn}"))]);
    }
    rig.switch.ok(&format!(
        "pbx extension set 1003@{domain} --caller-id-name \"carol {}\"",
        canary(domain)
    ));
}

/// The same names and values in the same order; only the switch's own layout of what it parsed differs.
fn pbx_lookup_prints_what_the_switch_gets(rig: &mut Rig) {
    for (domain, username, _) in every_person() {
        let said = rig.switch.ok(&format!(
            "pbx lookup directory key_value={domain} key=id user={username}"
        ));
        let got = rig.switch.ok(&format!("find_user_xml id {username} {domain}"));
        let (said, got) = (pairs(&said), pairs(&got));
        assert!(said.len() > 5, "{said:?}");
        assert_eq!(said, got);
    }
}

/// Every `name="…" value="…"` of a document.
fn pairs(document: &str) -> Vec<&str> {
    let pair = |rest: &'_ str| rest.find('>').map(|end| rest[..end].trim_end_matches('/').len());
    document
        .split(" name=")
        .skip(1)
        .filter(|rest| rest.contains(" value="))
        .map(|rest| &rest[..pair(rest).unwrap_or(0)])
        .filter(|pair| pair.contains(" value="))
        .collect()
}
