//! The calls of a phone: that come, and that it makes.

use std::sync::atomic::Ordering;

use super::{Calling, Handset, offer};
use crate::wait;
use crate::wire::Message;

impl Handset {
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
