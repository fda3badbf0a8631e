//! `pbx status`: how the PBX is doing, and what needs somebody's attention.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::desk::Desk;
use super::out::{Answer, Said, Sheet, plain};

#[derive(Debug, Args)]
#[command(after_help = "\
Example: pbx status json
Ends with what needs attention, and how the parameters of pbx.conf stand.")]
pub(super) struct Status {}

/// How much there is, as lookups see it.
struct Counts {
    domains: usize,
    extensions: usize,
    lines: usize,
}

impl Status {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let pbx = desk.pbx;
        let config = pbx.config();
        let snapshot = pbx.store().snapshot();
        let counts = Counts {
            domains: snapshot.domains.len(),
            extensions: snapshot.domains.values().map(|domain| domain.len()).sum(),
            lines: snapshot
                .domains
                .values()
                .flat_map(|domain| domain.extensions())
                .map(|e| e.lines.len())
                .sum(),
        };
        let mut warnings = Vec::new();
        if counts.domains == 0 {
            warnings.push("there is no domain yet: pbx domain add DOMAIN".to_owned());
        }
        // What the database itself says; it may be away while lookups run.
        if let Err(error) = pbx.store().read(|reader| reader.rev()) {
            warnings.push(plain(&error.to_string()));
        }
        let size = size(&config.database);
        let running = pbx.progress().now();
        let ours = env!("CARGO_PKG_VERSION");
        let switch = pbx.host().version();
        let uptime = pbx.uptime();

        let mut sheet = Sheet::default()
            .row("mod_pbx", ours)
            .row("FreeSWITCH", &switch)
            .row("running for", spoken(uptime))
            .row("revision", snapshot.rev)
            .row(
                "database",
                format!(
                    "{} ({})",
                    config.database.display(),
                    size.map_or("no file".to_owned(), megabytes)
                ),
            )
            .row("domains", counts.domains)
            .row("extensions", format!("{} enabled", counts.extensions))
            .row("lines", format!("{} enabled", counts.lines));
        if let Some(step) = &running {
            sheet = sheet.row("running", format!("{}, {} %", step.task, step.percent));
        }
        // The parameters of pbx.conf under their own names, beside what is only in the status.
        let mut json = serde_json::to_value(&*config).unwrap_or_else(|_| json!({}));
        let mut parameters = Sheet::default();
        for (name, value) in json.as_object().into_iter().flatten() {
            parameters = parameters.row(name, spelled(value));
        }
        let mut text = format!("{}pbx.conf:\n{}", sheet.text(), parameters.text());
        text.push_str(&match warnings.as_slice() {
            [] => "nothing needs attention\n".to_owned(),
            all => format!(
                "needs attention:\n{}",
                all.iter()
                    .map(|warning| format!("  {warning}\n"))
                    .collect::<String>()
            ),
        });
        let own = json!({
            "version": ours,
            "switch_version": switch,
            "uptime_seconds": uptime.as_secs(),
            "revision": snapshot.rev,
            "database_bytes": size,
            "domains": counts.domains,
            "extensions": counts.extensions,
            "lines": counts.lines,
            "running": running.map(|step| json!({"task": step.task, "percent": step.percent})),
            "warnings": warnings,
        });
        if let (Value::Object(all), Value::Object(own)) = (&mut json, own) {
            all.extend(own);
        }
        Ok(Answer::new(text, json))
    }
}

/// The size of the database with its log. By name only: opening it would drop SQLite's locks on it.
fn size(database: &Path) -> Option<u64> {
    let main = std::fs::metadata(database).ok()?.len();
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    Some(main + std::fs::metadata(Path::new(&log)).map_or(0, |metadata| metadata.len()))
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
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
fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
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
