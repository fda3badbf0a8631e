//! Everything that can happen to the database file while the switch runs: known phones go on registering,
//! writes are refused in clear words or kept for good.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rusqlite::Connection;

use crate::group::{Group, note};
use crate::keeper::Keeper;
use crate::rig::{DOMAINS, Rig, password};
use crate::wait;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("storage", Rig::whole).add(
        trials,
        &[
            ("locked_by_another_program", locked_by_another_program),
            ("replaced_by_another_file", replaced_by_another_file),
            ("deleted", deleted),
            ("overwritten_in_place", overwritten_in_place),
            ("overwritten_by_an_older_copy", overwritten_by_an_older_copy),
            ("missing_at_the_next_start", missing_at_the_next_start),
            ("damaged_at_the_next_start", damaged_at_the_next_start),
        ],
    );
}

const ACME: &str = DOMAINS[0];

/// A phone that everybody knows, registering ten times a second.
pub(crate) fn known_phone() -> Keeper {
    Keeper::start(
        "alice",
        ACME,
        &password("alice", ACME),
        Duration::from_millis(100),
    )
}

/// What the phone saw: nothing of the trouble.
#[track_caller]
pub(crate) fn went_on(phone: Keeper) {
    let kept = phone.stop();
    assert!(kept.failed.is_empty(), "{kept:?}");
    assert!(kept.registered >= 5, "{kept:?}");
    assert!(kept.longest < Duration::from_secs(2), "{kept:?}");
    note(&format!(
        "{} registrations, longest {:.0?}; ",
        kept.registered, kept.longest
    ));
}

/// A write that the scenario can look for afterwards.
fn write(name: &str) -> String {
    format!("pbx extension set 1003@{ACME} --caller-id-name {name}")
}

fn name(rig: &mut Rig) -> String {
    rig.switch
        .api(&format!("user_data carol@{ACME} var effective_caller_id_name"))
        .trim()
        .to_owned()
}

/// Writes work, the next lookup shows it, and it is in the file.
#[track_caller]
fn works(rig: &mut Rig, word: &str) {
    rig.switch.ok(&write(word));
    assert_eq!(name(rig), word);
    let stored: u32 = Connection::open(rig.site.database())
        .unwrap()
        .query_row(
            "SELECT count(*) FROM extension WHERE caller_id_name = ?1",
            [word],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(stored, 1, "{word}");
    let status = rig.switch.ok("pbx status");
    assert!(
        status.contains("changes  ") && status.contains("possible"),
        "{status}"
    );
}

/// The next write is refused with these words and changes nothing; neither does it stay hidden.
#[track_caller]
fn refused(rig: &mut Rig, says: &[&str]) {
    let before = name(rig);
    let answer = rig.switch.refused(&write("Lost"));
    assert!(
        says.iter().all(|word| answer.contains(word)),
        "{says:?}: {answer}"
    );
    assert_eq!(name(rig), before, "a refused write is seen");
    let status = rig.switch.ok("pbx status");
    assert!(
        says.iter().all(|word| status.contains(word)),
        "{says:?}: {status}"
    );
}

/// Makes a backup of what is there now, under the name of a daily one.
fn daily_backup(rig: &mut Rig) {
    let stamp = later_than_all(
        fs::read_dir(rig.site.path("storage/pbx/backups"))
            .unwrap()
            .count(),
    );
    let file = rig.site.path(&format!("storage/pbx/backups/pbx-{stamp}.db"));
    rig.switch.ok(&format!("pbx backup {}", file.display()));
}

/// A time in the form of the backups' names, later for a larger `number`, and later than any real one.
fn later_than_all(number: usize) -> String {
    format!("2099-01-01T00-00-{number:02}.000Z")
}

/// 60 s, or what `PBX_LOCK_SECONDS` says.
fn locked_by_another_program(rig: &mut Rig) {
    let seconds = std::env::var("PBX_LOCK_SECONDS").map_or(60, |value| value.parse().expect("seconds"));
    let phone = known_phone();
    let other = Connection::open(rig.site.database()).unwrap();
    let begin = Instant::now();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let mut writes = 0;
    while begin.elapsed() < Duration::from_secs(seconds) {
        let answer = rig.switch.refused(&write("Locked"));
        assert!(
            answer.contains("locked by another program") && answer.contains("nothing was saved"),
            "{answer}"
        );
        assert_ne!(name(rig), "Locked");
        writes += 1;
    }
    assert!(
        rig.switch
            .ok(&format!("pbx extension list --domain {ACME}"))
            .contains("1003")
    );
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    works(rig, "Unlocked");
    note(&format!("{writes} writes refused; "));
    went_on(phone);
}

fn replaced_by_another_file(rig: &mut Rig) {
    rig.switch.ok(&write("Kept"));
    daily_backup(rig);
    let phone = known_phone();
    let (database, other) = (rig.site.database(), rig.site.path("storage/other.db"));
    crate::site::copy_database(&database, &other);
    fs::rename(&other, &database).unwrap();
    refused(rig, &["pbx restore"]);
    assert_eq!(name(rig), "Kept");
    rig.switch.ok("pbx restore");
    assert_eq!(name(rig), "Kept");
    works(rig, "Restored");
    went_on(phone);
}

fn deleted(rig: &mut Rig) {
    rig.switch.ok(&write("Kept"));
    daily_backup(rig);
    let phone = known_phone();
    for ending in ["", "-wal", "-shm"] {
        fs::remove_file(format!("{}{ending}", rig.site.database().display())).unwrap();
    }
    refused(rig, &["pbx restore"]);
    rig.switch.ok("pbx restore");
    assert_eq!(name(rig), "Kept");
    works(rig, "Restored");
    went_on(phone);
}

/// By garbage: noticed without anybody writing.
fn overwritten_in_place(rig: &mut Rig) {
    rig.switch.ok(&write("Kept"));
    daily_backup(rig);
    let phone = known_phone();
    overwrite(&rig.site.database(), &[0x5a; 8192]);
    let begin = Instant::now();
    rig.switch.until("pbx status", "refused, see below");
    note(&format!("noticed after {:.1?}; ", begin.elapsed()));
    refused(rig, &["pbx restore"]);
    assert_eq!(name(rig), "Kept");
    rig.switch.ok("pbx restore");
    assert_eq!(name(rig), "Kept");
    works(rig, "Restored");
    went_on(phone);
}

/// As `cp backup.db pbx.db` does: a whole database, but not the one that is open.
fn overwritten_by_an_older_copy(rig: &mut Rig) {
    let older = rig.site.path("storage/older.db");
    crate::site::copy_database(&rig.site.database(), &older);
    rig.switch.ok(&write("Kept"));
    daily_backup(rig);
    let phone = known_phone();
    overwrite(&rig.site.database(), &fs::read(&older).unwrap());
    rig.switch.until("pbx status", "refused, see below");
    refused(rig, &["pbx restore"]);
    assert_eq!(name(rig), "Kept");
    rig.switch.ok("pbx restore");
    works(rig, "Restored");
    went_on(phone);
}

fn overwrite(file: &Path, bytes: &[u8]) {
    OpenOptions::new()
        .write(true)
        .open(file)
        .unwrap()
        .write_all_at(bytes, 0)
        .unwrap();
}

fn missing_at_the_next_start(rig: &mut Rig) {
    rig.switch.ok(&write("Kept"));
    daily_backup(rig);
    rig.switch.ok("unload mod_pbx");
    for ending in ["", "-wal", "-shm"] {
        // The last two may have gone with the last connection.
        let _ = fs::remove_file(format!("{}{ending}", rig.site.database().display()));
    }
    comes_back_by_what_it_says(rig, "is missing");
}

fn damaged_at_the_next_start(rig: &mut Rig) {
    rig.switch.ok(&write("Kept"));
    daily_backup(rig);
    rig.switch.ok("unload mod_pbx");
    let database = rig.site.database();
    let half = fs::metadata(&database).unwrap().len() / 2;
    OpenOptions::new()
        .write(true)
        .open(&database)
        .unwrap()
        .write_all_at(&[0x5a; 65536], half / 4096 * 4096)
        .unwrap();
    for ending in ["-wal", "-shm"] {
        // They may have gone with the last connection.
        let _ = fs::remove_file(format!("{}{ending}", database.display()));
    }
    comes_back_by_what_it_says(rig, "is damaged");
}

/// The module does not load and says why and what to type; that, typed, is enough.
#[track_caller]
fn comes_back_by_what_it_says(rig: &mut Rig, says: &str) {
    let before = rig.site.log().len();
    rig.switch.refused("load mod_pbx");
    let advice = wait::until(&format!("the log to say {says:?}"), wait::SOON, || {
        let log = rig.site.log();
        log[before..].split_once(says).map(|(_, rest)| rest.to_owned())
    });
    let command = |line: &'_ str| ["  mv ", "  cp "].iter().find_map(|verb| line.find(verb));
    let typed: Vec<&str> = advice
        .lines()
        .skip(1)
        .map_while(|line| command(line).map(|at| &line[at..]))
        .collect();
    assert!(!typed.is_empty(), "nothing to type in {advice:?}");
    for line in typed {
        assert!(
            Command::new("sh").arg("-c").arg(line).status().unwrap().success(),
            "{line}"
        );
    }
    rig.switch.ok("load mod_pbx");
    assert_eq!(name(rig), "Kept");
    works(rig, "Back");
    went_on(known_phone());
}
