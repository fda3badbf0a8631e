//! Phones that send their callers elsewhere by themselves.

use std::time::{Duration, Instant};

use super::{ACME, afresh, phone, quiet};
use crate::executed::Executed;
use crate::handset::Handset;
use crate::rig::Rig;

/// Each phone sends the caller to the other: 302, as one does that forwards by itself.
pub(super) fn phones_that_redirect_in_a_circle_are_ended(rig: &mut Rig) {
    afresh(rig);
    let alice = phone(rig, "alice", "1001");
    let phones = [
        (phone(rig, "bob", "1002"), "1003"),
        (phone(rig, "carol", "1003"), "1002"),
    ];
    let call = alice.call("1002");
    let begun = Instant::now();
    let mut redirected = [0; 2];
    let over = |alice: &Handset| {
        let heard = alice.heard();
        heard
            .iter()
            .any(|m| m.status == 482 && m.header("CSeq").is_some_and(|cseq| cseq.ends_with("INVITE")))
    };
    while !over(&alice) {
        for ((phone, to), done) in phones.iter().zip(&mut redirected) {
            for invite in phone.invites().iter().skip(*done) {
                phone.redirect(invite, &format!("<sip:{to}@{ACME}>"));
                *done += 1;
            }
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "still going round: {redirected:?}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(redirected, [8, 8], "as often as a call is sent on");
    call.until_answered(482);
    quiet(rig);
}

/// bob's phone redirects who calls it to a code, which would be obeyed in the caller's name.
pub(super) fn nobody_makes_another_dial_a_code(rig: &mut Rig) {
    afresh(rig);
    let executed = Executed::listen();
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let before = rig.switch.ok(&format!("pbx forward 1001@{ACME} json"));
    for (turn, code) in ["*78", "*721002", "*901002", "*72"].into_iter().enumerate() {
        let call = alice.call("1002");
        bob.redirect(&bob.rings(turn + 1), &format!("<sip:{code}@{ACME}>"));
        call.until_answered(403);
        quiet(rig);
    }
    assert_eq!(rig.switch.ok(&format!("pbx forward 1001@{ACME} json")), before);
    let ran = executed.all();
    assert!(ran.iter().all(|(name, _)| name != "pbx_feature"), "{ran:?}");
}
