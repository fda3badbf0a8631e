//! Browsers without a screen, through the web server's own door: sign-in, session, `/verto`, calls with sound.

mod attacks;
mod doors;
mod load;
mod patched;

use std::net::UdpSocket;
use std::time::Duration;

use libtest_mimic::Trial;
use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::group::Group;
use crate::handset::Handset;
use crate::ports;
use crate::rig::{DOMAINS, Rig, password};
use crate::running::Running;
use crate::sipp::{Sipp, row};
use crate::site::Site;
use crate::sound::Sound;
use crate::surfer::{HASH, Session, Surfer};
use crate::verto::Verto;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("browsers", start).add(
        trials,
        &[
            ("a_browser_calls_a_phone_and_both_hear", calls_a_phone),
            ("a_phone_calls_a_browser", called_by_a_phone),
            ("a_browser_speaks_what_it_likes_best", speaks_what_it_likes_best),
            ("a_browser_reaches_a_mailbox", reaches_a_mailbox),
            ("presence_follows_logins", presence_follows_logins),
            ("who_has_no_business_here_is_refused", doors::refused),
            (
                "another_session_does_not_disturb_the_rightful_one",
                doors::rightful_session_keeps_its_call,
            ),
            (
                "an_expired_client_is_refused_and_renewing_keeps_the_socket",
                doors::expiry,
            ),
            ("a_sign_out_ends_the_socket", doors::sign_out),
            ("every_attack_is_stopped_and_counted", attacks::through_the_proxy),
            (
                "what_a_stock_switch_lets_a_client_bring_changes_nothing",
                attacks::past_the_proxy,
            ),
        ],
    );
    Group::new("verto_patched", start)
        .needs(crate::punt::unpatched)
        .add(
            trials,
            &[(
                "a_wrong_session_is_refused_before_it_is_logged_in",
                patched::wrong_session,
            )],
        );
    Group::new("verto_load", load::start).add(
        trials,
        &[(
            "five_hundred_browsers_stay_and_are_answered",
            load::five_hundred_sockets,
        )],
    );
}

/// A whole switch whose people may sign in, each with [`crate::surfer::PASSWORD`].
pub(crate) fn start() -> Rig {
    start_with(Rig::whole_site())
}

/// The same with these files.
fn start_with(site: Site) -> Rig {
    let database = Connection::open(site.database()).unwrap();
    let sql = "UPDATE user SET password_hash = ?1 WHERE domain_id IS NOT NULL";
    database.execute(sql, [HASH]).unwrap();
    drop(database);
    let mut switch = Running::start(&site);
    switch.until("sofia status", "RUNNING");
    switch.until("verto status", "RUNNING");
    // The scenarios of a group leave their clients behind.
    switch.ok("pbx setting set clients-per-user 100");
    switch.ok("pbx setting set clients-per-channel 100");
    Rig { site, switch }
}

/// The channel of an extension.
pub(crate) fn channel(switch: &mut Running, number: &str, domain: &str) -> String {
    let shown = switch.ok(&format!("pbx channel show {number}@{domain} json"));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    shown["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{shown}"))
        .to_owned()
}

/// A person's browser, its session, and its socket, logged in.
pub(crate) fn browser(rig: &mut Rig, user: &str, number: &str) -> (Surfer, Session, Verto) {
    let channel = channel(&mut rig.switch, number, DOMAINS[0]);
    let surfer = Surfer::sign_in(user, DOMAINS[0]);
    let session = surfer.session(&channel);
    let verto = surfer.log_in(&session);
    (surfer, session, verto)
}

/// A phone of `username` that sends back what it hears.
pub(crate) fn echo_phone(rig: &Rig, username: &str, calls: usize) -> crate::sipp::Started {
    let domain = DOMAINS[0];
    let port = ports::phone();
    let rows = vec![row(username, domain, "", &password(username, domain))];
    Sipp::new(&rig.site, "register", rows)
        .port(port)
        .key("expires", "120")
        .run();
    take_lamp(port);
    Sipp::new(&rig.site, "echo", Vec::new())
        .port(port)
        .calls(calls, 1)
        .echo()
        .start()
}

/// Answers the NOTIFY about the mailbox that follows a registration, as soon as the switch comes to it: for sipp it would
/// be the call, and the INVITE would find nobody.
fn take_lamp(port: u16) {
    let socket = UdpSocket::bind(("127.0.0.1", port)).expect("sipp has left it");
    socket.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    let mut buffer = [0; 4096];
    // None: it came while nobody listened, and comes no more.
    let Ok((length, from)) = socket.recv_from(&mut buffer) else {
        return;
    };
    let asked = String::from_utf8_lossy(&buffer[..length]);
    assert!(asked.starts_with("NOTIFY"), "{asked}");
    let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
    let lines = asked
        .lines()
        .filter(|line| copied.iter().any(|name| line.starts_with(name)));
    let head = lines.fold(String::new(), |head, line| head + line + "\r\n");
    let answer = format!("SIP/2.0 200 OK\r\n{head}Content-Length: 0\r\n\r\n");
    socket.send_to(answer.as_bytes(), from).unwrap();
}

/// Calls `number`; the call's id. The tone starts as soon as the switch says where to.
pub(crate) fn call(verto: &mut Verto, sound: &Sound, number: &str) -> String {
    let call = Uuid::new_v4().to_string();
    let params = json!({"sdp": sound.sdp(), "dialogParams": {
        "callID": call, "destination_number": number,
        // What a page may claim and the proxy leaves out.
        "caller_id_name": "The President", "caller_id_number": "110",
    }});
    let answer = verto.ask("verto.invite", &params);
    assert_eq!(answer["result"]["callID"], call.as_str(), "{answer}");
    call
}

/// Waits until the switch has said where the sound goes, and sends the tone there.
pub(crate) fn connected(verto: &mut Verto, sound: &Sound) {
    let said = verto.asked_any(&["verto.media", "verto.answer"]);
    sound.send_to(said["params"]["sdp"].as_str().unwrap_or_else(|| panic!("{said}")));
    if said["method"] == "verto.media" {
        verto.asked("verto.answer");
    }
}

/// Hangs up.
pub(crate) fn hang_up(verto: &mut Verto, call: &str) {
    let answer = verto.ask("verto.bye", &json!({"dialogParams": {"callID": call}}));
    assert_eq!(answer["result"]["message"], "CALL ENDED", "{answer}");
}

#[track_caller]
pub(crate) fn no_calls(rig: &mut Rig) {
    rig.switch.until("show channels count", "0 total.");
}

fn calls_a_phone(rig: &mut Rig) {
    let phone = echo_phone(rig, "bob", 1);
    let (_, _, mut verto) = browser(rig, "alice", "1001");
    let sound = Sound::new();
    let id = call(&mut verto, &sound, "1002");
    connected(&mut verto, &sound);
    // Its own tone, by way of the phone: both directions.
    sound.hears(100);
    // Who calls is what the database says, not what the page claims.
    let shown = rig.switch.ok("show channels as json");
    assert!(
        shown.contains("\"1001\"") && !shown.contains("President"),
        "{shown}"
    );
    hang_up(&mut verto, &id);
    phone.succeed();
    no_calls(rig);
}

/// Of what a browser offers the switch takes the first, and understands those without opus as well.
fn speaks_what_it_likes_best(rig: &mut Rig) {
    let codecs = rig.switch.ok("show codec");
    let (_, _, mut verto) = browser(rig, "alice", "1001");
    for (payloads, maps, taken) in [
        ("111 9 8 0", "a=rtpmap:111 opus/48000/2", "opus/48000"),
        ("9 8 0", "a=rtpmap:9 G722/8000", "G722/8000"),
        ("8 0", "a=rtpmap:8 PCMA/8000", "PCMA/8000"),
        ("8", "a=rtpmap:8 PCMA/8000", "PCMA/8000"),
        ("0", "a=rtpmap:0 PCMU/8000", "PCMU/8000"),
    ] {
        // A switch may be built, or loaded, without the one or the other.
        let name = taken.split('/').next().unwrap_or_default().to_ascii_lowercase();
        if !["pcma", "pcmu"].contains(&&*name) && !codecs.to_ascii_lowercase().contains(&name) {
            continue;
        }
        let sound = Sound::new();
        let sdp = sound.sdp().replace("RTP/AVP 0", &format!("RTP/AVP {payloads}"));
        let sdp = sdp.replace("a=rtpmap:0 PCMU/8000", maps);
        let id = Uuid::new_v4().to_string();
        let params = json!({"sdp": sdp, "dialogParams": {"callID": id, "destination_number": "*43"}});
        let answer = verto.ask("verto.invite", &params);
        assert_eq!(answer["result"]["callID"], id.as_str(), "{payloads}: {answer}");
        let said = verto.asked_any(&["verto.media", "verto.answer"]);
        let answered = said["params"]["sdp"].as_str().unwrap_or_default();
        let first = answered.lines().find(|line| line.starts_with("a=rtpmap:"));
        assert!(
            first.is_some_and(|map| map.contains(taken)),
            "{payloads}: {answered}"
        );
        if said["method"] == "verto.media" {
            verto.asked("verto.answer");
        }
        hang_up(&mut verto, &id);
        no_calls(rig);
    }
}

/// The switch offers DTLS to whom it calls, which this browser without a screen does not speak: that both hear is
/// for the real one (see `chromium`). Here: that it rings, and who it is said to be.
fn called_by_a_phone(rig: &mut Rig) {
    let (_, _, mut verto) = browser(rig, "bob", "1002");
    rig.switch.until("pbx presence 1002@acme.test json", "online");
    let phone = Handset::new("alice", DOMAINS[0]).registered();
    let calling = phone.call("1002");
    let offered = verto.asked("verto.invite");
    let params = &offered["params"];
    assert_eq!(params["caller_id_number"], "1001", "{offered}");
    assert!(
        params["caller_id_name"].as_str().unwrap().starts_with("alice"),
        "{offered}"
    );
    assert!(
        params["variables"].is_null() && !offered.to_string().contains("FreeSWITCH-"),
        "{offered}"
    );
    rig.switch.until("pbx presence 1002@acme.test json", "ringing");
    // Who declines sends the caller to the mailbox.
    let declined = json!({"cause": "USER_BUSY", "dialogParams": {"callID": params["callID"]}});
    assert_eq!(
        verto.ask("verto.bye", &declined)["result"]["message"],
        "CALL ENDED"
    );
    let answer = calling.until_answered(200);
    calling.hang_up(&answer);
    no_calls(rig);
}

fn reaches_a_mailbox(rig: &mut Rig) {
    let (_, _, mut verto) = browser(rig, "alice", "1001");
    let sound = Sound::new();
    let id = call(&mut verto, &sound, "1003");
    connected(&mut verto, &sound);
    rig.switch.until("show channels", "voicemail");
    // Whatever it says, packets come.
    crate::wait::until("packets", crate::wait::SOON, || {
        (sound.heard().0 > 25).then_some(())
    });
    hang_up(&mut verto, &id);
    no_calls(rig);
}

fn presence_follows_logins(rig: &mut Rig) {
    let state = |rig: &mut Rig, wanted: &str| {
        rig.switch.until(
            "pbx presence 1003@acme.test json",
            &format!("\"state\":\"{wanted}\""),
        );
    };
    state(rig, "offline");
    let (surfer, session, verto) = browser(rig, "carol", "1003");
    state(rig, "online");
    // A second browser of the same person is its own client.
    let (_, _, second) = browser(rig, "carol", "1003");
    let listed = rig.switch.ok("pbx client list");
    assert!(listed.contains(&session.session), "{listed}");
    verto.cut();
    rig.switch.until("verto status", "1 client");
    state(rig, "online");
    second.cut();
    state(rig, "offline");
    // Back with the same session, and ended by name.
    let mut verto = surfer.log_in(&session);
    state(rig, "online");
    rig.switch.ok(&format!("pbx punt {}", session.session));
    verto.asked("verto.punt");
    verto.closed();
    state(rig, "offline");
    rig.switch.refused(&format!("pbx punt {}", session.session));
}
