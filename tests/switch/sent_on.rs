//! Calls that are sent on outside, on a real switch: by forwards, redirects and transfers. Who causes them pays, and who has
//! no grant, or is not known, sends nobody there.

use libtest_mimic::Trial;
use serde_json::Value;

use crate::executed::Executed;
use crate::group::Group;
use crate::handset::Handset;
use crate::outside::{carriers, counts, next_invite};
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
                a_forward_outside_is_a_call_of_who_forwards,
            ),
            (
                "a_redirect_is_a_call_of_who_redirects",
                a_redirect_is_a_call_of_who_redirects,
            ),
            (
                "a_transfer_is_a_call_of_who_transfers",
                a_transfer_is_a_call_of_who_transfers,
            ),
            (
                "an_attended_transfer_stays_the_call_of_who_dialled",
                an_attended_transfer_stays_the_call_of_who_dialled,
            ),
            (
                "a_transfer_to_a_call_that_is_not_here_calls_nobody",
                a_transfer_to_a_call_that_is_not_here_calls_nobody,
            ),
            (
                "a_caller_from_outside_goes_outside_as_a_call_of_who_sends_them",
                a_caller_from_outside_goes_outside_as_a_call_of_who_sends_them,
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

fn a_forward_outside_is_a_call_of_who_forwards(rig: &mut Rig) {
    let [alpha, beta] = carriers();
    let executed = Executed::listen();
    let mailbox = format!("default {ACME} 1002");
    let alice = phone(rig, "alice", "1001");
    rig.switch
        .ok(&format!("pbx forward 1002@{ACME} always 030999201"));
    // The caller has a grant, who forwards has none.
    let before = counts();
    let call = alice.call("1002");
    executed.until("voicemail", &mailbox);
    call.hang_up(&call.until_answered(200));
    quiet(rig);
    assert_eq!(counts(), before);
    until_logged(
        rig,
        "the call of 1002@acme.test to +4930999201 is refused (not-granted)",
    );
    let explained = rig.switch.api(&format!("pbx explain 1001@{ACME} 1002"));
    assert!(
        explained.contains("not granted to extension 1002") && explained.contains("refused (not-granted)"),
        "{explained}"
    );
    grant(rig, "grant");
    let before = counts();
    let call = alice.call("1002");
    let answer = call.until_answered(200);
    is_of_bob(&next_invite(alpha, before[0]), "+4930999201");
    assert_eq!(payer(rig), channel_of(rig, "1002"));
    call.hang_up(&answer);
    quiet(rig);
    // The next gateway; then nobody takes it: their mailbox.
    alpha.answer_with("503 Service Unavailable");
    let before = counts();
    let call = alice.call("1002");
    call.hang_up(&call.until_answered(200));
    next_invite(beta, before[1]);
    quiet(rig);
    alpha.answer_with("486 Busy Here");
    executed.clear();
    let before = counts();
    let call = alice.call("1002");
    executed.until("voicemail", &mailbox);
    call.hang_up(&call.until_answered(200));
    assert_eq!(
        counts(),
        [before[0] + 1, before[1]],
        "who is busy is not called again"
    );
    quiet(rig);
    alpha.answer_with("200 OK");
    // By a code, and by what only ringing tells.
    rig.switch.ok(&format!("pbx forward 1002@{ACME} always off"));
    let bob = phone(rig, "bob", "1002");
    let code = bob.call("*90030999202");
    let answer = code.until_answered(200);
    executed.until("playback", "tone_stream://%(150,50,523);%(300,200,784)");
    code.hang_up(&answer);
    quiet(rig);
    let said = rig.switch.ok(&format!("pbx forward 1002@{ACME} json"));
    assert!(said.contains("\"busy\":\"+4930999202\""), "{said}");
    let before = counts();
    let call = alice.call("1002");
    bob.reject(&bob.rings(1));
    let answer = call.until_answered(200);
    is_of_bob(&next_invite(alpha, before[0]), "+4930999202");
    call.hang_up(&answer);
    quiet(rig);
    rig.switch.ok(&format!("pbx forward 1002@{ACME} busy off"));
    grant(rig, "revoke");
}

fn a_redirect_is_a_call_of_who_redirects(rig: &mut Rig) {
    let [alpha, _] = carriers();
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let before = counts();
    let mut turn = 0;
    for to in TRICKS.iter().chain(&["030999211"]) {
        let call = alice.call("1002");
        turn += 1;
        bob.redirect(&bob.rings(turn), &format!("<sip:{to}@{ACME}>"));
        wait::until(&format!("{to} to be refused"), wait::SOON, || {
            let heard = alice.heard();
            let ours = |m: &&Message| m.status >= 400 && m.status != 407 && m.status != 401;
            let refused = heard.iter().filter(ours).count();
            (refused >= turn).then_some(())
        });
        drop(call);
        quiet(rig);
    }
    assert_eq!(counts(), before, "no leg left");
    until_logged(
        rig,
        "the call of 1002@acme.test to 030999211 is refused (not-granted)",
    );
    assert!(rig.site.log().contains("is refused (no-number)"));
    grant(rig, "grant");
    let call = alice.call("1002");
    bob.redirect(&bob.rings(turn + 1), &format!("<sip:030999212@{ACME}>"));
    let answer = call.until_answered(200);
    is_of_bob(&next_invite(alpha, before[0]), "+4930999212");
    assert_eq!(payer(rig), channel_of(rig, "1002"));
    call.hang_up(&answer);
    quiet(rig);
    grant(rig, "revoke");
}

fn a_transfer_is_a_call_of_who_transfers(rig: &mut Rig) {
    let [alpha, _] = carriers();
    let executed = Executed::listen();
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let mut turn = 0;
    // Bob has no grant, whoever he says he is, and whatever he names.
    let before = counts();
    let lies = "Referred-By: <sip:alice@acme.test>\r\n";
    let plain: Vec<String> = TRICKS
        .iter()
        .chain(&["030999221"])
        .map(|to| format!("<sip:{to}@{ACME}>"))
        .collect();
    for to in plain.iter().chain(&[format!("<sip:030999221@{ACME};gw=alpha>")]) {
        let call = alice.call("1002");
        turn += 1;
        let invite = bob.rings(turn);
        bob.pick_up(&invite);
        let answer = call.until_answered(200);
        executed.clear();
        speak(rig);
        assert_eq!(bob.refer(&invite, to, lies), 202, "{to}");
        // An announcement: three tones that rise.
        wait::until(&format!("the announcement for {to}"), wait::SOON, || {
            let all = executed.all();
            let tones = |(name, data): &(String, String)| name == "playback" && data.contains("(330,30,950)");
            all.iter().any(tones).then_some(())
        });
        call.hang_up(&answer);
        quiet(rig);
    }
    assert_eq!(counts(), before, "no leg left");
    until_logged(
        rig,
        "the call of 1002@acme.test to 030999221 is refused (not-granted)",
    );
    grant(rig, "grant");
    let call = alice.call("1002");
    let invite = bob.rings(turn + 1);
    bob.pick_up(&invite);
    let answer = call.until_answered(200);
    speak(rig);
    assert_eq!(bob.refer(&invite, &format!("<sip:030999222@{ACME}>"), ""), 202);
    is_of_bob(&next_invite(alpha, before[0]), "+4930999222");
    assert_eq!(payer(rig), channel_of(rig, "1002"));
    call.hang_up(&answer);
    quiet(rig);
    grant(rig, "revoke");
    // The other way round: alice transfers bob, whom she called. It is her call.
    let before = counts();
    let call = alice.call("1002");
    bob.pick_up(&bob.rings(turn + 2));
    let answer = call.until_answered(200);
    speak(rig);
    assert_eq!(call.refer(&answer, &format!("<sip:030999223@{ACME}>")), 202);
    let invite = next_invite(alpha, before[0]);
    assert!(
        invite
            .header("P-Asserted-Identity")
            .unwrap_or_default()
            .contains("+4930123456"),
        "{}",
        invite.text
    );
    assert_eq!(payer(rig), channel_of(rig, "1001"));
    rig.switch.api("hupall");
    quiet(rig);
}

/// Bob consults somebody outside and joins alice with them: it stays his call, and a stranger to both cannot send alice on at
/// his expense.
fn an_attended_transfer_stays_the_call_of_who_dialled(rig: &mut Rig) {
    let [alpha, _] = carriers();
    grant(rig, "grant");
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let carol = phone(rig, "carol", "1003");
    let call = alice.call("1002");
    let invite = bob.rings(1);
    bob.pick_up(&invite);
    let answer = call.until_answered(200);
    let before = counts();
    let consulted = bob.call("030999231");
    let heard = consulted.until_answered(200);
    is_of_bob(&next_invite(alpha, before[0]), "+4930999231");
    let to = format!("<sip:030999231@{ACME}?Replaces={}>", consulted.replaces(&heard));
    assert_eq!(bob.refer(&invite, &to, ""), 202);
    bob.until_told("BYE", &invite);
    assert_eq!(payer(rig), channel_of(rig, "1002"));
    assert_eq!(counts(), [before[0] + 1, before[1]]);
    speak(rig);
    call.hang_up(&answer);
    quiet(rig);
    // Alice was bob's; he has passed her on to carol, who has no grant.
    let call = alice.call("1002");
    let invite = bob.rings(2);
    bob.pick_up(&invite);
    let answer = call.until_answered(200);
    let consulted = bob.call("1003");
    let at_carol = carol.rings(1);
    carol.pick_up(&at_carol);
    let heard = consulted.until_answered(200);
    let to = format!("<sip:1003@{ACME}?Replaces={}>", consulted.replaces(&heard));
    assert_eq!(bob.refer(&invite, &to, ""), 202);
    bob.until_told("BYE", &invite);
    // At once: while the switch still joins them, carol is not known to be the other one.
    let before = counts();
    assert_eq!(
        carol.refer(&at_carol, &format!("<sip:030999232@{ACME}>"), ""),
        202
    );
    until_logged(rig, "to 030999232 is refused (");
    assert_eq!(counts(), before);
    call.hang_up(&answer);
    rig.switch.api("hupall");
    quiet(rig);
    grant(rig, "revoke");
}

/// mod_sofia would call the host that Refer-To names.
fn a_transfer_to_a_call_that_is_not_here_calls_nobody(rig: &mut Rig) {
    let [alpha, _] = carriers();
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let before = counts();
    for (turn, parameters) in ["", ";transport=udp", ";gw=alpha"].into_iter().enumerate() {
        let call = alice.call("1002");
        let invite = bob.rings(turn + 1);
        bob.pick_up(&invite);
        let answer = call.until_answered(200);
        let to = format!(
            "<sip:1900@{}{parameters}?Replaces=nothing%40here%3Bto-tag%3Da%3Bfrom-tag%3Db>",
            alpha.address()
        );
        assert_eq!(bob.refer(&invite, &to, ""), 202);
        // It is told that it was not done.
        wait::until("the transfer to fail", wait::SOON, || {
            let heard = bob.heard();
            let failed = |m: &&Message| {
                m.method() == "NOTIFY"
                    && m.header("Call-ID") == invite.header("Call-ID")
                    && m.text.contains("SIP/2.0 403")
            };
            heard.iter().find(failed).map(|_| ())
        });
        call.hang_up(&answer);
        quiet(rig);
    }
    assert_eq!(counts(), before);
}

/// Trunk to trunk: who was called and transfers pays; a carrier transfers nobody.
fn a_caller_from_outside_goes_outside_as_a_call_of_who_sends_them(rig: &mut Rig) {
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
