//! A stranger, and a phone of the house that does not behave: whatever they write into a request, no leg leaves
//! for where they name, nothing is run, and nobody loses a registration.
//!
//! This switch is worse protected than deploy's: it may run commands out of a dialplan (`api-expansion`), and has a
//! gateway of its operator's, whose other end is a socket of the test.

mod names;
mod out;
mod text;

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::group::Group;
use crate::ports::{self, ports};
use crate::rig::{DOMAINS, Rig, password};
use crate::running::Running;
use crate::wire::{Message, digest_header};

const ACME: &str = DOMAINS[0];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("attacks", rig).add(
        trials,
        &[
            (
                "no_request_makes_the_switch_call_out",
                out::no_request_makes_the_switch_call_out,
            ),
            (
                "what_a_caller_writes_reaches_nobody",
                text::what_a_caller_writes_reaches_nobody,
            ),
            (
                "a_foreign_realm_registers_nobody",
                names::a_foreign_realm_registers_nobody,
            ),
            (
                "ten_thousand_names_tell_nothing",
                names::ten_thousand_names_tell_nothing,
            ),
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
