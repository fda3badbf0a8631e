//! A file that is overwritten while it is in use.

use std::fs;
use std::time::{Duration, Instant};

use pbx_core::store::StoreError;

use super::{bench, known, refused, restored};

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
