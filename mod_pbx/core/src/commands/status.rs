//! `pbx status`: how the PBX is doing, and what needs somebody's attention.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::desk::{ACTOR, Desk};
use super::out::{Answer, Said, Sheet, plain};
use super::progress::Step;
use crate::calls;
use crate::counters::Count;
use crate::front::Listener;
use crate::gateways;
use crate::gateways::view::State;
use crate::mail;
use crate::pbx::Pbx;
use crate::presence;
use crate::prompts::Sounds;
use crate::store::Health;
use crate::store::snapshot::Snapshot;

/// A backup older than this, in seconds, needs attention: one is made every day.
const OLD_BACKUP: i64 = 2 * 86_400;

/// A failure is worth attention for this long, in seconds.
const RECENT: i64 = 86_400;

/// The oldest FreeSWITCH with the security fixes of May 2026.
const SAFE_SWITCH: [u32; 3] = [1, 11, 1];

#[derive(Debug, Args)]
#[command(after_help = "\
Example: pbx status json
Ends with what needs attention. For programs the parameters of pbx.conf stand under their own names.")]
pub(super) struct Status {}

/// All there is to say.
struct Report {
    switch: String,
    uptime: Duration,
    health: Health,
    /// Seconds since the newest backup.
    backup_age: Option<i64>,
    domains: usize,
    extensions: usize,
    lines: usize,
    /// Bans in force.
    bans: usize,
    gateways: Vec<gateways::Health>,
    /// Calls that came in by gateways for numbers that nobody has, and the last.
    unknown_numbers: (u64, Option<Arc<gateways::view::Unknown>>),
    sounds: Arc<Sounds>,
    mail: mail::Health,
    calls: calls::Health,
    lookups: Vec<Count>,
    listeners: Vec<Listener>,
    /// Where the first administrator's password is, while nobody has changed it.
    first_password: Option<PathBuf>,
    presence: presence::Health,
    running: Option<Step>,
    /// The parameters of `pbx.conf` by name.
    parameters: Value,
    warnings: Vec<String>,
}

impl Status {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let report = Report::new(desk);
        Ok(Answer::new(report.text(), report.json()))
    }
}

/// The long command that runs, with its percents, and what needs somebody's attention.
pub(crate) fn attention(pbx: &Pbx) -> (Option<(String, u8)>, Vec<String>) {
    let report = Report::new(&Desk {
        pbx,
        actor: ACTOR,
        force: false,
    });
    (
        report.running.map(|step| (step.task, step.percent)),
        report.warnings,
    )
}

impl Report {
    fn new(desk: &Desk<'_>) -> Self {
        let pbx = desk.pbx;
        let snapshot = pbx.store().snapshot();
        let health = pbx.store().health();
        let (domains, extensions, lines) = count(&snapshot);
        let mut report = Self {
            switch: pbx.host().version(),
            uptime: pbx.uptime(),
            backup_age: health.last_backup.as_ref().and_then(|backup| age(&backup.at)),
            health,
            domains,
            extensions,
            lines,
            bans: pbx.bans().list().len(),
            gateways: pbx.gateways().health(),
            unknown_numbers: {
                let counts = &pbx.gateways().view().counts;
                (counts.unknowns(), counts.last_unknown())
            },
            sounds: pbx.sounds(),
            mail: pbx.mail().health(),
            calls: pbx.calls().health(),
            lookups: pbx.counters().rows(),
            listeners: pbx.front().map(|front| front.listeners()).unwrap_or_default(),
            first_password: Some(pbx.people().first_password_file()).filter(|file| file.exists()),
            presence: pbx.presence().health(),
            running: pbx.progress().now(),
            parameters: serde_json::to_value(&*pbx.config()).unwrap_or_else(|_| json!({})),
            warnings: Vec::new(),
        };
        report.warnings = report.attention();
        let ports = super::status_ports::warnings(desk);
        report
            .warnings
            .extend(pbx.gateways().troubles().iter().map(|trouble| plain(trouble)));
        report.warnings.extend(ports.iter().map(|warning| plain(warning)));
        report
    }

    fn attention(&self) -> Vec<String> {
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
        all.extend(self.speechless());
        all.extend(self.unsent());
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
                "{} of the {all} sounds of voicemail are missing in {folder}: callers hear a tone instead; \
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
                super::out::count(*count, "call"),
                last.number,
                last.gateway,
                last.at
            ));
        }
        all
    }

    fn connected(&self) -> String {
        let count = |state| {
            self.gateways
                .iter()
                .filter(|gateway| gateway.state == state)
                .count()
        };
        let states = [State::Up, State::Down, State::Unknown].map(|state| (count(state), state));
        let there = states.iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = there
            .map(|(count, state)| format!("{count} {}", state.as_str()))
            .collect();
        if words.is_empty() {
            "none".to_owned()
        } else {
            words.join(", ")
        }
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

    fn mailed(&self) -> String {
        let Some(counts) = self.mail.counts else {
            return "not known".to_owned();
        };
        let how = if self.mail.configured {
            ""
        } else {
            "; no smtp-host is set"
        };
        format!("{} waiting, {} given up{how}", counts.waiting, counts.failed)
    }

    fn spoken(&self) -> String {
        let (there, all) = self.sounds.count();
        match self.sounds.languages() {
            [] => format!("{there} of {all}"),
            theirs => format!("{there} of {all}; the switch's own in {}", theirs.join(", ")),
        }
    }

    fn text(&self) -> String {
        let health = &self.health;
        let backup = match (&health.last_backup, self.backup_age) {
            (Some(backup), Some(age)) => format!(
                "{} ({} old)",
                backup.file.display(),
                spoken(age.max(0).unsigned_abs())
            ),
            (Some(backup), None) => backup.file.display().to_string(),
            (None, _) => "none yet".to_owned(),
        };
        let mut sheet = Sheet::default()
            .row("mod_pbx", env!("CARGO_PKG_VERSION"))
            .row("FreeSWITCH", &self.switch)
            .row("running for", spoken(self.uptime.as_secs()))
            .row(
                "database",
                format!("{} ({:.1} MB)", health.path.display(), health.size as f64 / 1e6),
            )
            .row("revision", health.rev)
            .row(
                "changes",
                if health.refused.is_some() {
                    "refused, see below"
                } else {
                    "possible"
                },
            )
            .row("newest backup", backup)
            .row("domains", self.domains)
            .row("extensions", format!("{} enabled", self.extensions))
            .row("lines", format!("{} enabled", self.lines))
            .row("phones", format!("{} registered", self.presence.registrations))
            .row("gateways", self.connected())
            .row("bans", self.bans)
            .row("prompts", self.spoken())
            .row("mail", self.mailed());
        for listener in &self.listeners {
            let what = match listener.name {
                "web-listen" => "web pages",
                _ => "local paths",
            };
            sheet = sheet.row(what, door(listener));
        }
        if let Some(step) = &self.running {
            sheet = sheet.row("at work", format!("{}, {} %", step.task, step.percent));
        }
        let mut parameters = Sheet::default();
        for (name, value) in self.parameters.as_object().into_iter().flatten() {
            parameters = parameters.row(name, spelled(value));
        }
        let attention = match self.warnings.as_slice() {
            [] => "nothing needs attention\n".to_owned(),
            all => format!("needs attention:\n  {}\n", all.join("\n  ")),
        };
        format!("{}pbx.conf:\n{}{attention}", sheet.text(), parameters.text())
    }

    fn json(&self) -> Value {
        let health = &self.health;
        let own = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "switch_version": self.switch,
            "uptime_seconds": self.uptime.as_secs(),
            "revision": health.rev,
            "database_bytes": health.size,
            "backup_directory": health.backups,
            "backup": health.last_backup,
            "backup_age_seconds": self.backup_age,
            "refused": health.refused,
            "last_error": health.last_error,
            "foreign_write": health.foreign_write,
            "domains": self.domains,
            "extensions": self.extensions,
            "lines": self.lines,
            "bans": self.bans,
            "gateways": self.gateways,
            "unknown_numbers": self.unknown_numbers.0,
            "mail": self.mail,
            "calls": self.calls,
            "prompts": {
                "there": self.sounds.count().0,
                "all": self.sounds.count().1,
                "languages_of_the_switch": self.sounds.languages(),
            },
            "lookups": self.lookups,
            "listeners": self.listeners,
            "presence": self.presence,
            "running": self.running.as_ref().map(|step| json!({"task": step.task, "percent": step.percent})),
            "warnings": self.warnings,
        });
        let mut all = self.parameters.clone();
        if let (Value::Object(all), Value::Object(own)) = (&mut all, own) {
            all.extend(own);
        }
        all
    }
}

/// Where people get in.
fn door(listener: &Listener) -> String {
    let scheme = if listener.tls { "https" } else { "http" };
    match &listener.problem {
        None => format!("{scheme}://{}", listener.address),
        Some(_) => "see below".to_owned(),
    }
}

/// How many domains, extensions and lines lookups see.
fn count(snapshot: &Snapshot) -> (usize, usize, usize) {
    let (mut extensions, mut lines) = (0, 0);
    for domain in snapshot.domains.values() {
        extensions += domain.len();
        lines += domain
            .extensions()
            .map(|extension| extension.lines.len())
            .sum::<usize>();
    }
    (snapshot.domains.len(), extensions, lines)
}

/// `1 mail waits`, `3 mails wait`.
fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Seconds since a time in RFC 3339.
fn age(at: &str) -> Option<i64> {
    let at: Timestamp = at.parse().ok()?;
    Some(Timestamp::now().as_second() - at.as_second())
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

/// A parameter's value as in pbx.conf.
fn spelled(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(spelled).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// `3 d 4 h`, `5 min 6 s`.
pub(super) fn spoken(seconds: u64) -> String {
    match (
        seconds / 86_400,
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60,
    ) {
        (0, 0, 0, s) => format!("{s} s"),
        (0, 0, m, s) => format!("{m} min {s} s"),
        (0, h, m, _) => format!("{h} h {m} min"),
        (d, h, _, _) => format!("{d} d {h} h"),
    }
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

    #[test]
    fn times_are_spoken() {
        let said: Vec<String> = [5, 65, 3_700, 90_000].map(spoken).to_vec();
        assert_eq!(said, ["5 s", "1 min 5 s", "1 h 1 min", "1 d 1 h"]);
    }
}
