//! A phone that lies on the table: it rings by itself, and is answered, hung up or pulled out when a test
//! says so. Over UDP or TCP, from any loopback address, with any Contact. What it heard can be looked at.

mod lamps;
mod replacing;
mod table;

use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use self::table::{Shared, Wire, lock};
use crate::ports::ports;
use crate::rig::password;
use crate::wait;
use crate::wire::{Message, digest_header};

/// The phone.
#[derive(Debug)]
pub(crate) struct Handset {
    line: String,
    domain: String,
    address: SocketAddr,
    contact: String,
    call_id: String,
    sequence: AtomicU32,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A call that this phone makes.
#[derive(Debug)]
pub(crate) struct Calling<'a> {
    phone: &'a Handset,
    call_id: String,
    sequence: u32,
}

impl Handset {
    /// A phone of `line` on UDP at 127.0.0.1.
    pub(crate) fn new(line: &str, domain: &str) -> Self {
        Self::on(line, domain, "127.0.0.1")
    }

    /// A phone of `line` on UDP at a loopback address.
    pub(crate) fn on(line: &str, domain: &str, ip: &str) -> Self {
        let socket = UdpSocket::bind((ip, 0)).expect("a free UDP port");
        socket.connect(("127.0.0.1", ports().sip)).expect("loopback");
        let address = socket.local_addr().expect("it is bound");
        Self::with(line, domain, address, Wire::Udp(socket), "")
    }

    /// A phone of `line` on TCP.
    pub(crate) fn on_tcp(line: &str, domain: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", ports().sip)).expect("the switch listens on TCP");
        let address = stream.local_addr().expect("it is connected");
        Self::with(line, domain, address, Wire::Tcp(stream), ";transport=tcp")
    }

    /// The same phone, Call-ID and all, on another TCP connection.
    pub(crate) fn on_a_new_connection(&self) -> Self {
        let mut other = Self::on_tcp(&self.line, &self.domain);
        other.call_id.clone_from(&self.call_id);
        other.sequence = AtomicU32::new(self.sequence.load(Ordering::Relaxed));
        other
    }

    fn with(line: &str, domain: &str, address: SocketAddr, wire: Wire, parameters: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let contact = format!("<sip:{line}@{address}{parameters}>");
        let limit = Some(Duration::from_millis(50));
        match &wire {
            Wire::Udp(socket) => socket.set_read_timeout(limit),
            Wire::Tcp(stream) => stream.set_read_timeout(limit),
        }
        .expect("a timeout");
        let shared = Arc::new(Shared {
            wire,
            contact: Mutex::new(contact.clone()),
            heard: Mutex::default(),
        });
        let theirs = Arc::downgrade(&shared);
        let thread = Builder::new().name("handset".to_owned()).spawn(move || {
            let mut pending = Vec::new();
            while let Some(shared) = theirs.upgrade() {
                shared.listen(&mut pending);
            }
        });
        Self {
            line: line.to_owned(),
            domain: domain.to_owned(),
            address,
            contact,
            call_id: format!(
                "{}-{}@{}",
                NEXT.fetch_add(1, Ordering::Relaxed),
                std::process::id(),
                address.ip()
            ),
            sequence: AtomicU32::new(0),
            shared,
            thread: Some(thread.expect("a thread")),
        }
    }

    /// The same, claiming another Contact.
    pub(crate) fn claiming(mut self, contact: &str) -> Self {
        contact.clone_into(&mut self.contact);
        contact.clone_into(&mut lock(&self.shared.contact));
        self
    }

    /// Its Contact.
    pub(crate) fn contact(&self) -> &str {
        &self.contact
    }

    /// Registers for this many seconds; the final status.
    pub(crate) fn register(&self, seconds: u32) -> u16 {
        let (uri, to) = (
            format!("sip:{}", self.domain),
            format!("sip:{}@{}", self.line, self.domain),
        );
        let (_, answer) = self.ask(
            "REGISTER",
            &uri,
            &to,
            &self.call_id,
            &format!("Expires: {seconds}\r\n"),
            "",
        );
        answer.status
    }

    /// A phone that has registered.
    ///
    /// # Panics
    /// The switch refuses it.
    #[track_caller]
    pub(crate) fn registered(self) -> Self {
        assert_eq!(self.register(120), 200, "{}", self.contact);
        self
    }

    /// The INVITEs that came, a call once.
    pub(crate) fn invites(&self) -> Vec<Message> {
        let mut calls: Vec<Message> = Vec::new();
        for message in self.heard() {
            let known = calls
                .iter()
                .any(|call| call.header("Call-ID") == message.header("Call-ID"));
            if message.method() == "INVITE" && !known {
                calls.push(message);
            }
        }
        calls
    }

    /// Waits until this many calls came; the last one.
    #[track_caller]
    pub(crate) fn rings(&self, calls: usize) -> Message {
        wait::until(
            &format!("{} to ring {calls} times", self.line),
            wait::SOON,
            || self.invites().get(calls - 1).cloned(),
        )
    }

    /// Answers a call.
    pub(crate) fn pick_up(&self, invite: &Message) {
        self.shared.answer(invite, "200 OK", &offer());
    }

    /// Refuses a call.
    pub(crate) fn reject(&self, invite: &Message) {
        self.shared.answer(invite, "486 Busy Here", "");
    }

    /// Sends a call elsewhere, as a phone does that forwards by itself.
    pub(crate) fn redirect(&self, invite: &Message, contact: &str) {
        self.shared.redirect(invite, contact);
    }

    /// Waits until the switch has said this (CANCEL, BYE) about a call.
    #[track_caller]
    pub(crate) fn until_told(&self, method: &str, invite: &Message) {
        wait::until(&format!("{} to be told {method}", self.line), wait::SOON, || {
            let about =
                |m: &&Message| m.method() == method && m.header("Call-ID") == invite.header("Call-ID");
            self.heard().iter().find(about).map(|_| ())
        });
    }

    /// Calls a number, with the digest; the call goes on from here.
    #[track_caller]
    pub(crate) fn call(&self, number: &str) -> Calling<'_> {
        let to = format!("sip:{number}@{}", self.domain);
        let sequence = self.sequence.load(Ordering::Relaxed) + 1;
        let call_id = format!("call-{sequence}-{}", self.call_id);
        let (sequence, _) = self.ask("INVITE", &to, &to, &call_id, "", &offer());
        Calling {
            phone: self,
            call_id,
            sequence,
        }
    }

    /// Sends a request without a body to the switch itself; the final status.
    pub(crate) fn asks(&self, method: &str) -> u16 {
        let to = format!("sip:{}", self.domain);
        let call_id = format!("{method}-{}", self.call_id);
        self.ask(method, &to, &to, &call_id, "", "").1.status
    }

    /// Transfers who called, as a phone does that took the call; the switch's answer. `refer_to` is a name-addr.
    #[track_caller]
    pub(crate) fn refer(&self, invite: &Message, refer_to: &str, further: &str) -> u16 {
        let header = |name| invite.header(name).unwrap_or_default();
        let tagged = format!("{};tag=handset", header("To"));
        self.send_refer(
            header("Contact"),
            &tagged,
            header("From"),
            header("Call-ID"),
            refer_to,
            further,
        )
    }

    fn send_refer(
        &self,
        contact: &str,
        from: &str,
        to: &str,
        call_id: &str,
        refer_to: &str,
        further: &str,
    ) -> u16 {
        let uri = contact.split(['<', '>']).nth(1).unwrap_or_default();
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1000;
        let text = format!(
            "REFER {uri} SIP/2.0\r\nVia: SIP/2.0/{} {};rport;branch=z9hG4bKrefer{sequence}\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {sequence} REFER\r\nContact: {}\r\n\
             Refer-To: {refer_to}\r\n{further}Content-Length: 0\r\n\r\n",
            self.shared.transport(),
            self.address,
            self.contact,
        );
        self.until_answered(&text, call_id, &format!("{sequence} REFER"))
            .status
    }

    /// Hangs up a call that this phone took.
    #[track_caller]
    pub(crate) fn put_down(&self, invite: &Message) {
        let header = |name| invite.header(name).unwrap_or_default();
        let uri = header("Contact").split(['<', '>']).nth(1).unwrap_or_default();
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1000;
        let (call_id, cseq) = (header("Call-ID"), format!("{sequence} BYE"));
        let text = format!(
            "BYE {uri} SIP/2.0\r\nVia: SIP/2.0/{} {};rport;branch=z9hG4bKbye{sequence}\r\nMax-Forwards: 70\r\n\
             From: {};tag=handset\r\nTo: {}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\nContact: {}\r\n\
             Content-Length: 0\r\n\r\n",
            self.shared.transport(),
            self.address,
            header("To"),
            header("From"),
            self.contact,
        );
        let answer = self.until_answered(&text, call_id, &cseq);
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Pulls the plug: the connection closes without a word.
    pub(crate) fn unplug(&self) {
        if let Wire::Tcp(stream) = &self.shared.wire {
            stream.shutdown(Shutdown::Both).expect("it was connected");
        }
    }

    /// Everything that the switch said.
    pub(crate) fn heard(&self) -> Vec<Message> {
        lock(&self.shared.heard).clone()
    }

    /// Sends a request, answers the challenge, and waits: for the final answer, or for an INVITE for anything
    /// but 100.
    fn ask(
        &self,
        method: &str,
        uri: &str,
        to: &str,
        call_id: &str,
        further: &str,
        sdp: &str,
    ) -> (u32, Message) {
        let mut credentials = String::new();
        loop {
            let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
            let (line, domain, address) = (&self.line, &self.domain, self.address);
            let transport = self.shared.transport();
            let branch = format!("z9hG4bK{sequence}-{}", call_id.replace('@', "-"));
            let kind = if sdp.is_empty() {
                ""
            } else {
                "Content-Type: application/sdp\r\n"
            };
            let text = format!(
                "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {address};rport;branch={branch}\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:{line}@{domain}>;tag={line}\r\nTo: <{to}>\r\nCall-ID: {call_id}\r\n\
                 CSeq: {sequence} {method}\r\nContact: {}\r\n{credentials}{further}{kind}Content-Length: {}\r\n\r\n{sdp}",
                self.contact,
                sdp.len()
            );
            let answer = self.until_answered(&text, call_id, &format!("{sequence} {method}"));
            let name = match answer.status {
                401 => "Authorization",
                407 => "Proxy-Authorization",
                _ => return (sequence, answer),
            };
            if method == "INVITE" {
                self.acknowledge(uri, &answer, sequence, &branch);
            }
            // mod_sofia forgets its nonces when it flushes registrations.
            let stale = answer.text.contains("stale=true");
            // A wrong digest of a SUBSCRIBE is answered 401 with no challenge in it.
            if !credentials.is_empty() && !stale && answer.parameter("nonce").is_none() {
                return (sequence, answer);
            }
            assert!(
                credentials.is_empty() || stale,
                "{line} is challenged again: {}",
                answer.text
            );
            let password = password(line, domain);
            credentials = format!(
                "{name}: {}\r\n",
                digest_header(method, uri, line, &password, &answer)
            );
        }
    }

    /// Sends a request, over UDP again every half second (RFC 3261, 17.1: it may be lost), until it is answered
    /// with more than "trying".
    fn until_answered(&self, text: &str, call_id: &str, cseq: &str) -> Message {
        let mut sent: Option<Instant> = None;
        wait::until(&format!("an answer to {cseq}"), wait::SOON, || {
            let about = |m: &&Message| m.header("CSeq") == Some(cseq) && m.header("Call-ID") == Some(call_id);
            let said = self.heard();
            let mut answers = said.iter().filter(about).filter(|m| m.status >= 100).peekable();
            let late =
                sent.is_none_or(|sent| self.shared.is_udp() && sent.elapsed() > Duration::from_millis(500));
            if late && answers.peek().is_none() {
                self.shared.send(text);
                sent = Some(Instant::now());
            }
            answers.find(|m| m.status > 100).cloned()
        })
    }

    fn acknowledge(&self, uri: &str, answer: &Message, sequence: u32, branch: &str) {
        let header = |name| answer.header(name).unwrap_or_default();
        self.shared.send(&format!(
            "ACK {uri} SIP/2.0\r\nVia: SIP/2.0/{} {};rport;branch={branch}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\n\
             Call-ID: {}\r\nCSeq: {sequence} ACK\r\nContent-Length: 0\r\n\r\n",
            self.shared.transport(),
            self.address,
            header("From"),
            header("To"),
            header("Call-ID"),
        ));
    }
}

impl Calling<'_> {
    /// Waits until it is answered with this status, and acknowledges that.
    #[track_caller]
    pub(crate) fn until_answered(&self, status: u16) -> Message {
        let cseq = format!("{} INVITE", self.sequence);
        let answer = wait::until(&format!("the call to be answered {status}"), wait::SOON, || {
            let ours =
                |m: &&Message| m.header("CSeq") == Some(&cseq) && m.header("Call-ID") == Some(&self.call_id);
            self.phone
                .heard()
                .iter()
                .filter(ours)
                .find(|m| m.status == status)
                .cloned()
        });
        let uri = answer.header("Contact").and_then(|c| c.split(['<', '>']).nth(1));
        let branch = format!("z9hG4bKack{}", self.sequence);
        self.phone
            .acknowledge(uri.unwrap_or("sip:switch"), &answer, self.sequence, &branch);
        answer
    }

    /// Transfers who was called; the switch's answer.
    #[track_caller]
    pub(crate) fn refer(&self, answer: &Message, refer_to: &str) -> u16 {
        let header = |name| answer.header(name).unwrap_or_default();
        self.phone.send_refer(
            header("Contact"),
            header("From"),
            header("To"),
            &self.call_id,
            refer_to,
            "",
        )
    }

    /// What an attended transfer to this call is asked for by (RFC 3891).
    pub(crate) fn replaces(&self, answer: &Message) -> String {
        let tag = |name| {
            let header = answer.header(name).unwrap_or_default();
            header.split(";tag=").nth(1).unwrap_or_default().to_owned()
        };
        let plain = format!("{};to-tag={};from-tag={}", self.call_id, tag("To"), tag("From"));
        plain.replace(';', "%3B").replace('=', "%3D").replace('@', "%40")
    }

    /// Hangs up a call that was answered.
    pub(crate) fn hang_up(&self, answer: &Message) {
        let header = |name| answer.header(name).unwrap_or_default();
        let uri = header("Contact")
            .split(['<', '>'])
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        let sequence = self.phone.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        self.phone.shared.send(&format!(
            "BYE {uri} SIP/2.0\r\nVia: SIP/2.0/{} {};rport;branch=z9hG4bKbye{sequence}\r\nMax-Forwards: 70\r\nFrom: {}\r\n\
             To: {}\r\nCall-ID: {}\r\nCSeq: {sequence} BYE\r\nContent-Length: 0\r\n\r\n",
            self.phone.shared.transport(),
            self.phone.address,
            header("From"),
            header("To"),
            self.call_id,
        ));
    }
}

impl Drop for Handset {
    fn drop(&mut self) {
        self.shared = Arc::new(Shared {
            wire: Wire::Udp(UdpSocket::bind("127.0.0.1:0").expect("a free UDP port")),
            contact: Mutex::default(),
            heard: Mutex::default(),
        });
        if let Some(thread) = self.thread.take() {
            // Had it panicked, what it did not hear has failed the scenario.
            let _ = thread.join();
        }
    }
}

fn offer() -> String {
    let port = crate::ports::phone();
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )
}
