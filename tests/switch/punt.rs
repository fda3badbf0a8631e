//! The patched mod_verto of `patches/`: a login needs a session id, the directory is told it, and `verto_punt`
//! ends exactly the session it names. Ignored where the switch's mod_verto has no such command.
//!
//! The directory is the test's own, behind mod_xml_curl: nothing here depends on mod_pbx.

mod calls;
mod login;
mod setup;

use std::thread::sleep;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::json;
use uuid::Uuid;

pub(crate) use self::setup::unpatched;
use self::setup::{DOMAIN, disconnected, events, punt, session};
use crate::group::Group;
use crate::rig::Rig;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("verto_punt", setup::start).needs(unpatched).add(
        trials,
        &[
            (
                "a_login_without_a_session_id_is_refused",
                login::a_login_without_a_session_id_is_refused,
            ),
            (
                "a_session_id_that_cannot_be_named_is_refused",
                login::a_session_id_that_cannot_be_named_is_refused,
            ),
            (
                "a_connection_keeps_its_session_id",
                login::a_connection_keeps_its_session_id,
            ),
            (
                "the_directory_is_told_the_real_session_id",
                login::the_directory_is_told_the_real_session_id,
            ),
            (
                "the_named_session_ends_and_no_other",
                the_named_session_ends_and_no_other,
            ),
            ("an_unknown_session_is_an_error", an_unknown_session_is_an_error),
            ("tab_completes_the_sessions", tab_completes_the_sessions),
            ("half_a_frame_does_not_delay_it", half_a_frame_does_not_delay_it),
            (
                "calls_are_detached_as_after_a_lost_connection",
                calls::calls_are_detached_as_after_a_lost_connection,
            ),
            (
                "a_session_that_comes_back_at_once_gets_its_call",
                calls::a_session_that_comes_back_at_once_gets_its_call,
            ),
            (
                "two_hundred_logins_and_punts_leave_nothing",
                calls::two_hundred_logins_and_punts_leave_nothing,
            ),
        ],
    );
}

fn the_named_session_ends_and_no_other(rig: &mut Rig) {
    let mut events = events();
    let ((mut one, first), (mut other, second)) = (session("u1"), session("u1"));
    let contact = rig.switch.api(&format!("verto_contact u1@{DOMAIN}"));
    assert!(contact.contains(&first) && contact.contains(&second), "{contact}");
    punt(&mut rig.switch, &first);
    let contact = rig.switch.api(&format!("verto_contact u1@{DOMAIN}"));
    assert!(
        !contact.contains(&first) && contact.contains(&second),
        "{contact}"
    );
    one.asked("verto.punt");
    assert_eq!(one.closed(), Some(1000));
    let gone = disconnected(&mut events, &one.address());
    assert_eq!(gone["verto_sessid"], first.as_str(), "{gone}");
    assert_eq!(gone["verto_login"], "u1@verto.test");
    assert_eq!(
        other.ask("echo", &json!({"x": 1}))["result"]["sessid"],
        second.as_str()
    );
    let log = rig.site.log();
    assert!(
        log.contains(&format!("Punting session {}...", &first[..8])),
        "a prefix is logged"
    );
    let whole: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("Punt") && line.contains(&first))
        .collect();
    assert_eq!(whole, Vec::<&str>::new(), "no more than that");
}

fn an_unknown_session_is_an_error(rig: &mut Rig) {
    let (mut verto, sessid) = session("u1");
    let said = rig.switch.refused("verto_punt");
    assert!(said.contains("verto_punt <sessid>"), "{said}");
    for unknown in [&sessid[..8], &sessid.to_uppercase(), &Uuid::new_v4().to_string()] {
        let said = rig.switch.refused(&format!("verto_punt {unknown}"));
        assert!(said.contains("No connection is logged in"), "{said}");
    }
    punt(&mut rig.switch, &sessid);
    rig.switch.refused(&format!("verto_punt {sessid}"));
    verto.closed();
}

fn tab_completes_the_sessions(rig: &mut Rig) {
    let (_verto, sessid) = session("u1");
    rig.switch.until("console_complete verto_punt ", &sessid);
    punt(&mut rig.switch, &sessid);
    let left = rig.switch.api("console_complete verto_punt ");
    assert!(!left.contains(&sessid), "{left}");
}

/// A client that feeds a frame byte by byte would keep its thread reading for ever.
fn half_a_frame_does_not_delay_it(rig: &mut Rig) {
    let mut events = events();
    let (mut verto, sessid) = session("u1");
    // A masked text frame that announces 61,440 bytes.
    verto.send_raw(&[0x81, 0x80 | 126, 0xf0, 0, 0, 0, 0, 0]);
    verto.send_raw(&[b' '; 500]);
    // So that the switch has begun to read it.
    sleep(Duration::from_millis(300));
    let start = Instant::now();
    punt(&mut rig.switch, &sessid);
    let gone = disconnected(&mut events, &verto.address());
    assert_eq!(gone["verto_sessid"], sessid.as_str());
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "took {:?}",
        start.elapsed()
    );
}
