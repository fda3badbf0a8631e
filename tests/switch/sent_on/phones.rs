//! Forwards and redirects by phones.

use super::{ACME, TRICKS, channel_of, grant, is_of_bob, payer, phone, quiet, until_logged};
use crate::executed::Executed;
use crate::outside::{carriers, counts, next_invite};
use crate::rig::Rig;
use crate::wait;
use crate::wire::Message;

pub(super) fn a_forward_outside_is_a_call_of_who_forwards(rig: &mut Rig) {
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

pub(super) fn a_redirect_is_a_call_of_who_redirects(rig: &mut Rig) {
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
