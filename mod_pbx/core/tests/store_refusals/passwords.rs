//! Passwords that would stop to work, or that everybody tries first.

use pbx_core::secret;
use pbx_core::store::{Change, Table};

use super::{bench, delete, refused};

#[test]
fn a_password_is_bound_to_username_and_domain() {
    let (bench, alice, _) = bench();
    let mut line = alice.line.clone();
    line.username = "alicia".parse().unwrap();
    refused(
        &bench,
        vec![Change::put(line.clone())],
        &["line alicia needs a new password", "alice@pbx.test"],
    );
    line.a1 = secret::a1_hex("alicia", "pbx.test", "kT8!vqPz2w");
    bench.commit(vec![Change::put(line.clone())]).unwrap();

    let mut domain = alice.domain.clone();
    domain.name = "new.test".parse().unwrap();
    let rename = Change::put(domain);
    let words = [
        "renaming a domain takes a new password for every line",
        "1 of line(s) alicia would stop",
    ];
    refused(&bench, vec![rename.clone()], &words);
    // Writing the line without a new one does not help.
    line.enabled = false;
    refused(&bench, vec![rename.clone(), Change::put(line.clone())], &words);
    line.a1 = secret::a1_hex("alicia", "new.test", "kT8!vqPz2w");
    bench.commit(vec![rename, Change::put(line)]).unwrap();
    let snapshot = bench.store.snapshot();
    assert!(snapshot.domain("pbx.test").is_none());
    assert!(snapshot.domain("new.test").unwrap().find("1001").is_some());
    // Deleting the lines in the same step is as good.
    let mut domain = alice.domain.clone();
    domain.name = "third.test".parse().unwrap();
    bench
        .commit(vec![Change::put(domain), delete(Table::Line, alice.line.id)])
        .unwrap();
}

#[test]
fn a_trivial_password_is_found_out_by_its_hash() {
    let (bench, alice, _) = bench();
    for password in ["", "alice", "1001"] {
        let mut line = alice.line.clone();
        line.a1 = secret::a1_hex("alice", "pbx.test", password);
        refused(
            &bench,
            vec![Change::put(line)],
            &["the password of line alice is empty", "made up"],
        );
    }
}
