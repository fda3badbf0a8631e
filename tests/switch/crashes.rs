//! The switch is killed in the middle of writes, and the disk fills up: no write that was acknowledged is
//! lost, and the next start serves.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rusqlite::Connection;

use crate::found::Installed;
use crate::group::{Group, note};
use crate::rig::{DOMAINS, Rig};
use crate::running::{self, Running};
use crate::storage::{known_phone, went_on};

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("crashes", Rig::whole).add(
        trials,
        &[(
            "killed_in_the_middle_of_200_writes",
            killed_in_the_middle_of_200_writes,
        )],
    );
    Group::new("full_disk", on_a_small_disk).needs(own_mounts).add(
        trials,
        &[("a_full_disk_stops_writes_and_nothing_else", a_full_disk)],
    );
}

const ACME: &str = DOMAINS[0];

/// Three times: 200 writes one after the other, and SIGKILL when so many have been acknowledged.
fn killed_in_the_middle_of_200_writes(rig: &mut Rig) {
    for (round, kill_after) in [17, 90, 181].into_iter().enumerate() {
        let acknowledged = write_until_killed(rig, round, kill_after);
        assert!(
            (kill_after..200).contains(&acknowledged.len()),
            "{}",
            acknowledged.len()
        );
        let begin = Instant::now();
        rig.start_again();
        note(&format!(
            "{} acknowledged, back after {:.1?}; ",
            acknowledged.len(),
            begin.elapsed()
        ));
        went_on(known_phone());
        let kept = users(rig, round);
        let lost: Vec<_> = acknowledged.difference(&kept).collect();
        assert!(lost.is_empty(), "acknowledged, but lost: {lost:?}");
        // The one that was on its way may be there or not, but nothing else.
        assert!(kept.len() <= acknowledged.len() + 1, "{kept:?}");
        sound(&rig.site.database());
    }
    rig.switch.ok(&format!("pbx user add after@{ACME} --name After"));
}

fn user(round: usize, number: usize) -> String {
    format!("w{round}-{number:03}")
}

/// Kills the switch from another thread, so that it does not happen between two writes.
fn write_until_killed(rig: &mut Rig, round: usize, kill_after: usize) -> BTreeSet<String> {
    let mut acknowledged = BTreeSet::new();
    let mut connection = running::connect().unwrap();
    for number in 0..200 {
        let name = user(round, number);
        let wrote = connection.send(&format!("pbx user add {name}@{ACME} --name Writer"));
        if number == kill_after {
            // The command is on its way, at a different stage each time.
            std::thread::sleep(Duration::from_micros(400 * (round as u64 + 1)));
            rig.switch.kill();
        }
        match wrote.and_then(|()| connection.receive()) {
            Ok(answer) if answer.starts_with("+OK") => {
                acknowledged.insert(name);
            }
            Ok(answer) => panic!("{name}: {answer}"),
            Err(_) => break,
        }
    }
    acknowledged
}

fn users(rig: &mut Rig, round: usize) -> BTreeSet<String> {
    let list = rig.switch.ok(&format!(
        "pbx user list --domain {ACME} --search w{round}- --limit 500 json"
    ));
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let names = list["users"].as_array().unwrap().iter();
    names
        .map(|user| user["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The file is whole, and the revision log has no gap.
fn sound(database: &std::path::Path) {
    let conn = Connection::open(database).unwrap();
    let check: String = conn
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    let (count, last): (i64, i64) = conn
        .query_row("SELECT count(*), max(rev) FROM revision", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(count, last, "the revision log has a gap");
}

/// `unshare`, which gives the switch a mount of its own.
fn private() -> Command {
    let mut unshare = Command::new("unshare");
    // SAFETY: asks the kernel who we are, and cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        unshare.arg("--map-root-user");
    }
    unshare.arg("--mount");
    unshare
}

fn own_mounts(_: &Installed) -> Option<String> {
    let mount = "mount -t tmpfs -o size=1m pbx /mnt";
    match private().args(["sh", "-c", mount]).output() {
        Ok(output) if output.status.success() => None,
        _ => Some("this user may not mount a file system of its own (unshare)".to_owned()),
    }
}

/// A whole switch whose database is on a disk of 3 MB, which only it sees.
fn on_a_small_disk() -> Rig {
    let site = Rig::whole_site();
    fs::rename(site.database(), site.path("storage/first.db")).unwrap();
    let mut command = private();
    let start = "mount -t tmpfs -o size=3m pbx \"$1\" && cp \"$2\" \"$1/pbx.db\" && shift 2 && exec \"$@\"";
    command
        .args(["sh", "-c", start, "sh"])
        .arg(site.path("storage/pbx"))
        .arg(site.path("storage/first.db"));
    command.arg(&site.installed.program);
    let mut switch = Running::start_by(&site, command);
    switch.until("sofia status", "RUNNING");
    Rig { site, switch }
}

fn a_full_disk(rig: &mut Rig) {
    let phone = known_phone();
    let disk = PathBuf::from(format!(
        "/proc/{}/root{}",
        rig.switch.id(),
        rig.site.path("storage/pbx").display()
    ));
    rig.switch
        .ok(&format!("pbx user add w7-before@{ACME} --name Writer"));
    let mut acknowledged = BTreeSet::from(["w7-before".to_owned()]);

    let filler = disk.join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 1024]).is_ok() {}
    drop(file);

    // What SQLite's log had room for may still be written; then it says what is wrong.
    let mut refusals = 0;
    for number in 0..400 {
        let name = user(7, number);
        let answer = rig
            .switch
            .api(&format!("pbx user add {name}@{ACME} --name Writer"));
        if answer.starts_with("+OK") {
            acknowledged.insert(name);
        } else {
            assert!(answer.starts_with("-ERR") && answer.contains("full"), "{answer}");
            assert!(answer.contains("nothing was saved"), "{answer}");
            refusals += 1;
        }
        if refusals == 20 {
            break;
        }
    }
    assert_eq!(refusals, 20, "the disk is not full");
    assert_eq!(users(rig, 7), acknowledged);
    assert!(rig.switch.ok("pbx status").contains("full"));

    fs::remove_file(&filler).unwrap();
    rig.switch
        .ok(&format!("pbx user add w7-room@{ACME} --name Writer"));
    acknowledged.insert("w7-room".to_owned());
    note(&format!("{} written, {refusals} refused; ", acknowledged.len()));
    went_on(phone);
    rig.switch.ok("reload mod_pbx");
    assert_eq!(users(rig, 7), acknowledged);
}
