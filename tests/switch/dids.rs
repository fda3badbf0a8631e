//! Calls that a carrier brings in: whom a DID rings, what comes after hours; and the records of calls.

mod records;
mod rings;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::browsers;
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
                rings::two_phones_and_a_browser_ring,
            ),
            (
                "after_hours_voicemail_answers",
                rings::after_hours_voicemail_answers,
            ),
            (
                "a_number_in_national_format_reaches_the_did_of_its_gateway",
                rings::national_format_and_gateway,
            ),
            ("members_ring_in_turn", rings::members_ring_in_turn),
            (
                "a_number_that_nobody_has_is_refused_and_seen",
                rings::nobodys_number,
            ),
            (
                "a_call_that_is_transferred_blindly_is_one_record",
                records::transferred_blindly,
            ),
            (
                "a_call_that_is_transferred_after_asking_is_one_record",
                records::transferred_after_asking,
            ),
            (
                "a_call_of_a_did_that_is_transferred_is_one_record",
                records::transferred_from_outside,
            ),
            ("kill_minus_nine_keeps_the_records", records::killed),
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
