//! Calls that are sent on outside, on a real switch: by forwards, redirects and transfers. Who causes them pays, and who has
//! no grant, or is not known, sends nobody there.

mod phones;
mod transfers;
mod trunks;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::group::Group;
use crate::handset::Handset;
use crate::rig::{DOMAINS, Rig};
use crate::wait;
use crate::wire::Message;

const ACME: &str = DOMAINS[0];

/// What is dialled to reach whom one may not.
const TRICKS: [&str; 6] = [
    "1000,sofia%2Fgateway%2Falpha%2F1900",
    "%7Babsolute_codec_string%3DPCMU%7D030999111",
    "%24%7Bsystem%28touch%20pwned%29%7D",
    "gw+alpha",
    "030999111;gw=alpha",
    "030999111%7Csofia%2Fgateway%2Falpha%2F1900",
];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("outside::sent_on", rig).add(
        trials,
        &[
            (
                "a_forward_outside_is_a_call_of_who_forwards",
                phones::a_forward_outside_is_a_call_of_who_forwards,
            ),
            (
                "a_redirect_is_a_call_of_who_redirects",
                phones::a_redirect_is_a_call_of_who_redirects,
            ),
            (
                "a_transfer_is_a_call_of_who_transfers",
                transfers::a_transfer_is_a_call_of_who_transfers,
            ),
            (
                "an_attended_transfer_stays_the_call_of_who_dialled",
                transfers::an_attended_transfer_stays_the_call_of_who_dialled,
            ),
            (
                "a_transfer_to_a_call_that_is_not_here_calls_nobody",
                transfers::a_transfer_to_a_call_that_is_not_here_calls_nobody,
            ),
            (
                "a_caller_from_outside_goes_outside_as_a_call_of_who_sends_them",
                trunks::a_caller_from_outside_goes_outside_as_a_call_of_who_sends_them,
            ),
        ],
    );
}

/// As for calls out; 1002 is known outside by a number of its own, and has no grant yet.
pub(crate) fn rig() -> Rig {
    let mut rig = crate::outside::rig();
    for command in [
        format!("caller-id add +4930222222@{ACME}"),
        format!("caller-id use --extension 1002 --number +4930222222 --domain {ACME}"),
    ] {
        rig.switch.ok(&format!("pbx {command}"));
    }
    rig.switch
        .until(&format!("pbx presence 1001@{ACME} json"), "\"settled\":true");
    rig
}

pub(crate) fn grant(rig: &mut Rig, verb: &str) {
    rig.switch
        .ok(&format!("pbx route {verb} germany@{ACME} --extension 1002"));
}

fn phone(rig: &mut Rig, line: &str, number: &str) -> Handset {
    let phone = Handset::new(line, ACME).registered();
    let online = "\"state\":\"online\"";
    rig.switch
        .until(&format!("pbx presence {number}@{ACME} json"), online);
    phone
}

/// Two speak with each other, and the switch has told of it: a transfer in that very moment is nobody's.
pub(crate) fn speak(rig: &mut Rig) {
    rig.switch.until("show calls count", "1 total.");
}

/// No call is left.
pub(crate) fn quiet(rig: &mut Rig) {
    rig.switch.until("show channels count", "0 total.");
}

/// Who pays for the leg at a carrier: the extension's channel.
fn payer(rig: &mut Rig) -> String {
    wait::until("a leg that is paid for", wait::SOON, || {
        let said: Value = serde_json::from_str(&rig.switch.api("show channels as json")).ok()?;
        let rows = said["rows"].as_array()?;
        rows.iter().find_map(|row| {
            let name = row["name"].as_str()?;
            let id = row["uuid"].as_str()?;
            if !name.starts_with("sofia/external/") {
                return None;
            }
            let charge = rig.switch.api(&format!("uuid_getvar {id} pbx_charge"));
            let payer = charge.trim().split('.').next()?.to_owned();
            (payer.len() == 36).then_some(payer)
        })
    })
}

fn channel_of(rig: &mut Rig, number: &str) -> String {
    let said: Value = serde_json::from_str(
        &rig.switch
            .api(&format!("pbx extension show {number}@{ACME} json")),
    )
    .unwrap();
    said["channel_id"].as_str().unwrap().to_owned()
}

#[track_caller]
pub(crate) fn until_logged(rig: &mut Rig, text: &str) {
    wait::until(&format!("the log to say {text:?}"), wait::SOON, || {
        rig.site.log().contains(text).then_some(())
    });
}

/// The INVITE is to this number, as 1002's own one.
#[track_caller]
fn is_of_bob(invite: &Message, number: &str) {
    assert!(
        invite.text.starts_with(&format!("INVITE sip:{number}@")),
        "{}",
        invite.text
    );
    let asserted = invite.header("P-Asserted-Identity").unwrap_or_default();
    assert!(asserted.contains("sip:+4930222222@"), "{}", invite.text);
    assert!(
        !invite.text.contains("1001") && !invite.text.contains("alice"),
        "{}",
        invite.text
    );
}
