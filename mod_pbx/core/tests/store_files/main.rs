//! What happens to the database's file, and how it is brought back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../store_common/mod.rs"]
mod store_common;

mod gone;
mod others;
mod overwritten;
mod restore;
mod start;

use pbx_core::store::{Change, StoreError};
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
