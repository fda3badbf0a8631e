//! What needs somebody's attention, as `pbx status` says it.

use jiff::Timestamp;

use super::{Report, age, spoken};
use crate::commands::out::{self, plain};
use crate::gateways::view::State;

/// A backup older than this, in seconds, needs attention: one is made every day.
const OLD_BACKUP: i64 = 2 * 86_400;

/// A failure is worth attention for this long, in seconds.
const RECENT: i64 = 86_400;

/// The oldest FreeSWITCH with the security fixes of May 2026.
const SAFE_SWITCH: [u32; 3] = [1, 11, 1];

impl Report {
    /// What is wrong, each in a sentence.
    pub(super) fn attention(&self) -> Vec<String> {
        let mut all = Vec::new();
        all.extend(self.health.refused.clone());
        if let Some(error) = &self.health.last_error
            && age(&error.at).is_none_or(|seconds| seconds < RECENT)
        {
            all.push(format!("at {}: {}", error.at, error.text));
        }
        if let Some(at) = &self.health.foreign_write
            && age(at).is_none_or(|seconds| seconds < RECENT)
        {
            all.push(format!(
                "at {at} another program wrote to the database: pbx revisions does not know what"
            ));
        }
        match self.backup_age {
            Some(seconds) if seconds > OLD_BACKUP => {
                all.push(format!(
                    "the newest backup is {} old",
                    spoken(seconds.unsigned_abs())
                ));
            }
            None if self.uptime.as_secs() > OLD_BACKUP.unsigned_abs() => {
                all.push(format!(
                    "there is no backup in {}: pbx backup FILE makes one",
                    self.health.backups.display()
                ));
            }
            _ => {}
        }
        if is_unsafe(&self.switch) {
            all.push(format!(
                "FreeSWITCH {} lacks security fixes that strangers can use: install 1.11.1 or newer",
                self.switch
            ));
        }
        all.extend(
            self.listeners
                .iter()
                .filter_map(|listener| listener.problem.clone()),
        );
        if let Some(file) = &self.first_password {
            all.push(format!(
                "nobody has signed in as the first administrator yet: name and password are in {}",
                file.display()
            ));
        }
        all.extend(self.unheard());
        all.extend(self.speechless());
        all.extend(self.unsent());
        all.extend(self.untold());
        all.extend(self.unrecorded());
        all.extend(self.carried());
        if self.domains == 0 {
            all.push("there is no domain yet: pbx domain add DOMAIN".to_owned());
        }
        all.iter().map(|warning| plain(warning)).collect()
    }

    /// What voicemail cannot say.
    fn speechless(&self) -> Option<String> {
        let folder = self.parameters["sounds"].as_str().unwrap_or_default();
        let (there, all) = self.sounds.count();
        if there == all || self.extensions == 0 || !self.sounds.languages().is_empty() {
            return None;
        }
        Some(if self.sounds.is_usable() {
            format!(
                "{} of the {all} sounds are missing in {folder}: callers hear a tone instead; \
                 deploy/prompts.sh {folder} makes them",
                all - there
            )
        } else {
            format!(
                "the switch cannot be given sounds out of {folder}: callers hear tones instead; name a folder of \
                 letters, digits and . _ - + as \"sounds\" in pbx.conf"
            )
        })
    }

    /// What is wrong with mail.
    fn unsent(&self) -> Vec<String> {
        let mut all = Vec::new();
        let counts = self.mail.counts.unwrap_or_default();
        if let (Some(trouble), 1..) = (&self.mail.trouble, counts.waiting) {
            let what = plural(counts.waiting, "mail waits", "mails wait");
            all.push(format!("{what} since {}: {}", trouble.since, trouble.text));
        }
        if counts.failed > 0 {
            let what = plural(counts.failed, "mail was given up", "mails were given up");
            all.push(format!(
                "{what}: pbx mail list says why, pbx mail retry or drop ends it"
            ));
        }
        if self.mail.refused > 0 {
            let what = plural(self.mail.refused, "mail was", "mails were");
            all.push(format!("{what} not queued since the queue was full"));
        }
        all
    }

    /// Calls for help that nobody heard, or would hear.
    fn unheard(&self) -> Vec<String> {
        let mut all = Vec::new();
        let hooks = &self.webhooks;
        if let Some(last) = &hooks.last_unheard
            && age(&last.at).is_none_or(|seconds| seconds < RECENT)
        {
            let what = plural(hooks.unheard, "call for help FAILED", "calls for help FAILED");
            all.push(format!(
                "{what} since no gateway took it, the last of {} to {} at {}",
                last.from, last.dialled, last.at
            ));
        }
        all.extend(self.help.iter().cloned());
        all
    }

    /// Calls for help of which somebody is not told.
    fn untold(&self) -> Vec<String> {
        let mut all = Vec::new();
        let hooks = &self.webhooks;
        let counts = hooks.counts.unwrap_or_default();
        if let (Some(trouble), 1..) = (&hooks.trouble, counts.waiting) {
            let what = plural(
                counts.waiting,
                "webhook about a call for help waits",
                "webhooks about calls for help wait",
            );
            all.push(format!("{what} since {}: {}", trouble.since, trouble.text));
        }
        if counts.failed > 0 {
            let what = plural(counts.failed, "webhook was given up", "webhooks were given up");
            all.push(format!(
                "{what}: pbx mail list says why, pbx mail retry or drop ends it"
            ));
        }
        if hooks.unsaved > 0 {
            let what = plural(hooks.unsaved as u64, "notice", "notices");
            all.push(format!(
                "{what} about calls for help cannot be written down, and would be lost in a crash"
            ));
        }
        if hooks.dropped > 0 {
            let what = plural(hooks.dropped, "call for help", "calls for help");
            all.push(format!("nobody was told of {what}: there were too many at once"));
        }
        if !self.mail.configured && !self.mailed_domains.is_empty() {
            all.push(format!(
                "calls for help of {} are to be told of by mail, but no smtp-host is set: pbx setting set smtp-host HOST",
                self.mailed_domains.join(", ")
            ));
        }
        all
    }

    /// What is wrong with gateways.
    fn carried(&self) -> Vec<String> {
        let down = self
            .gateways
            .iter()
            .filter(|gateway| gateway.state == State::Down);
        let mut all: Vec<String> = down
            .map(|gateway| {
                let why = if gateway.why.is_empty() { "" } else { ": " };
                format!("gateway {} is down{why}{}", gateway.name, gateway.why)
            })
            .collect();
        if let (count, Some(last)) = &self.unknown_numbers
            && Timestamp::now().as_second() - last.at.as_second() < RECENT
        {
            all.push(format!(
                "{} came in for numbers that nobody has, the last for {} by gateway {} at {:.0}",
                out::count(*count, "call"),
                last.number,
                last.gateway,
                last.at
            ));
        }
        all
    }

    /// What is wrong with the records of calls.
    fn unrecorded(&self) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(why) = &self.calls.trouble {
            all.push(format!("calls are not written down just now: {why}"));
        }
        if self.calls.lost > 0 {
            let what = plural(self.calls.lost, "record of a call is", "records of calls are");
            all.push(format!("{what} lost, since the database could not be written to"));
        }
        all
    }
}

/// `1 mail waits`, `3 mails wait`.
fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Whether a switch that says its version is too old; one that does not is not.
fn is_unsafe(version: &str) -> bool {
    let numbers: Vec<u32> = version
        .split(|c: char| !c.is_ascii_digit())
        .map_while(|part| part.parse().ok())
        .take(3)
        .collect();
    numbers.len() == 3 && numbers.as_slice() < SAFE_SWITCH.as_slice() && numbers != [0, 0, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_switch_is_told_apart() {
        for (version, expected) in [
            ("1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit", true),
            ("1.11.0", true),
            ("1.11.1-release+git~x", false),
            ("1.12.0", false),
            ("2.0.0", false),
            ("0.0.0 (no switch)", false),
            ("unknown", false),
            ("", false),
        ] {
            assert_eq!(is_unsafe(version), expected, "{version}");
        }
    }
}
