//! Forwards, do not disturb, ring time, mailboxes and feature codes, as phones meet them.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::Value;

use crate::executed::Executed;
use crate::group::Group;
use crate::handset::Handset;
use crate::rig::{DOMAINS, Rig};
use crate::wait;

const ACME: &str = DOMAINS[0];

const YES: &str = "tone_stream://%(150,50,523);%(300,200,784)";
const NO: &str = "tone_stream://%(250,250,480,620);loops=4";

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("forwards", rig).add(
        trials,
        &[
            (
                "each_forward_leads_where_it_says",
                each_forward_leads_where_it_says,
            ),
            (
                "a_phone_rings_as_long_as_it_is_set",
                a_phone_rings_as_long_as_it_is_set,
            ),
            ("do_not_disturb_rings_no_phone", do_not_disturb_rings_no_phone),
            ("the_mailbox_answers_in_the_end", the_mailbox_answers_in_the_end),
            (
                "who_forwards_pays_and_is_who_transfers",
                who_forwards_pays_and_is_who_transfers,
            ),
            (
                "phones_that_redirect_in_a_circle_are_ended",
                phones_that_redirect_in_a_circle_are_ended,
            ),
            (
                "a_phone_changes_its_own_extension",
                a_phone_changes_its_own_extension,
            ),
            (
                "nobody_makes_another_dial_a_code",
                nobody_makes_another_dial_a_code,
            ),
            ("mailboxes_and_echo_by_code", mailboxes_and_echo_by_code),
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

fn each_forward_leads_where_it_says(rig: &mut Rig) {
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

fn a_phone_rings_as_long_as_it_is_set(rig: &mut Rig) {
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

fn do_not_disturb_rings_no_phone(rig: &mut Rig) {
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
fn the_mailbox_answers_in_the_end(rig: &mut Rig) {
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

fn who_forwards_pays_and_is_who_transfers(rig: &mut Rig) {
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

/// Each phone sends the caller to the other: 302, as one does that forwards by itself.
fn phones_that_redirect_in_a_circle_are_ended(rig: &mut Rig) {
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

/// Calls a code and waits for what is run; the call is over then.
fn dial(rig: &mut Rig, phone: &Handset, executed: &Executed, code: &str, application: &str, data: &str) {
    executed.clear();
    let call = phone.call(code);
    let answer = call.until_answered(200);
    executed.until(application, data);
    call.hang_up(&answer);
    quiet(rig);
}

fn a_phone_changes_its_own_extension(rig: &mut Rig) {
    afresh(rig);
    let executed = Executed::listen();
    let bob = phone(rig, "bob", "1002");
    let shown = format!("pbx forward 1002@{ACME} json");
    for (code, then) in [
        ("*78", "\"dnd\":true"),
        ("*79", "\"dnd\":false"),
        ("*721003", "\"always\":\"1003\""),
        ("*73", "\"always\":null"),
        ("*901003", "\"busy\":\"1003\""),
        ("*91", "\"busy\":null"),
        ("*921003", "\"no-answer\":\"1003\""),
        ("*93", "\"no-answer\":null"),
        ("*941003", "\"offline\":\"1003\""),
        ("*95", "\"offline\":null"),
    ] {
        dial(rig, &bob, &executed, code, "playback", YES);
        let said = rig.switch.ok(&shown);
        assert!(said.contains(then), "{code}: {said}");
    }
    let revisions = rig.switch.ok("pbx revisions");
    assert!(revisions.contains(&format!("phone 1002@{ACME}")), "{revisions}");
    // A circle, and a number that nobody has: the tone is another, and nothing is changed.
    rig.switch.ok(&format!("pbx forward 1003@{ACME} offline 1002"));
    let before = rig.switch.ok(&shown);
    for code in ["*721003", "*901002", "*921999"] {
        dial(rig, &bob, &executed, code, "playback", NO);
        assert_eq!(rig.switch.ok(&shown), before, "{code}");
    }
    // The number is asked for after the code alone.
    for (digits, tone) in [("1001#", YES), ("1999#", NO)] {
        executed.clear();
        let call = bob.call("*94");
        let answer = call.until_answered(200);
        wait::until("the dial tone", wait::SOON, || {
            let asked = executed.all();
            asked
                .iter()
                .any(|(name, _)| name == "play_and_get_digits")
                .then_some(())
        });
        let id = channel(rig, "inbound");
        rig.switch.ok(&format!("uuid_recv_dtmf {id} {digits}"));
        executed.until("playback", tone);
        call.hang_up(&answer);
        quiet(rig);
    }
    let said = rig.switch.ok(&shown);
    assert!(said.contains("\"offline\":\"1001\""), "{said}");
    // What a phone changed holds for the next call.
    let alice = phone(rig, "alice", "1001");
    let carol = phone(rig, "carol", "1003");
    rig.switch.ok(&format!("pbx forward 1003@{ACME} offline off"));
    dial(rig, &bob, &executed, "*721003", "playback", YES);
    let call = alice.call("1002");
    carol.pick_up(&carol.rings(1));
    let answer = call.until_answered(200);
    call.hang_up(&answer);
    assert!(bob.invites().is_empty());
    quiet(rig);
}

/// bob's phone redirects who calls it to a code, which would be obeyed in the caller's name.
fn nobody_makes_another_dial_a_code(rig: &mut Rig) {
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

fn mailboxes_and_echo_by_code(rig: &mut Rig) {
    afresh(rig);
    let executed = Executed::listen();
    let bob = phone(rig, "bob", "1002");
    let set = |value: &str| ("set".to_owned(), format!("voicemail_authorized={value}"));
    let own = format!("check default {ACME} 1002");
    dial(rig, &bob, &executed, "*97", "voicemail", &own);
    assert!(executed.all().contains(&set("true")), "{:?}", executed.all());
    dial(
        rig,
        &bob,
        &executed,
        "*98",
        "voicemail",
        &format!("check default {ACME}"),
    );
    assert!(executed.all().contains(&set("false")), "{:?}", executed.all());
    dial(rig, &bob, &executed, "*43", "echo", "");
    rig.switch.ok("pbx setting set voicemail-own-pin yes");
    dial(rig, &bob, &executed, "*97", "voicemail", &own);
    assert!(executed.all().contains(&set("false")), "{:?}", executed.all());
    rig.switch.ok("pbx setting delete voicemail-own-pin");
}
