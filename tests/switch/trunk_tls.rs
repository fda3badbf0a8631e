//! A carrier that is reached over TLS: a second FreeSWITCH with a certificate of its own.

use std::sync::Mutex;
use std::sync::OnceLock;
use std::time::Duration;

use libtest_mimic::Trial;

use crate::group::Group;
use crate::handset::Handset;
use crate::ports;
use crate::rig::{DOMAINS, Rig};
use crate::running::Running;
use crate::secure;
use crate::softphone::Softphone;
use crate::wait;

const ACME: &str = DOMAINS[0];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("outside::tls", rig).add(trials, &[("a_call_goes_out_over_tls", a_call_goes_out_over_tls)]);
}

fn rig() -> Rig {
    let site = Rig::whole_site();
    let folder = secure::certificate(&site);
    let mut switch = Running::start(&site);
    switch.until("sofia status", "RUNNING");
    for command in [
        format!("setting set gateway-port {}", ports::phone()),
        format!("setting set sip-tls-directory {folder}"),
        format!("setting set gateway-tls-port {}", ports::phone()),
        "setting set gateway-tls yes".to_owned(),
        format!("plan set --country-code 49 --area-code 30 --domain {ACME}"),
    ] {
        switch.ok(&format!("pbx {command}"));
    }
    Rig { site, switch }
}

/// OPTIONS and the call go over TLS, and the carrier hears it; without TLS there it is down, and no call is tried.
fn a_call_goes_out_over_tls(rig: &mut Rig) {
    static CARRIER: OnceLock<Mutex<Softphone>> = OnceLock::new();
    let carrier = CARRIER.get_or_init(|| Mutex::new(Softphone::start(&rig.site, &[], ACME)));
    let mut carrier = carrier.lock().unwrap();
    let address = format!("127.0.0.1:{}", carrier.tls());
    rig.switch.ok(&format!(
        "pbx gateway add vault --proxy {address} --transport tls --ping-seconds 5"
    ));
    rig.switch.ok(&format!(
        "pbx route add germany@{ACME} --pattern +49* --gateway vault --extension 1001"
    ));
    until_state(rig, "up");
    let alice = Handset::new("alice", ACME);
    let call = alice.call("030999301");
    let answer = call.until_answered(200);
    let said = carrier.api("show channels as json");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let leg = said["rows"][0]["uuid"]
        .as_str()
        .expect("the carrier has the call")
        .to_owned();
    for (name, value) in [
        ("sip_via_protocol", "tls"),
        ("sip_req_user", "+4930999301"),
        ("destination_number", "+4930999301"),
    ] {
        assert_eq!(
            carrier.api(&format!("uuid_getvar {leg} {name}")).trim(),
            value,
            "{name}"
        );
    }
    call.hang_up(&answer);
    rig.switch.until("show channels count", "0 total.");
    // The same port without TLS is nobody's.
    rig.switch.ok("pbx gateway set vault --transport tcp");
    until_state(rig, "down");
    alice.call("030999302").until_answered(503);
}

fn until_state(rig: &mut Rig, state: &str) {
    let shown = format!("\"state\":\"{state}\"");
    wait::until(
        &format!("the gateway to be {state}"),
        Duration::from_secs(60),
        || {
            let said = rig.switch.api("pbx gateway show vault json");
            said.contains(&shown).then_some(())
        },
    );
}
