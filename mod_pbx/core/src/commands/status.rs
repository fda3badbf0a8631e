//! `pbx status`: how the PBX is doing, and what needs somebody's attention.

mod attention;
mod ports;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::desk::{ACTOR, Desk};
use super::out::{Answer, Said, Sheet, plain};
use super::progress::Step;
use crate::alarm;
use crate::calls;
use crate::counters::Count;
use crate::front::Listener;
use crate::gateways;
use crate::gateways::view::State;
use crate::mail;
use crate::names::DomainName;
use crate::pbx::Pbx;
use crate::presence;
use crate::prompts::Sounds;
use crate::routing::{Facts, help};
use crate::store::Health;
use crate::store::snapshot::Snapshot;

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
    webhooks: alarm::Health,
    /// Domains whose calls for help are to be told of by mail.
    mailed_domains: Vec<String>,
    /// What is wrong with the ways of calls for help.
    help: Vec<String>,
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
            webhooks: pbx.alarm().health(),
            mailed_domains: mailed(&snapshot),
            help: help_warnings(pbx, &snapshot, |_| true),
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
        let ports = ports::warnings(desk);
        report
            .warnings
            .extend(pbx.gateways().troubles().iter().map(|trouble| plain(trouble)));
        report.warnings.extend(ports.iter().map(|warning| plain(warning)));
        report
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
            "webhooks": self.webhooks,
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

/// The domains whose calls for help are to be told of by mail.
fn mailed(snapshot: &Snapshot) -> Vec<String> {
    let all = snapshot.outside.iter();
    let mut names: Vec<String> = all
        .filter(|(_, outside)| outside.notify_email.is_some())
        .map(|(name, _)| name.to_string())
        .collect();
    names.sort();
    names
}

/// What is wrong with the ways of calls for help of these domains, as they are now.
pub(crate) fn help_warnings(pbx: &Pbx, snapshot: &Snapshot, of: impl Fn(&DomainName) -> bool) -> Vec<String> {
    let (gateways, caps) = (pbx.gateways().view(), pbx.caps().view());
    let facts = Facts {
        snapshot,
        gateways: &gateways,
        caps,
        watch: None,
    };
    let domains = snapshot.domains.values().filter(|domain| of(&domain.name));
    help::warnings(&facts, domains.map(|domain| &**domain))
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

/// Seconds since a time in RFC 3339.
fn age(at: &str) -> Option<i64> {
    let at: Timestamp = at.parse().ok()?;
    Some(Timestamp::now().as_second() - at.as_second())
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
    fn times_are_spoken() {
        let said: Vec<String> = [5, 65, 3_700, 90_000].map(spoken).to_vec();
        assert_eq!(said, ["5 s", "1 min 5 s", "1 h 1 min", "1 d 1 h"]);
    }
}
