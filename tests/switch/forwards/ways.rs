//! Where a call goes in the end, and who pays for it.

use std::time::{Duration, Instant};

use super::{ACME, afresh, channel, is, phone, quiet, variable};
use crate::executed::Executed;
use crate::rig::Rig;

pub(super) fn each_forward_leads_where_it_says(rig: &mut Rig) {
    for when in ["always", "busy", "no-answer", "offline"] {
        afresh(rig);
        let alice = phone(rig, "alice", "1001");
        let carol = phone(rig, "carol", "1003");
        let bob = (when != "offline").then(|| phone(rig, "bob", "1002"));
        rig.switch.ok(&format!("pbx forward 1002@{ACME} {when} 1003"));
        rig.switch
            .api(&format!("pbx extension set 1002@{ACME} --ring-seconds 5"));
        let call = alice.call("1002");
        if let Some(bob) = bob.as_ref().filter(|_| when != "always") {
            let invite = bob.rings(1);
            assert!(carol.invites().is_empty(), "{when}");
            if when == "busy" {
                bob.reject(&invite);
            } else {
                bob.until_told("CANCEL", &invite);
            }
        }
        let invite = carol.rings(1);
        let from = invite.header("From").unwrap_or_default();
        assert!(from.contains("sip:1001@"), "{when}: {from}");
        carol.pick_up(&invite);
        let answer = call.until_answered(200);
        if let Some(bob) = bob {
            assert_eq!(bob.invites().len(), usize::from(when != "always"), "{when}");
        }
        call.hang_up(&answer);
        carol.until_told("BYE", &invite);
        quiet(rig);
    }
}

pub(super) fn a_phone_rings_as_long_as_it_is_set(rig: &mut Rig) {
    afresh(rig);
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    rig.switch
        .ok(&format!("pbx forward 1002@{ACME} no-answer 1003 --seconds 6"));
    rig.switch
        .ok(&format!("pbx extension set 1003@{ACME} --voicemail no"));
    let begun = Instant::now();
    let call = alice.call("1002");
    let invite = bob.rings(1);
    bob.until_told("CANCEL", &invite);
    let rang = begun.elapsed();
    // The switch counts by whole seconds of the clock, and the machine may be busy.
    let expected = Duration::from_millis(4900)..Duration::from_millis(9000);
    assert!(expected.contains(&rang), "{rang:?} instead of 6 s");
    // Nobody is there, and there is no mailbox.
    call.until_answered(480);
    quiet(rig);
}

pub(super) fn do_not_disturb_rings_no_phone(rig: &mut Rig) {
    afresh(rig);
    let executed = Executed::listen();
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let carol = phone(rig, "carol", "1003");
    rig.switch.ok(&format!("pbx dnd 1002@{ACME} on"));
    let call = alice.call("1002");
    executed.until("voicemail", &format!("default {ACME} 1002"));
    let answer = call.until_answered(200);
    call.hang_up(&answer);
    quiet(rig);
    rig.switch.ok(&format!("pbx forward 1002@{ACME} busy 1003"));
    let call = alice.call("1002");
    let invite = carol.rings(1);
    carol.reject(&invite);
    executed.until("voicemail", &format!("default {ACME} 1003"));
    let answer = call.until_answered(200);
    call.hang_up(&answer);
    quiet(rig);
    rig.switch.ok(&format!("pbx forward 1002@{ACME} busy off"));
    rig.switch
        .ok(&format!("pbx extension set 1002@{ACME} --voicemail no"));
    alice.call("1002").until_answered(486);
    // As who dials by a dial string of their own meets it.
    let said = rig.switch.api(&format!("originate user/1002@{ACME} &park"));
    assert!(said.contains("USER_BUSY"), "{said}");
    assert!(bob.invites().is_empty());
    rig.switch.ok(&format!("pbx forward 1002@{ACME} always 1003"));
    rig.switch.api(&format!("bgapi originate user/1002@{ACME} &park"));
    let invite = carol.rings(2);
    carol.reject(&invite);
    assert!(bob.invites().is_empty());
    quiet(rig);
}

/// After ringing, at once, and when every phone is busy.
pub(super) fn the_mailbox_answers_in_the_end(rig: &mut Rig) {
    afresh(rig);
    let executed = Executed::listen();
    let mailbox = format!("default {ACME} 1002");
    let alice = phone(rig, "alice", "1001");
    rig.switch
        .ok(&format!("pbx extension set 1002@{ACME} --ring-seconds 5"));
    for why in ["offline", "busy", "no answer"] {
        executed.clear();
        let bob = (why != "offline").then(|| phone(rig, "bob", "1002"));
        let call = alice.call("1002");
        if let Some(bob) = &bob {
            let invite = bob.rings(1);
            if why == "busy" {
                bob.reject(&invite);
            } else {
                bob.until_told("CANCEL", &invite);
            }
        }
        executed.until("voicemail", &mailbox);
        let answer = call.until_answered(200);
        call.hang_up(&answer);
        quiet(rig);
        let rang = executed.all().iter().any(|(name, _)| name == "bridge");
        assert_eq!(rang, why != "offline");
        if let Some(bob) = bob {
            assert_eq!(bob.register(0), 200);
            is(rig, "1002", "offline");
        }
    }
}

pub(super) fn who_forwards_pays_and_is_who_transfers(rig: &mut Rig) {
    afresh(rig);
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let carol = phone(rig, "carol", "1003");
    rig.switch.ok(&format!("pbx forward 1002@{ACME} busy 1003"));
    let call = alice.call("1002");
    assert_eq!(variable(rig, "inbound", "accountcode"), "1001");
    bob.reject(&bob.rings(1));
    let invite = carol.rings(1);
    carol.pick_up(&invite);
    let answer = call.until_answered(200);
    for (direction, name, value) in [
        ("inbound", "accountcode", "1002"),
        ("inbound", "pbx_identity", "alice@acme.test"),
        ("inbound", "pbx_hops", "2"),
        ("inbound", "force_transfer_context", "acme.test"),
        ("outbound", "pbx_identity", "carol@acme.test"),
        ("outbound", "pbx_hops", "2"),
        ("outbound", "force_transfer_context", "acme.test"),
    ] {
        assert_eq!(variable(rig, direction, name), value, "{direction} {name}");
    }
    // Where a transferred leg goes on: in the domain, not where a call goes on that nobody answered.
    let id = channel(rig, "outbound");
    let executed = Executed::listen();
    rig.switch.ok(&format!("uuid_transfer {id} -bleg *97"));
    executed.until("voicemail", &format!("check default {ACME} 1001"));
    assert!(
        executed
            .all()
            .contains(&("set".to_owned(), "voicemail_authorized=false".to_owned())),
        "{:?}",
        executed.all()
    );
    call.hang_up(&answer);
    quiet(rig);
}
