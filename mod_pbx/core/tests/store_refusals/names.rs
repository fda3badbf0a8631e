//! What is taken already, and what would mean two people.

use pbx_core::secret;
use pbx_core::store::Change;
use pbx_core::store::rows::Role;

use super::{bench, refused};
use crate::store_common::{Tenant, setting};

#[test]
fn what_is_taken_is_refused_within_a_domain_and_free_in_another() {
    let (bench, alice, bob) = bench();
    let carol = |number: &str| Tenant::in_domain(&alice.domain, "carol", number);
    refused(
        &bench,
        carol("1001").put_in(),
        &["extension 1001 exists already in this domain", "another number"],
    );
    let mut same = carol("1002");
    same.channel.name = "1001".into();
    refused(
        &bench,
        same.put_in(),
        &["channel 1001 exists already in this domain", "another name"],
    );
    let mut same = carol("1002");
    same.extension.number = alice.extension.number.clone();
    refused(
        &bench,
        same.put_in(),
        &["extension 1001 exists already in this domain", "another number"],
    );
    let mut same = carol("1002");
    same.user.name = "alice".parse().unwrap();
    refused(
        &bench,
        same.put_in(),
        &["user alice exists already in this domain"],
    );
    let mut same = carol("1002");
    same.line.username = "alice".parse().unwrap();
    refused(
        &bench,
        same.put_in(),
        &["line alice exists already in this domain"],
    );
    let mut same = carol("1002");
    same.extension.channel_id = alice.channel.id;
    refused(
        &bench,
        same.put_in(),
        &["the channel of extension 1002 belongs to another extension already"],
    );
    refused(
        &bench,
        Tenant::new("PBX.test", "x1", "1001").put(),
        &["domain pbx.test exists already"],
    );
    bench
        .commit(vec![Change::put(setting("sip-port", "5070"))])
        .unwrap();
    refused(
        &bench,
        vec![Change::put(setting("sip-port", "5071"))],
        &["setting sip-port exists already"],
    );
    for name in ["root", "ROOT"] {
        let mut root = Tenant::new("x.test", name, "1001").user;
        (root.domain_id, root.role) = (None, Role::Administrator);
        let result = bench.commit(vec![Change::put(root)]);
        assert_eq!(
            result.is_ok(),
            name == "root",
            "names of administrators are unique too: {result:?}"
        );
    }
    // The very same names in the other domain are nobody's business.
    bench
        .commit(Tenant::in_domain(&bob.domain, "alice", "1001").put_in())
        .unwrap();
}

#[test]
fn an_identity_collides_in_both_directions() {
    let (bench, alice, _) = bench();
    let tenant = |name: &str, number: &str| Tenant::in_domain(&alice.domain, name, number);
    // A username that is another's number.
    refused(
        &bench,
        tenant("1001", "1002").put_in(),
        &["the username 1001 is the number of another extension"],
    );
    // Its own number is fine.
    let own = tenant("1003", "1003");
    bench.commit(own.put_in()).unwrap();
    // A number that is another's username.
    let mut same = tenant("carol", "1004");
    same.extension.number = "1003".parse().unwrap();
    bench.refusal(same.put_in());
    let mut line = alice.line.clone();
    line.username = "1009".parse().unwrap();
    line.a1 = secret::a1_hex("1009", "pbx.test", "kT8!vqPz2w");
    bench.commit(vec![Change::put(line)]).unwrap();
    refused(
        &bench,
        tenant("carol", "1009").put_in(),
        &["the number 1009 is the username of a line of another extension"],
    );
    // By a changed number: away from its own line's name, which another then takes.
    let mut moved = own.extension.clone();
    moved.number = "1005".parse().unwrap();
    bench.commit(vec![Change::put(moved)]).unwrap();
    let mut carol = tenant("carol", "1006");
    carol.extension.number = "1003".parse().unwrap();
    refused(
        &bench,
        carol.put_in(),
        &["the number 1003 is the username of a line"],
    );
    let mut onto = own.extension.clone();
    onto.number = "1009".parse().unwrap();
    refused(
        &bench,
        vec![Change::put(onto)],
        &["the number 1009 is the username"],
    );
    // By a line that moves to another extension.
    let mut line = bench
        .store
        .read(|r| r.line_by_username(alice.domain.id, "1003"))
        .unwrap()
        .unwrap();
    line.extension_id = alice.extension.id;
    bench.commit(vec![Change::put(line.clone())]).unwrap();
    let mut back = own.extension.clone();
    back.number = "1003".parse().unwrap();
    refused(
        &bench,
        vec![Change::put(back.clone())],
        &["the number 1003 is the username"],
    );
    // Together with the line it is in order.
    line.extension_id = own.extension.id;
    bench.commit(vec![Change::put(back), Change::put(line)]).unwrap();
}

#[test]
fn two_extensions_may_swap_their_numbers_in_one_step() {
    let (bench, alice, _) = bench();
    let carol = Tenant::in_domain(&alice.domain, "carol", "1002");
    bench.commit(carol.put_in()).unwrap();
    let (mut a, mut c) = (alice.extension.clone(), carol.extension.clone());
    std::mem::swap(&mut a.number, &mut c.number);
    bench.commit(vec![Change::put(a), Change::put(c)]).unwrap();
    let snapshot = bench.store.snapshot();
    let domain = snapshot.domain("pbx.test").unwrap();
    assert_eq!(domain.find("1002").unwrap().lines[0].username.as_str(), "alice");
    assert_eq!(domain.find("1001").unwrap().lines[0].username.as_str(), "carol");
}
