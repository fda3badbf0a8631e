//! What a start makes of the file that it finds, or does not find.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use pbx_core::store::{ConfigStore, StoreError, StoreOptions};

use super::{bench, known};

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
