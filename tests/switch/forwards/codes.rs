//! Feature codes.

use super::{ACME, afresh, channel, phone, quiet};
use crate::executed::Executed;
use crate::handset::Handset;
use crate::rig::Rig;
use crate::wait;

const YES: &str = "tone_stream://%(150,50,523);%(300,200,784)";
const NO: &str = "tone_stream://%(250,250,480,620);loops=4";

/// Calls a code and waits for what is run; the call is over then.
fn dial(rig: &mut Rig, phone: &Handset, executed: &Executed, code: &str, application: &str, data: &str) {
    executed.clear();
    let call = phone.call(code);
    let answer = call.until_answered(200);
    executed.until(application, data);
    call.hang_up(&answer);
    quiet(rig);
}

pub(super) fn a_phone_changes_its_own_extension(rig: &mut Rig) {
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

pub(super) fn mailboxes_and_echo_by_code(rig: &mut Rig) {
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
