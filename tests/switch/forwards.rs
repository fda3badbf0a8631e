//! Forwards, do not disturb, ring time, mailboxes and feature codes, as phones meet them.

mod codes;
mod redirects;
mod ways;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::group::Group;
use crate::handset::Handset;
use crate::rig::{DOMAINS, Rig};
use crate::wait;

const ACME: &str = DOMAINS[0];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("forwards", rig).add(
        trials,
        &[
            (
                "each_forward_leads_where_it_says",
                ways::each_forward_leads_where_it_says,
            ),
            (
                "a_phone_rings_as_long_as_it_is_set",
                ways::a_phone_rings_as_long_as_it_is_set,
            ),
            (
                "do_not_disturb_rings_no_phone",
                ways::do_not_disturb_rings_no_phone,
            ),
            (
                "the_mailbox_answers_in_the_end",
                ways::the_mailbox_answers_in_the_end,
            ),
            (
                "who_forwards_pays_and_is_who_transfers",
                ways::who_forwards_pays_and_is_who_transfers,
            ),
            (
                "phones_that_redirect_in_a_circle_are_ended",
                redirects::phones_that_redirect_in_a_circle_are_ended,
            ),
            (
                "a_phone_changes_its_own_extension",
                codes::a_phone_changes_its_own_extension,
            ),
            (
                "nobody_makes_another_dial_a_code",
                redirects::nobody_makes_another_dial_a_code,
            ),
            ("mailboxes_and_echo_by_code", codes::mailboxes_and_echo_by_code),
        ],
    );
}

fn rig() -> Rig {
    let mut rig = Rig::whole();
    rig.switch
        .until(&format!("pbx presence 1001@{ACME} json"), "\"settled\":true");
    rig
}

/// Nothing is forwarded, all have mailboxes and ring for 20 s, and no phone is there.
fn afresh(rig: &mut Rig) {
    for number in ["1001", "1002", "1003"] {
        for when in ["always", "busy", "no-answer", "offline"] {
            rig.switch.ok(&format!("pbx forward {number}@{ACME} {when} off"));
        }
        rig.switch.ok(&format!("pbx dnd {number}@{ACME} off"));
        for what in ["--ring-seconds 20", "--voicemail yes"] {
            // Refused where it is so already.
            rig.switch
                .api(&format!("pbx extension set {number}@{ACME} {what}"));
        }
    }
    let list = "sofia status profile internal reg";
    let nobody = "Total items returned: 0\n";
    if !rig.switch.api(list).contains(nobody) {
        rig.switch.api("sofia profile internal flush_inbound_reg");
        rig.switch.until(list, nobody);
    }
    for number in ["1001", "1002", "1003"] {
        is(rig, number, "offline");
    }
    quiet(rig);
}

fn is(rig: &mut Rig, number: &str, state: &str) {
    let state = format!("\"state\":\"{state}\"");
    rig.switch
        .until(&format!("pbx presence {number}@{ACME} json"), &state);
}

/// No call is left.
fn quiet(rig: &mut Rig) {
    rig.switch.until("show channels count", "0 total.");
}

/// A phone that is on.
fn phone(rig: &mut Rig, line: &str, number: &str) -> Handset {
    let phone = Handset::new(line, ACME).registered();
    is(rig, number, "online");
    phone
}

/// The columns of the channels that there are.
fn channels(rig: &mut Rig) -> Vec<Value> {
    let said = rig.switch.api("show channels as json");
    let said: Value = serde_json::from_str(&said).unwrap();
    said["rows"].as_array().cloned().unwrap_or_default()
}

/// The one channel of this direction. The switch's list is a moment late, and may still show one that is over.
fn channel(rig: &mut Rig, direction: &str) -> String {
    wait::until("one channel", wait::SOON, || {
        let mut channels = channels(rig);
        channels.retain(|channel| channel["direction"] == direction);
        let ids = channels.iter().filter_map(|channel| channel["uuid"].as_str());
        let lives = |id: &&str| rig.switch.api(&format!("uuid_exists {id}")).trim() == "true";
        let living: Vec<&str> = ids.filter(lives).collect();
        let [id] = &living[..] else { return None };
        Some((*id).to_owned())
    })
}

/// A variable of it.
fn variable(rig: &mut Rig, direction: &str, name: &str) -> String {
    let id = channel(rig, direction);
    rig.switch
        .api(&format!("uuid_getvar {id} {name}"))
        .trim()
        .to_owned()
}
