//! The writer: revisions, retries, conflicts, undo.

mod store_common;

use pbx_core::store::settings::SIP_PORT;
use pbx_core::store::{Change, Commit, Page, StoreError, Table};
use store_common::{Bench, Tenant, setting};
use uuid::Uuid;

#[test]
fn a_commit_is_seen_by_the_next_lookup_and_survives_a_restart() {
    let mut bench = Bench::new();
    let tenant = Tenant::new("pbx.test", "alice", "1001");
    assert_eq!(bench.store.snapshot().rev, 0);
    let revision = bench.commit(tenant.put()).unwrap();
    assert_eq!((revision.rev, revision.actor.as_str()), (1, "tester"));
    for _ in 0..2 {
        let snapshot = bench.store.snapshot();
        assert_eq!(snapshot.rev, 1);
        let domain = snapshot.domain("PBX.test").unwrap();
        let extension = domain.find("1001").unwrap();
        assert_eq!(extension.email.as_deref(), Some("alice@mail.test"));
        assert_eq!(
            domain
                .find("Alice")
                .unwrap()
                .line("alice")
                .unwrap()
                .max_registrations,
            2
        );
        bench.reopen().unwrap();
    }
    let read = bench.store.read(|r| {
        let domain = r.domain_by_name("pbx.TEST")?.unwrap();
        let extension = r.extension_by_number(domain.id, "1001")?.unwrap();
        assert_eq!((extension.row_rev, extension.id), (1, tenant.extension.id));
        assert_eq!(r.lines_of(extension.id)?.len(), 1);
        assert_eq!(
            r.line_by_username(domain.id, "ALICE")?.unwrap().id,
            tenant.line.id
        );
        assert_eq!(
            r.user_by_name(Some(domain.id), "alice")?.unwrap().id,
            tenant.user.id
        );
        assert_eq!(r.users(Some(domain.id), "MAIL.te", Page::first(10))?.total, 1);
        assert_eq!(r.users(Some(domain.id), "nobody", Page::first(10))?.total, 0);
        assert_eq!(r.changes(1)?.len(), 5);
        r.revisions(Page::ALL)
    });
    let revisions = read.unwrap();
    assert_eq!((revisions.total, &revisions.rows[0]), (1, &revision));
}

#[test]
fn a_retry_gets_the_first_answer() {
    let bench = Bench::new();
    let mut commit = Commit::new("tester", "a test");
    commit.changes = Tenant::new("pbx.test", "alice", "1001").put();
    let first = bench.store.commit(commit.clone()).unwrap();
    assert_eq!(bench.store.commit(commit).unwrap(), first);
    assert_eq!(bench.store.snapshot().rev, 1);
}

#[test]
fn an_edit_of_an_old_version_is_a_conflict_that_shows_both() {
    let bench = Bench::new();
    let tenant = Tenant::new("pbx.test", "alice", "1001");
    bench.put(&tenant);
    let read = || {
        bench
            .store
            .read(|r| r.get::<pbx_core::store::rows::Extension>(tenant.extension.id))
    };
    let mut mine = read().unwrap().unwrap();
    let mut theirs = mine.clone();
    theirs.ring_seconds = 10;
    bench.commit(vec![Change::edit(theirs.clone())]).unwrap();
    mine.ring_seconds = 20;
    match bench.commit(vec![Change::edit(mine.clone())]) {
        Err(StoreError::Conflict(conflict)) => {
            assert_eq!((conflict.base, conflict.change), (1, 0));
            assert_eq!(conflict.yours, Some(mine.clone().into()));
            let stored = conflict.stored.clone().unwrap();
            assert_eq!(stored.row_rev(), 2);
            assert!(
                conflict
                    .to_string()
                    .contains("extension 1001 was changed in revision 2")
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        bench.commit(vec![Change::delete(mine)]),
        Err(StoreError::Conflict(_))
    ));
    assert_eq!(read().unwrap().unwrap().ring_seconds, 10);
    // Deleted meanwhile.
    let line = bench
        .store
        .read(|r| r.get::<pbx_core::store::rows::Line>(tenant.line.id))
        .unwrap()
        .unwrap();
    bench.commit(vec![Change::delete(line.clone())]).unwrap();
    let error = bench.commit(vec![Change::edit(line)]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("line alice was deleted after you read it"),
        "{error}"
    );
}

#[test]
fn an_undo_is_a_new_revision_and_is_refused_when_a_later_one_touched_the_rows() {
    let bench = Bench::new();
    let tenant = Tenant::new("pbx.test", "alice", "1001");
    bench.put(&tenant);
    let before = bench.store.snapshot();
    let mut extension = tenant.extension.clone();
    extension.number = "1002".parse().unwrap();
    bench.commit(vec![Change::put(extension)]).unwrap();
    bench
        .commit(vec![Change::put(setting("sip-port", "5070"))])
        .unwrap();
    assert_eq!(bench.store.snapshot().settings.number(&SIP_PORT), 5070);

    let refused = bench
        .store
        .revert(1, "tester", Uuid::now_v7(), false)
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("extension 1001 was changed again in revision 2"),
        "{refused}"
    );
    let undone = bench.store.revert(2, "tester", Uuid::now_v7(), false).unwrap();
    assert_eq!((undone.rev, undone.summary.as_str()), (4, "undo of revision 2"));
    let domain =
        |s: &pbx_core::store::snapshot::Snapshot| s.domain("pbx.test").unwrap().find("1001").cloned();
    assert_eq!(domain(&bench.store.snapshot()), domain(&before));
    bench.store.revert(3, "tester", Uuid::now_v7(), false).unwrap();
    assert_eq!(bench.store.snapshot().settings.number(&SIP_PORT), 5060);
    let nothing = bench
        .store
        .revert(99, "tester", Uuid::now_v7(), false)
        .unwrap_err();
    assert!(
        nothing.to_string().contains("there is no revision 99"),
        "{nothing}"
    );
    // A deletion is undone with what was deleted, in any order.
    bench
        .commit(vec![
            Change::Delete {
                table: Table::Extension,
                id: tenant.extension.id,
                base: None,
            },
            Change::Delete {
                table: Table::Line,
                id: tenant.line.id,
                base: None,
            },
        ])
        .unwrap();
    assert!(bench.store.snapshot().domain("pbx.test").unwrap().is_empty());
    bench.store.revert(6, "tester", Uuid::now_v7(), false).unwrap();
    assert_eq!(domain(&bench.store.snapshot()), domain(&before));
}
