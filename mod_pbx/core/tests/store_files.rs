//! What happens to the database's file, and how it is brought back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod store_common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pbx_core::store::{Change, ConfigStore, Pace, StoreError, StoreOptions};
use store_common::{Bench, Tenant, setting};

/// A store with one tenant, a backup of that, and a setting changed after it.
fn bench() -> (Bench, Tenant) {
    let bench = Bench::new();
    let tenant = Tenant::new("pbx.test", "alice", "1001");
    bench.put(&tenant);
    bench.backup_now();
    bench
        .commit(vec![Change::put(setting("sip-port", "5070"))])
        .unwrap();
    (bench, tenant)
}

fn known(bench: &Bench) -> bool {
    let snapshot = bench.store.snapshot();
    snapshot
        .domain("pbx.test")
        .is_some_and(|domain| domain.find("alice").is_some())
}

fn refused(bench: &Bench) -> String {
    match bench.commit(vec![Change::put(setting("sip-tls", "yes"))]) {
        Err(StoreError::Refused(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// Restores the newest backup, checks what is then served and that writing works again.
fn restored(bench: &mut Bench) {
    let restored = bench.store.restore(None, "tester").unwrap();
    assert_eq!(restored.revision.rev, 2);
    assert!(restored.revision.summary.contains("restored from"));
    let snapshot = bench.store.snapshot();
    assert_eq!(snapshot.rev, 2);
    assert_eq!(
        snapshot.settings.number(&pbx_core::store::settings::SIP_PORT),
        5060
    );
    assert!(known(bench));
    assert_eq!(bench.store.health().refused, None);
    bench
        .commit(vec![Change::put(setting("sip-tls", "yes"))])
        .unwrap();
    bench.reopen().unwrap();
    assert_eq!(bench.store.snapshot().rev, 3);
    assert!(known(bench));
}

#[test]
fn the_first_start_creates_everything_for_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions::new(dir.path().join("var/lib/pbx.db"));
    let store = ConfigStore::open(options.clone()).unwrap();
    for (path, mode) in [
        ("var", 0o700),
        ("var/lib", 0o700),
        ("var/lib/backups", 0o700),
        ("var/lib/pbx.db", 0o600),
    ] {
        let meta = fs::metadata(dir.path().join(path)).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, mode, "{path}");
    }
    let wal = fs::metadata(dir.path().join("var/lib/pbx.db-wal")).unwrap();
    assert_eq!(wal.permissions().mode() & 0o777, 0o600);
    let health = store.health();
    assert_eq!((health.rev, health.refused, health.last_backup), (0, None, None));
    store.close();
    let left: Vec<_> = fs::read_dir(dir.path().join("var/lib"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "no log is left by a clean close: {left:?}");
    assert!(matches!(
        store.commit(pbx_core::store::Commit::new("", "")),
        Err(StoreError::Closed)
    ));
}

#[test]
fn a_deleted_database_is_noticed_and_restored() {
    let (mut bench, _) = bench();
    fs::remove_file(bench.database()).unwrap();
    let text = refused(&bench);
    assert!(
        text.contains("was deleted") && text.contains("pbx restore"),
        "{text}"
    );
    assert_eq!(bench.store.health().refused, Some(text));
    assert!(known(&bench));
    // Reading still works: the old file is held open.
    assert_eq!(bench.store.read(|r| r.rev()).unwrap(), 2);
    restored(&mut bench);
}

#[test]
fn what_was_saved_last_can_be_rescued_from_a_deleted_database() {
    let (bench, _) = bench();
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(bench.dir.path().join(format!("pbx.db{suffix}"))).unwrap();
    }
    refused(&bench);
    let rescue = bench.dir.path().join("rescue.db");
    bench.store.backup(&rescue).unwrap();
    bench.store.restore(Some(&rescue), "tester").unwrap();
    assert_eq!(
        bench
            .store
            .snapshot()
            .settings
            .number(&pbx_core::store::settings::SIP_PORT),
        5070
    );
    bench
        .commit(vec![Change::put(setting("sip-tls", "yes"))])
        .unwrap();
}

#[test]
fn a_replaced_database_is_noticed_restored_and_kept_aside() {
    let (mut bench, _) = bench();
    let other = bench.dir.path().join("other");
    fs::write(&other, "what another program wrote").unwrap();
    fs::rename(&other, bench.database()).unwrap();
    let text = refused(&bench);
    assert!(
        text.contains("was replaced") && text.contains("pbx restore"),
        "{text}"
    );
    assert!(known(&bench));
    let aside = bench.store.restore(None, "tester").unwrap().set_aside.unwrap();
    assert_eq!(fs::read_to_string(aside).unwrap(), "what another program wrote");
    bench.reopen().unwrap();
    assert!(known(&bench));
}

#[test]
fn a_database_moved_away_and_back_is_as_good_as_before() {
    let (bench, _) = bench();
    let away = bench.dir.path().join("away");
    bench.settled();
    fs::rename(bench.database(), &away).unwrap();
    refused(&bench);
    fs::rename(&away, bench.database()).unwrap();
    bench
        .commit(vec![Change::put(setting("sip-tls", "yes"))])
        .unwrap();
    assert_eq!(bench.store.health().refused, None);
}

#[test]
fn an_overwritten_database_is_noticed_before_the_next_commit_and_restored() {
    for content in [&b"garbage"[..], &[0; 65536], &[]] {
        let (mut bench, _) = bench();
        bench.settled();
        bench.overwrite(content);
        let text = refused(&bench);
        assert!(
            text.contains("was overwritten") && text.contains("pbx restore"),
            "{text}"
        );
        assert!(known(&bench));
        assert!(matches!(
            bench.store.read(|r| r.rev()),
            Err(StoreError::Refused(_))
        ));
        assert!(matches!(
            bench.store.backup(&bench.dir.path().join("no.db")),
            Err(StoreError::Refused(_))
        ));
        restored(&mut bench);
    }
}

#[test]
fn a_database_overwritten_by_its_own_backup_is_noticed_too() {
    let (mut bench, _) = bench();
    let backup = fs::read(bench.store.health().last_backup.unwrap().file).unwrap();
    bench.settled();
    bench.overwrite(&backup);
    assert!(refused(&bench).contains("was overwritten"));
    restored(&mut bench);
}

#[test]
fn an_overwritten_database_is_noticed_within_seconds_without_any_commit() {
    let (bench, _) = bench();
    bench.settled();
    bench.overwrite(b"garbage");
    let begin = Instant::now();
    while bench.store.health().last_error.is_none() {
        assert!(begin.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(
        bench
            .store
            .health()
            .last_error
            .unwrap()
            .text
            .contains("was overwritten")
    );
}

#[test]
fn our_own_checkpoints_backups_and_other_programs_readers_are_no_alarm() {
    let bench = Bench::with_pace(Pace {
        look: Duration::from_millis(5),
        ..Pace::default()
    });
    bench.put(&Tenant::new("pbx.test", "alice", "1001"));
    let stamp = || fs::metadata(bench.database()).unwrap().mtime_nsec();
    let first = stamp();
    for round in 0..60 {
        bench
            .commit(vec![Change::put(
                bench.setting_row("sip-port", &(5000 + round).to_string()),
            )])
            .unwrap();
        if round % 10 == 0 {
            bench
                .store
                .backup(&bench.dir.path().join(format!("b{round}.db")))
                .unwrap();
            assert!(
                sqlite3(
                    &bench.database(),
                    "SELECT count(*) FROM revision; PRAGMA integrity_check;"
                )
                .contains("ok")
            );
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_ne!(stamp(), first, "the keeper has moved the log into the main file");
    let health = bench.store.health();
    assert_eq!(
        (health.refused, health.last_error, health.foreign_write),
        (None, None, None)
    );
}

/// What the sqlite3 program says: another process with a SQLite of its own.
fn sqlite3(database: &Path, sql: &str) -> String {
    let script = "import sqlite3,sys\n\
        c=sqlite3.connect(sys.argv[1],isolation_level=None)\n\
        for s in sys.argv[2].split(';'):\n for r in c.execute(s): print(*r)\n";
    let out = match Command::new("sqlite3").arg(database).arg(sql).output() {
        Ok(out) => out,
        Err(_) => Command::new("python3")
            .args(["-c", script])
            .arg(database)
            .arg(sql)
            .output()
            .unwrap(),
    };
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[test]
fn what_another_program_writes_through_sqlite_is_taken_over_and_said() {
    let (bench, tenant) = bench();
    sqlite3(
        &bench.database(),
        "UPDATE extension SET caller_id_name = 'Changed Elsewhere'; PRAGMA wal_checkpoint(TRUNCATE);",
    );
    bench
        .commit(vec![Change::put(setting("sip-tls", "yes"))])
        .unwrap();
    let snapshot = bench.store.snapshot();
    let found = snapshot.domain("pbx.test").unwrap().find("1001").unwrap().clone();
    assert_eq!(&*found.caller_id_name, "Changed Elsewhere");
    let health = bench.store.health();
    assert!(health.foreign_write.is_some());
    assert_eq!(health.refused, None);
    // What no program of ours would have written is not served.
    sqlite3(
        &bench.database(),
        &format!(
            "UPDATE line SET a1 = replace(a1, substr(a1, 1, 1), 'x') WHERE id = '{}'",
            tenant.line.id
        ),
    );
    let text = bench
        .commit(vec![Change::put(setting("verto-port", "8082"))])
        .unwrap_err()
        .to_string();
    assert!(text.contains("another program wrote to it"), "{text}");
    assert!(known(&bench));
    assert!(refused(&bench).contains("pbx restore"));
}

#[test]
fn the_next_start_without_database_says_what_to_type() {
    let (mut bench, _) = bench();
    bench.store.close();
    fs::remove_file(bench.database()).unwrap();
    let text = bench.reopen().unwrap_err().to_string();
    assert!(!bench.database().exists());
    bench.type_commands(&text);
    bench.reopen().unwrap();
    assert!(known(&bench));
    // A file emptied by a copy that failed is no first start either.
    bench.store.close();
    fs::write(bench.database(), "").unwrap();
    assert!(bench.reopen().unwrap_err().to_string().contains("cp -p"));
}

#[test]
fn the_next_start_with_a_damaged_database_says_what_to_type() {
    for damage in [false, true] {
        let (mut bench, _) = bench();
        bench.store.close();
        let mut bytes = fs::read(bench.database()).unwrap();
        let from = if damage { 0 } else { 4096 };
        for byte in &mut bytes[from..] {
            *byte ^= 0x55;
        }
        fs::write(bench.database(), &bytes).unwrap();
        let text = bench.reopen().unwrap_err().to_string();
        assert!(text.contains("is damaged"), "{text}");
        bench.type_commands(&text);
        bench.reopen().unwrap();
        assert!(known(&bench));
    }
}

#[test]
fn a_damaged_index_is_found_at_the_start_and_damage_under_our_hands_at_the_commit() {
    let (mut bench, _) = bench();
    bench.store.close();
    let root = |name: &str| -> usize {
        let conn = rusqlite::Connection::open(bench.database()).unwrap();
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        conn.query_row(sql, [name], |row| row.get::<_, u32>(0)).unwrap() as usize
    };
    let page = root("line_user");
    let mut bytes = fs::read(bench.database()).unwrap();
    let good = bytes.clone();
    bytes[(page - 1) * 4096 + 4000..page * 4096].fill(0);
    fs::write(bench.database(), &bytes).unwrap();
    assert!(bench.reopen().unwrap_err().to_string().contains("is damaged"));
    fs::write(bench.database(), good).unwrap();
    bench.reopen().unwrap();
}

#[test]
fn a_newer_database_is_refused_by_name_and_version() {
    let (mut bench, _) = bench();
    bench.store.close();
    rusqlite::Connection::open(bench.database())
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let text = bench.reopen().unwrap_err().to_string();
    assert!(text.contains("pbx.db has schema version 99"), "{text}");
    let foreign = bench.dir.path().join("foreign.db");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE t (a)")
        .unwrap();
    let text = ConfigStore::open(StoreOptions::new(&foreign))
        .unwrap_err()
        .to_string();
    assert!(text.contains("of another program"), "{text}");
}

#[test]
fn a_directory_or_file_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let text = ConfigStore::open(StoreOptions::new(file.join("pbx.db")))
        .unwrap_err()
        .to_string();
    assert!(text.contains(file.to_str().unwrap()), "{text}");
    let text = ConfigStore::open(StoreOptions::new(dir.path()))
        .unwrap_err()
        .to_string();
    assert!(text.contains(dir.path().to_str().unwrap()), "{text}");
}

#[test]
fn a_restore_of_what_is_no_backup_changes_nothing() {
    let (bench, _) = bench();
    let before = bench.store.snapshot();
    let path = |name: &str| bench.dir.path().join(name);
    fs::write(
        path("text"),
        "not a database at all, but long enough to look like one",
    )
    .unwrap();
    rusqlite::Connection::open(path("foreign"))
        .unwrap()
        .execute_batch("CREATE TABLE t (a)")
        .unwrap();
    let good = bench.store.health().last_backup.unwrap().file;
    fs::copy(&good, path("newer")).unwrap();
    rusqlite::Connection::open(path("newer"))
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    fs::copy(&good, path("trigger")).unwrap();
    rusqlite::Connection::open(path("trigger"))
        .unwrap()
        .execute_batch("CREATE TRIGGER t AFTER INSERT ON revision BEGIN DELETE FROM line; END")
        .unwrap();
    fs::copy(&good, path("orphan")).unwrap();
    rusqlite::Connection::open(path("orphan"))
        .unwrap()
        .execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM user")
        .unwrap();
    let mut bytes = fs::read(&good).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20_000].fill(7);
    fs::write(path("page"), bytes).unwrap();
    let files = fs::read_dir(bench.dir.path()).unwrap().count();
    for (name, why) in [
        ("missing", "cannot read the backup"),
        ("text", "not a usable backup"),
        ("foreign", "not a backup of mod_pbx"),
        ("newer", "schema version 99"),
        ("trigger", "triggers or views"),
        ("orphan", "refers to what does not exist"),
        ("page", "not a usable backup"),
        ("pbx.db", "the database itself"),
    ] {
        let text = bench
            .store
            .restore(Some(&path(name)), "tester")
            .unwrap_err()
            .to_string();
        assert!(text.contains(why), "{name}: {text}");
        assert!(text.contains(name), "{name}: {text}");
        assert!(std::sync::Arc::ptr_eq(&before, &bench.store.snapshot()), "{name}");
    }
    assert_eq!(
        fs::read_dir(bench.dir.path()).unwrap().count(),
        files,
        "nothing is left behind"
    );
    bench
        .commit(vec![Change::put(setting("sip-tls", "yes"))])
        .unwrap();
    let empty = Bench::new();
    let text = empty.store.restore(None, "tester").unwrap_err().to_string();
    assert!(text.contains("there is no backup in"), "{text}");
}

#[test]
fn a_healthy_database_can_be_restored_to_an_older_state_and_is_kept_whole() {
    let (mut bench, _) = bench();
    let restored = bench.store.restore(None, "tester").unwrap();
    assert_eq!(
        bench
            .store
            .snapshot()
            .settings
            .number(&pbx_core::store::settings::SIP_PORT),
        5060
    );
    let aside = restored.set_aside.unwrap();
    bench.store.restore(Some(&aside), "tester").unwrap();
    assert_eq!(
        bench
            .store
            .snapshot()
            .settings
            .number(&pbx_core::store::settings::SIP_PORT),
        5070
    );
    bench.reopen().unwrap();
    assert_eq!(
        bench
            .store
            .snapshot()
            .settings
            .number(&pbx_core::store::settings::SIP_PORT),
        5070
    );
}
