//! Other programs that use SQLite, as readers and as writers.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pbx_core::store::{Change, Pace};

use super::{bench, known, refused};
use crate::store_common::{Bench, Tenant, setting};

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
