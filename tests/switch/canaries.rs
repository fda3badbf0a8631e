//! Two tenants with the same usernames and numbers, and a million random lookups through the switch's real
//! functions (`switch_xml_locate_user_merged` and its kin, by mod_lua): never a word of the other.

use libtest_mimic::Trial;

use crate::found::Installed;
use crate::group::{Group, note};
use crate::rig::{DOMAINS, PEOPLE, Rig, canary};
use crate::running;
use crate::site::repository;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("canaries", Rig::quiet).needs(mod_lua).add(
        trials,
        &[(
            "a_million_lookups_show_nothing_of_another_domain",
            a_million_lookups,
        )],
    );
}

fn mod_lua(installed: &Installed) -> Option<String> {
    (!installed.modules.join("mod_lua.so").is_file()).then(|| "this FreeSWITCH has no mod_lua".to_owned())
}

/// 1,000,000, or what `PBX_LOOKUPS` says, on two threads.
fn a_million_lookups(rig: &mut Rig) {
    let count: u32 = std::env::var("PBX_LOOKUPS").map_or(1_000_000, |value| value.parse().expect("a number"));
    rig.switch.ok("load mod_lua");
    let script = repository().join("tests/switch/canaries.lua");
    let canaries = DOMAINS.map(|domain| format!("{domain}={}", canary(domain)));
    let names: Vec<&str> = PEOPLE
        .iter()
        .flat_map(|(username, number)| [*username, *number])
        .collect();
    let mut runs: Vec<_> = (1..=2)
        .map(|seed| {
            let mut connection = running::connect().unwrap();
            let words = format!(
                "{} {} {seed} {} {}",
                script.display(),
                count / 2,
                canaries.join(" "),
                names.join(" ")
            );
            connection.send(&format!("lua {words}")).unwrap();
            connection
        })
        .collect();
    for connection in &mut runs {
        let answer = connection.receive().unwrap();
        assert!(answer.starts_with("+OK"), "{answer}");
        note(&format!("{}; ", answer.trim().trim_start_matches("+OK ")));
    }
}
