//! A switch with one domain, as most are: phones may be pointed at its address. Then there is a second one.

use std::time::Duration;

use libtest_mimic::Trial;

use crate::callee::Callee;
use crate::group::Group;
use crate::rig::{DOMAINS, Rig, account, canary, password};
use crate::running::Running;
use crate::sipp::{Sipp, row};
use crate::wait;
use crate::wire::Phone;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("one_domain", start).add(
        trials,
        &[
            (
                "a_phone_may_be_pointed_at_the_address",
                a_phone_may_be_pointed_at_the_address,
            ),
            (
                "a_phone_that_says_the_domain_registers_too",
                a_phone_that_says_the_domain_registers_too,
            ),
            (
                "another_domain_of_the_phones_choice_is_nobodys",
                another_domain_is_nobodys,
            ),
            (
                "the_second_domain_works_as_its_warning_says",
                the_second_domain_works,
            ),
        ],
    );
}

const ACME: &str = DOMAINS[0];
const ADDRESS: &str = "127.0.0.1";

/// As a whole switch, but the second tenant is deleted before a profile starts.
fn start() -> Rig {
    let site = Rig::whole_site();
    site.load_only(&["mod_pbx"]);
    let mut switch = Running::start(&site);
    switch.ok(&format!("pbx domain delete {} --with-everything", DOMAINS[1]));
    switch.stop();
    site.load_all();
    let mut switch = Running::start(&site);
    switch.until("sofia status", "RUNNING");
    Rig { site, switch }
}

/// It registers as the domain's, and both calls and is called.
fn a_phone_may_be_pointed_at_the_address(rig: &mut Rig) {
    let (alice, bob) = (password("alice", ACME), password("bob", ACME));
    let callee = Callee::start(account("bob", ADDRESS, &bob));
    rig.switch
        .until("sofia status profile internal reg", &format!("bob@{ACME}"));
    Sipp::new(&rig.site, "call", vec![row("alice", ADDRESS, "1002", &alice)]).run();
    let invites = callee.calls(1);
    assert!(
        invites[0]
            .header("From")
            .is_some_and(|from| from.contains(&canary(ACME))),
        "{invites:?}"
    );
}

fn a_phone_that_says_the_domain_registers_too(rig: &mut Rig) {
    let right = password("carol", ACME);
    let [_, answer] = Phone::new().register(account("carol", ACME, &right), 60).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    rig.switch
        .until("sofia status profile internal reg", &format!("carol@{ACME}"));
}

/// The realm is the domain's whatever the phone says, and a digest for another realm is worth nothing.
fn another_domain_is_nobodys(_: &mut Rig) {
    let right = password("alice", ACME);
    let [challenge, _] = Phone::new()
        .register(account("alice", "elsewhere.test", &right), 60)
        .unwrap();
    assert_eq!(challenge.parameter("realm").as_deref(), Some(ACME));
    for realm in ["elsewhere.test", ADDRESS, ""] {
        let answer = Phone::new()
            .register_with_realm(account("alice", ACME, &right), realm)
            .unwrap();
        assert!(
            [401, 403].contains(&answer.status),
            "realm {realm:?}: {}",
            answer.text
        );
    }
}

fn the_second_domain_works(rig: &mut Rig) {
    let second = "second.test";
    let added = rig.switch.ok(&format!("pbx domain add {second}"));
    let typed = "sofia profile internal restart";
    assert!(added.contains(typed), "{added}");
    rig.switch.ok(&format!(
        "pbx extension add 1001@{second} --user alice --name Alice --line alice --password {}",
        password("alice", second)
    ));
    // mod_sofia wants a profile to have run for ten seconds before it restarts it.
    wait::until("the profile to restart", Duration::from_secs(20), || {
        (!rig.switch.api(typed).contains("Please wait")).then_some(())
    });
    for domain in [ACME, second] {
        let right = password("alice", domain);
        let phone = account("alice", domain, &right);
        // Asked before the profile is back, the phone would be refused, and too often is a ban.
        wait::until(&format!("the realm {domain}"), wait::SOON, || {
            Phone::new()
                .realm(phone)
                .ok()
                .flatten()
                .filter(|realm| realm == domain)
        });
        let [_, answer] = Phone::new().register(phone, 60).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let acmes = password("alice", ACME);
    let [_, answer] = Phone::new()
        .register(account("alice", second, &acmes), 60)
        .unwrap();
    assert_eq!(answer.status, 403, "{}", answer.text);
}
