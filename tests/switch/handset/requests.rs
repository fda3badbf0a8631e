//! Requests of a phone, with the digest, until they are answered.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Handset;
use crate::rig::password;
use crate::wait;
use crate::wire::{Message, digest_header};

impl Handset {
    /// Sends a request, answers the challenge, and waits: for the final answer, or for an INVITE for anything
    /// but 100.
    pub(super) fn ask(
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
    pub(super) fn until_answered(&self, text: &str, call_id: &str, cseq: &str) -> Message {
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

    pub(super) fn acknowledge(&self, uri: &str, answer: &Message, sequence: u32, branch: &str) {
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
