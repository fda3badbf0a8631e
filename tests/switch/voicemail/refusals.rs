//! What a caller hears whose call cannot be: a sentence where our sounds are installed, else tones.

use libtest_mimic::Trial;

use super::media::{loudness, pitch};
use super::{handset, hear, needs, speaking};
use crate::group::Group;
use crate::rig::{DOMAINS, Rig};

const ACME: &str = DOMAINS[0];

pub(super) fn add(trials: &mut Vec<Trial>) {
    Group::new("refusals", speaking).needs(needs).add(
        trials,
        &[("a_call_that_cannot_be_is_told_why_in_words", told_in_words)],
    );
    Group::new("refusals_without_sounds", Rig::whole).add(
        trials,
        &[("a_call_that_cannot_be_is_told_so_by_tones", told_by_tones)],
    );
}

/// 1001 may call in Germany, but some numbers, and nobody anywhere else.
fn routes(rig: &mut Rig) {
    for command in [
        format!("plan set --country-code 49 --area-code 30 --domain {ACME}"),
        "gateway add nowhere --proxy 127.0.0.99 --register no --ping-seconds 0".to_owned(),
        format!("route add germany@{ACME} --pattern +49* --gateway nowhere --extension 1001"),
        format!("block add +4930666* --note test --domain {ACME}"),
        format!("cap set 1001@{ACME} --mobile-per-day 0"),
    ] {
        rig.switch.ok(&format!("pbx {command}"));
    }
}

fn told_in_words(rig: &mut Rig) {
    let (alice, bob) = (handset("alice", ACME), handset("bob", ACME));
    // Where nothing leads outside; else it would be a number there.
    let (media, answer) = alice.refused("1999");
    assert_eq!(answer.status, 404);
    hear(&media, "refused-unknown-number");
    routes(rig);
    for (phone, dialled, prompt, status) in [
        (&bob, "030123456", "refused-not-permitted", 403),
        (&alice, "030666123", "refused-blocked", 403),
        (&alice, "0900123456", "refused-premium", 403),
        (&alice, "015112345678", "refused-too-many-calls", 403),
    ] {
        let (media, answer) = phone.refused(dialled);
        assert_eq!(answer.status, status, "{dialled}");
        hear(&media, prompt);
    }
    rig.switch.until("show channels count", "0 total.");
}

fn told_by_tones(_: &mut Rig) {
    let (media, answer) = handset("alice", ACME).refused("1999");
    assert_eq!(answer.status, 404);
    let heard = media.heard();
    let loud = loudness(&heard, 8000)
        .into_iter()
        .filter(|level| *level > 500.0)
        .count();
    assert!(loud > 50, "{loud} of 20 ms each were more than silence");
    for tone in [950.0, 1400.0, 1800.0] {
        let (there, beside) = (pitch(&heard, tone), pitch(&heard, tone + 200.0));
        assert!(there > 10.0 * beside, "{tone} Hz: {there}, beside it {beside}");
    }
}
