//! How the PBX is doing, for the first page of administration: what is there, what goes on, what fails.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Field, Kind};
use super::{Admin, Grant, Refusal, Scope, Verb, Who};
use crate::commands;
use crate::presence::view::State;
use crate::store::Image;

/// Its name in the scopes of keys.
pub const AREA: &str = "dashboard";

/// Beyond so many extensions it is not counted which of them are online.
const COUNTED: usize = 100_000;

const MANY: Kind = Kind::Integer(0, i64::MAX);

static EXTENSIONS: [Field; 5] = [
    Field::must("total", MANY, "Those that are enabled."),
    Field::must(
        "online",
        MANY,
        "Those with a phone that can be reached; null: they are too many to be counted.",
    )
    .or_null(),
    Field::must("ringing", MANY, "Those that ring.").or_null(),
    Field::must("busy", MANY, "Those in a call.").or_null(),
    Field::must("offline", MANY, "The rest.").or_null(),
];

static LOOKUPS: [Field; 3] = [
    Field::must("section", Kind::Text(32), "What the switch asked for."),
    Field::must("answered", MANY, "How many were answered with a document."),
    Field::must(
        "not_ours",
        MANY,
        "How many were left to the switch's other bindings.",
    ),
];

static MAIL: [Field; 2] = [
    Field::must("waiting", MANY, "Mails that are to be sent."),
    Field::must("failed", MANY, "Mails that were given up."),
];

static DISK: [Field; 2] = [
    Field::must("free_bytes", MANY, "What is free where the database lies."),
    Field::must("total_bytes", MANY, "What there is."),
];

static BACKUP: [Field; 3] = [
    Field::must("at", Kind::Time, "When the newest was made."),
    Field::must("bytes", MANY, "How large it is."),
    Field::must(
        "age_seconds",
        Kind::Integer(i64::MIN, i64::MAX),
        "How old it is, in seconds.",
    ),
];

static WARNING: [Field; 1] = [Field::must(
    "text",
    Kind::Text(10_000),
    "What is wrong, and what to type.",
)];

static JOB: [Field; 2] = [
    Field::must("task", Kind::Text(10_000), "What is being done."),
    Field::must("percent", Kind::Integer(0, 100), "How far it is."),
];

/// What there is to it. What is null is of the PBX as a whole, and not for the administrators of a domain.
pub static FIELDS: &[Field] = &[
    Field::must("version", Kind::Text(64), "Of mod_pbx."),
    Field::must("switch_version", Kind::Text(200), "Of FreeSWITCH."),
    Field::must("uptime_seconds", MANY, "Since mod_pbx was loaded."),
    Field::must("domains", MANY, "How many domains."),
    Field::must(
        "extensions",
        Kind::Object(&EXTENSIONS),
        "Extensions by what a lamp would show.",
    ),
    Field::must("registrations", MANY, "Phones that are registered.").or_null(),
    Field::must("calls", MANY, "Legs of calls that go on.").or_null(),
    Field::must("sessions", MANY, "Who is signed in to the web pages.").or_null(),
    Field::must(
        "failed_sign_ins_day",
        MANY,
        "Tries to sign in that failed in the last day.",
    )
    .or_null(),
    Field::must("bans", MANY, "Bans in force."),
    Field::must(
        "lookups",
        Kind::List(&Kind::Object(&LOOKUPS), 100),
        "Lookups of the switch since the start.",
    )
    .or_null(),
    Field::must("mail", Kind::Object(&MAIL), "The mail queue.").or_null(),
    Field::must("revision", MANY, "The newest revision.").or_null(),
    Field::must("database_bytes", MANY, "The size of the database.").or_null(),
    Field::must("disk", Kind::Object(&DISK), "Room on the disk.").or_null(),
    Field::must("backup", Kind::Object(&BACKUP), "The newest backup.").or_null(),
    Field::must(
        "running",
        Kind::Object(&JOB),
        "The long command that runs, such as an import.",
    )
    .or_null(),
    Field::must(
        "warnings",
        Kind::List(&Kind::Object(&WARNING), 1000),
        "What needs attention, as pbx status says it.",
    )
    .or_null(),
];

/// How it is doing now. Blocks.
///
/// # Errors
/// It may not be seen, or the database cannot be read.
pub fn dashboard(admin: &Admin<'_>, grant: &Grant) -> Result<Image, Refusal> {
    let scope = grant.may_at_all(Who::DomainAdministrators, AREA, Verb::Read)?;
    let pbx = admin.pbx;
    let account = |account: &Option<String>| {
        let account = account.as_deref()?;
        account.split_once('@').map(|(_, domain)| domain.to_owned())
    };
    let bans = pbx.bans().list();
    let bans = bans
        .iter()
        .filter(|ban| scope.holds_name(account(&ban.account).as_deref()))
        .count();
    let mut all = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "switch_version": pbx.host().version(),
        "uptime_seconds": pbx.uptime().as_secs(),
        "domains": match scope {
            Scope::All => pbx.store().snapshot().domains.len(),
            Scope::Domain(..) => 1,
        },
        "extensions": extensions(admin, &scope),
        "bans": bans,
    });
    for field in FIELDS {
        if all.get(field.name).is_none() {
            all[field.name] = Value::Null;
        }
    }
    if scope == Scope::All {
        whole(admin, &mut all)?;
    }
    match all {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Image::new()),
    }
}

/// What is of the PBX as a whole.
fn whole(admin: &Admin<'_>, all: &mut Value) -> Result<(), Refusal> {
    let pbx = admin.pbx;
    let health = pbx.store().health();
    let view = pbx.presence().view();
    let since = format!("{:.3}", Timestamp::now() - jiff::SignedDuration::from_hours(24));
    let failed = admin.read(|reader| Ok(reader.sign_in_events(Some("failed"), 5_000)?))?;
    let age = |at: &str| {
        at.parse::<Timestamp>()
            .map_or(0, |at| Timestamp::now().as_second() - at.as_second())
    };
    all["registrations"] = json!(view.registrations);
    all["calls"] = json!(view.calls());
    all["sessions"] = json!(pbx.people().count());
    all["failed_sign_ins_day"] = json!(failed.iter().filter(|event| event.at >= since).count());
    let lookups = pbx.counters().rows();
    let lookups = lookups
        .iter()
        .map(|row| json!({"section": row.section, "answered": row.answered, "not_ours": row.not_ours}));
    all["lookups"] = lookups.collect();
    all["mail"] = json!(pbx.mail().health().counts);
    all["revision"] = json!(health.rev);
    all["database_bytes"] = json!(health.size);
    all["disk"] = disk(&health.path).unwrap_or_default();
    all["backup"] = health.last_backup.map_or(
        Value::Null,
        |backup| json!({"at": backup.at, "bytes": backup.size, "age_seconds": age(&backup.at)}),
    );
    let (running, warnings) = commands::attention(pbx);
    all["running"] = running.map_or(
        Value::Null,
        |(task, percent)| json!({"task": task, "percent": percent}),
    );
    all["warnings"] = warnings.into_iter().map(|text| json!({"text": text})).collect();
    Ok(())
}

/// Extensions by their state.
fn extensions(admin: &Admin<'_>, scope: &Scope) -> Value {
    let snapshot = admin.pbx.store().snapshot();
    let view = admin.pbx.presence().view();
    let domains = snapshot.domains.values();
    let seen: Vec<_> = domains
        .filter(|domain| scope.holds_name(Some(domain.name.as_str())))
        .collect();
    let total: usize = seen.iter().map(|domain| domain.len()).sum();
    let mut all = json!({"total": total, "online": null, "ringing": null, "busy": null, "offline": null});
    if total > COUNTED {
        return all;
    }
    let mut counts = [0_u64; 4];
    for domain in seen {
        for extension in domain.extensions() {
            counts[match view.extension_state(domain.name.as_str(), extension) {
                State::Online => 0,
                State::Ringing => 1,
                State::Busy => 2,
                State::Offline => 3,
            }] += 1;
        }
    }
    for (name, count) in ["online", "ringing", "busy", "offline"].into_iter().zip(counts) {
        all[name] = json!(count);
    }
    all
}

/// Room where a file lies.
fn disk(file: &std::path::Path) -> Option<Value> {
    let room = rustix::fs::statvfs(file.parent()?).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(room.f_frsize);
    Some(json!({"free_bytes": bytes(room.f_bavail), "total_bytes": bytes(room.f_blocks)}))
}
