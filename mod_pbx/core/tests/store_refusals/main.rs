//! What a commit refuses, with which words, and that nothing of it is saved.

#[path = "../store_common/mod.rs"]
mod store_common;

mod commits;
mod forwards;
mod names;
mod passwords;
mod references;
mod values;

use pbx_core::store::{Change, Table};
use store_common::{Bench, Tenant};
use uuid::Uuid;

/// Two domains; the first has alice at 1001, the second bob at 2001.
fn bench() -> (Bench, Tenant, Tenant) {
    let bench = Bench::new();
    let alice = Tenant::new("pbx.test", "alice", "1001");
    let bob = Tenant::new("other.test", "bob", "2001");
    bench.put(&alice);
    bench.put(&bob);
    (bench, alice, bob)
}

/// Refused with all of these words.
#[track_caller]
fn refused(bench: &Bench, changes: Vec<Change>, words: &[&str]) {
    let text = bench.refusal(changes);
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}

fn delete(table: Table, id: Uuid) -> Change {
    Change::Delete {
        table,
        id,
        base: None,
    }
}
