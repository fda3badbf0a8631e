//! Gateways on a real switch: they go live, tell whether they are there, and nobody else gets in.

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering::Relaxed};
use std::time::Duration;

use libtest_mimic::Trial;

use crate::group::Group;
use crate::ports;
use crate::rig::Rig;
use crate::trunk::Trunk;
use crate::wait;

/// Revisions while carriers and strangers call.
const CHANGES: usize = 2_000;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("gateways", rig).add(
        trials,
        &[
            (
                "a_gateway_goes_live_and_tells_whether_it_is_there",
                a_gateway_goes_live_and_tells_whether_it_is_there,
            ),
            (
                "a_stranger_gets_403_and_no_dialplan_lookup",
                a_stranger_gets_403_and_no_dialplan_lookup,
            ),
            (
                "a_registration_ends_before_the_next_begins",
                a_registration_ends_before_the_next_begins,
            ),
            (
                "two_thousand_changes_let_nobody_in_and_keep_nobody_out",
                two_thousand_changes_let_nobody_in_and_keep_nobody_out,
            ),
        ],
    );
}

/// The port that gateways reach; chosen with each switch.
static PORT: AtomicU16 = AtomicU16::new(0);

fn port() -> u16 {
    PORT.load(Relaxed)
}

/// A whole switch without a gateway.
fn rig() -> Rig {
    let mut rig = Rig::whole();
    PORT.store(ports::phone(), Relaxed);
    rig.switch.ok(&format!("pbx setting set gateway-port {}", port()));
    rig
}

fn add_gateway(rig: &mut Rig, name: &str, trunk: &Trunk, further: &str) {
    rig.switch.ok(&format!(
        "pbx gateway add {name} --proxy {} --ping-seconds 5 {further}",
        trunk.address()
    ));
}

fn until_state(rig: &mut Rig, name: &str, state: &str) {
    let mut said = String::new();
    wait::until(
        &format!("gateway {name} to be {state}"),
        Duration::from_secs(45),
        || {
            said = rig.switch.api(&format!("pbx gateway show {name} json"));
            said.contains(&format!("\"state\":\"{state}\"")).then_some(())
        },
    );
}

/// How many look-ups of the dialplan there were.
fn dialplan_lookups(rig: &mut Rig) -> u64 {
    let status: serde_json::Value = serde_json::from_str(&rig.switch.api("pbx status json")).unwrap();
    let rows = status["lookups"].as_array().unwrap();
    let dialplan = rows.iter().find(|row| row["section"] == "dialplan").unwrap();
    dialplan["answered"].as_u64().unwrap() + dialplan["not_ours"].as_u64().unwrap()
}

/// The profile comes with the first gateway, changes touch one gateway alone, and OPTIONS tell who is there.
fn a_gateway_goes_live_and_tells_whether_it_is_there(rig: &mut Rig) {
    assert!(
        !rig.switch.api("sofia status").contains("external"),
        "no port is open for nothing"
    );
    let (one, two) = (Trunk::at("127.0.0.11"), Trunk::at("127.0.0.12"));
    add_gateway(rig, "one", &one, "");
    rig.switch.until("sofia status", "external::one");
    until_state(rig, "one", "up");
    assert_eq!(one.call(port(), "sip:+4930999@127.0.0.1", "").status, 404);
    add_gateway(
        rig,
        "two",
        &two,
        "--username me --password 'kT8!vqPz2w' --register no",
    );
    rig.switch.until("sofia status", "external::two");
    let clear = rig
        .switch
        .api("xml_locate configuration configuration name sofia.conf");
    assert!(clear.contains("kT8!vqPz2w"), "the switch is told");
    let shown = rig.switch.api("pbx lookup configuration key_value=sofia.conf");
    assert!(
        shown.contains("(sealed)") && !shown.contains("kT8!vqPz2w"),
        "{shown}"
    );
    assert_eq!(two.call(port(), "sip:+4930999@127.0.0.1", "").status, 404);
    // Whoever is changed is another gateway for mod_sofia; the other one stays as it is.
    let before = rig.switch.api("sofia xmlstatus gateway one");
    rig.switch.ok("pbx gateway set two --from-domain pbx.example.com");
    rig.switch.until("sofia xmlstatus gateway two", "pbx.example.com");
    let uptime = |text: &str| {
        let (_, rest) = text.split_once("<uptime-usec>").unwrap();
        rest.split('<').next().unwrap().parse::<u64>().unwrap()
    };
    let after = rig.switch.api("sofia xmlstatus gateway one");
    assert!(uptime(&after) > uptime(&before), "{after}");
    // Silence is noticed, and told.
    one.be_there(false);
    until_state(rig, "one", "down");
    let status = rig.switch.api("pbx status");
    assert!(status.contains("gateway one is down"), "{status}");
    assert!(status.contains("came in for numbers that nobody has"), "{status}");
    one.be_there(true);
    until_state(rig, "one", "up");
    rig.switch.ok("pbx gateway delete one");
    rig.switch.ok("pbx gateway delete two");
    wait::until("the gateways to be gone", wait::SOON, || {
        (!rig.switch.api("sofia xmlstatus gateway").contains("<gateway>")).then_some(())
    });
}

/// From an address of no gateway nothing gets in, whatever a request names.
fn a_stranger_gets_403_and_no_dialplan_lookup(rig: &mut Rig) {
    let (trunk, stranger) = (Trunk::at("127.0.0.11"), Trunk::at("127.0.0.66"));
    add_gateway(rig, "one", &trunk, "");
    rig.switch.until("sofia status", "external::one");
    assert_eq!(trunk.call(port(), "sip:1001@127.0.0.1", "").status, 404);
    let before = dialplan_lookups(rig);
    for (uri, further) in [
        ("sip:1001@127.0.0.1", ""),
        ("sip:+4930999@acme.test", ""),
        ("sip:gw+one@127.0.0.1", ""),
        ("sip:1001@127.0.0.1;gw=one", ""),
        ("sip:1001@127.0.0.1", "X-AUTH-IP: 127.0.0.11\r\n"),
        (
            "sip:1001@127.0.0.1",
            "X-Forwarded-For: 127.0.0.11\r\nP-Asserted-Identity: <sip:+49@127.0.0.11>\r\n",
        ),
        (
            "sip:1001@127.0.0.1",
            "Via: SIP/2.0/UDP 127.0.0.11:5060;branch=z9hG4bKx\r\n",
        ),
        ("sip:1001@127.0.0.1", "Route: <sip:127.0.0.11;lr>\r\n"),
    ] {
        let answer = stranger.call(port(), uri, further);
        assert_eq!(answer.status, 403, "{uri} {further}: {}", answer.text);
        assert!(answer.header("WWW-Authenticate").is_none() && answer.header("Proxy-Authenticate").is_none());
    }
    assert_eq!(dialplan_lookups(rig), before, "no stranger is routed");
    // The gateway's own calls name whom they like and reach nobody either: no number is anybody's.
    for uri in [
        "sip:gw+one@127.0.0.1",
        "sip:1001@127.0.0.1;gw=one",
        "sip:1000,sofia%2Fgateway%2Fone%2F1900@127.0.0.1",
        "sip:%24%7Bsystem%28id%29%7D@127.0.0.1",
    ] {
        let answer = trunk.call(port(), uri, "");
        assert_eq!(answer.status, 404, "{uri}: {}", answer.text);
    }
    rig.switch.ok("pbx gateway delete one");
}

/// A gateway that registers, and another password: the carrier hears the old one's farewell before the new one's
/// greeting, or it would forget both. A call to the Contact is one to the number in To.
fn a_registration_ends_before_the_next_begins(rig: &mut Rig) {
    let trunk = Trunk::at("127.0.0.14");
    add_gateway(rig, "account", &trunk, "--username me --password 'kT8!vqPz2w'");
    until_state(rig, "account", "up");
    let registers = || -> Vec<String> {
        let heard = trunk.heard();
        let all = heard.iter().filter(|message| message.method() == "REGISTER");
        all.map(|message| message.header("Expires").unwrap_or_default().to_owned())
            .collect()
    };
    assert!(
        registers().iter().all(|expires| expires == "3600"),
        "{:?}",
        registers()
    );
    let before = registers().len();
    rig.switch.ok("pbx gateway set account --password 'another-8Zk4'");
    let after = wait::until("the carrier to hear both", Duration::from_secs(20), || {
        let all = registers().split_off(before);
        (all.len() > 1 && all.last().is_some_and(|last| last == "3600")).then_some(all)
    });
    assert_eq!(after.first().map(String::as_str), Some("0"), "{after:?}");
    until_state(rig, "account", "up");
    let contact = {
        let heard = trunk.heard();
        let last = heard
            .iter()
            .rev()
            .find(|message| message.method() == "REGISTER")
            .unwrap();
        let contact = last.header("Contact").unwrap_or_default();
        contact.split(['<', '>']).nth(1).unwrap().to_owned()
    };
    assert!(contact.contains("gw+account@"), "{contact}");
    assert_eq!(
        trunk
            .call_to(port(), &contact, "sip:+4930777@pbx.example.com", "")
            .status,
        404
    );
    let status = rig.switch.api("pbx status");
    assert!(status.contains("+4930777 by gateway account"), "{status}");
    rig.switch.ok("pbx gateway delete account");
}

/// While gateways and ACLs change all the time, a stranger never gets in, and a carrier never is kept out.
fn two_thousand_changes_let_nobody_in_and_keep_nobody_out(rig: &mut Rig) {
    let trunk = Trunk::at("127.0.0.11");
    add_gateway(rig, "steady", &trunk, "");
    add_gateway(rig, "moving", &Trunk::at("127.0.0.13"), "");
    rig.switch.until("sofia status", "external::moving");
    until_state(rig, "steady", "up");
    let before = dialplan_lookups(rig);
    let over = AtomicBool::new(false);
    let (carriers, strangers) = std::thread::scope(|scope| {
        let calls = |trunk: Trunk, status: u16| {
            let mut calls = 0_u64;
            while !over.load(Relaxed) {
                let answer = trunk.call(port(), "sip:1001@127.0.0.1", "");
                assert_eq!(answer.status, status, "{}", answer.text);
                calls += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            calls
        };
        let carrier = scope.spawn(move || calls(trunk, 404));
        let stranger = scope.spawn(move || calls(Trunk::at("127.0.0.66"), 403));
        for change in 0..CHANGES {
            let (third, ping) = (change % 200, change % 7 + 5);
            rig.switch.ok(&format!(
                "pbx gateway set moving --source-acl \"127.1.{third}.0/24 127.2.0.{}\" --ping-seconds {ping} --max-calls {}",
                change % 250,
                change % 9
            ));
        }
        over.store(true, Relaxed);
        (carrier.join().unwrap(), stranger.join().unwrap())
    });
    assert!(
        carriers > 50 && strangers > 50,
        "{carriers} calls of a carrier, {strangers} of strangers"
    );
    let lookups = dialplan_lookups(rig) - before;
    assert_eq!(
        lookups, carriers,
        "each call of the carrier is routed, and no other"
    );
    // What came last is what is there.
    let rev = rig.switch.api("pbx gateway show moving json");
    assert!(rev.contains("127.1.199.0/24"), "{rev}");
    wait::until("the last list to be in force", wait::SOON, || {
        let allowed = rig.switch.api("acl 127.1.199.7 pbx_gateways").contains("true");
        let gone = rig.switch.api("acl 127.1.198.7 pbx_gateways").contains("false");
        (allowed && gone).then_some(())
    });
    crate::group::note(&format!(
        "({carriers} calls of a carrier, {strangers} of strangers) "
    ));
    rig.switch.ok("pbx gateway delete steady");
    rig.switch.ok("pbx gateway delete moving");
}
