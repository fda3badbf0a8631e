//! Calls that a carrier brings in: whom a DID rings, what comes after hours; and the records of calls.

use libtest_mimic::Trial;
use serde_json::Value;

use crate::browsers;
use crate::executed::Executed;
use crate::group::Group;
use crate::handset::Handset;
use crate::ports;
use crate::rig::{DOMAINS, Rig};
use crate::sipp::Sipp;
use crate::wait;

const ACME: &str = DOMAINS[0];
const CALLER: &str = "+442071234567";

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("dids", start).add(
        trials,
        &[
            (
                "two_phones_and_a_browser_ring_and_one_answers",
                two_phones_and_a_browser_ring,
            ),
            ("after_hours_voicemail_answers", after_hours_voicemail_answers),
            (
                "a_number_in_national_format_reaches_the_did_of_its_gateway",
                national_format_and_gateway,
            ),
            ("members_ring_in_turn", members_ring_in_turn),
            ("a_number_that_nobody_has_is_refused_and_seen", nobodys_number),
            (
                "a_call_that_is_transferred_blindly_is_one_record",
                transferred_blindly,
            ),
            (
                "a_call_that_is_transferred_after_asking_is_one_record",
                transferred_after_asking,
            ),
            (
                "a_call_of_a_did_that_is_transferred_is_one_record",
                transferred_from_outside,
            ),
            ("kill_minus_nine_keeps_the_records", killed),
        ],
    );
}

/// The port that carriers reach.
fn port() -> u16 {
    static PORT: std::sync::OnceLock<u16> = std::sync::OnceLock::new();
    *PORT.get_or_init(|| ports::another_switch()[0])
}

/// A whole switch with a carrier on this machine.
fn start() -> Rig {
    let mut rig = browsers::start();
    rig.switch.ok(&format!("pbx setting set gateway-port {}", port()));
    rig.switch
        .ok("pbx gateway add carrier --proxy 127.0.0.1 --register no --ping-seconds 0");
    external(&mut rig);
    rig
}

/// Waits until carriers may call.
fn external(rig: &mut Rig) {
    rig.switch
        .until(&format!("pbx presence 1001@{ACME} json"), "\"settled\":true");
    wait::until("the profile external", std::time::Duration::from_secs(30), || {
        let said = rig.switch.api("sofia status");
        let runs = |line: &str| line.contains("external") && line.contains("RUNNING");
        said.lines().any(runs).then_some(())
    });
}

fn carrier<'a>(rig: &'a Rig, scenario: &'static str, number: &str) -> Sipp<'a> {
    Sipp::new(&rig.site, scenario, vec![format!("{CALLER};{number}")]).to(port())
}

/// No phone of an earlier scenario is there, and no call.
fn afresh(rig: &mut Rig) {
    let list = "sofia status profile internal reg";
    let nobody = "Total items returned: 0\n";
    if !rig.switch.api(list).contains(nobody) {
        rig.switch.api("sofia profile internal flush_inbound_reg");
        rig.switch.until(list, nobody);
    }
    for number in ["1001", "1002", "1003"] {
        rig.switch.until(
            &format!("pbx presence {number}@{ACME} json"),
            "\"state\":\"offline\"",
        );
    }
    browsers::no_calls(rig);
}

fn phone(rig: &mut Rig, line: &str, number: &str) -> Handset {
    let phone = Handset::new(line, ACME).registered();
    let online = "\"state\":\"online\"";
    rig.switch
        .until(&format!("pbx presence {number}@{ACME} json"), online);
    phone
}

/// The records of calls with this in their numbers, newest first.
fn all(rig: &mut Rig, number: &str) -> Vec<Value> {
    let said = rig.switch.api(&format!("pbx calls --number {number} json"));
    let said: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    said["calls"].as_array().cloned().unwrap_or_default()
}

/// The same once the newest ended so.
fn records(rig: &mut Rig, number: &str, outcome: &str) -> Vec<Value> {
    wait::until(&format!("a record of {number}: {outcome}"), wait::SOON, || {
        let calls = all(rig, number);
        (calls.first()?["outcome"] == outcome).then_some(calls)
    })
}

/// Its legs: role, number and cause.
fn legs(call: &Value) -> Vec<(String, String, String)> {
    let text = |leg: &Value, name: &str| leg[name].as_str().unwrap_or_default().to_owned();
    let legs = call["legs"].as_array().unwrap();
    let each = legs
        .iter()
        .map(|leg| (text(leg, "role"), text(leg, "number"), text(leg, "cause")));
    each.collect()
}

fn two_phones_and_a_browser_ring(rig: &mut Rig) {
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

fn after_hours_voicemail_answers(rig: &mut Rig) {
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
    rig.switch
        .ok(&format!("pbx schedule override office@{ACME} closed"));
    let executed = Executed::listen();
    let calling = carrier(rig, "carrier", "004930555002").start();
    executed.until("voicemail", &format!("default {ACME} 1001"));
    calling.succeed();
    assert_eq!(alice.invites().len(), 1, "it rings while it is open, and no more");
    browsers::no_calls(rig);
    let calls = records(rig, "4930555002", "voicemail");
    assert_eq!((calls.len(), &calls[1]["outcome"]), (2, &"answered".into()));
}

/// The carrier writes numbers as they are dialled in its country; a DID of another gateway is not for its calls.
fn national_format_and_gateway(rig: &mut Rig) {
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

fn members_ring_in_turn(rig: &mut Rig) {
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

fn nobodys_number(rig: &mut Rig) {
    carrier(rig, "carrier_unknown", "+4930999").run();
    rig.switch.until("pbx status", "4930999");
    browsers::no_calls(rig);
}

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
fn transferred_blindly(rig: &mut Rig) {
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
fn transferred_after_asking(rig: &mut Rig) {
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
fn transferred_from_outside(rig: &mut Rig) {
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

fn killed(rig: &mut Rig) {
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
