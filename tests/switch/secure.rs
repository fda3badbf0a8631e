//! Ports that a stranger gets nothing at: TLS, SRTP, source addresses, and what the switch tells of itself.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::group::{Group, note};
use crate::handset::Handset;
use crate::ports::ports;
use crate::rig::{DOMAINS, Rig};
use crate::running::Running;
use crate::site::Site;
use crate::softphone::Softphone;
use crate::wait;

const ACME: &str = DOMAINS[0];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("secure", rig).add(
        trials,
        &[
            ("a_call_over_tls_and_srtp", a_call_over_tls_and_srtp),
            (
                "a_line_that_requires_srtp_has_no_call_without",
                a_line_that_requires_srtp_has_no_call_without,
            ),
            (
                "a_phone_that_must_encrypt_is_offered_nothing_else",
                a_phone_that_must_encrypt_is_offered_nothing_else,
            ),
            (
                "an_address_that_is_not_the_lines",
                an_address_that_is_not_the_lines,
            ),
            ("older_tls_is_refused", older_tls_is_refused),
            ("nobody_is_told_the_version", nobody_is_told_the_version),
            ("phones_behind_nat_are_reported", phones_behind_nat_are_reported),
            (
                "a_missing_certificate_is_reported",
                a_missing_certificate_is_reported,
            ),
        ],
    );
}

/// A switch with one domain, TLS with a certificate of its own, and carol without a mailbox.
fn rig() -> Rig {
    let site = Rig::whole_site();
    site.load_only(&["mod_pbx"]);
    let folder = certificate(&site);
    let mut switch = Running::start(&site);
    switch.ok(&format!("pbx domain delete {} --with-everything", DOMAINS[1]));
    for (name, value) in [
        ("sip-tls", "yes"),
        ("sip-tls-port", &ports().tls.to_string()),
        ("sip-tls-directory", &folder),
    ] {
        switch.ok(&format!("pbx setting set {name} {value}"));
    }
    switch.ok(&format!("pbx extension set 1003@{ACME} --voicemail no"));
    switch.stop();
    site.load_all();
    let mut switch = Running::start(&site);
    switch.until("sofia status", "RUNNING");
    Rig { site, switch }
}

/// Makes `tls/agent.pem` and `tls/cafile.pem` as the switch wants them; their folder.
pub(crate) fn certificate(site: &Site) -> String {
    let folder = site.path("tls");
    fs::create_dir(&folder).unwrap();
    let (key, own) = (folder.join("key.pem"), folder.join("cafile.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "2", "-subj", &format!("/CN={ACME}"), "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&own)
        .output()
        .expect("openssl is there");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let agent = [fs::read(&own).unwrap(), fs::read(&key).unwrap()].concat();
    fs::write(folder.join("agent.pem"), agent).unwrap();
    folder.display().to_string()
}

fn status(rig: &mut Rig) -> Value {
    serde_json::from_str(&rig.switch.ok("pbx status json")).unwrap()
}

/// The warnings of `pbx status` with this word in them.
fn warnings(rig: &mut Rig, word: &str) -> Vec<String> {
    let said = status(rig);
    let all = said["warnings"].as_array().unwrap().iter();
    all.filter_map(Value::as_str)
        .filter(|warning| warning.contains(word))
        .map(str::to_owned)
        .collect()
}

/// The switch's channels: their ids.
fn channels(rig: &mut Rig) -> Vec<String> {
    let said: Value = serde_json::from_str(&rig.switch.api("show channels as json")).unwrap();
    let rows = said["rows"].as_array().cloned().unwrap_or_default();
    rows.iter()
        .filter_map(|row| row["uuid"].as_str())
        .map(str::to_owned)
        .collect()
}

fn hang_up(rig: &mut Rig) {
    rig.switch.api("hupall");
    rig.switch.until("show channels count", "0 total.");
}

/// Both lines require it; the phone hears the other one's tone through it.
fn a_call_over_tls_and_srtp(rig: &mut Rig) {
    assert_eq!(warnings(rig, "sip-tls"), Vec::<String>::new());
    for line in ["alice", "bob"] {
        rig.switch
            .ok(&format!("pbx line set {line}@{ACME} --srtp required"));
    }
    let mut phone = Softphone::start(&rig.site, &["alice", "bob"], ACME);
    let list = rig.switch.api("sofia status profile internal reg");
    assert_eq!(list.matches("transport=tls").count(), 2, "{list}");
    wait::until("both to be online", wait::SOON, || {
        let said = rig.switch.ok("pbx status json");
        let said: Value = serde_json::from_str(&said).ok()?;
        (said["presence"]["registrations"] == 2).then_some(())
    });
    let uuid = phone.call("alice", "1002", "mandatory").expect("bob answers");
    let loudness = phone.loudness(&uuid);
    assert!(loudness > 500.0, "alice hears {loudness}");
    let legs = channels(rig);
    assert_eq!(legs.len(), 2, "{legs:?}");
    for leg in &legs {
        let mut is = |name: &str| rig.switch.api(&format!("uuid_getvar {leg} {name}"));
        assert_eq!(is("rtp_secure_audio_confirmed").trim(), "true", "{leg}");
        note(&format!("{}, ", is("rtp_secure_media_negotiated").trim()));
    }
    note(&format!("loudness {loudness:.0}; "));
    hang_up(rig);
    // The same phone without encryption: no call.
    let refused = phone.call("alice", "1002", "forbidden").unwrap_err();
    assert!(refused.contains("INCOMPATIBLE_DESTINATION"), "{refused}");
    rig.switch.until("show channels count", "0 total.");
    for line in ["alice", "bob"] {
        rig.switch
            .ok(&format!("pbx line set {line}@{ACME} --srtp optional"));
    }
}

/// alice's phone offers plain RTP: refused, and nobody is disturbed.
fn a_line_that_requires_srtp_has_no_call_without(rig: &mut Rig) {
    rig.switch
        .ok(&format!("pbx line set alice@{ACME} --srtp required"));
    let alice = Handset::new("alice", ACME).registered();
    let carol = Handset::new("carol", ACME).registered();
    until_online(rig, "1003");
    let call = alice.call("1003");
    call.until_answered(488);
    assert!(carol.invites().is_empty());
    // A call for help goes on; there is no gateway here that would take it.
    alice.call("112").until_answered(503);
    rig.switch
        .ok(&format!("pbx line set alice@{ACME} --srtp optional"));
    let call = alice.call("1003");
    let invite = carol.rings(1);
    carol.pick_up(&invite);
    call.hang_up(&call.until_answered(200));
    hang_up(rig);
}

/// carol's line requires it: her phone is offered RTP/SAVP only, and an answer without is no answer.
fn a_phone_that_must_encrypt_is_offered_nothing_else(rig: &mut Rig) {
    rig.switch
        .ok(&format!("pbx line set carol@{ACME} --srtp required"));
    let alice = Handset::new("alice", ACME).registered();
    let carol = Handset::new("carol", ACME).registered();
    until_online(rig, "1003");
    let call = alice.call("1003");
    let invite = carol.rings(1);
    assert!(
        invite.text.contains("RTP/SAVP") && invite.text.contains("a=crypto:"),
        "{}",
        invite.text
    );
    assert!(!invite.text.contains("RTP/AVP"), "{}", invite.text);
    carol.pick_up(&invite);
    carol.until_told("BYE", &invite);
    wait::until("the caller to be told", wait::SOON, || {
        let is_final = |m: &crate::wire::Message| {
            m.status >= 200 && m.header("CSeq").is_some_and(|c| c.contains("INVITE")) && m.status != 407
        };
        alice
            .heard()
            .iter()
            .find(|m| is_final(m))
            .map(|m| assert_ne!(m.status, 200, "{}", m.text))
    });
    drop(call);
    rig.switch
        .ok(&format!("pbx line set carol@{ACME} --srtp optional"));
    hang_up(rig);
}

fn until_online(rig: &mut Rig, number: &str) {
    rig.switch.until(
        &format!("pbx presence {number}@{ACME} json"),
        "\"state\":\"online\"",
    );
}

/// The password alone is not enough from elsewhere: to register, to call, to watch.
fn an_address_that_is_not_the_lines(rig: &mut Rig) {
    rig.switch.ok(&format!(
        "pbx line set carol@{ACME} --source-acl \"127.0.0.20/31 127.0.0.30\""
    ));
    for ip in ["127.0.0.20", "127.0.0.21", "127.0.0.30"] {
        let phone = Handset::on("carol", ACME, ip).registered();
        phone.watch("1001");
        assert_eq!(phone.call("1999").until_answered(404).status, 404);
        assert_eq!(phone.register(0), 200);
    }
    for ip in ["127.0.0.22", "127.0.0.31", "127.0.0.1"] {
        let phone = Handset::on("carol", ACME, ip);
        assert_eq!(phone.register(60), 403, "{ip}");
        assert_eq!(phone.call("1001").until_answered(403).status, 403, "{ip}");
        assert_eq!(phone.asks_to_watch("1001"), 401, "{ip}");
    }
    // Its Contact does not help: what counts is where the request comes from.
    let phone = Handset::on("carol", ACME, "127.0.0.31").claiming("<sip:carol@127.0.0.30:5999>");
    assert_eq!(phone.register(60), 403);
    rig.switch
        .ok(&format!("pbx line set carol@{ACME} --source-acl ''"));
}

/// TLS 1.2 and 1.3 with our certificate, and nothing older, even for a client that would.
fn older_tls_is_refused(rig: &mut Rig) {
    let speaks = |version: &str| {
        let said = Command::new("openssl")
            .args([
                "s_client",
                "-connect",
                &format!("127.0.0.1:{}", ports().tls),
                version,
            ])
            .args(["-cipher", "ALL:@SECLEVEL=0", "-verify_return_error", "-CAfile"])
            .arg(rig.site.path("tls/cafile.pem"))
            .stdin(Stdio::null())
            .output()
            .expect("openssl is there");
        said.status.success()
    };
    let spoken = ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3"].map(speaks);
    assert_eq!(spoken, [false, false, true, true]);
}

/// In no answer and no call is a digit of the version.
fn nobody_is_told_the_version(rig: &mut Rig) {
    let alice = Handset::new("alice", ACME).registered();
    let carol = Handset::new("carol", ACME).registered();
    until_online(rig, "1003");
    alice.watch("1003");
    let call = alice.call("1003");
    let invite = carol.rings(1);
    carol.pick_up(&invite);
    call.hang_up(&call.until_answered(200));
    carol.until_told("BYE", &invite);
    assert_eq!(alice.asks("OPTIONS"), 200);
    let version = rig.switch.api("version short");
    let version = version.trim();
    assert!(version.starts_with("1."), "{version}");
    for message in alice.heard().into_iter().chain(carol.heard()) {
        assert!(!message.text.contains(version), "{}", message.text);
        let said = message.header("User-Agent").or(message.header("Server"));
        assert!(said.is_none_or(|said| said == "FreeSWITCH"), "{}", message.text);
    }
    hang_up(rig);
}

/// A phone that says an inside address and comes from elsewhere: told, until either setting is made.
fn phones_behind_nat_are_reported(rig: &mut Rig) {
    let _phone = Handset::new("carol", ACME)
        .claiming("<sip:carol@192.168.77.9:5060;ob>")
        .registered();
    until_online(rig, "1003");
    assert_eq!(
        warnings(rig, "NAT"),
        Vec::<String>::new(),
        "127.0.0.0/8 is a local network"
    );
    rig.switch.ok("pbx setting set local-networks 10.0.0.0/8");
    let said = warnings(rig, "NAT");
    assert!(said.len() == 1 && said[0].contains("carol@acme.test"), "{said:?}");
    for typed in [
        "pbx setting set external-address",
        "pbx setting set local-networks",
    ] {
        assert!(said[0].contains(typed), "{said:?}");
    }
    rig.switch.ok("pbx setting set external-address 203.0.113.5");
    assert_eq!(warnings(rig, "NAT"), Vec::<String>::new());
    rig.switch.ok("pbx setting set external-address auto");
    rig.switch.ok("pbx setting set local-networks 127.0.0.0/8");
    assert_eq!(warnings(rig, "NAT"), Vec::<String>::new());
}

/// It says which file; phones without TLS register all the same after a start without it.
fn a_missing_certificate_is_reported(rig: &mut Rig) {
    let agent = rig.site.path("tls/agent.pem");
    fs::rename(&agent, rig.site.path("tls/elsewhere.pem")).unwrap();
    let said = warnings(rig, "sip-tls");
    assert!(said.len() == 1 && said[0].contains("agent.pem"), "{said:?}");
    fs::write(&agent, "no certificate\n").unwrap();
    assert_eq!(warnings(rig, "sip-tls").len(), 1);
    fs::remove_file(&agent).unwrap();
    rig.switch.crash();
    rig.switch = Running::start(&rig.site);
    rig.switch.until("sofia status", "RUNNING");
    wait::until("a phone to register", Duration::from_secs(10), || {
        (Handset::new("carol", ACME).register(60) == 200).then_some(())
    });
}
