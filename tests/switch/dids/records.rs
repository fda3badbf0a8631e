//! One call is one record, however it went on.

use serde_json::Value;

use super::{ACME, CALLER, afresh, all, carrier, external, legs, phone, records};
use crate::browsers;
use crate::rig::Rig;
use crate::wait;

/// The newest record, once there is one more than before and it is over: role and number of each leg.
#[track_caller]
fn one_more(rig: &mut Rig, before: usize) -> (Value, Vec<(String, String)>) {
    // Two that were joined are one as soon as the thread has written that.
    let call = wait::until("one call to be one record", wait::SOON, || {
        let calls = all(rig, "100");
        (calls.len() == before + 1 && calls[0]["outcome"] == "answered").then(|| calls[0].clone())
    });
    let each = legs(&call).into_iter().map(|(role, number, _)| (role, number));
    let each = each.collect();
    (call, each)
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let each = all
        .iter()
        .map(|(role, number)| ((*role).to_owned(), (*number).to_owned()));
    each.collect()
}

/// alice calls bob and sends him on to carol.
pub(super) fn transferred_blindly(rig: &mut Rig) {
    afresh(rig);
    let before = all(rig, "100").len();
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let carol = phone(rig, "carol", "1003");
    let call = alice.call("1002");
    let at_bob = bob.rings(1);
    bob.pick_up(&at_bob);
    let answer = call.until_answered(200);
    rig.switch.until("show calls count", "1 total.");
    assert_eq!(call.refer(&answer, &format!("<sip:1003@{ACME}>")), 202);
    let at_carol = carol.rings(1);
    carol.pick_up(&at_carol);
    rig.switch
        .until(&format!("pbx presence 1003@{ACME} json"), "\"state\":\"busy\"");
    rig.switch
        .until(&format!("pbx presence 1001@{ACME} json"), "\"state\":\"online\"");
    rig.switch.until("show calls count", "1 total.");
    carol.put_down(&at_carol);
    bob.until_told("BYE", &at_bob);
    browsers::no_calls(rig);
    let (call, legs) = one_more(rig, before);
    let expected = [("caller", "1001"), ("called", "1002"), ("called", "1003")];
    assert_eq!(legs, pairs(&expected), "{call}");
    assert_eq!(
        (&call["caller_number"], &call["called_number"]),
        (&"1001".into(), &"1002".into()),
        "{call}"
    );
}

/// alice calls bob, asks carol, and connects the two.
pub(super) fn transferred_after_asking(rig: &mut Rig) {
    afresh(rig);
    let before = all(rig, "100").len();
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let carol = phone(rig, "carol", "1003");
    let call = alice.call("1002");
    let at_bob = bob.rings(1);
    bob.pick_up(&at_bob);
    let answer = call.until_answered(200);
    let asking = alice.call("1003");
    let at_carol = carol.rings(1);
    carol.pick_up(&at_carol);
    let asked = asking.until_answered(200);
    wait::until("two records", wait::SOON, || {
        (all(rig, "100").len() == before + 2).then_some(())
    });
    rig.switch.until("show calls count", "2 total.");
    let to = format!("<sip:1003@{ACME}?Replaces={}>", asking.replaces(&asked));
    assert_eq!(call.refer(&answer, &to), 202);
    rig.switch
        .until(&format!("pbx presence 1001@{ACME} json"), "\"state\":\"online\"");
    rig.switch.until("show calls count", "1 total.");
    carol.put_down(&at_carol);
    bob.until_told("BYE", &at_bob);
    browsers::no_calls(rig);
    let (call, mut legs) = one_more(rig, before);
    legs.sort();
    let expected = [
        ("called", "1002"),
        ("called", "1003"),
        ("caller", "1001"),
        ("caller", "1001"),
    ];
    assert_eq!(legs, pairs(&expected), "{call}");
}

/// A DID rings alice and bob; bob answers and sends the caller on to carol.
pub(super) fn transferred_from_outside(rig: &mut Rig) {
    afresh(rig);
    let before = all(rig, "4930555004").len();
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let carol = phone(rig, "carol", "1003");
    rig.switch.ok(&format!(
        "pbx did add +4930555004 --domain {ACME} --members \"1001 1002\" --ring-seconds 20"
    ));
    let calling = carrier(rig, "carrier_waits", "+4930555004").start();
    let (at_alice, at_bob) = (alice.rings(1), bob.rings(1));
    bob.pick_up(&at_bob);
    alice.until_told("CANCEL", &at_alice);
    rig.switch
        .until(&format!("pbx presence 1002@{ACME} json"), "\"state\":\"busy\"");
    assert_eq!(bob.refer(&at_bob, &format!("<sip:1003@{ACME}>"), ""), 202);
    let at_carol = carol.rings(1);
    carol.pick_up(&at_carol);
    rig.switch
        .until(&format!("pbx presence 1003@{ACME} json"), "\"state\":\"busy\"");
    carol.put_down(&at_carol);
    calling.succeed();
    browsers::no_calls(rig);
    let calls = records(rig, "4930555004", "answered");
    assert_eq!(calls.len(), before + 1, "{calls:?}");
    let mut each: Vec<String> = legs(&calls[0]).into_iter().map(|(_, number, _)| number).collect();
    each.sort();
    assert_eq!(each, [CALLER, "1001", "1002", "1003"], "{}", calls[0]);
    assert_eq!(
        (&calls[0]["direction"], &calls[0]["gateway"]),
        (&"inbound".into(), &"carrier".into()),
        "{}",
        calls[0]
    );
}

pub(super) fn killed(rig: &mut Rig) {
    afresh(rig);
    let before = all(rig, "100").len();
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let call = alice.call("1002");
    let at_bob = bob.rings(1);
    bob.pick_up(&at_bob);
    call.until_answered(200);
    let open = records(rig, "100", "open");
    assert_eq!(open.len(), before + 1);
    rig.kill_and_start_again();
    external(rig);
    let after = records(rig, "100", "interrupted");
    assert_eq!(after.len(), before + 1, "nothing is lost");
    assert_eq!(after[0]["id"], open[0]["id"]);
    assert!(
        after[1..].iter().all(|call| call["outcome"] != "interrupted"),
        "{after:?}"
    );
}
