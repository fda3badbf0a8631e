//! A phone that would have the call of others.

use std::sync::atomic::Ordering;

use super::{Calling, Handset, offer};
use crate::wait;
use crate::wire::Message;

impl Handset {
    /// Calls a number, as a call in place of this one (`Replaces`, RFC 3891); the call and its final answer.
    #[track_caller]
    pub(crate) fn call_replacing(&self, number: &str, replaced: &str) -> (Calling<'_>, Message) {
        let to = format!("sip:{number}@{}", self.domain);
        let sequence = self.sequence.load(Ordering::Relaxed) + 1;
        let call_id = format!("replacing-{sequence}-{}", self.call_id);
        let replaces = format!("Replaces: {replaced}\r\n");
        let (sequence, _) = self.ask("INVITE", &to, &to, &call_id, &replaces, &offer());
        let call = Calling {
            phone: self,
            call_id,
            sequence,
        };
        let cseq = format!("{sequence} INVITE");
        let status = wait::until("a final answer", wait::SOON, || {
            let ours =
                |m: &&Message| m.header("CSeq") == Some(&cseq) && m.header("Call-ID") == Some(&call.call_id);
            let heard = self.heard();
            let found = heard.iter().filter(ours).find(|m| m.status >= 200)?;
            Some(found.status)
        });
        let answer = call.until_answered(status);
        (call, answer)
    }

    /// The id of the call that the lamp of `number` shows, as it is told to who watches it.
    pub(crate) fn told_of(&self, number: &str) -> Option<String> {
        let entity = format!("entity=\"sip:{number}@{}\"", self.domain);
        let told = self.heard();
        let last = told
            .iter()
            .rfind(|m| m.method() == "NOTIFY" && m.text.contains(&entity) && m.text.contains("<dialog "))?;
        let (_, rest) = last.text.split_once("<dialog id=\"")?;
        rest.split('"').next().map(str::to_owned)
    }
}

impl Calling<'_> {
    /// Its Call-ID.
    pub(crate) fn call_id(&self) -> &str {
        &self.call_id
    }
}
