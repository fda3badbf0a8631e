//! Who names the call of others, on a real switch: it stays theirs.

use libtest_mimic::Trial;

use crate::executed::Executed;
use crate::group::Group;
use crate::handset::Handset;
use crate::rig::{DOMAINS, Rig};
use crate::wait;

const ACME: &str = DOMAINS[0];
const OTHER: &str = DOMAINS[1];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("takeover", Rig::whole).add(
        trials,
        &[
            (
                "nobody_takes_over_a_call_that_they_can_name",
                nobody_takes_over_a_call_that_they_can_name,
            ),
            (
                "nobody_gets_into_a_mailbox_that_somebody_else_opened",
                nobody_gets_into_a_mailbox_that_somebody_else_opened,
            ),
        ],
    );
}

fn phone(rig: &mut Rig, line: &str, number: &str) -> Handset {
    let phone = Handset::new(line, ACME).registered();
    let online = "\"state\":\"online\"";
    rig.switch
        .until(&format!("pbx presence {number}@{ACME} json"), online);
    phone
}

/// The last line of what is said of each attempt.
fn until_refused(rig: &Rig, times: usize) {
    wait::until("the log to say why", wait::SOON, || {
        let log = rig.site.log();
        (log.matches("is ended: it would take over another").count() >= times).then_some(())
    });
}

/// Carol watches alice's lamp, which tells the id of her call; a stranger of another domain knows its Call-ID.
fn nobody_takes_over_a_call_that_they_can_name(rig: &mut Rig) {
    let alice = phone(rig, "alice", "1001");
    let bob = phone(rig, "bob", "1002");
    let carol = phone(rig, "carol", "1003");
    let stranger = Handset::new("carol", OTHER);
    carol.watch("1001");
    let call = alice.call("1002");
    let invite = bob.rings(1);
    bob.pick_up(&invite);
    let answer = call.until_answered(200);
    rig.switch.until("show calls count", "1 total.");
    carol.until_lamp("1001", "confirmed");
    let told = carol.told_of("1001").expect("the lamp names a call");
    let known = [
        told,
        call.call_id().to_owned(),
        invite.header("Call-ID").unwrap_or_default().to_owned(),
    ];
    let mut times = 0;
    for id in &known {
        for who in [&carol, &stranger] {
            for further in ["", ";a-leg=true", ";early-only"] {
                let replaced = format!("{id};to-tag=a;from-tag=b{further}");
                let (_, refused) = who.call_replacing("1002", &replaced);
                assert!(refused.status >= 400, "{replaced}: {}", refused.text);
                times += 1;
                until_refused(rig, times);
            }
        }
    }
    rig.switch.until("show calls count", "1 total.");
    let byes = |phone: &Handset| phone.heard().iter().filter(|m| m.method() == "BYE").count();
    assert_eq!((byes(&alice), byes(&bob)), (0, 0), "they speak on");
    call.hang_up(&answer);
    rig.switch.until("show channels count", "0 total.");
}

/// Alice has dialled her mailbox. Whoever replaced her call would hear what is in it.
fn nobody_gets_into_a_mailbox_that_somebody_else_opened(rig: &mut Rig) {
    rig.switch.api("sofia profile internal flush_inbound_reg");
    let executed = Executed::listen();
    let alice = Handset::new("alice", ACME);
    let carol = phone(rig, "carol", "1003");
    carol.watch("1001");
    let call = alice.call("*97");
    call.until_answered(200);
    wait::until("the mailbox to be open", wait::SOON, || {
        executed
            .all()
            .iter()
            .any(|(name, _)| name == "voicemail")
            .then_some(())
    });
    carol.until_lamp("1001", "confirmed");
    let told = carol.told_of("1001").expect("the lamp names a call");
    executed.clear();
    let (_, refused) = carol.call_replacing("1001", &format!("{told};to-tag=a;from-tag=b"));
    assert!(refused.status >= 400, "{}", refused.text);
    rig.switch.api("hupall");
    rig.switch.until("show channels count", "0 total.");
    let ran = executed.all();
    assert!(
        ran.iter()
            .all(|(name, _)| name != "voicemail" && name != "answer"),
        "{ran:?}"
    );
}
