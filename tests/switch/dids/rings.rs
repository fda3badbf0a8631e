//! Whom a call from a carrier rings.

use super::{ACME, CALLER, afresh, carrier, legs, phone, records};
use crate::browsers;
use crate::executed::Executed;
use crate::rig::Rig;

pub(super) fn two_phones_and_a_browser_ring(rig: &mut Rig) {
    afresh(rig);
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let (_, _, mut carol) = browsers::browser(rig, "carol", "1003");
    rig.switch
        .until(&format!("pbx presence 1003@{ACME} json"), "\"state\":\"online\"");
    rig.switch.ok(&format!(
        "pbx did add +4930555001 --domain {ACME} --members \"1001 1002 1003\" --ring-seconds 20"
    ));
    let calling = carrier(rig, "carrier", "+4930555001").start();
    let (at_alice, at_bob) = (alice.rings(1), bob.rings(1));
    let offered = carol.asked("verto.invite");
    assert_eq!(offered["params"]["caller_id_number"], CALLER, "{offered}");
    let from = at_bob.header("From").unwrap_or_default();
    assert!(from.contains(CALLER) && !from.contains('$'), "{from}");
    bob.pick_up(&at_bob);
    alice.until_told("CANCEL", &at_alice);
    carol.asked("verto.bye");
    calling.succeed();
    bob.until_told("BYE", &at_bob);
    browsers::no_calls(rig);
    let calls = records(rig, "4930555001", "answered");
    assert_eq!(calls.len(), 1, "{calls:?}");
    let call = &calls[0];
    assert_eq!(
        (&call["direction"], &call["gateway"], &call["answered_by"]),
        (&"inbound".into(), &"carrier".into(), &"1002".into()),
        "{call}"
    );
    let legs = legs(call);
    assert_eq!(legs.len(), 4, "{legs:?}");
    assert!(
        legs.iter()
            .any(|(role, number, _)| role == "caller" && number == CALLER),
        "{legs:?}"
    );
    for number in ["1001", "1002", "1003"] {
        assert!(
            legs.iter()
                .any(|(role, own, _)| role == "called" && own == number),
            "{legs:?}"
        );
    }
    // Nobody sees what the switch calls its channels.
    let channel = rig.switch.api("pbx calls json");
    assert!(!channel.contains("uuid"), "{channel}");
}

pub(super) fn after_hours_voicemail_answers(rig: &mut Rig) {
    afresh(rig);
    let alice = phone(rig, "alice", "1001");
    rig.switch
        .ok(&format!("pbx schedule add office@{ACME} --hours always"));
    rig.switch.ok(&format!(
        "pbx did add 4930555002 --domain {ACME} --members 1001 --schedule office --closed voicemail:1001"
    ));
    let calling = carrier(rig, "carrier", "+4930555002").start();
    let invite = alice.rings(1);
    alice.pick_up(&invite);
    calling.succeed();
    // By the clock: open for an hour, three days from now. And by hand.
    let hours = format!("{} 08:00-09:00", in_three_days());
    for closing in [
        format!("pbx schedule set office@{ACME} --hours \"{hours}\" --time-zone UTC"),
        format!("pbx schedule set office@{ACME} --hours always"),
        format!("pbx schedule override office@{ACME} closed"),
    ] {
        rig.switch.ok(&closing);
        if closing.ends_with("always") {
            continue;
        }
        let executed = Executed::listen();
        let calling = carrier(rig, "carrier", "004930555002").start();
        executed.until("voicemail", &format!("default {ACME} 1001"));
        calling.succeed();
        browsers::no_calls(rig);
    }
    assert_eq!(alice.invites().len(), 1, "it rings while it is open, and no more");
    let calls = records(rig, "4930555002", "voicemail");
    let answered = calls.iter().filter(|call| call["outcome"] == "answered");
    assert_eq!((calls.len(), answered.count()), (3, 1));
}

/// The day of the week in UTC, as schedules write it.
fn in_three_days() -> &'static str {
    let since = std::time::UNIX_EPOCH.elapsed().expect("a clock");
    // The first day of that clock was a Thursday.
    let days = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];
    days[(since.as_secs() / 86_400 + 3) as usize % 7]
}

/// The carrier writes numbers as they are dialled in its country; a DID of another gateway is not for its calls.
pub(super) fn national_format_and_gateway(rig: &mut Rig) {
    afresh(rig);
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    rig.switch
        .ok("pbx gateway add elsewhere --proxy 127.0.0.98 --register no --ping-seconds 0");
    for (number, gateway) in [("1001", "carrier"), ("1002", "elsewhere")] {
        rig.switch.ok(&format!(
            "pbx did add +4930555005 --domain {ACME} --members {number} --gateway {gateway}"
        ));
    }
    carrier(rig, "carrier_unknown", "030555005").run();
    rig.switch.ok("pbx gateway set carrier --country-code 49");
    for (calls, number) in (1..).zip(["030555005", "+4930555005", "004930555005"]) {
        let calling = carrier(rig, "carrier", number).start();
        let invite = alice.rings(calls);
        alice.pick_up(&invite);
        calling.succeed();
        alice.until_told("BYE", &invite);
    }
    assert_eq!(bob.invites().len(), 0, "the other gateway's DID");
    rig.switch.ok("pbx gateway set carrier --country-code \"\"");
    browsers::no_calls(rig);
}

pub(super) fn members_ring_in_turn(rig: &mut Rig) {
    afresh(rig);
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    rig.switch.ok(&format!(
        "pbx did add 4930555003 --domain {ACME} --members \"1001 1002\" --strategy order --ring-seconds 5"
    ));
    let calling = carrier(rig, "carrier", "+4930555003").start();
    let at_alice = alice.rings(1);
    assert!(bob.invites().is_empty(), "one after the other");
    alice.until_told("CANCEL", &at_alice);
    let at_bob = bob.rings(1);
    bob.pick_up(&at_bob);
    calling.succeed();
    browsers::no_calls(rig);
}

pub(super) fn nobodys_number(rig: &mut Rig) {
    carrier(rig, "carrier_unknown", "+4930999").run();
    rig.switch.until("pbx status", "4930999");
    browsers::no_calls(rig);
}
