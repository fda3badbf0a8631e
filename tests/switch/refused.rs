//! Calls that do not go out, on a real switch: blocked, too dear, capped by class. No leg leaves, and the log, `pbx explain` and
//! an announcement say why. And as whom calls go out that may: where each carrier looks for it.

use libtest_mimic::Trial;

use crate::executed::Executed;
use crate::group::Group;
use crate::handset::Handset;
use crate::outside::{carriers, counts, next_invite, rig, until_state};
use crate::rig::{DOMAINS, Rig};
use crate::trunk::Trunk;
use crate::wait;
use crate::wire::Message;

const ACME: &str = DOMAINS[0];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("outside::refused", rig).add(
        trials,
        &[
            (
                "what_is_blocked_too_dear_or_capped_leaves_no_leg_and_says_why",
                what_is_blocked_too_dear_or_capped_leaves_no_leg_and_says_why,
            ),
            (
                "a_class_that_is_used_up_is_refused_and_no_other",
                a_class_that_is_used_up_is_refused_and_no_other,
            ),
            (
                "who_calls_stands_where_the_carrier_looks",
                who_calls_stands_where_the_carrier_looks,
            ),
        ],
    );
}

/// The call is refused before it is answered, with an announcement; the log and explain say why, in this code and words.
fn is_refused(rig: &mut Rig, phone: &Handset, dialled: &str, code: &str, because: &str) {
    let executed = Executed::listen();
    let before = counts();
    let refusals = |rig: &Rig| {
        let why = format!("the call of 1001@acme.test to {dialled} is refused ({code})");
        rig.site.log().matches(&why).count()
    };
    let logged = refusals(rig);
    let call = phone.call(dialled);
    let answer = call.until_answered(403);
    let early = |m: &Message| {
        m.status == 183 && m.header("Call-ID") == answer.header("Call-ID") && m.text.contains("m=audio")
    };
    assert!(phone.heard().iter().any(early), "what is said cannot be heard");
    rig.switch.until("show channels count", "0 total.");
    let ran = executed.all();
    assert!(
        ran.iter()
            .any(|(name, data)| name == "playback" && data.contains("(330,30,950)")),
        "{ran:?}"
    );
    assert!(
        ran.iter().all(|(name, _)| name != "bridge" && name != "answer"),
        "{ran:?}"
    );
    assert_eq!(counts(), before, "no leg left: {dialled}");
    wait::until("the log to say why", wait::SOON, || {
        (refusals(rig) > logged).then_some(())
    });
    let explained = rig.switch.api(&format!("pbx explain 1001@{ACME} {dialled}"));
    assert!(
        explained.contains(because) && explained.contains(&format!("refused ({code})")),
        "{explained}"
    );
}

fn what_is_blocked_too_dear_or_capped_leaves_no_leg_and_says_why(rig: &mut Rig) {
    let alice = Handset::new("alice", ACME);
    rig.switch
        .ok(&format!("pbx block add +4930666*@{ACME} --note harassers"));
    is_refused(
        rig,
        &alice,
        "030666123",
        "blocked",
        "blocked by +4930666* (harassers)",
    );
    is_refused(
        rig,
        &alice,
        "0900123456",
        "premium",
        "numbers that cost more than all others are not permitted",
    );
    rig.switch
        .ok(&format!("pbx cap set 1001@{ACME} --mobile-per-day 0"));
    is_refused(
        rig,
        &alice,
        "015112345678",
        "cap-class",
        "mobile calls today: 0 of 0",
    );
    // What is refused is the number, and not who dials it.
    let before = counts();
    let call = alice.call("030999261");
    call.hang_up(&call.until_answered(200));
    next_invite(&carriers()[0], before[0]);
    rig.switch.until("show channels count", "0 total.");
    rig.switch.ok(&format!("pbx cap delete 1001@{ACME}"));
    rig.switch.ok(&format!("pbx block delete +4930666*@{ACME}"));
}

/// One dear call a day: the second is refused, and is not counted.
fn a_class_that_is_used_up_is_refused_and_no_other(rig: &mut Rig) {
    let [alpha, _] = carriers();
    let alice = Handset::new("alice", ACME);
    rig.switch
        .ok(&format!("pbx cap set 1001@{ACME} --premium-per-day 1"));
    let before = counts();
    let call = alice.call("0900123456");
    let answer = call.until_answered(200);
    let invite = next_invite(alpha, before[0]);
    assert!(
        invite.text.starts_with("INVITE sip:+49900123456@"),
        "{}",
        invite.text
    );
    call.hang_up(&answer);
    rig.switch.until(
        &format!("pbx explain 1001@{ACME} 0900123456"),
        "premium calls today: 1 of 1",
    );
    rig.switch.until("show channels count", "0 total.");
    for _ in 0..2 {
        is_refused(
            rig,
            &alice,
            "0900123456",
            "cap-class",
            "premium calls today: 1 of 1",
        );
    }
    let before = counts();
    let call = alice.call("030999262");
    call.hang_up(&call.until_answered(200));
    next_invite(alpha, before[0]);
    rig.switch.until("show channels count", "0 total.");
    rig.switch.ok(&format!("pbx cap delete 1001@{ACME}"));
}

/// Remote-Party-ID, the third style beside those of alpha and beta; and nobody's number in it.
fn who_calls_stands_where_the_carrier_looks(rig: &mut Rig) {
    let gamma = Trunk::at("127.0.0.24");
    for command in [
        format!(
            "gateway add gamma --proxy {} --ping-seconds 5 --caller-id-style rpid",
            gamma.address()
        ),
        format!("route add britain@{ACME} --pattern +44* --gateway gamma --extension 1001 --extension 1002"),
    ] {
        rig.switch.ok(&format!("pbx {command}"));
    }
    until_state(rig, "gamma", "up");
    let alice = Handset::new("alice", ACME);
    let call = alice.call("00441632960111");
    let answer = call.until_answered(200);
    let invite = next_invite(&gamma, 0);
    let said = invite.header("Remote-Party-ID").unwrap_or_default();
    assert!(
        said.contains("Example Ltd") && said.contains("sip:+4930123456@") && said.contains("privacy=off"),
        "{}",
        invite.text
    );
    assert!(
        invite.header("P-Asserted-Identity").is_none()
            && !invite.text.contains("1001")
            && !invite.text.contains("Canary"),
        "{}",
        invite.text
    );
    call.hang_up(&answer);
    rig.switch.until("show channels count", "0 total.");
    // Bob has no number of his own.
    let bob = Handset::new("bob", ACME);
    let call = bob.call("00441632960112");
    let answer = call.until_answered(200);
    let invite = next_invite(&gamma, 1);
    let from = invite.header("From").unwrap_or_default();
    assert!(
        from.contains("anonymous") && !from.contains("4930"),
        "{}",
        invite.text
    );
    for header in ["Remote-Party-ID", "P-Asserted-Identity"] {
        assert!(invite.header(header).is_none(), "{}", invite.text);
    }
    assert!(
        !invite.text.contains("1002") && !invite.text.contains("Canary"),
        "{}",
        invite.text
    );
    call.hang_up(&answer);
    rig.switch.until("show channels count", "0 total.");
    rig.switch.ok(&format!("pbx route delete britain@{ACME}"));
    rig.switch.ok("pbx gateway delete gamma");
}
