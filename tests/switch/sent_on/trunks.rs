//! From trunk to trunk.

use super::{ACME, channel_of, grant, is_of_bob, payer, phone, quiet, speak, until_logged};
use crate::outside::{carriers, counts, next_invite};
use crate::rig::Rig;

/// Trunk to trunk: who was called and transfers pays; a carrier transfers nobody.
pub(super) fn a_caller_from_outside_goes_outside_as_a_call_of_who_sends_them(rig: &mut Rig) {
    let [alpha, beta] = carriers();
    // The phones of earlier scenarios are gone: a line takes only so many.
    rig.switch.api("sofia profile internal flush_inbound_reg");
    rig.switch
        .until("sofia status profile internal reg", "Total items returned: 0\n");
    rig.switch
        .ok(&format!("pbx did add +4930777001 --domain {ACME} --members 1002"));
    let bob = phone(rig, "bob", "1002");
    let port: u16 = rig
        .switch
        .api("pbx setting show gateway-port json")
        .split("\"value\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next()?.parse().ok())
        .expect("a port");
    for (turn, granted) in [false, true].into_iter().enumerate() {
        if granted {
            grant(rig, "grant");
        }
        let before = counts();
        std::thread::scope(|scope| {
            let calling = scope.spawn(|| alpha.call(port, "sip:+4930777001@127.0.0.1", "").status);
            let invite = bob.rings(turn + 1);
            bob.pick_up(&invite);
            assert_eq!(calling.join().unwrap(), 200);
            speak(rig);
            assert_eq!(bob.refer(&invite, &format!("<sip:030999241@{ACME}>"), ""), 202);
        });
        if granted {
            is_of_bob(&next_invite(alpha, before[0]), "+4930999241");
            assert_eq!(payer(rig), channel_of(rig, "1002"));
        } else {
            until_logged(
                rig,
                "the call of 1002@acme.test to 030999241 is refused (not-granted)",
            );
            assert_eq!(counts(), before);
        }
        rig.switch.api("hupall");
        quiet(rig);
    }
    // A member outside rings with the phone, and another that nobody may pay for does not.
    rig.switch
        .ok("pbx did set +4930777001 --members \"1001 030999242/1002 030999243/1003\"");
    let alice = phone(rig, "alice", "1001");
    alpha.answer_with("486 Busy Here");
    beta.answer_with("486 Busy Here");
    let before = counts();
    std::thread::scope(|scope| {
        let calling = scope.spawn(|| alpha.call(port, "sip:+4930777001@127.0.0.1", "").status);
        let invite = alice.rings(1);
        let outside = next_invite(alpha, before[0]);
        is_of_bob(&outside, "+4930999242");
        alice.pick_up(&invite);
        assert_eq!(calling.join().unwrap(), 200);
    });
    assert_eq!(counts(), [before[0] + 1, before[1]]);
    until_logged(
        rig,
        "the call of 1003@acme.test to +4930999243 is refused (not-granted)",
    );
    rig.switch.api("hupall");
    quiet(rig);
    alpha.answer_with("200 OK");
    beta.answer_with("200 OK");
    // It answers before the phone does.
    let before = counts();
    std::thread::scope(|scope| {
        let calling = scope.spawn(|| alpha.call(port, "sip:+4930777001@127.0.0.1", "").status);
        let invite = alice.rings(2);
        next_invite(alpha, before[0]);
        assert_eq!(calling.join().unwrap(), 200);
        alice.until_told("CANCEL", &invite);
    });
    assert_eq!(payer(rig), channel_of(rig, "1002"));
    rig.switch.api("hupall");
    quiet(rig);
    grant(rig, "revoke");
}
