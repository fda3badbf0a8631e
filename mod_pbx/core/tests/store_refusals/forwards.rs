//! Forwards: to somebody, and never in a circle.

use pbx_core::forward::When;
use pbx_core::store::{Change, Table};

use super::{bench, delete, refused};
use crate::store_common::Tenant;

/// Both ends in one commit, in either order, and whatever else is in it.
#[test]
fn forwards_lead_to_somebody_and_never_in_a_circle() {
    let (bench, alice, bob) = bench();
    let mut others: Vec<Tenant> = (1002..1006)
        .map(|number: u32| Tenant::in_domain(&alice.domain, &format!("user{number}"), &number.to_string()))
        .collect();
    for tenant in &others {
        bench.commit(tenant.put_in()).unwrap();
    }
    let put = |tenant: &Tenant| Change::put(tenant.extension.clone());
    let to = |tenant: &mut Tenant, when: When, number: &str| {
        tenant
            .extension
            .forwards
            .forward(when, Some(number.parse().unwrap()));
    };
    to(&mut others[0], When::Always, "1003");
    to(&mut others[1], When::Offline, "1004");
    to(&mut others[2], When::Busy, "1002");
    let mut all: Vec<Change> = others[..3].iter().map(put).collect();
    refused(&bench, all.clone(), &["circle", "1002", "1003", "1004"]);
    all.reverse();
    refused(&bench, all, &["circle", "1002", "1003", "1004"]);
    bench.commit(others[..2].iter().map(put).collect()).unwrap();
    refused(
        &bench,
        vec![put(&others[2])],
        &["circle: 1004 to 1002 to 1003 to 1004"],
    );
    // A number of another domain, and one that nobody has any more.
    to(&mut others[3], When::NoAnswer, "2001");
    refused(
        &bench,
        vec![put(&others[3])],
        &["(no-answer)", "2001 is not an extension of this domain"],
    );
    to(&mut others[3], When::NoAnswer, "1001");
    let with_its_end = vec![
        put(&others[3]),
        delete(Table::Line, alice.line.id),
        delete(Table::Extension, alice.extension.id),
    ];
    refused(&bench, with_its_end, &["1001 is not an extension of this domain"]);
    bench.commit(vec![put(&others[3])]).unwrap();
    refused(
        &bench,
        vec![
            delete(Table::Line, alice.line.id),
            delete(Table::Extension, alice.extension.id),
        ],
        &["calls to extension 1005 are forwarded to 1001"],
    );
    // The number may go to somebody else in the same step, which leads the forward there, unless in a circle.
    let mut heir = others[0].extension.clone();
    let mut old = alice.extension.clone();
    old.number = "1009".parse().unwrap();
    heir.number = "1001".parse().unwrap();
    bench
        .commit(vec![Change::put(old), Change::put(heir.clone())])
        .unwrap();
    heir.forwards.forward(When::Busy, Some("1005".parse().unwrap()));
    refused(&bench, vec![Change::put(heir)], &["circle: 1001 to 1005 to 1001"]);
    let snapshot = bench.store.snapshot();
    let domain = snapshot.domain("pbx.test").unwrap();
    let forwards = |number: &str, when| domain.find(number).unwrap().forwards_to(when).cloned();
    assert_eq!(forwards("1005", When::NoAnswer), Some("1001".parse().unwrap()));
    assert_eq!(forwards("1001", When::Always), Some("1003".parse().unwrap()));
    assert_eq!(forwards("1004", When::Busy), None);
    drop(bob);
}

/// A row image from before there were forwards says that there are none.
#[test]
fn an_image_without_forwards_is_one_with_none() {
    let tenant = Tenant::new("pbx.test", "alice", "1001");
    let mut image = pbx_core::store::Row::from(tenant.extension.clone()).image();
    for column in [
        "dnd",
        "forward_always",
        "forward_busy",
        "forward_no_answer",
        "forward_offline",
    ] {
        assert!(image.remove(column).is_some(), "{column}");
    }
    let row = pbx_core::store::Row::from_image(Table::Extension, image).unwrap();
    assert_eq!(row, tenant.extension.into());
}
