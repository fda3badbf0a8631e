//! What becomes of a session's calls, and many sessions at once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;

use super::setup::{DETACH_TIMEOUT, call, events, login, punt, session};
use crate::rig::Rig;
use crate::running;
use crate::verto::Verto;
use crate::wait;

pub(super) fn calls_are_detached_as_after_a_lost_connection(rig: &mut Rig) {
    let ((mut one, first), (mut other, _)) = (session("u1"), session("u2"));
    let (answered, ringing, others) = (
        call(&mut one, "echo"),
        call(&mut one, "ring"),
        call(&mut other, "echo"),
    );
    for call in [&answered, &others] {
        rig.switch
            .until(&format!("uuid_dump {call}"), "Channel-Call-State: ACTIVE");
    }
    rig.switch
        .until(&format!("uuid_dump {ringing}"), "Channel-Call-State: RINGING");
    punt(&mut rig.switch, &first);
    one.closed();
    rig.switch.until(&format!("uuid_exists {ringing}"), "false");
    assert_eq!(
        rig.switch.api(&format!("uuid_exists {answered}")),
        "true",
        "it waits"
    );

    let mut back = Verto::connect();
    login(&mut back, "u1", &first);
    assert_eq!(back.asked("verto.attach")["params"]["callID"], answered.as_str());
    assert_eq!(
        back.asked("verto.clientReady")["params"]["reattached_sessions"],
        json!([answered])
    );

    punt(&mut rig.switch, &first);
    back.closed();
    let (start, limit) = (Instant::now(), Duration::from_secs(DETACH_TIMEOUT + 6));
    wait::until("the call to be given up", limit, || {
        (rig.switch.api(&format!("uuid_exists {answered}")) == "false").then_some(())
    });
    assert!(
        start.elapsed() >= Duration::from_secs(DETACH_TIMEOUT - 1),
        "too early: {:?}",
        start.elapsed()
    );
    assert_eq!(
        rig.switch.api(&format!("uuid_exists {others}")),
        "true",
        "another session's call"
    );

    let (mut one, first) = session("u1");
    let again = call(&mut one, "echo");
    rig.switch
        .until(&format!("uuid_dump {again}"), "Channel-Call-State: ACTIVE");
    punt(&mut rig.switch, &first);
    one.closed();
    rig.switch
        .ok(&format!("hupall NORMAL_CLEARING jsock_uuid_str {first}"));
    rig.switch.until(&format!("uuid_exists {again}"), "false");
    let said = rig.switch.api(&format!("originate verto.rtc/u:{first} &park()"));
    assert!(
        said.starts_with("-ERR"),
        "nobody calls a session that was punted: {said}"
    );
    assert_eq!(
        rig.switch.api(&format!("uuid_exists {others}")),
        "true",
        "another session's call"
    );
}

pub(super) fn a_session_that_comes_back_at_once_gets_its_call(rig: &mut Rig) {
    let (mut verto, sessid) = session("u1");
    let held = call(&mut verto, "echo");
    rig.switch
        .until(&format!("uuid_dump {held}"), "Channel-Call-State: ACTIVE");
    for turn in 0..20 {
        let mut next = Verto::connect();
        punt(&mut rig.switch, &sessid);
        verto.asked("verto.punt");
        login(&mut next, "u1", &sessid);
        let ready = next.asked("verto.clientReady");
        assert_eq!(
            ready["params"]["reattached_sessions"],
            json!([held]),
            "turn {turn}"
        );
        verto = next;
    }
}

pub(super) fn two_hundred_logins_and_punts_leave_nothing(rig: &mut Rig) {
    const EACH: usize = 50;
    rig.switch.api("hupall");
    let mut events = events();
    let mut ended: BTreeSet<String> = std::thread::scope(|scope| {
        let thread = |number| {
            move || {
                (0..EACH)
                    .map(|turn| login_and_punt(number, turn))
                    .collect::<Vec<_>>()
            }
        };
        let threads: Vec<_> = (0..4).map(|number| scope.spawn(thread(number))).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(ended.len(), 4 * EACH);
    while !ended.is_empty() {
        // The last connections of other scenarios may end only now.
        if let Some(sessid) = events.event().unwrap()["verto_sessid"].as_str() {
            ended.remove(sessid);
        }
    }
    rig.switch.until("show channels count", "0 total");
    let status = rig.switch.until("verto status", " 0 clients");
    assert!(!status.contains("CONN_"), "{status}");
}

/// Every other one with a call that rings, every third punted from two sides at once, of which one finds it.
fn login_and_punt(number: usize, turn: usize) -> String {
    let (mut verto, sessid) = session(&format!("u{number}"));
    if turn % 2 == 1 {
        call(&mut verto, "ring");
    }
    let mut esl = [running::connect().unwrap(), running::connect().unwrap()];
    let sides = if turn.is_multiple_of(3) { 2 } else { 1 };
    for esl in &mut esl[..sides] {
        esl.send(&format!("verto_punt {sessid}")).unwrap();
    }
    let said: Vec<String> = esl[..sides]
        .iter_mut()
        .map(|esl| esl.receive().unwrap())
        .collect();
    assert_eq!(
        said.iter().filter(|said| said.starts_with("+OK")).count(),
        1,
        "{said:?}"
    );
    verto.asked("verto.punt");
    assert_eq!(verto.closed(), Some(1000));
    sessid
}
