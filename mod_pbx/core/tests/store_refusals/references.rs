//! What refers to nothing or to another domain, and what is still referred to.

use pbx_core::store::rows::Role;
use pbx_core::store::{Change, Table};
use uuid::Uuid;

use super::{bench, delete, refused};
use crate::store_common::Tenant;

#[test]
fn what_does_not_exist_or_belongs_elsewhere_cannot_be_referred_to() {
    let (bench, alice, bob) = bench();
    let nobody = Uuid::now_v7();
    let fresh = || Tenant::in_domain(&alice.domain, "carol", "1002");
    let line = |edit: &dyn Fn(&mut Tenant)| {
        let mut tenant = fresh();
        edit(&mut tenant);
        tenant.put_in()
    };
    refused(
        &bench,
        line(&|t| t.line.user_id = nobody),
        &["line carol refers to the user", "does not exist"],
    );
    refused(
        &bench,
        line(&|t| t.line.extension_id = nobody),
        &["refers to the extension", "does not exist"],
    );
    refused(
        &bench,
        line(&|t| t.extension.user_id = nobody),
        &["extension 1002 refers to the user"],
    );
    refused(
        &bench,
        line(&|t| t.extension.channel_id = nobody),
        &["extension 1002 refers to the channel"],
    );
    let mut lost = fresh().user;
    lost.domain_id = Some(nobody);
    refused(
        &bench,
        vec![Change::put(lost)],
        &["user carol refers to the domain", "does not exist"],
    );
    let other = "belongs to another domain";
    refused(
        &bench,
        line(&|t| t.line.user_id = bob.user.id),
        &["line carol cannot use user bob", other],
    );
    refused(
        &bench,
        line(&|t| t.line.extension_id = bob.extension.id),
        &["cannot use extension 2001", other],
    );
    refused(
        &bench,
        line(&|t| t.extension.user_id = bob.user.id),
        &["extension 1002 cannot use user bob", other],
    );
    // Not even when both are changed in one step, in either direction.
    let mut moved = bob.user.clone();
    moved.domain_id = Some(alice.domain.id);
    refused(
        &bench,
        vec![Change::put(moved)],
        &["user bob cannot move to another domain", "extension 2001 stays"],
    );
    // An administrator of the whole PBX may have a phone in any domain, and stops being one only without it.
    let mut root = fresh();
    (root.user.domain_id, root.user.role) = (None, Role::Administrator);
    bench.commit(root.put_in()).unwrap();
    let mut demoted = root.user.clone();
    demoted.domain_id = Some(bob.domain.id);
    refused(
        &bench,
        vec![Change::put(demoted.clone())],
        &["user carol cannot move", "extension 1002 stays"],
    );
    demoted.domain_id = None;
    demoted.role = Role::User;
    refused(
        &bench,
        vec![Change::put(demoted)],
        &["user carol belongs to no domain"],
    );
}

#[test]
fn what_is_in_use_is_not_deleted() {
    let (bench, alice, _) = bench();
    for (row, words) in [
        (
            delete(Table::Domain, alice.domain.id),
            ["domain pbx.test is still used by user alice", "first"],
        ),
        (
            delete(Table::User, alice.user.id),
            ["user alice is still used by extension 1001", "first"],
        ),
        (
            delete(Table::Channel, alice.channel.id),
            ["channel 1001 is still used by extension 1001", "first"],
        ),
        (
            delete(Table::Extension, alice.extension.id),
            ["extension 1001 is still used by line alice", "first"],
        ),
    ] {
        refused(&bench, vec![row], &words);
    }
    refused(
        &bench,
        vec![delete(Table::Line, Uuid::now_v7())],
        &["there is no line with id"],
    );
    // All of it in one step, in any order.
    bench
        .commit(vec![
            delete(Table::Domain, alice.domain.id),
            delete(Table::User, alice.user.id),
            delete(Table::Line, alice.line.id),
            delete(Table::Extension, alice.extension.id),
            delete(Table::Channel, alice.channel.id),
        ])
        .unwrap();
    assert!(bench.store.snapshot().domain("pbx.test").is_none());
}
