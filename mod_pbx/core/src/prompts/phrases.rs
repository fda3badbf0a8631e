//! The phrases of mod_voicemail, by the names of its macros (`VM_…_MACRO`), and what each says.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::{Prompt, speech};

/// When and where something is said: "today" depends on both.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Now.
    pub now: Timestamp,
    /// The time zone in which days begin and end.
    pub zone: TimeZone,
}

/// What the macro `name` says of `data`; none: it is no macro of mod_voicemail's.
///
/// `data` may hold anything: a caller's number is among it. What is not understood is left unsaid.
pub fn say(name: &str, data: &str, moment: &Moment) -> Option<Vec<Prompt>> {
    let mut out = Saying(Vec::new());
    match name {
        "voicemail_hello" => {}
        "voicemail_goodbye" => out.add("goodbye"),
        "voicemail_abort" => out.add("too-many-attempts"),
        "voicemail_enter_id" => out.then_keys(&["enter-mailbox"], data),
        "voicemail_enter_pass" => out.then_keys(&["enter-pin"], data),
        "voicemail_fail_auth" => out.add("wrong-pin"),
        "voicemail_change_pass_success" => out.add("pin-changed"),
        "voicemail_change_pass_fail" => out.add("pin-refused"),
        "voicemail_menu" => out.then_keys(
            &[
                "new-messages-press",
                "saved-messages-press",
                "more-options-press",
                "leave-press",
            ],
            data,
        ),
        "voicemail_config_menu" => out.then_keys(
            &[
                "record-greeting-press",
                "choose-greeting-press",
                "record-name-press",
                "change-pin-press",
                "main-menu-press",
            ],
            data,
        ),
        "voicemail_record_file_check" => out.then_keys(
            &[
                "hear-recording-press",
                "keep-recording-press",
                "record-again-press",
            ],
            data,
        ),
        "voicemail_record_urgent_check" => out.then_keys(&["urgent-press", "go-on-press"], data),
        "voicemail_listen_file_check" => out.listened(data),
        "voicemail_forward_prepend" => out.then_keys(&["introduce-press", "send-now-press"], data),
        "voicemail_forward_message_enter_extension" => out.then_keys(&["forward-to"], data),
        "voicemail_invalid_extension" => out.add("no-such-extension"),
        "voicemail_choose_greeting" => out.add("which-greeting"),
        "voicemail_choose_greeting_fail" => out.add("no-such-greeting"),
        "voicemail_greeting_selected" => {
            out.add("greeting");
            out.number(data);
            out.add("is-selected");
        }
        "voicemail_record_greeting" => out.add("record-greeting"),
        "voicemail_record_name" => out.add("record-name"),
        "voicemail_record_message" => out.add("record-message"),
        "voicemail_disk_quota_exceeded" => out.add("mailbox-full"),
        "voicemail_play_greeting" => {
            out.add("person-at-extension");
            speech::digits(data, &mut out.0);
            out.add("not-available");
        }
        "voicemail_message_count" => out.count(data),
        "voicemail_say_message_number" => {
            let (kind, number) = data.split_once(':').unwrap_or(("", data));
            out.kind(kind);
            out.add("message-number");
            out.number(number);
        }
        "voicemail_say_number" => out.number(data),
        "voicemail_say_name" => speech::digits(data, &mut out.0),
        "voicemail_say_phone_number" => out.caller(data),
        "voicemail_say_date" => out.date(data, moment),
        "voicemail_ack" => out.acknowledge(data),
        _ => return None,
    }
    Some(out.0)
}

struct Saying(Vec<Prompt>);

impl Saying {
    fn add(&mut self, name: &'static str) {
        self.0.push(Prompt(name));
    }

    /// Each sentence is followed by its key; they are separated by `:` in `keys`. A key that is empty is
    /// one the profile does not have.
    fn then_keys(&mut self, sentences: &[&'static str], keys: &str) {
        for (sentence, key) in sentences.iter().zip(keys.split(':')) {
            if let Some(key) = key.chars().next().and_then(speech::key) {
                self.add(sentence);
                self.0.push(key);
            }
        }
    }

    /// Repeat, save, delete, mail, call back, forward; and behind them an address, without which there is no
    /// mail to send.
    fn listened(&mut self, data: &str) {
        let keys: Vec<&str> = data.splitn(7, ':').collect();
        let has_address = keys.get(6).is_some_and(|address| !address.is_empty());
        for (at, sentence) in [
            "hear-again-press",
            "save-press",
            "delete-press",
            "mail-press",
            "call-back-press",
            "forward-press",
        ]
        .into_iter()
        .enumerate()
        {
            if at != 3 || has_address {
                self.then_keys(&[sentence], keys.get(at).copied().unwrap_or_default());
            }
        }
    }

    fn number(&mut self, text: &str) {
        if let Ok(number) = text.trim().parse() {
            speech::number(number, &mut self.0);
        }
    }

    /// `new`, `saved`, `urgent-new` or `urgent-saved`.
    fn kind(&mut self, kind: &str) {
        let plain = kind.strip_prefix("urgent-");
        if plain.is_some() {
            self.add("urgent");
        }
        match plain.unwrap_or(kind) {
            "new" => self.add("new"),
            "saved" => self.add("saved"),
            _ => {}
        }
    }

    fn count(&mut self, data: &str) {
        let (count, kind) = data.split_once(':').unwrap_or((data, ""));
        self.add("you-have");
        if count.trim() == "0" {
            self.add("no");
        } else {
            self.number(count);
        }
        self.kind(kind);
        self.add(if count.trim() == "1" {
            "message"
        } else {
            "messages"
        });
    }

    fn caller(&mut self, number: &str) {
        self.add("message-from");
        let before = self.0.len();
        speech::digits(number, &mut self.0);
        if self.0.len() == before || number.starts_with("000") {
            self.0.truncate(before);
            self.add("caller-without-number");
        }
    }

    fn date(&mut self, epoch: &str, moment: &Moment) {
        let then = epoch.trim().parse().ok();
        if let Some(then) = then.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
            let zoned = |at: Timestamp| Zoned::new(at, moment.zone.clone());
            speech::time(&zoned(then), &zoned(moment.now), &mut self.0);
        }
    }

    fn acknowledge(&mut self, what: &str) {
        match what {
            "too-small" => self.add("too-short"),
            "saved" => self.add("message-saved"),
            "deleted" => self.add("message-deleted"),
            "emailed" => self.add("message-mailed"),
            "marked-urgent" => self.add("message-urgent"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::known;

    fn said(name: &str, data: &str) -> Option<String> {
        let moment = Moment {
            now: "2026-03-02T09:00:00Z".parse().unwrap(),
            zone: TimeZone::UTC,
        };
        let prompts = say(name, data, &moment)?;
        let known = known();
        assert!(prompts.iter().all(|prompt| known.contains(prompt)), "{prompts:?}");
        let names: Vec<_> = prompts.iter().map(|prompt| prompt.name()).collect();
        Some(names.join(" "))
    }

    /// The macros with what mod_voicemail passes along, as its source has them.
    #[test]
    fn every_macro_of_mod_voicemail_is_answered() {
        for (name, data, expected) in [
            ("hello", "", ""),
            ("goodbye", "", "goodbye"),
            ("abort", "", "too-many-attempts"),
            ("enter_id", "#", "enter-mailbox pound"),
            ("enter_pass", "#", "enter-pin pound"),
            ("fail_auth", "", "wrong-pin"),
            ("change_pass_success", "", "pin-changed"),
            ("change_pass_fail", "", "pin-refused"),
            (
                "menu",
                "1:2:5:#",
                "new-messages-press 1 saved-messages-press 2 more-options-press 5 leave-press pound",
            ),
            (
                "config_menu",
                "1:2:3:6:0",
                "record-greeting-press 1 choose-greeting-press 2 record-name-press 3 change-pin-press 6 \
                 main-menu-press 0",
            ),
            (
                "record_file_check",
                "1:2:3",
                "hear-recording-press 1 keep-recording-press 2 record-again-press 3",
            ),
            (
                "record_urgent_check",
                "*:#",
                "urgent-press star go-on-press pound",
            ),
            (
                "listen_file_check",
                "1:2:7:4:5:8",
                "hear-again-press 1 save-press 2 delete-press 7 call-back-press 5 forward-press 8",
            ),
            (
                "listen_file_check",
                "1:2:7:4:5:8:a@b.test",
                "hear-again-press 1 save-press 2 delete-press 7 mail-press 4 call-back-press 5 forward-press 8",
            ),
            ("forward_prepend", "1:8", "introduce-press 1 send-now-press 8"),
            ("forward_message_enter_extension", "#", "forward-to pound"),
            ("invalid_extension", "1999", "no-such-extension"),
            ("choose_greeting", "1:2:3:6:0", "which-greeting"),
            ("choose_greeting_fail", "", "no-such-greeting"),
            ("greeting_selected", "2", "greeting 2 is-selected"),
            ("record_greeting", "", "record-greeting"),
            ("record_name", "", "record-name"),
            ("record_message", "", "record-message"),
            ("disk_quota_exceeded", "", "mailbox-full"),
            (
                "play_greeting",
                "1002",
                "person-at-extension 1 0 0 2 not-available",
            ),
            ("message_count", "0:new", "you-have no new messages"),
            ("message_count", "1:urgent-new", "you-have 1 urgent new message"),
            ("message_count", "25:saved", "you-have 20 5 saved messages"),
            ("say_message_number", "new:3", "new message-number 3"),
            ("say_number", "12", "12"),
            ("say_phone_number", "+4930", "message-from 4 9 3 0"),
            (
                "say_phone_number",
                "anonymous",
                "message-from caller-without-number",
            ),
            (
                "say_phone_number",
                "0000000000",
                "message-from caller-without-number",
            ),
            ("say_name", "1001", "1 0 0 1"),
            ("say_date", "1772438700", "today at 8 oh 5 am"),
            ("ack", "too-small", "too-short"),
            ("ack", "saved", "message-saved"),
            ("ack", "deleted", "message-deleted"),
            ("ack", "emailed", "message-mailed"),
            ("ack", "marked-urgent", "message-urgent"),
        ] {
            let name = format!("voicemail_{name}");
            assert_eq!(said(&name, data).as_deref(), Some(expected), "{name} {data}");
        }
    }

    #[test]
    fn anything_may_be_said_of_anything() {
        for data in [
            "",
            ":",
            "::::::::",
            "${system(touch /tmp/x)}",
            "99999999999999999999",
            "-1:new",
            "ü",
            "\n",
        ] {
            for name in [
                "menu",
                "message_count",
                "say_date",
                "say_phone_number",
                "listen_file_check",
            ] {
                assert!(said(&format!("voicemail_{name}"), data).is_some());
            }
        }
        assert_eq!(said("valet_lot_full", ""), None);
        assert_eq!(said("voicemail_", ""), None);
    }
}
