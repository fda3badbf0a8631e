//! A file that is deleted, replaced or moved while it is in use.

use std::fs;

use pbx_core::store::Change;

use super::{bench, known, refused, restored};
use crate::store_common::setting;

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
