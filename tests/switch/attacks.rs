//! A stranger, and a phone of the house that does not behave: whatever they write into a request, no leg leaves
//! for where they name, nothing is run, and nobody loses a registration.
//!
//! This switch is worse protected than deploy's: it may run commands out of a dialplan (`api-expansion`), and has a
//! gateway of its operator's, whose other end is a socket of the test.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::group::Group;
use crate::handset::Handset;
use crate::ports::{self, ports};
use crate::rig::{DOMAINS, Rig, account, password};
use crate::running::Running;
use crate::wait;
use crate::wire::{Message, Phone, digest_header};

const ACME: &str = DOMAINS[0];

/// Usernames that are gone through.
const NAMES: usize = 10_000;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("attacks", rig).add(
        trials,
        &[
            (
                "no_request_makes_the_switch_call_out",
                no_request_makes_the_switch_call_out,
            ),
            (
                "what_a_caller_writes_reaches_nobody",
                what_a_caller_writes_reaches_nobody,
            ),
            (
                "a_foreign_realm_registers_nobody",
                a_foreign_realm_registers_nobody,
            ),
            ("ten_thousand_names_tell_nothing", ten_thousand_names_tell_nothing),
        ],
    );
}

fn rig() -> Rig {
    let site = Rig::whole_site();
    let file = "conf/autoload_configs/switch.conf.xml";
    let text = std::fs::read_to_string(site.path(file)).unwrap();
    let open = text.replace(
        "name=\"api-expansion\" value=\"false\"",
        "name=\"api-expansion\" value=\"true\"",
    );
    assert_ne!(open, text);
    site.write(file, &open);
    let carrier = carrier().local_addr().unwrap();
    site.write(
        "conf/autoload_configs/sofia.conf.xml",
        &operators_profile(&carrier.to_string()),
    );
    let mut switch = Running::start(&site);
    switch.until("sofia status", "RUNNING");
    switch.until("sofia status", "external::carrier");
    let mut rig = Rig { site, switch };
    // A call that bob declines ends.
    rig.switch
        .ok(&format!("pbx extension set 1002@{ACME} --voicemail no"));
    rig.switch
        .until(&format!("pbx presence 1001@{ACME} json"), "\"settled\":true");
    rig
}

/// The other end of the gateway. Kept for the whole run: the switch knows its port from its start.
fn carrier() -> &'static UdpSocket {
    static CARRIER: std::sync::OnceLock<UdpSocket> = std::sync::OnceLock::new();
    CARRIER.get_or_init(|| {
        let socket = UdpSocket::bind("127.0.0.5:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    })
}

fn operators_profile(carrier: &str) -> String {
    format!(
        "<configuration name=\"sofia.conf\"><profiles><profile name=\"external\"><gateways>\
         <gateway name=\"carrier\"><param name=\"proxy\" value=\"{carrier}\"/><param name=\"username\" value=\"x\"/>\
         <param name=\"password\" value=\"x\"/><param name=\"register\" value=\"false\"/></gateway></gateways>\
         <settings><param name=\"sip-ip\" value=\"127.0.0.1\"/><param name=\"rtp-ip\" value=\"127.0.0.1\"/>\
         <param name=\"sip-port\" value=\"{}\"/><param name=\"context\" value=\"public\"/>\
         <param name=\"auth-calls\" value=\"true\"/></settings></profile></profiles></configuration>",
        ports::phone()
    )
}

/// Nothing came to the carrier.
#[track_caller]
fn nothing_left(what: &str) {
    let mut buffer = [0; 4096];
    if let Ok(length) = carrier().recv(&mut buffer) {
        panic!(
            "{what}: a leg left: {}",
            String::from_utf8_lossy(&buffer[..length])
        );
    }
}

/// An INVITE as somebody writes it who knows what a switch might take for more than text.
#[derive(Clone)]
struct Invite {
    uri: String,
    from: String,
    contact: String,
    further: String,
}

impl Invite {
    /// One to bob that is as it should be.
    fn plain() -> Self {
        Self {
            uri: format!("sip:1002@{ACME}"),
            from: format!("<sip:alice@{ACME}>"),
            contact: "<sip:alice@127.0.0.66:5999>".to_owned(),
            further: String::new(),
        }
    }

    fn text(&self, transport: &str, here: &str, call: &str, sequence: u32, credentials: &str) -> String {
        let Self {
            uri,
            from,
            contact,
            further,
        } = self;
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {} RTP/AVP 0\r\n",
            ports::phone()
        );
        format!(
            "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {here};rport;branch=z9hG4bK{call}{sequence}\r\n\
             Max-Forwards: 70\r\nFrom: {from};tag=t{call}\r\nTo: <sip:1002@{ACME}>\r\nCall-ID: {call}\r\n\
             CSeq: {sequence} INVITE\r\nContact: {contact}\r\n{credentials}{further}\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        )
    }

    /// Sends it over TCP, since a datagram holds no 100 kB; as `username`, or as nobody. The final status, 0 where
    /// the switch says none: it hangs up on what is no SIP.
    fn send(&self, username: Option<&str>) -> u16 {
        static CALLS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
        let call = format!("a{}", CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let mut stream = TcpStream::connect(("127.0.0.1", ports().sip)).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let here = stream.local_addr().unwrap().to_string();
        let mut credentials = String::new();
        for sequence in 1..=2 {
            let text = self.text("TCP", &here, &call, sequence, &credentials);
            if stream.write_all(text.as_bytes()).is_err() {
                return 0;
            }
            let Some(answer) = final_answer(&mut stream, sequence) else {
                return 0;
            };
            if answer.status != 407 || username.is_none() || sequence == 2 {
                return answer.status;
            }
            let name = username.unwrap_or_default();
            let header = digest_header("INVITE", &self.uri, name, &password(name, ACME), &answer);
            credentials = format!("Proxy-Authorization: {header}\r\n");
        }
        0
    }
}

/// The first answer of 200 or more to the request with this number. A refusal is spoken first, which takes seconds.
fn final_answer(stream: &mut TcpStream, sequence: u32) -> Option<Message> {
    let begun = Instant::now();
    let mut said = String::new();
    let mut buffer = [0; 65_536];
    while begun.elapsed() < Duration::from_secs(20) {
        match stream.read(&mut buffer) {
            Ok(0) => return None,
            Ok(length) => said.push_str(&String::from_utf8_lossy(&buffer[..length])),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
        let found = said.split("SIP/2.0 ").skip(1).find_map(|rest| {
            let message = Message::parse(format!("SIP/2.0 {rest}"));
            let ours = message.header("CSeq") == Some(&format!("{sequence} INVITE"));
            (message.status >= 200 && ours).then_some(message)
        });
        if found.is_some() {
            return found;
        }
    }
    None
}

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

/// As nobody, and as a line of the house: through the gateway, out to a host, by the switch itself.
fn no_request_makes_the_switch_call_out(rig: &mut Rig) {
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

/// alice may call bob. What she writes of herself, and beside it, bob's phone does not hear, and no channel has it
/// under a name that means something.
fn what_a_caller_writes_reaches_nobody(rig: &mut Rig) {
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

/// A digest for the other tenant, for a realm of nobody's, for none.
fn a_foreign_realm_registers_nobody(rig: &mut Rig) {
    let (right, theirs) = (password("alice", ACME), password("alice", DOMAINS[1]));
    let mut home = Phone::new();
    assert_eq!(
        home.register(account("alice", ACME, &right), 60).unwrap()[1].status,
        200
    );
    for realm in [
        DOMAINS[1],
        "evil.test",
        "",
        "acme.test\\\"",
        "*",
        "extensions",
        "127.0.0.1",
        "ACME.test.evil",
    ] {
        for secret in [&right, &theirs] {
            let mut phone = Phone::at("127.0.0.101");
            let answer = phone
                .register_with_realm(account("alice", ACME, secret), realm)
                .unwrap();
            assert!(matches!(answer.status, 400..=499), "{realm:?}: {}", answer.text);
        }
    }
    let list = rig.switch.api("sofia status profile internal reg");
    assert!(
        !list.contains("127.0.0.101") && list.contains("alice@acme.test"),
        "{list}"
    );
}

/// Half of the names exist. Each is tried with a wrong password, from addresses that are banned one after the
/// other; the answers are all alike, and alice's phone, which is named again and again, keeps registering.
fn ten_thousand_names_tell_nothing(rig: &mut Rig) {
    let right = password("alice", ACME);
    let alice = account("alice", ACME, &right);
    let mut home = Phone::new();
    assert_eq!(home.register(alice, 60).unwrap()[1].status, 200);
    rig.switch
        .until(&format!("pbx presence 1001@{ACME} json"), "127.0.0.1:");
    let addresses: Vec<String> = (110..150).map(|last| format!("127.0.0.{last}")).collect();
    let mut phones: Vec<Phone> = addresses.iter().map(|address| Phone::at(address)).collect();
    let count = phones.len();
    let mut shapes = BTreeSet::new();
    for turn in 0..NAMES {
        let name = match turn % 4 {
            0 => "alice".to_owned(),
            1 => "bob".to_owned(),
            _ => format!("line{turn}"),
        };
        let wrong = account(&name, ACME, "wrong");
        let answers = phones[turn % count].register(wrong, 60).unwrap();
        assert_eq!((answers[0].status, answers[1].status), (401, 403), "{name}");
        shapes.insert(answers.map(|answer| answer.shape(wrong).replace(&addresses[turn % count], "HERE")));
        if turn % 500 == 0 {
            assert_eq!(
                home.register(alice, 60).unwrap()[1].status,
                200,
                "after {turn} attempts"
            );
        }
    }
    assert_eq!(
        shapes.len(),
        1,
        "{:#?}",
        shapes.iter().take(2).collect::<Vec<_>>()
    );
    let list = rig.switch.ok("pbx ban list");
    for address in &addresses {
        assert!(list.contains(address.as_str()), "{address}: {list}");
    }
    assert!(!list.contains("127.0.0.1 "), "{list}");
    let registered = rig.switch.api("sofia status profile internal reg");
    assert!(
        addresses
            .iter()
            .all(|address| !registered.contains(&format!("{address}:"))),
        "{registered}"
    );
    assert_eq!(home.register(alice, 60).unwrap()[1].status, 200);
}
