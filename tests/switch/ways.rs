//! Gateways that change, or do not answer, while people call, on a real switch.

use libtest_mimic::Trial;

use crate::group::Group;
use crate::handset::Handset;
use crate::outside::{carriers, counts, next_invite, rig, until_state};
use crate::rig::{DOMAINS, Rig};
use crate::wait;
use crate::wire::Message;

const ACME: &str = DOMAINS[0];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("outside::ways", rig).add(
        trials,
        &[
            (
                "a_change_of_gateways_touches_no_call",
                a_change_of_gateways_touches_no_call,
            ),
            (
                "a_call_for_help_reaches_a_gateway_that_is_down",
                a_call_for_help_reaches_a_gateway_that_is_down,
            ),
            (
                "who_may_only_call_for_help_transfers_nobody_outside",
                who_may_only_call_for_help_transfers_nobody_outside,
            ),
        ],
    );
}

/// What is changed of a gateway is changed for calls that begin then.
fn a_change_of_gateways_touches_no_call(rig: &mut Rig) {
    let [alpha, _] = carriers();
    let alice = Handset::new("alice", ACME);
    let before = counts();
    let call = alice.call("030999141");
    let answer = call.until_answered(200);
    let invite = next_invite(alpha, before[0]);
    let ended = || {
        let heard = alpha.heard();
        let ours = |m: &&Message| m.method() == "BYE" && m.header("Call-ID") == invite.header("Call-ID");
        heard.iter().any(|m| ours(&m))
    };
    rig.switch.ok("pbx gateway set beta --ping-seconds 6");
    rig.switch.until("sofia xmlstatus gateway beta", "<pingfreq>6");
    // Its own gateway: killed, and started as another.
    rig.switch.ok("pbx gateway set alpha --ping-seconds 6");
    rig.switch.until("sofia xmlstatus gateway alpha", "<pingfreq>6");
    rig.switch
        .ok("pbx gateway set alpha --source-acl \"127.0.0.21 192.0.2.0/24\"");
    for name in ["alpha", "beta"] {
        until_state(rig, name, "up");
    }
    // And calls go on.
    let second = alice.call("030999142");
    let second_answer = second.until_answered(200);
    rig.switch.until("pbx gateway show alpha json", "\"calls\":2");
    second.hang_up(&second_answer);
    rig.switch.until("pbx gateway show alpha json", "\"calls\":1");
    assert!(!ended(), "the call goes on");
    call.hang_up(&answer);
    wait::until("the carrier to be told", wait::SOON, || ended().then_some(()));
    for name in ["alpha", "beta"] {
        rig.switch.ok(&format!("pbx gateway set {name} --ping-seconds 5"));
        until_state(rig, name, "up");
    }
}

/// mod_sofia sends nothing to a gateway that does not answer OPTIONS; calls may be taken there all the same.
fn a_call_for_help_reaches_a_gateway_that_is_down(rig: &mut Rig) {
    let [alpha, beta] = carriers();
    let alice = Handset::new("alice", ACME);
    rig.switch.ok(
        "pbx gateway set beta --username acme --password kT8vqPz2w --realm carrier.test --register no --ping-seconds 5",
    );
    beta.answer_options(false);
    until_state(rig, "beta", "down");
    let before = counts();
    alpha.answer_with("503 Service Unavailable");
    alice.call("030999131").until_answered(503);
    assert_eq!(
        counts(),
        [before[0] + 1, before[1]],
        "an ordinary call does not go there"
    );
    alpha.answer_with("200 OK");
    let explained = rig.switch.api(&format!("pbx explain 1001@{ACME} 112"));
    let told = format!("and in the end straight to its proxy, {}", beta.address());
    assert!(explained.contains(&told), "{explained}");
    for asks in [false, true] {
        beta.ask_for_account(asks);
        let before = counts();
        let call = alice.call("112");
        let answer = call.until_answered(200);
        let invite = next_invite(beta, before[1]);
        let to = format!("INVITE sip:112@{}", beta.address());
        assert!(invite.text.starts_with(&to), "{}", invite.text);
        let from = invite.header("From").unwrap_or_default();
        assert!(from.contains("@carrier.test"), "{}", invite.text);
        let shown = |m: &&Message| {
            m.header("Call-ID") == invite.header("Call-ID")
                && m.header("Proxy-Authorization")
                    .is_some_and(|value| value.contains("username=\"acme\""))
        };
        assert_eq!(
            beta.heard().iter().any(|m| shown(&m)),
            asks,
            "its account where it is asked for"
        );
        rig.switch.until("pbx gateway show beta json", "\"calls\":1");
        call.hang_up(&answer);
        rig.switch.until("pbx gateway show beta json", "\"calls\":0");
        assert_eq!(counts(), [before[0], before[1] + 1]);
    }
    beta.ask_for_account(false);
    beta.answer_options(true);
    rig.switch
        .ok("pbx gateway set beta --username none --password none --realm none");
    until_state(rig, "beta", "up");
}

/// From outside its line's networks a phone calls for help, and that call leads nowhere else.
fn who_may_only_call_for_help_transfers_nobody_outside(rig: &mut Rig) {
    let [alpha, beta] = carriers();
    let alice = Handset::new("alice", ACME);
    for (tied, out) in [(false, 1), (true, 0)] {
        if tied {
            rig.switch
                .ok(&format!("pbx line set alice@{ACME} --source-acl 10.0.0.0/8"));
        }
        let before = counts();
        let call = alice.call("112");
        let answer = call.until_answered(200);
        next_invite(beta, before[1]);
        wait::until("them to speak", wait::SOON, || {
            let spoken = rig.switch.api("show calls count");
            spoken.contains("1 total.").then_some(())
        });
        assert_eq!(call.refer(&answer, &format!("<sip:030999151@{ACME}>")), 202);
        if !tied {
            next_invite(alpha, before[0]);
        } else {
            let why = "to 030999151 is refused (sent-on)";
            wait::until("the log to say why", wait::SOON, || {
                rig.site.log().contains(why).then_some(())
            });
        }
        call.hang_up(&answer);
        rig.switch.ok("hupall");
        rig.switch.until("show channels count", "0 total.");
        assert_eq!(counts(), [before[0] + out, before[1] + 1]);
    }
    alice.call("030999152").until_answered(403);
    rig.switch
        .ok(&format!("pbx line set alice@{ACME} --source-acl ''"));
}
