//! A phone's lamps: what it subscribes to, and what it is told.

use std::sync::atomic::Ordering;

use super::Handset;
use crate::wait;
use crate::wire::Message;

impl Handset {
    /// Subscribes to the lamp of `number`: `Event: dialog`.
    ///
    /// # Panics
    /// The switch refuses.
    #[track_caller]
    pub(crate) fn watch(&self, number: &str) {
        let status = self.asks_to_watch(number);
        assert!(matches!(status, 200 | 202), "{status}");
    }

    /// The same, whatever comes of it: the final status.
    pub(crate) fn asks_to_watch(&self, number: &str) -> u16 {
        let to = format!("sip:{number}@{}", self.domain);
        let further = "Event: dialog\r\nAccept: application/dialog-info+xml\r\nExpires: 300\r\n";
        let call_id = format!("watch-{number}-{}", self.call_id);
        self.ask("SUBSCRIBE", &to, &to, &call_id, further, "").1.status
    }

    /// Says, without being asked and without a password, that `number` is gone (RFC 3903).
    pub(crate) fn publish_as(&self, number: &str) {
        let body = format!(
            "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:{number}@{0}\">\
             <tuple id=\"t\"><status><basic>closed</basic></status><note>gone</note></tuple></presence>",
            self.domain
        );
        let (sequence, address) = (self.sequence.fetch_add(1, Ordering::Relaxed) + 1, self.address);
        self.shared.send(&format!(
            "PUBLISH sip:{number}@{0} SIP/2.0\r\nVia: SIP/2.0/UDP {address};rport;branch=z9hG4bKpublish{sequence}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{number}@{0}>;tag=x{sequence}\r\nTo: <sip:{number}@{0}>\r\n\
             Call-ID: publish-{sequence}-{1}\r\nCSeq: {sequence} PUBLISH\r\nEvent: presence\r\nExpires: 3600\r\n\
             Content-Type: application/pidf+xml\r\nContent-Length: {2}\r\n\r\n{body}",
            self.domain,
            self.call_id,
            body.len()
        ));
    }

    /// How many NOTIFYs about the lamp of `number` came so far.
    pub(crate) fn notified(&self, number: &str) -> usize {
        let entity = format!("entity=\"sip:{number}@{}\"", self.domain);
        let of_it = |message: &&Message| message.method() == "NOTIFY" && message.text.contains(&entity);
        self.heard().iter().filter(of_it).count()
    }

    /// Whether the last NOTIFY about `number` names no dialog: the lamp is dark.
    pub(crate) fn is_dark(&self, number: &str) -> bool {
        let entity = format!("entity=\"sip:{number}@{}\"", self.domain);
        let of_it = |message: &&Message| message.method() == "NOTIFY" && message.text.contains(&entity);
        let said = self.heard();
        said.iter()
            .rfind(of_it)
            .is_none_or(|last| !last.text.contains("<dialog "))
    }

    /// The states that the lamp of `number` showed so far: `early`, `confirmed`, `terminated`; nothing for a
    /// NOTIFY that names no dialog.
    pub(crate) fn lamp(&self, number: &str) -> Vec<String> {
        let entity = format!("entity=\"sip:{number}@{}\"", self.domain);
        let of_it = |message: &&Message| message.method() == "NOTIFY" && message.text.contains(&entity);
        let state = |message: &Message| {
            let (_, rest) = message.text.split_once("<state>")?;
            rest.split_once("</state>").map(|(state, _)| state.to_owned())
        };
        self.heard().iter().filter(of_it).filter_map(state).collect()
    }

    /// Waits until the lamp of `number` shows `state`.
    #[track_caller]
    pub(crate) fn until_lamp(&self, number: &str, state: &str) {
        wait::until(
            &format!("the lamp of {number} to show {state}"),
            wait::SOON,
            || self.lamp(number).last().filter(|last| *last == state).map(|_| ()),
        );
    }
}
