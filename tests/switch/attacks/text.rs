//! What a caller writes where text is asked for, and beside it.

use super::{ACME, Invite, nothing_left};
use crate::handset::Handset;
use crate::rig::Rig;
use crate::wait;

/// What a caller may write where text is asked for.
fn hostile(sentinel: &str) -> Vec<String> {
    vec![
        format!("${{system(touch {sentinel})}}"),
        format!("$${{system(touch {sentinel})}}"),
        format!("${{bgsystem touch {sentinel}}}"),
        "{sip_invite_domain=x,origination_uuid=y}".to_owned(),
        "[leg_timeout=1],sofia/gateway/carrier/1900".to_owned(),
        "x,sofia/gateway/carrier/1900".to_owned(),
        "x|sofia/gateway/carrier/1900:_:sofia/gateway/carrier/1901".to_owned(),
        format!("'; touch {sentinel}; '"),
        format!("`touch {sentinel}`"),
        "x%0D%0AX-Injected: yes".to_owned(),
        "%s%n%s%n".to_owned(),
        "\u{1}\u{7f}\u{fffd}".to_owned(),
        "</action><action application='system' data='id'/>".to_owned(),
    ]
}

/// alice may call bob. What she writes of herself, and beside it, bob's phone does not hear, and no channel has it
/// under a name that means something.
pub(super) fn what_a_caller_writes_reaches_nobody(rig: &mut Rig) {
    let sentinel = rig.site.path("tmp/sentinel");
    let path = sentinel.display().to_string();
    let bob = Handset::new("bob", ACME).registered();
    let victim = Handset::on("carol", ACME, "127.0.0.2").registered();
    rig.switch
        .until(&format!("pbx presence 1002@{ACME} json"), "\"state\":\"online\"");
    let mut invites = Vec::new();
    for text in hostile(&path) {
        let quoted: String = text.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
        let plain = Invite::plain();
        invites.push(Invite {
            from: format!("\"{quoted}\" <sip:alice@{ACME}>"),
            ..plain.clone()
        });
        invites.push(Invite {
            further: format!("X-Evil: {text}\r\nP-Evil: {text}\r\nSubject: {text}\r\n"),
            ..plain.clone()
        });
        invites.push(Invite {
            further: format!(
                "P-Asserted-Identity: \"{quoted}\" <sip:1003@{ACME}>\r\nCall-Info: <{quoted}>\r\n"
            ),
            ..plain.clone()
        });
        let uri: String = quoted
            .chars()
            .filter(char::is_ascii_graphic)
            .filter(|c| !"<>".contains(*c))
            .collect();
        invites.push(Invite {
            contact: format!("<sip:{uri}@127.0.0.66:5999>"),
            ..plain
        });
    }
    let forged = [
        "sip_h_X-Evil: yes\r\nsip_h_Diversion: yes\r\n",
        "X-pbx_hops: 200\r\npbx_hops: 200\r\nvariable_pbx_hops: 200\r\nsip_h_pbx_hops: 200\r\n",
        "X-pbx_identity: carol@acme.test\r\npbx_identity: carol@acme.test\r\nvariable_pbx_identity: carol@acme.test\r\n",
        "force_transfer_context: public\r\nX-accountcode: 1003\r\naccountcode: 1003\r\n",
    ];
    for further in forged {
        invites.push(Invite {
            further: further.to_owned(),
            ..Invite::plain()
        });
    }
    invites.push(Invite {
        from: format!("\"Carol\" <sip:carol@{ACME}>"),
        ..Invite::plain()
    });
    invites.push(Invite {
        from: "\"x\" <sip:1003@evil.test>".to_owned(),
        ..Invite::plain()
    });
    invites.push(Invite {
        further: "X-Long: {}\r\n".replace("{}", &"x".repeat(100_000)),
        ..Invite::plain()
    });
    invites.push(Invite {
        from: format!("\"{}\" <sip:alice@{ACME}>", "y".repeat(100_000)),
        ..Invite::plain()
    });
    let mut rung = 0;
    for (turn, invite) in invites.iter().enumerate() {
        let shown: String = format!("{} {} {}", invite.from, invite.further, invite.contact)
            .chars()
            .take(160)
            .collect();
        let busy = std::thread::scope(|scope| {
            let calling = scope.spawn(|| invite.send(Some("alice")));
            wait::until("the call to end or ring", wait::SOON, || {
                let calls = bob.invites();
                match calls.get(rung) {
                    Some(call) => {
                        let id = caller(rig)?;
                        for (name, value) in [
                            ("pbx_hops", "1"),
                            ("pbx_identity", "alice@acme.test"),
                            ("accountcode", "1001"),
                        ] {
                            let said = rig.switch.api(&format!("uuid_getvar {id} {name}"));
                            assert_eq!(said.trim(), value, "{shown}: {name}");
                        }
                        bob.reject(call);
                        Some(true)
                    }
                    None => calling.is_finished().then_some(false),
                }
            });
            calling.join().unwrap()
        });
        let calls = bob.invites();
        if let Some(call) = calls.get(rung) {
            rung += 1;
            let from = call.header("From").unwrap_or_default();
            assert!(
                from.contains("sip:1001@acme.test") && from.contains("alice"),
                "{shown}: {from}"
            );
            for word in [
                "Evil",
                "evil",
                "touch",
                "carrier",
                "X-Injected",
                "1003",
                "Carol",
                "xxxx",
                "yyyy",
                "${",
                "hops",
            ] {
                assert!(!call.text.contains(word), "{shown}: {word} in {}", call.text);
            }
        } else {
            assert!(busy >= 400 || busy == 0, "{shown}: {busy} without a ring");
        }
        nothing_left(&shown);
        assert!(
            !sentinel.exists(),
            "{shown}: the switch ran a command (turn {turn})"
        );
        rig.switch.until("show channels count", "0 total.");
    }
    // Most of it is a call like any other.
    assert!(rung * 2 > invites.len(), "{rung} of {} rang", invites.len());
    // Nobody has lost a registration.
    let listed = rig.switch.api("sofia status profile internal reg");
    assert!(
        listed.contains("carol@acme.test") && listed.contains("bob@acme.test"),
        "{listed}"
    );
    assert!(victim.invites().is_empty());
}

/// The channel of who calls. The switch's list is a moment late, and may still show one that is over.
fn caller(rig: &mut Rig) -> Option<String> {
    let listed = rig.switch.api("show channels as delim |");
    let inbound = listed.lines().filter(|line| line.contains("|inbound|"));
    let ids: Vec<&str> = inbound.filter_map(|line| line.split('|').next()).collect();
    let lives = |id: &&&str| rig.switch.api(&format!("uuid_exists {id}")).trim() == "true";
    ids.iter().find(lives).map(|id| (*id).to_owned())
}
