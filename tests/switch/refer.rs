//! What a phone writes into a REFER, on a real switch: whatever it is, it calls nobody and runs nothing.

use libtest_mimic::Trial;

use crate::executed::Executed;
use crate::group::Group;
use crate::handset::Handset;
use crate::outside::{carriers, counts, next_invite};
use crate::rig::{DOMAINS, Rig};
use crate::sent_on::{grant, quiet, rig, speak, until_logged};
use crate::wait;
use crate::wire::Message;

const ACME: &str = DOMAINS[0];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("outside::refer", rig).add(
        trials,
        &[
            (
                "a_dial_string_in_a_transfer_calls_nobody_and_runs_nothing",
                a_dial_string_in_a_transfer_calls_nobody_and_runs_nothing,
            ),
            (
                "what_is_written_beside_a_number_or_a_known_call_does_nothing",
                what_is_written_beside_a_number_or_a_known_call_does_nothing,
            ),
            (
                "who_errs_speaks_on_and_leaves_nothing_on_the_other",
                who_errs_speaks_on_and_leaves_nothing_on_the_other,
            ),
        ],
    );
}

/// Alice, bob and carol, each with one phone and no other.
fn phones(rig: &mut Rig) -> [Handset; 3] {
    rig.switch.api("sofia profile internal flush_inbound_reg");
    rig.switch
        .until("sofia status profile internal reg", "Total items returned: 0\n");
    [("alice", "1001"), ("bob", "1002"), ("carol", "1003")].map(|(line, number)| {
        let phone = Handset::new(line, ACME).registered();
        let online = "\"state\":\"online\"";
        rig.switch
            .until(&format!("pbx presence {number}@{ACME} json"), online);
        phone
    })
}

/// What reaches out of what mod_sofia writes it into, and would call a carrier, or touch `pwned` in the switch's name: the
/// parameters of Refer-To and its headers.
fn attacks(pwned: &str) -> Vec<(String, String)> {
    let plain = "Replaces=nothing%40here%3Bto-tag%3Da%3Bfrom-tag%3Db";
    let dials = "sofia/gateway/alpha/1900";
    let runs = format!("execute_on_originate=system::touch {pwned}");
    [
        (format!("a}}{dials},b"), String::new()),
        (format!("a}}{dials}|b"), String::new()),
        (format!("a:_:{dials}:_:b"), String::new()),
        (format!("a,{runs}}}{dials},b"), String::new()),
        (format!("a}}{{{runs}}}{dials},b"), String::new()),
        (String::new(), format!("&a=b}}{dials},c")),
        (String::new(), format!("&a=b,{runs}}}{dials},c")),
        (String::new(), format!("&a=b:_:{{{runs}}}{dials}:_:c")),
        (String::new(), "%0d%0aP-Asserted-Identity: x".to_owned()),
    ]
    .map(|(parameters, further)| {
        let parameters = match parameters.as_str() {
            "" => parameters,
            _ => format!(";{parameters}"),
        };
        (parameters, format!("?{plain}{further}"))
    })
    .into()
}

/// mod_sofia writes Refer-To into a dial string where a transfer names a call that it does not have. Who writes more there
/// than an address loses the call.
fn a_dial_string_in_a_transfer_calls_nobody_and_runs_nothing(rig: &mut Rig) {
    let [alpha, _] = carriers();
    let executed = Executed::listen();
    let pwned = rig.site.path("pwned");
    let [alice, bob, _] = phones(rig);
    let before = counts();
    let attacks = attacks(&pwned.display().to_string());
    for (turn, (parameters, headers)) in attacks.iter().enumerate() {
        let call = alice.call("1002");
        let invite = bob.rings(turn + 1);
        bob.pick_up(&invite);
        let answer = call.until_answered(200);
        speak(rig);
        let to = format!("<sip:1900@{}{parameters}{headers}>", alpha.address());
        // By who was called, and by who calls.
        if turn % 2 == 0 {
            assert_eq!(bob.refer(&invite, &to, ""), 202, "{to}");
        } else {
            assert_eq!(call.refer(&answer, &to), 202, "{to}");
        }
        bob.until_told("BYE", &invite);
        quiet(rig);
        assert_eq!(counts(), before, "no leg left: {to}");
    }
    until_logged(
        rig,
        "is ended: it asked for a transfer that would call what it likes",
    );
    assert!(!pwned.exists(), "a command of the phone's was run");
    let ran = executed.all();
    assert!(ran.iter().all(|(name, _)| name != "system"), "{ran:?}");
}

/// The same beside a number that is called or a call that is there: it is no part of anything.
fn what_is_written_beside_a_number_or_a_known_call_does_nothing(rig: &mut Rig) {
    let executed = Executed::listen();
    let pwned = rig.site.path("pwned");
    let [alice, bob, carol] = phones(rig);
    let before = counts();
    let dials = "sofia/gateway/alpha/1900";
    let mut turn = 0;
    // By a number that is somebody's.
    for parameters in [
        format!(";a}}{dials},b"),
        format!(";a:_:{dials}:_:b"),
        format!("?X-Evil=a%0d%0aX-Worse:b&a=b}}{dials},c"),
    ] {
        turn += 1;
        let call = alice.call("1002");
        let invite = bob.rings(turn);
        bob.pick_up(&invite);
        let answer = call.until_answered(200);
        speak(rig);
        assert_eq!(
            bob.refer(&invite, &format!("<sip:1003@{ACME}{parameters}>"), ""),
            202
        );
        let rings = carol.rings(turn);
        assert!(
            !rings.text.contains("sofia/gateway")
                && !rings.text.contains("Evil")
                && !rings.text.contains("Worse"),
            "{}",
            rings.text
        );
        carol.pick_up(&rings);
        speak(rig);
        call.hang_up(&answer);
        quiet(rig);
    }
    // By what is no number, as it is.
    for user in [
        format!("1}}{dials},b"),
        format!(
            "{{execute_on_originate=system::touch {}}}{dials}",
            pwned.display()
        ),
        format!("${{system(touch {})}}", pwned.display()),
    ] {
        turn += 1;
        let call = alice.call("1002");
        let invite = bob.rings(turn);
        bob.pick_up(&invite);
        let answer = call.until_answered(200);
        speak(rig);
        executed.clear();
        assert_eq!(bob.refer(&invite, &format!("<sip:{user}@{ACME}>"), ""), 202);
        bob.until_told("BYE", &invite);
        call.hang_up(&answer);
        quiet(rig);
    }
    // To a call that is there: they are joined.
    turn += 1;
    let call = alice.call("1002");
    let invite = bob.rings(turn);
    bob.pick_up(&invite);
    let answer = call.until_answered(200);
    speak(rig);
    let consulted = bob.call("1003");
    let at_carol = carol.rings(4);
    carol.pick_up(&at_carol);
    let heard = consulted.until_answered(200);
    rig.switch.until("show calls count", "2 total.");
    let to = format!(
        "<sip:1003@{ACME};a}}{dials},b?Replaces={}>",
        consulted.replaces(&heard)
    );
    assert_eq!(bob.refer(&invite, &to, ""), 202);
    bob.until_told("BYE", &invite);
    speak(rig);
    carol.put_down(&at_carol);
    until_bye(&alice, &answer);
    quiet(rig);
    assert_eq!(counts(), before, "no leg left");
    assert!(!pwned.exists(), "a command of the phone's was run");
    let ran = executed.all();
    assert!(ran.iter().all(|(name, _)| name != "system"), "{ran:?}");
}

/// A phone that names a call which has just ended is told so, and goes on; and who is then called for the other one is told
/// of no call to replace.
fn who_errs_speaks_on_and_leaves_nothing_on_the_other(rig: &mut Rig) {
    let [alpha, _] = carriers();
    let [alice, bob, carol] = phones(rig);
    grant(rig, "grant");
    for (turn, to) in ["1003", "030999251"].into_iter().enumerate() {
        let call = alice.call("1002");
        let invite = bob.rings(turn + 1);
        bob.pick_up(&invite);
        let answer = call.until_answered(200);
        speak(rig);
        let gone = format!(
            "<sip:1003@{ACME};transport=udp?Replaces=gone%40here%3Bto-tag%3Da%3Bfrom-tag%3Db&Require=replaces>"
        );
        assert_eq!(bob.refer(&invite, &gone, ""), 202);
        wait::until("the transfer to fail", wait::SOON, || {
            let heard = bob.heard();
            let failed = |m: &&Message| {
                m.method() == "NOTIFY"
                    && m.header("Call-ID") == invite.header("Call-ID")
                    && m.text.contains("SIP/2.0 403")
            };
            heard.iter().find(failed).map(|_| ())
        });
        speak(rig);
        let before = counts();
        assert_eq!(bob.refer(&invite, &format!("<sip:{to}@{ACME}>"), ""), 202);
        let called = if turn == 0 {
            carol.rings(1)
        } else {
            next_invite(alpha, before[0])
        };
        assert!(
            called.header("Replaces").is_none() && !called.text.contains("gone"),
            "{}",
            called.text
        );
        call.hang_up(&answer);
        quiet(rig);
    }
    grant(rig, "revoke");
}

/// Waits until the switch hangs up a call that this phone made.
#[track_caller]
fn until_bye(phone: &Handset, answer: &Message) {
    wait::until("the caller to be told BYE", wait::SOON, || {
        let about = |m: &&Message| m.method() == "BYE" && m.header("Call-ID") == answer.header("Call-ID");
        phone.heard().iter().find(about).map(|_| ())
    });
}
