//! Figures of the store: bytes an extension, seconds to load, peak while a commit lands, and a commit
//! against a plain SQLite commit of the same row.
//!
//! `store_figures make FILE N` fills a database with N extensions, each with its user, channel and line;
//! `store_figures measure FILE` prints the figures, one `name value` a line.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pbx_core::secret;
use pbx_core::store::rows::{Channel, Domain, Extension, Line, Role, Srtp, User};
use pbx_core::store::{Change, Commit, ConfigStore, Page, StoreOptions};
use uuid::Uuid;

/// Extensions a domain.
const TENANT: usize = 1000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", file, count] => make(Path::new(file), count.parse()?),
        ["measure", file] => measure(Path::new(file)),
        _ => Err("store_figures make FILE N | store_figures measure FILE".into()),
    }
}

fn make(file: &Path, count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let store = ConfigStore::open(StoreOptions::new(file))?;
    for first in (0..count).step_by(TENANT) {
        let mut commit = Commit::new("figures", "filling");
        let domain = Domain {
            id: Uuid::now_v7(),
            name: format!("tenant{:04}.pbx.test", first / TENANT).parse()?,
            row_rev: 0,
            updated_at: String::new(),
        };
        commit.changes.push(Change::put(domain.clone()));
        for index in first..count.min(first + TENANT) {
            commit.changes.extend(extension(&domain, index)?);
        }
        store.commit(commit)?;
    }
    store.close();
    Ok(())
}

fn extension(domain: &Domain, index: usize) -> Result<[Change; 4], Box<dyn std::error::Error>> {
    let (id, updated_at) = (Uuid::now_v7, String::new);
    let number = format!("{}", 1000 + index % TENANT);
    let name = format!("user{index:07}");
    let user = User {
        id: id(),
        domain_id: Some(domain.id),
        name: name.parse()?,
        display_name: format!("User Number {index}"),
        email: Some(format!("{name}@example.com")),
        role: Role::User,
        password_hash: None,
        enabled: true,
        row_rev: 0,
        updated_at: updated_at(),
    };
    let channel = Channel {
        id: id(),
        domain_id: domain.id,
        name: number.clone(),
        row_rev: 0,
        updated_at: updated_at(),
    };
    let extension = Extension {
        id: id(),
        domain_id: domain.id,
        number: number.parse()?,
        user_id: user.id,
        channel_id: channel.id,
        caller_id_name: format!("User Number {index}"),
        ring_seconds: 30,
        voicemail: true,
        voicemail_pin: Some(format!("{:06}", index % 1_000_000)),
        forwards: Default::default(),
        enabled: true,
        row_rev: 0,
        updated_at: updated_at(),
    };
    let line = Line {
        id: id(),
        domain_id: domain.id,
        extension_id: extension.id,
        user_id: user.id,
        username: name.parse()?,
        a1: secret::a1_hex(&name, domain.name.as_str(), &format!("{index:016}")),
        max_registrations: 1,
        source_acl: None,
        srtp: Srtp::Optional,
        enabled: true,
        row_rev: 0,
        updated_at: updated_at(),
    };
    Ok([
        Change::put(user),
        Change::put(channel),
        Change::put(extension),
        Change::put(line),
    ])
}

fn measure(file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let empty = tempfile::tempdir_in(file.parent().ok_or("no directory")?)?;
    let store = ConfigStore::open(StoreOptions::new(empty.path().join("pbx.db")))?;
    let base = rss();
    store.close();
    drop(store);

    let copy = empty.path().join("copy.db");
    fs::copy(file, &copy)?;
    let begin = Instant::now();
    let store = ConfigStore::open(StoreOptions::new(file))?;
    show("load_seconds", begin.elapsed().as_secs_f64());
    let loaded = rss();
    let count: usize = store.snapshot().domains.values().map(|domain| domain.len()).sum();
    show("extensions", count as f64);
    show("bytes_per_extension", (loaded - base) as f64 / count as f64);

    // A domain in the middle, and lines of it that are changed: by us, and in a copy by SQLite alone.
    let domain = store.read(|r| Ok(r.domains()?[count / TENANT / 2].clone()))?;
    let lines = store.read(|r| r.lines(domain.id, "", Page::first(500)))?.rows;
    let raw = rusqlite::Connection::open(&copy)?;
    raw.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")?;
    let mut update = raw.prepare("UPDATE line SET max_registrations = ?1, row_rev = ?2 WHERE id = ?3")?;
    fs::write("/proc/self/clear_refs", "5")?;
    let before = rss();
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for round in 0..4 {
        for line in &lines {
            let mut line = line.clone();
            line.max_registrations = 2 + round % 2;
            let begin = Instant::now();
            store.commit(Commit::new("figures", "one line").with(Change::put(line.clone())))?;
            let seen = store.snapshot();
            let seen = seen
                .domain(domain.name.as_str())
                .and_then(|d| d.find(line.username.as_str()));
            assert_eq!(
                seen.map(|e| e.lines[0].max_registrations),
                Some(2 + round as u8 % 2)
            );
            ours.push(begin.elapsed());
            let begin = Instant::now();
            update.execute((2 + round % 2, line.row_rev as i64, line.id.to_string()))?;
            plain.push(begin.elapsed());
        }
    }
    show("peak_ratio_commits", peak() as f64 / before as f64);
    store.close();
    let (ours, plain) = (median(ours), median(plain));
    show("commit_us", ours.as_secs_f64() * 1e6);
    show("plain_commit_us", plain.as_secs_f64() * 1e6);
    show("commit_ratio", ours.as_secs_f64() / plain.as_secs_f64());
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn status(field: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with(field))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<usize>().ok())
        .unwrap_or(0)
        * 1024
}

fn rss() -> usize {
    status("VmRSS:")
}

fn peak() -> usize {
    status("VmHWM:")
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn show(name: &str, value: f64) {
    println!("{name} {value:.3}");
}
