//! Transfers by REFER, blind and attended.

use super::{ACME, TRICKS, channel_of, grant, is_of_bob, payer, phone, quiet, speak, until_logged};
use crate::executed::Executed;
use crate::outside::{carriers, counts, next_invite};
use crate::rig::Rig;
use crate::wait;
use crate::wire::Message;

pub(super) fn a_transfer_is_a_call_of_who_transfers(rig: &mut Rig) {
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
pub(super) fn an_attended_transfer_stays_the_call_of_who_dialled(rig: &mut Rig) {
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
pub(super) fn a_transfer_to_a_call_that_is_not_here_calls_nobody(rig: &mut Rig) {
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
