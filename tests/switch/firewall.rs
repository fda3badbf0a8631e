//! Banned addresses in an nftables set, with a program in the place of `nft` that writes down what it is told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::group::Group;
use crate::rig::{DOMAINS, Rig, account, password};
use crate::running::Running;
use crate::wait;
use crate::wire::Phone;

const ACME: &str = DOMAINS[0];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("firewall", rig).add(
        trials,
        &[
            (
                "a_banned_address_is_put_into_the_set",
                a_banned_address_is_put_into_the_set,
            ),
            ("nobodys_phone_is_shut_out", nobodys_phone_is_shut_out),
            ("what_nft_refuses_is_reported", what_nft_refuses_is_reported),
        ],
    );
}

/// A switch that finds our `nft` first.
fn rig() -> Rig {
    let site = Rig::whole_site();
    let nft = site.path("tmp/nft");
    let said = site.path("tmp/said");
    let refused = site.path("tmp/refused");
    let script = format!(
        "#!/bin/sh\necho \"$*\" >> {}\nif [ -f {1} ]; then cat {1} >&2; exit 1; fi\n",
        said.display(),
        refused.display()
    );
    fs::write(&nft, script).unwrap();
    fs::set_permissions(&nft, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(&site.installed.program);
    command.env("PATH", format!("{}:{path}", site.path("tmp").display()));
    let mut switch = Running::start_by(&site, command);
    switch.until("sofia status", "RUNNING");
    switch.ok("pbx setting set ban-nftables-set \"inet filter pbx_banned\"");
    switch.ok("pbx setting set ban-seconds 10");
    Rig { site, switch }
}

/// Waits until `nft` was told this.
fn until_told(rig: &Rig, what: &str) {
    let file = rig.site.path("tmp/said");
    wait::until(&format!("nft {what}"), Duration::from_secs(30), || {
        let said = fs::read_to_string(&file).ok()?;
        said.lines().any(|line| line == what).then_some(())
    });
}

fn fail(address: &str) {
    for n in 0..40 {
        let name = format!("line{n}");
        Phone::at(address)
            .register(account(&name, ACME, "wrong"), 60)
            .unwrap();
    }
}

fn a_banned_address_is_put_into_the_set(rig: &mut Rig) {
    until_told(rig, "flush set inet filter pbx_banned");
    fail("127.0.0.110");
    until_told(rig, "add element inet filter pbx_banned { 127.0.0.110 }");
    // And out of it when the ban ends by itself, or by hand.
    until_told(rig, "delete element inet filter pbx_banned { 127.0.0.110 }");
    fail("127.0.0.111");
    until_told(rig, "add element inet filter pbx_banned { 127.0.0.111 }");
    rig.switch.ok("pbx ban lift 127.0.0.111");
    until_told(rig, "delete element inet filter pbx_banned { 127.0.0.111 }");
}

/// carol registered from there and is off now: the address may be banned, but is never dropped.
fn nobodys_phone_is_shut_out(rig: &mut Rig) {
    let right = password("carol", ACME);
    let carol = account("carol", ACME, &right);
    let mut phone = Phone::at("127.0.0.112");
    assert_eq!(phone.register(carol, 60).unwrap()[1].status, 200);
    rig.switch
        .until(&format!("pbx presence 1003@{ACME} json"), "\"state\":\"online\"");
    // The bans learn of it within seconds; a failure has them look at once.
    fail("127.0.0.113");
    until_told(rig, "add element inet filter pbx_banned { 127.0.0.113 }");
    assert_eq!(phone.register(carol, 0).unwrap()[1].status, 200);
    rig.switch
        .until(&format!("pbx presence 1003@{ACME} json"), "\"state\":\"offline\"");
    fail("127.0.0.112");
    rig.switch
        .until("pbx ban list json", "\"address\":\"127.0.0.112\"");
    fail("127.0.0.114");
    until_told(rig, "add element inet filter pbx_banned { 127.0.0.114 }");
    let said = fs::read_to_string(rig.site.path("tmp/said")).unwrap();
    assert!(!said.contains("127.0.0.112"), "{said}");
    // And it comes back, ban or no ban.
    assert_eq!(phone.register(carol, 60).unwrap()[1].status, 200);
}

/// The ban is in force all the same.
fn what_nft_refuses_is_reported(rig: &mut Rig) {
    let refused = rig.site.path("tmp/refused");
    fs::write(
        &refused,
        "Error: Could not process rule: Operation not permitted\n",
    )
    .unwrap();
    fail("127.0.0.115");
    let warning = |rig: &mut Rig| {
        let said: Value = serde_json::from_str(&rig.switch.ok("pbx status json")).unwrap();
        let all = said["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str);
        all.filter(|text| text.contains("ban-nftables-set"))
            .map(str::to_owned)
            .next()
    };
    let text = wait::until("the failure to be reported", wait::SOON, || warning(rig));
    assert!(text.contains("Operation not permitted"), "{text}");
    let right = password("bob", ACME);
    let bob = account("bob", ACME, &right);
    assert_eq!(Phone::at("127.0.0.115").register(bob, 60).unwrap()[1].status, 403);
    fs::remove_file(&refused).unwrap();
    // Off: the set is emptied, and nothing is wrong any more.
    rig.switch.ok("pbx setting set ban-nftables-set \"\"");
    wait::until("nothing to be wrong", wait::SOON, || {
        warning(rig).is_none().then_some(())
    });
}
