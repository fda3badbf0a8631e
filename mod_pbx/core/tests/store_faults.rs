//! Killed, out of disk, locked out: nothing acknowledged is lost, nothing is half written, lookups go on.
//!
//! Some tests run this very program again as a child: [`child`] does what `PBX_STORE_CHILD` says.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod store_common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pbx_core::store::{Change, Commit, ConfigStore, Pace, StoreError, StoreOptions, Table};
use store_common::{BRISK, Bench, Tenant, setting};

/// Not a test by itself: the child's side of the others.
#[test]
fn child() {
    let Ok(task) = std::env::var("PBX_STORE_CHILD") else {
        return;
    };
    let path = PathBuf::from(std::env::var_os("PBX_STORE_PATH").unwrap());
    match task.as_str() {
        "write" => write_for_ever(&path),
        "lock" => hold_the_lock(&path),
        "limited" => write_into_a_limit(&path),
        other => panic!("{other}"),
    }
}

fn spawn(task: &str, path: &Path) -> Child {
    command(task, path).stdout(Stdio::piped()).spawn().unwrap()
}

fn command(task: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture", "--test-threads=1"]);
    command.env("PBX_STORE_CHILD", task).env("PBX_STORE_PATH", path);
    command
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").unwrap();
    out.flush().unwrap();
}

/// Commits one extension after the other and says so after each.
fn write_for_ever(path: &Path) {
    let mut options = StoreOptions::new(path);
    options.pace = Pace {
        look: Duration::from_millis(2),
        ..BRISK
    };
    let store = ConfigStore::open(options).unwrap();
    let domain = store.read(|r| r.domains()).unwrap().remove(0);
    let first = store.snapshot().rev;
    for n in first.. {
        let mut commit = Commit::new("child", "adds");
        commit.changes = Tenant::in_domain(&domain, &format!("u{n}"), &format!("{}", 10_000 + n)).put_in();
        let revision = store.commit(commit).unwrap();
        say(&format!("\nACK {} {}", revision.rev, 10_000 + n));
    }
}

#[test]
fn killed_in_the_middle_of_writes_it_keeps_all_it_acknowledged() {
    let mut bench = Bench::new();
    bench.put(&Tenant::new("pbx.test", "alice", "1001"));
    bench.store.close();
    let (mut acknowledged, mut kills) = (Vec::new(), 0);
    // 200 writes at least, however the kills fall.
    while acknowledged.len() < 200 || kills < 8 {
        let mut child = spawn("write", &bench.database());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let before = acknowledged.len();
        let wanted = before + 10 + (kills * 7) % 25;
        let mut acknowledge = |line: String| {
            if let Some((rev, number)) = line.strip_prefix("ACK ").and_then(|rest| rest.split_once(' ')) {
                acknowledged.push((rev.parse::<u64>().unwrap(), number.to_owned()));
            }
            acknowledged.len()
        };
        while let Some(Ok(line)) = lines.next() {
            if acknowledge(line) >= wanted {
                break;
            }
        }
        // A little later, to be in the middle of the next one.
        std::thread::sleep(Duration::from_micros(300 * (kills as u64 % 7)));
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        for line in lines.map_while(Result::ok) {
            acknowledge(line);
        }
        assert!(acknowledged.len() > before, "the child wrote");

        let begin = Instant::now();
        bench.reopen().unwrap();
        assert!(begin.elapsed() < Duration::from_secs(5));
        let snapshot = bench.store.snapshot();
        let domain = snapshot.domain("pbx.test").unwrap();
        for (rev, number) in &acknowledged {
            assert!(*rev <= snapshot.rev);
            assert!(
                domain.find(number).is_some(),
                "{number} was acknowledged in revision {rev}"
            );
        }
        // At most the one that was not acknowledged any more is there too, and nothing in part.
        assert_eq!(domain.len() as u64, snapshot.rev);
        bench
            .store
            .read(|r| {
                assert_eq!(r.count(Table::Extension)?, snapshot.rev);
                assert_eq!(r.count(Table::Line)?, snapshot.rev);
                Ok(())
            })
            .unwrap();
        bench.store.close();
        let conn = rusqlite::Connection::open(bench.database()).unwrap();
        let check: String = conn
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(check, "ok");
    }
    println!("{} writes acknowledged over {kills} kills", acknowledged.len());
}

/// Holds SQLite's write lock until it is killed.
fn hold_the_lock(path: &Path) {
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    say("\nLOCKED");
    std::thread::sleep(Duration::from_secs(120));
}

#[test]
fn locked_by_another_process_it_goes_on_answering_and_says_what_to_do() {
    let bench = Bench::new();
    bench.put(&Tenant::new("pbx.test", "alice", "1001"));
    let mut child = spawn("lock", &bench.database());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while lines.next().unwrap().unwrap() != "LOCKED" {}
    let begin = Instant::now();
    let error = bench
        .commit(vec![Change::put(setting("sip-port", "5070"))])
        .unwrap_err();
    assert!(matches!(error, StoreError::Locked(_)), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("locked by another program; nothing was saved; try again"),
        "{text}"
    );
    assert!(
        (2..10).contains(&begin.elapsed().as_secs()),
        "a few seconds' patience"
    );
    assert!(
        bench
            .store
            .snapshot()
            .domain("pbx.test")
            .unwrap()
            .find("alice")
            .is_some()
    );
    // Reading and backups do not need that lock.
    assert_eq!(bench.store.read(|r| r.rev()).unwrap(), 1);
    bench.store.backup(&bench.dir.path().join("copy.db")).unwrap();
    let health = bench.store.health();
    assert_eq!(health.refused, None);
    assert!(health.last_error.unwrap().text.contains("locked"));
    child.kill().unwrap();
    child.wait().unwrap();
    bench
        .commit(vec![Change::put(setting("sip-port", "5070"))])
        .unwrap();
}

/// A tmpfs of a few megabytes, unmounted at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs"])
            .arg(dir.path())
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn on_a_full_disk_it_goes_on_answering_and_saves_again_when_there_is_room() {
    let Some(disk) = SmallDisk::mount() else {
        println!("SKIPPED: mounting a tmpfs needs root");
        return;
    };
    let mut options = StoreOptions::new(disk.0.path().join("pbx.db"));
    options.pace = BRISK;
    let store = ConfigStore::open(options.clone()).unwrap();
    let tenant = Tenant::new("pbx.test", "alice", "1001");
    let put = |changes: Vec<Change>| {
        let mut commit = Commit::new("tester", "a test");
        commit.changes = changes;
        store.commit(commit)
    };
    put(tenant.put()).unwrap();
    let ballast = disk.0.path().join("ballast");
    let fill = || {
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&ballast)
            .unwrap();
        while file.write(&[0; 4096]).is_ok() {}
    };
    fill();
    let mut saved = 0;
    let error = loop {
        let extension = Tenant::in_domain(&tenant.domain, &format!("u{saved}"), &format!("{}", 2000 + saved));
        match put(extension.put_in()) {
            Ok(_) => saved += 1,
            Err(error) => break error,
        }
        fill();
    };
    assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("is full; nothing was saved; make room"),
        "{error}"
    );
    let rev = store.snapshot().rev;
    assert_eq!(rev, 1 + saved);
    assert!(
        store
            .snapshot()
            .domain("pbx.test")
            .unwrap()
            .find("alice")
            .is_some()
    );
    assert_eq!(
        store.read(|r| r.rev()).unwrap(),
        rev,
        "nothing of the refused one was saved"
    );
    assert!(store.health().last_error.unwrap().text.contains("full"));
    // Neither a backup nor a restore finds room, and neither changes anything.
    let target = disk.0.path().join("copy.db");
    assert!(matches!(store.backup(&target), Err(StoreError::Full(_))));
    let elsewhere = tempfile::tempdir().unwrap();
    let backup = elsewhere.path().join("backup.db");
    store.backup(&backup).unwrap();
    assert!(matches!(
        store.restore(Some(&backup), "tester"),
        Err(StoreError::Full(_))
    ));
    let mut left: Vec<_> = fs::read_dir(disk.0.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["backups", "ballast", "pbx.db", "pbx.db-shm", "pbx.db-wal"]);
    fs::remove_file(&ballast).unwrap();
    put(vec![Change::put(setting("sip-port", "5070"))]).unwrap();
    store.close();
    let store = ConfigStore::open(options).unwrap();
    assert_eq!(store.snapshot().rev, rev + 1);
    store.close();
}

/// Writes until the file may grow no further, then on, then says how it went.
fn write_into_a_limit(path: &Path) {
    let mut options = StoreOptions::new(path);
    options.pace = BRISK;
    let store = ConfigStore::open(options).unwrap();
    let domain = store.read(|r| r.domains()).unwrap().remove(0);
    let mut n = 0;
    let error = loop {
        let mut commit = Commit::new("child", "adds");
        commit.changes = Tenant::in_domain(&domain, &format!("u{n}"), &format!("{}", 10_000 + n)).put_in();
        match store.commit(commit) {
            Ok(_) => n += 1,
            Err(error) => break error,
        }
        assert!(n < 5000, "the limit holds");
    };
    let snapshot = store.snapshot();
    assert_eq!(snapshot.rev, n + 1);
    assert!(snapshot.domain("pbx.test").unwrap().find("alice").is_some());
    assert_eq!(store.read(|r| r.rev()).unwrap(), n + 1);
    say(&format!("\nREFUSED after {n}: {error}"));
}

/// The same as a full disk where mounting one is not allowed: no file may grow beyond a megabyte.
#[test]
fn where_a_file_may_not_grow_it_refuses_and_goes_on_answering() {
    let mut bench = Bench::new();
    bench.put(&Tenant::new("pbx.test", "alice", "1001"));
    bench.store.close();
    let child = command("limited", &bench.database());
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""]);
    shell.arg(child.get_program()).args(child.get_args());
    for (name, value) in child.get_envs() {
        shell.env(name, value.unwrap());
    }
    let out = shell.output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        out.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let said = text
        .lines()
        .find(|line| line.starts_with("REFUSED after "))
        .unwrap();
    assert!(said.contains("nothing was saved"), "{said}");
    let saved: u64 = said["REFUSED after ".len()..]
        .split(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(saved > 10, "{said}");
    bench.reopen().unwrap();
    assert_eq!(bench.store.snapshot().rev, saved + 1);
    bench
        .commit(vec![Change::put(setting("sip-port", "5070"))])
        .unwrap();
}
