//! What lies on the table and rings by itself: the phone's side of the wire.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::wire::Message;

/// How a phone reaches the switch.
#[derive(Debug)]
pub(super) enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) wire: Wire,
    pub(super) contact: Mutex<String>,
    pub(super) heard: Mutex<Vec<Message>>,
}

impl Shared {
    pub(super) fn is_udp(&self) -> bool {
        matches!(self.wire, Wire::Udp(_))
    }

    pub(super) fn transport(&self) -> &'static str {
        if self.is_udp() { "UDP" } else { "TCP" }
    }

    pub(super) fn send(&self, text: &str) {
        // What is lost is asked again by the switch; what cannot be sent was unplugged by the test.
        let _ = match &self.wire {
            Wire::Udp(socket) => socket.send(text.as_bytes()).map(|_| ()),
            Wire::Tcp(stream) => (&*stream).write_all(text.as_bytes()),
        };
    }

    /// Takes what comes within a moment.
    pub(super) fn listen(&self, pending: &mut Vec<u8>) {
        let mut buffer = [0; 65_536];
        let length = match &self.wire {
            Wire::Udp(socket) => socket.recv(&mut buffer),
            Wire::Tcp(stream) => (&*stream).read(&mut buffer),
        };
        match length {
            Ok(0) => std::thread::sleep(Duration::from_millis(50)),
            Ok(length) => pending.extend_from_slice(&buffer[..length]),
            Err(_) => return,
        }
        while let Some(text) = cut(pending, self.is_udp()) {
            let message = Message::parse(text);
            match message.method() {
                "INVITE" => self.answer(&message, "180 Ringing", ""),
                "CANCEL" => {
                    self.answer(&message, "200 OK", "");
                    let invite = lock(&self.heard)
                        .iter()
                        .rfind(|m| is_invite_of(m, &message))
                        .cloned();
                    if let Some(invite) = invite {
                        self.answer(&invite, "487 Request Terminated", "");
                    }
                }
                "BYE" | "NOTIFY" | "OPTIONS" => self.answer(&message, "200 OK", ""),
                _ => {}
            }
            lock(&self.heard).push(message);
        }
    }

    pub(super) fn answer(&self, request: &Message, status: &str, sdp: &str) {
        let contact = lock(&self.contact).clone();
        self.answer_from(request, status, &contact, sdp);
    }

    /// 302 (RFC 3261, 21.3.3).
    pub(super) fn redirect(&self, request: &Message, contact: &str) {
        self.answer_from(request, "302 Moved Temporarily", contact, "");
    }

    fn answer_from(&self, request: &Message, status: &str, contact: &str, sdp: &str) {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for line in request.text.lines().take_while(|line| !line.is_empty()) {
            let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:", "Record-Route:"];
            if copied.iter().any(|name| line.starts_with(name)) {
                let tag = if line.starts_with("To:") && !line.contains(";tag=") {
                    ";tag=handset"
                } else {
                    ""
                };
                let _ = write!(text, "{line}{tag}\r\n");
            }
        }
        let _ = write!(text, "Contact: {contact}\r\n");
        if !sdp.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n{sdp}", sdp.len());
        self.send(&text);
    }
}

fn is_invite_of(message: &Message, cancel: &Message) -> bool {
    message.method() == "INVITE" && message.header("Call-ID") == cancel.header("Call-ID")
}

/// The first whole message in what was received.
fn cut(pending: &mut Vec<u8>, datagram: bool) -> Option<String> {
    let text = String::from_utf8_lossy(pending).into_owned();
    if datagram || text.trim().is_empty() {
        pending.clear();
        return (!text.trim().is_empty()).then_some(text);
    }
    let (head, _) = text.split_once("\r\n\r\n")?;
    let length = |line: &str| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")?
            .trim()
            .parse()
            .ok()
    };
    let body: usize = head.lines().find_map(length).unwrap_or(0);
    let whole = head.len() + 4 + body;
    if pending.len() < whole {
        return None;
    }
    let rest = pending.split_off(whole);
    let message = std::mem::replace(pending, rest);
    Some(String::from_utf8_lossy(&message).into_owned())
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
