//! Phones call each other through our dialplan.

use libtest_mimic::Trial;

use crate::callee::Callee;
use crate::group::Group;
use crate::rig::{DOMAINS, Rig, account, canary, password};
use crate::sipp::{Sipp, row};
use crate::wire::Phone;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("calls", Rig::whole).add(
        trials,
        &[
            ("a_line_calls_a_line", a_line_calls_a_line),
            ("calls_stay_within_their_domain", calls_stay_within_their_domain),
            (
                "an_extension_that_is_off_leads_to_its_mailbox",
                an_extension_that_is_off_leads_to_its_mailbox,
            ),
            ("an_unknown_number_is_not_found", an_unknown_number_is_not_found),
            (
                "a_call_without_a_right_digest_is_refused",
                a_call_without_a_right_digest_is_refused,
            ),
        ],
    );
}

fn answering(username: &str, domain: &str) -> Callee {
    Callee::start(account(username, domain, &password(username, domain)))
}

fn call(rig: &Rig, scenario: &'static str, username: &str, domain: &str, number: &str) {
    let rows = vec![row(username, domain, number, &password(username, domain))];
    Sipp::new(&rig.site, scenario, rows).run();
}

/// Both ways; the one who is called sees who calls by what the database says, not by what the phone says.
fn a_line_calls_a_line(rig: &mut Rig) {
    let domain = DOMAINS[0];
    for (caller, caller_number, number, callee) in
        [("alice", "1001", "1002", "bob"), ("bob", "1002", "1001", "alice")]
    {
        let phone = answering(callee, domain);
        call(rig, "call", caller, domain, number);
        let invites = phone.calls(1);
        let from = invites[0].header("From").unwrap_or_default();
        assert!(from.contains(&format!("{caller} {}", canary(domain))), "{from}");
        assert!(from.contains(&format!("sip:{caller_number}@")), "{from}");
    }
}

/// The same number in two domains: each caller reaches the phone of its own.
fn calls_stay_within_their_domain(rig: &mut Rig) {
    let phones = DOMAINS.map(|domain| answering("bob", domain));
    for (calling, domain) in DOMAINS.into_iter().enumerate() {
        call(rig, "call", "alice", domain, "1002");
        phones[calling].calls(1);
        let others = phones[1 - calling].invites().len();
        assert_eq!(others, calling, "a call from {domain} rang in the other domain");
    }
    for (phone, domain) in phones.iter().zip(DOMAINS) {
        let invites = phone.invites();
        assert!(
            invites.iter().all(|invite| invite.text.contains(&canary(domain))),
            "{invites:?}"
        );
    }
}

/// An extension without a phone that is on ends in its mailbox, not in nothing.
fn an_extension_that_is_off_leads_to_its_mailbox(rig: &mut Rig) {
    call(rig, "call", "alice", DOMAINS[1], "1003");
}

fn an_unknown_number_is_not_found(rig: &mut Rig) {
    for number in ["1999", "alic", "0", "911911"] {
        call(rig, "call_unknown", "alice", DOMAINS[0], number);
    }
}

fn a_call_without_a_right_digest_is_refused(rig: &mut Rig) {
    let [acme, other] = DOMAINS;
    let stranger = Phone::new().invite(account("alice", acme, ""), "1002").unwrap();
    assert_eq!(stranger.status, 407, "{}", stranger.text);
    let rows = vec![
        row("alice", acme, "1002", "wrong"),
        row("nobody", acme, "1002", "wrong"),
        row("alice", acme, "1002", &password("alice", other)),
    ];
    Sipp::new(&rig.site, "call_refused", rows).run();
    rig.switch.until("show channels count", "0 total.");
}
