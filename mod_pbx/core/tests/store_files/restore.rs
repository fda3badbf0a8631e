//! What is restored, and what is not.

use std::fs;

use pbx_core::store::Change;

use super::bench;
use crate::store_common::{Bench, setting};

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
