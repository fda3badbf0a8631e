//! Requests that would have the switch call out.

use super::{ACME, Invite, carrier, nothing_left};
use crate::handset::Handset;
use crate::ports::ports;
use crate::rig::Rig;

/// As nobody, and as a line of the house: through the gateway, out to a host, by the switch itself.
pub(super) fn no_request_makes_the_switch_call_out(rig: &mut Rig) {
    let sentinel = rig.site.path("tmp/sentinel");
    let bob = Handset::new("bob", ACME).registered();
    rig.switch
        .until(&format!("pbx presence 1002@{ACME} json"), "\"state\":\"online\"");
    let elsewhere = carrier().local_addr().unwrap();
    let mut uris: Vec<String> = [
        format!("sip:gw+carrier@{ACME}"),
        format!("sip:gw+carrier@127.0.0.1:{}", ports().sip),
        format!("sip:1900@{ACME};gw=carrier"),
        format!("sip:1002@{ACME};gw=carrier"),
        format!("sip:1900@127.0.0.1:{};gw=carrier", ports().sip),
        format!("sip:1900@{elsewhere}"),
        format!("sip:1900@{ACME};maddr=127.0.0.5"),
        format!("sip:1900@{ACME};fs_path=sip%3A{elsewhere}"),
        format!("sip:pbx_unanswered@{ACME}"),
        format!("sip:dnd-on@{ACME}"),
        format!("sip:forward-always-1003@{ACME}"),
        format!("sip:sofia%2Fgateway%2Fcarrier%2F1900@{ACME}"),
    ]
    .into();
    uris.extend(
        [
            "$%7Bsystem(touch%20SENTINEL)%7D",
            "1900,sofia%2Fgateway%2Fcarrier%2F1900",
            "%7B%7D1900",
        ]
        .map(|user| format!("sip:{user}@{ACME}").replace("SENTINEL", &sentinel.display().to_string())),
    );
    uris.push(format!("sip:{}@{ACME}", "9".repeat(100_000)));
    for uri in uris {
        let shown: String = uri.chars().take(80).collect();
        for who in [None, Some("alice")] {
            let status = Invite {
                uri: uri.clone(),
                ..Invite::plain()
            }
            .send(who);
            let refused = if who.is_none() {
                status == 407 || status >= 400
            } else {
                status >= 400
            };
            // A parameter that means nothing to us leaves a call to bob.
            let rings = uri.starts_with(&format!("sip:1002@{ACME};"));
            assert!(
                refused || rings || (status == 0 && uri.len() > 60_000),
                "{shown} as {who:?}: {status}"
            );
            nothing_left(&shown);
        }
    }
    // Who is not asked for a password has none: no INVITE of theirs rings anybody.
    let before = bob.invites().len();
    for further in [
        "P-Asserted-Identity: <sip:1001@acme.test>\r\n",
        "X-AUTH-IP: 127.0.0.1\r\nX-AUTH-PORT: 5060\r\n",
        "X-AUTH-Token: alice@acme.test\r\n",
        "X-FS-Support: update_display\r\nX-FS-Channel-Name: sofia/internal/alice@acme.test\r\n",
        "Remote-Party-ID: <sip:1001@acme.test>;party=calling\r\n",
        "pbx_identity: alice@acme.test\r\nvariable_pbx_identity: alice@acme.test\r\n",
        "X-pbx_identity: alice@acme.test\r\nsip_h_pbx_identity: alice@acme.test\r\n",
        "action: sip_auth\r\npurpose: gateways\r\nuser: alice\r\nkey: id\r\n",
    ] {
        let status = Invite {
            further: further.to_owned(),
            ..Invite::plain()
        }
        .send(None);
        assert_eq!(status, 407, "{further}");
    }
    assert_eq!(bob.invites().len(), before);
    rig.switch.until("show channels count", "0 total.");
    nothing_left("all of it");
    assert!(!sentinel.exists(), "the switch ran a command out of a request");
    let gateway = rig.switch.api("sofia status gateway carrier");
    let called = gateway.lines().find(|line| line.starts_with("CallsOUT"));
    let called = called.and_then(|line| line.split_ascii_whitespace().last());
    assert_eq!(called, Some("0"), "{gateway}");
    assert_eq!(bob.register(120), 200);
}
