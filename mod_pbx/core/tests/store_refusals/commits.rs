//! A commit as a whole: all of it or nothing, by whom and what for.

use pbx_core::store::{Change, Commit, StoreError, Table};

use super::{bench, delete, refused};
use crate::store_common::setting;

#[test]
fn a_commit_is_whole() {
    let (bench, alice, bob) = bench();
    // The last of its changes is bad: none is made, not even in memory.
    let before = bench.store.snapshot();
    let mut good = alice.extension.clone();
    good.ring_seconds = 99;
    let bad = vec![Change::put(good.clone()), delete(Table::User, bob.user.id)];
    let error = bench.commit(bad).unwrap_err();
    assert!(
        matches!(error, StoreError::Invalid { change: Some(1), .. }),
        "it says which: {error:?}"
    );
    assert!(std::sync::Arc::ptr_eq(&before, &bench.store.snapshot()));
    refused(
        &bench,
        vec![Change::put(good.clone()), Change::put(good)],
        &["occurs twice in one commit"],
    );
    refused(&bench, vec![], &["there is nothing to change"]);
}

#[test]
fn actor_and_summary_are_one_bounded_line_each() {
    let (bench, ..) = bench();
    let mut commit = Commit::new("eve\n-OK forged", "x".repeat(10_000));
    commit.changes.push(Change::put(setting("sip-tls", "yes")));
    let revision = bench.store.commit(commit).unwrap();
    assert_eq!(revision.actor, "eve -OK forged");
    assert_eq!(revision.summary.len(), 500);
}
