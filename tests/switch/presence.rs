//! Who is online: phones come, go, ring and break off, and the switch, the module and lamps say so.

mod contacts;

use std::thread::sleep;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::Value;

use crate::group::{Group, note};
use crate::handset::Handset;
use crate::rig::{DOMAINS, Rig, password};
use crate::wait;

const ACME: &str = DOMAINS[0];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("presence", rig).add(
        trials,
        &[
            (
                "every_phone_of_an_extension_rings_and_one_answer_stops_the_rest",
                every_phone_of_an_extension_rings_and_one_answer_stops_the_rest,
            ),
            (
                "a_line_has_no_more_phones_than_it_may",
                a_line_has_no_more_phones_than_it_may,
            ),
            ("a_phone_unregisters", a_phone_unregisters),
            ("a_connection_closes", a_connection_closes),
            (
                "a_phone_behind_nat_is_called_back",
                a_phone_behind_nat_is_called_back,
            ),
            ("a_registration_runs_out", a_registration_runs_out),
            (
                "a_lamp_follows_ringing_busy_and_idle",
                a_lamp_follows_ringing_busy_and_idle,
            ),
            ("the_module_is_reloaded", the_module_is_reloaded),
            ("the_switch_is_killed", the_switch_is_killed),
            (
                "a_contact_that_is_no_phone_is_not_called",
                contacts::a_contact_that_is_no_phone_is_not_called,
            ),
            (
                "another_lines_contact_takes_nobody_off",
                contacts::another_lines_contact_takes_nobody_off,
            ),
        ],
    );
}

/// A switch where alice has a second line.
fn rig() -> Rig {
    let mut rig = Rig::whole();
    let secret = password("alice-desk", ACME);
    rig.switch.ok(&format!(
        "pbx line add alice-desk@{ACME} --extension 1001 --password {secret}"
    ));
    rig.switch
        .ok(&format!("pbx extension set 1001@{ACME} --ring-seconds 20"));
    wait::until("presence to have asked the switch", wait::SOON, || {
        (seen(&mut rig, "1001")["settled"] == true).then_some(())
    });
    rig
}

/// What `pbx presence` says of an extension.
fn seen(rig: &mut Rig, number: &str) -> Value {
    let said = rig.switch.ok(&format!("pbx presence {number}@{ACME} json"));
    serde_json::from_str(&said).unwrap()
}

/// Waits until an extension is in this state; how long that took.
#[track_caller]
fn until_state(rig: &mut Rig, number: &str, state: &str, limit: Duration) -> Duration {
    let begun = Instant::now();
    loop {
        let said = seen(rig, number);
        if said["state"] == state {
            return begun.elapsed();
        }
        assert!(
            begun.elapsed() < limit,
            "waited {limit:?} for {number} to be {state}: {said:#}"
        );
        sleep(Duration::from_millis(20));
    }
}

/// All phones of earlier scenarios are gone.
///
/// mod_sofia queues the flush and writes a registration at once: one that comes too early would be taken along
/// without a word.
fn clear(rig: &mut Rig) {
    let list = "sofia status profile internal reg";
    let nobody = "Total items returned: 0\n";
    if !rig.switch.api(list).contains(nobody) {
        rig.switch.api("sofia profile internal flush_inbound_reg");
        rig.switch.until(list, nobody);
    }
    for number in ["1001", "1002", "1003"] {
        until_state(rig, number, "offline", wait::SOON);
    }
}

fn every_phone_of_an_extension_rings_and_one_answer_stops_the_rest(rig: &mut Rig) {
    let home = Handset::new("alice", ACME).registered();
    let mobile = Handset::on("alice", ACME, "127.0.0.2").registered();
    let desk = Handset::on_tcp("alice-desk", ACME).registered();
    let bob = Handset::new("bob", ACME).registered();
    wait::until("three phones", wait::SOON, || {
        let lines = seen(rig, "1001")["lines"].clone();
        let phones = |line: &Value| line["registrations"].as_array().map_or(0, Vec::len);
        (lines.as_array()?.iter().map(phones).sum::<usize>() == 3).then_some(())
    });
    let call = bob.call("1001");
    let invites = [&home, &mobile, &desk].map(|phone| phone.rings(1));
    until_state(rig, "1001", "ringing", wait::SOON);
    mobile.pick_up(&invites[1]);
    let answer = call.until_answered(200);
    home.until_told("CANCEL", &invites[0]);
    desk.until_told("CANCEL", &invites[2]);
    until_state(rig, "1001", "busy", wait::SOON);
    assert_eq!(seen(rig, "1002")["state"], "busy");
    // Whom it called, not the phone's own idea of a user.
    let shown = answer
        .header("Remote-Party-ID")
        .or(answer.header("P-Asserted-Identity"));
    assert!(shown.is_some_and(|id| id.contains("1001@")), "{}", answer.text);
    call.hang_up(&answer);
    mobile.until_told("BYE", &invites[1]);
    until_state(rig, "1001", "online", wait::SOON);
    clear(rig);
}

/// A third phone is refused where two may be, a refresh never, and there is room again when one has gone.
fn a_line_has_no_more_phones_than_it_may(rig: &mut Rig) {
    rig.switch
        .ok(&format!("pbx line set carol@{ACME} --max-registrations 2"));
    let [home, mobile, third] =
        ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map(|ip| Handset::on("carol", ACME, ip));
    assert_eq!((home.register(120), mobile.register(120)), (200, 200));
    assert_eq!(third.register(120), 403);
    assert_eq!((home.register(120), mobile.register(120)), (200, 200));
    wait::until("two phones", wait::SOON, || {
        let phones = seen(rig, "1003")["lines"][0]["registrations"].as_array()?.len();
        (phones == 2).then_some(())
    });
    assert_eq!(home.register(0), 200);
    assert_eq!(third.register(120), 200);
    rig.switch
        .ok(&format!("pbx line set carol@{ACME} --max-registrations 5"));
    clear(rig);
}

fn a_phone_unregisters(rig: &mut Rig) {
    let phone = Handset::new("carol", ACME).registered();
    until_state(rig, "1003", "online", wait::SOON);
    assert_eq!(phone.register(0), 200);
    let took = until_state(rig, "1003", "offline", wait::SOON);
    note(&format!("after {took:.0?}; "));
}

fn a_connection_closes(rig: &mut Rig) {
    let phone = Handset::on_tcp("carol", ACME).registered();
    until_state(rig, "1003", "online", wait::SOON);
    phone.unplug();
    let took = until_state(rig, "1003", "offline", wait::SOON);
    note(&format!("after {took:.0?}; "));
    // And a phone that comes back on another connection, under the same Call-ID, stays.
    let phone = Handset::on_tcp("carol", ACME).registered();
    let again = phone.on_a_new_connection().registered();
    phone.unplug();
    sleep(Duration::from_secs(2));
    assert_eq!(seen(rig, "1003")["state"], "online");
    drop(again);
    clear(rig);
}

/// The Contact is an address on the inside: INVITE, ACK and BYE go where the REGISTER came from.
fn a_phone_behind_nat_is_called_back(rig: &mut Rig) {
    let phone = Handset::new("carol", ACME)
        .claiming("<sip:carol@192.168.77.9:5060;ob>")
        .registered();
    let bob = Handset::new("bob", ACME).registered();
    until_state(rig, "1003", "online", wait::SOON);
    let call = bob.call("1003");
    let invite = phone.rings(1);
    assert!(
        invite
            .text
            .starts_with("INVITE sip:carol@192.168.77.9:5060;ob SIP/2.0"),
        "{}",
        invite.text
    );
    phone.pick_up(&invite);
    let answer = call.until_answered(200);
    phone.until_told("ACK", &invite);
    call.hang_up(&answer);
    phone.until_told("BYE", &invite);
    clear(rig);
}

/// By our own clock: mod_sofia sweeps up to 30 s later, and says so then.
fn a_registration_runs_out(rig: &mut Rig) {
    let phone = Handset::new("carol", ACME);
    let begun = Instant::now();
    assert_eq!(phone.register(60), 200);
    until_state(rig, "1003", "online", wait::SOON);
    // A minute for the phone, and one for a refresh that is late.
    sleep(Duration::from_secs(118).saturating_sub(begun.elapsed()));
    assert_eq!(seen(rig, "1003")["state"], "online");
    until_state(rig, "1003", "offline", Duration::from_secs(4));
    note(&format!("after {:.1?}; ", begun.elapsed()));
}

fn a_lamp_follows_ringing_busy_and_idle(rig: &mut Rig) {
    let home = Handset::new("alice", ACME).registered();
    let desk = Handset::new("alice-desk", ACME).registered();
    let bob = Handset::new("bob", ACME).registered();
    let watcher = Handset::new("carol", ACME).registered();
    until_state(rig, "1001", "online", wait::SOON);
    watcher.watch("1001");
    watcher.watch("1002");
    sleep(Duration::from_millis(500));
    let call = bob.call("1001");
    watcher.until_lamp("1001", "early");
    watcher.until_lamp("1002", "confirmed");
    // One phone rejects, the other goes on ringing: so does the lamp.
    let (at_home, at_desk) = (home.rings(1), desk.rings(1));
    home.reject(&at_home);
    until_state(rig, "1001", "ringing", wait::SOON);
    sleep(Duration::from_millis(500));
    watcher.until_lamp("1001", "early");
    desk.pick_up(&at_desk);
    let answer = call.until_answered(200);
    watcher.until_lamp("1001", "confirmed");
    // Who subscribes in the middle of it sees it as well.
    let late = Handset::new("carol", ACME).registered();
    late.watch("1001");
    late.until_lamp("1001", "confirmed");
    // A stranger is told nothing: neither without a password nor with a wrong one.
    let stranger = Handset::on("nobody", ACME, "127.0.0.66");
    assert_eq!(stranger.asks_to_watch("1001"), 401);
    // A stranger says that she is gone, which mod_sofia takes from anybody: the lamp is lit again.
    let before = watcher.notified("1001");
    stranger.publish_as("1001");
    wait::until("the lamp to be told", wait::SOON, || {
        (watcher.notified("1001") > before).then_some(())
    });
    wait::until("the lamp to be lit again", wait::SOON, || {
        (!watcher.is_dark("1001")).then_some(())
    });
    watcher.until_lamp("1001", "confirmed");
    call.hang_up(&answer);
    for (phone, number) in [(&watcher, "1001"), (&watcher, "1002"), (&late, "1001")] {
        phone.until_lamp(number, "terminated");
    }
    assert_eq!(stranger.notified("1001"), 0);
    let lamp = watcher.lamp("1002");
    assert_eq!(
        lamp,
        ["confirmed", "terminated"],
        "a caller's lamp is busy, and nothing else"
    );
    note(&format!("1001 showed {}; ", watcher.lamp("1001").join(" ")));
    clear(rig);
}

fn the_module_is_reloaded(rig: &mut Rig) {
    let home = Handset::new("alice", ACME).registered();
    let desk = Handset::on_tcp("alice-desk", ACME).registered();
    let bob = Handset::new("bob", ACME).registered();
    let watcher = Handset::new("carol", ACME).registered();
    until_state(rig, "1002", "online", wait::SOON);
    watcher.watch("1001");
    let call = bob.call("1001");
    let (at_home, at_desk) = (home.rings(1), desk.rings(1));
    desk.pick_up(&at_desk);
    let answer = call.until_answered(200);
    home.until_told("CANCEL", &at_home);
    until_state(rig, "1001", "busy", wait::SOON);
    watcher.until_lamp("1001", "confirmed");
    rig.switch.ok("unload mod_pbx");
    watcher.until_lamp("1001", "terminated");
    rig.switch.ok("load mod_pbx");
    let took = until_state(rig, "1001", "busy", wait::SOON);
    note(&format!("after {took:.0?}; "));
    let lines = seen(rig, "1001")["lines"].clone();
    let phones: Vec<_> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["registrations"][0]["called"].clone())
        .collect();
    assert_eq!(phones, [true, true], "{lines:#}");
    assert_eq!(seen(rig, "1002")["state"], "busy");
    // Who subscribed before the module was there.
    watcher.until_lamp("1001", "confirmed");
    call.hang_up(&answer);
    until_state(rig, "1001", "online", wait::SOON);
    watcher.until_lamp("1001", "terminated");
    // Both still ring, the one on TCP on its connection.
    let call = bob.call("1001");
    home.rings(2);
    let at_desk = desk.rings(2);
    desk.pick_up(&at_desk);
    call.hang_up(&call.until_answered(200));
    clear(rig);
}

/// The switch's own database keeps registrations; those on a connection died with it.
fn the_switch_is_killed(rig: &mut Rig) {
    let home = Handset::new("alice", ACME).registered();
    let lost = Handset::on_tcp("carol", ACME).registered();
    let bob = Handset::new("bob", ACME).registered();
    bob.watch("1001");
    until_state(rig, "1003", "online", wait::SOON);
    until_state(rig, "1001", "online", wait::SOON);
    let call = bob.call("1001");
    home.rings(1);
    until_state(rig, "1001", "ringing", wait::SOON);
    drop(call);
    rig.kill_and_start_again();
    let took = until_state(rig, "1001", "online", Duration::from_secs(5));
    note(&format!("after {took:.0?}; "));
    assert_eq!(seen(rig, "1003")["state"], "offline");
    assert_eq!(seen(rig, "1002")["state"], "online");
    drop(lost);
    let call = bob.call("1001");
    let invite = home.rings(2);
    home.pick_up(&invite);
    let answer = call.until_answered(200);
    // The switch's own database keeps subscriptions as well.
    bob.until_lamp("1001", "confirmed");
    call.hang_up(&answer);
    bob.until_lamp("1001", "terminated");
    clear(rig);
}
