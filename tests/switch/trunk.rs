//! A carrier: the far end of a gateway, which answers OPTIONS and calls as a test says, and calls in.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::ports;
use crate::wait;
use crate::wire::Message;

/// The carrier, on UDP at a loopback address of its own.
#[derive(Debug)]
pub(crate) struct Trunk {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    socket: UdpSocket,
    /// Whether OPTIONS are answered, and calls.
    there: AtomicBool,
    /// Whether OPTIONS are.
    pinged: AtomicBool,
    /// Whether who calls has to show an account.
    asks: AtomicBool,
    /// How an INVITE is answered.
    answer: Mutex<&'static str>,
    heard: Mutex<Vec<Message>>,
    over: AtomicBool,
}

impl Trunk {
    /// A carrier at `ip` that is there and takes calls.
    pub(crate) fn at(ip: &str) -> Self {
        let socket = UdpSocket::bind((ip, 0)).expect("a free UDP port");
        let limit = Some(Duration::from_millis(50));
        socket.set_read_timeout(limit).expect("a timeout");
        let shared = Arc::new(Shared {
            socket,
            there: AtomicBool::new(true),
            pinged: AtomicBool::new(true),
            asks: AtomicBool::new(false),
            answer: Mutex::new("200 OK"),
            heard: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&shared);
        let thread = Builder::new().name("trunk".to_owned()).spawn(move || {
            while !theirs.over.load(Relaxed) {
                theirs.listen();
            }
        });
        Self {
            shared,
            thread: Some(thread.expect("a thread")),
        }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.shared.socket.local_addr().expect("it is bound")
    }

    /// From now on it answers nothing, or again.
    pub(crate) fn be_there(&self, there: bool) {
        self.shared.there.store(there, Relaxed);
    }

    /// From now on it answers calls alone, or OPTIONS again.
    pub(crate) fn answer_options(&self, pinged: bool) {
        self.shared.pinged.store(pinged, Relaxed);
    }

    /// From now on who calls is asked for an account, of the realm `carrier.test`, or no longer.
    pub(crate) fn ask_for_account(&self, asks: bool) {
        self.shared.asks.store(asks, Relaxed);
    }

    /// How it answers calls from now on, such as `503 Service Unavailable`.
    pub(crate) fn answer_with(&self, status: &'static str) {
        *self.shared.answer.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }

    /// Everything that it heard.
    pub(crate) fn heard(&self) -> Vec<Message> {
        self.shared
            .heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
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

    /// Calls `number` at the switch's gateway port, with these further header lines; the final answer.
    #[track_caller]
    pub(crate) fn call(&self, port: u16, uri: &str, further: &str) -> Message {
        self.call_to(port, uri, uri, further)
    }

    /// The same with another To.
    #[track_caller]
    pub(crate) fn call_to(&self, port: u16, uri: &str, to: &str, further: &str) -> Message {
        let called = to;
        static CALLS: AtomicU32 = AtomicU32::new(1);
        let call = CALLS.fetch_add(1, Relaxed);
        let here = self.address();
        let sdp = offer();
        let text = format!(
            "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {here};rport;branch=z9hG4bKtrunk{call}\r\nMax-Forwards: 70\r\n\
             From: <sip:+49301234@{here}>;tag=trunk{call}\r\nTo: <{called}>\r\nCall-ID: trunk{call}@{here}\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:trunk@{here}>\r\n{further}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        let to = SocketAddr::from(([127, 0, 0, 1], port));
        self.shared.socket.send_to(text.as_bytes(), to).expect("loopback");
        let mut sent = std::time::Instant::now();
        let call_id = format!("trunk{call}@{here}");
        let answer = wait::until(&format!("an answer to {uri}"), wait::SOON, || {
            if sent.elapsed() > Duration::from_millis(500) {
                sent = std::time::Instant::now();
                let _ = self.shared.socket.send_to(text.as_bytes(), to);
            }
            let answers = self.heard();
            let ours = |m: &&Message| m.status >= 200 && m.header("Call-ID") == Some(&call_id);
            answers.iter().find(ours).cloned()
        });
        let header = |name| answer.header(name).unwrap_or_default();
        let ack = format!(
            "ACK {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {here};rport;branch=z9hG4bKtrunk{call}\r\nMax-Forwards: 70\r\n\
             From: {}\r\nTo: {}\r\nCall-ID: {call_id}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
            header("From"),
            header("To"),
        );
        self.shared.socket.send_to(ack.as_bytes(), to).expect("loopback");
        answer
    }
}

impl Shared {
    fn listen(&self) {
        let mut buffer = [0; 65_536];
        let Ok((length, from)) = self.socket.recv_from(&mut buffer) else {
            return;
        };
        let message = Message::parse(String::from_utf8_lossy(&buffer[..length]).into_owned());
        let method = message.method().to_owned();
        let status = message.status;
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(message.clone());
        if status > 0 || method == "ACK" || !self.there.load(Relaxed) {
            return;
        }
        let answer = *self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        match method.as_str() {
            "INVITE" if self.asks.load(Relaxed) && message.header("Proxy-Authorization").is_none() => {
                let challenge = "407 Proxy Authentication Required\r\n\
                                 Proxy-Authenticate: Digest realm=\"carrier.test\", nonce=\"a1b2c3\", algorithm=MD5";
                self.reply(from, &message, challenge, "");
            }
            "INVITE" if answer.starts_with('2') => self.reply(from, &message, answer, &offer()),
            "INVITE" => self.reply(from, &message, answer, ""),
            "OPTIONS" if !self.pinged.load(Relaxed) => {}
            _ => self.reply(from, &message, "200 OK", ""),
        }
    }

    fn reply(&self, to: SocketAddr, request: &Message, status: &str, sdp: &str) {
        let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:", "Record-Route:"];
        let mut text = format!("SIP/2.0 {status}\r\n");
        for line in request.text.lines().take_while(|line| !line.is_empty()) {
            if copied.iter().any(|name| line.starts_with(name)) {
                let tagged = line.starts_with("To:") && !line.contains(";tag=");
                text.push_str(line);
                text.push_str(if tagged { ";tag=far\r\n" } else { "\r\n" });
            }
        }
        let here = self.socket.local_addr().expect("it is bound");
        let kind = if sdp.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        text.push_str(&format!(
            "Contact: <sip:far@{here}>\r\n{kind}Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        ));
        // What is lost is asked for again.
        let _ = self.socket.send_to(text.as_bytes(), to);
    }
}

impl Drop for Trunk {
    fn drop(&mut self) {
        self.shared.over.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // Had it panicked, what it did not hear has failed the scenario.
            let _ = thread.join();
        }
    }
}

fn offer() -> String {
    let port = ports::phone();
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )
}
