//! What a commit refuses, with which words, and that nothing of it is saved.

mod store_common;

use pbx_core::forward::When;
use pbx_core::secret;
use pbx_core::store::rows::Role;
use pbx_core::store::{Change, Commit, StoreError, Table};
use store_common::{Bench, Tenant, setting};
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

#[test]
fn every_value_is_checked() {
    let (bench, alice, _) = bench();
    let extension = |edit: &dyn Fn(&mut pbx_core::store::rows::Extension)| {
        let mut row = alice.extension.clone();
        edit(&mut row);
        vec![Change::put(row)]
    };
    refused(
        &bench,
        extension(&|e| e.caller_id_name = "a\nb".into()),
        &["caller ID name has no line breaks"],
    );
    refused(
        &bench,
        extension(&|e| e.caller_id_name = "x".repeat(65)),
        &["at most 64 characters"],
    );
    refused(
        &bench,
        extension(&|e| e.caller_id_name = "${system(x)}".into()),
        &["cannot contain \"${\""],
    );
    refused(
        &bench,
        extension(&|e| e.ring_seconds = 4),
        &["ring-seconds takes 5 to 600, not 4"],
    );
    refused(&bench, extension(&|e| e.ring_seconds = 601), &["5 to 600"]);
    for pin in ["123", "12345678901", "12a4", ""] {
        refused(
            &bench,
            extension(&|e| e.voicemail_pin = Some(pin.into())),
            &["PIN has 4 to 10 digits"],
        );
    }
    let line = |edit: &dyn Fn(&mut pbx_core::store::rows::Line)| {
        let mut row = alice.line.clone();
        edit(&mut row);
        vec![Change::put(row)]
    };
    refused(
        &bench,
        line(&|l| l.a1 = "secret".into()),
        &["the A1 of line alice is not an MD5 hash"],
    );
    refused(&bench, line(&|l| l.a1 = l.a1.to_uppercase()), &["lower-case hex"]);
    refused(
        &bench,
        line(&|l| l.max_registrations = 0),
        &["max-registrations takes 1 to 32"],
    );
    refused(
        &bench,
        line(&|l| l.source_acl = Some("10.0.0.0/8 10.0.0.0/33".into())),
        &["not \"10.0.0.0/33\""],
    );
    refused(
        &bench,
        line(&|l| l.source_acl = Some(" ".into())),
        &["leave it off"],
    );
    bench
        .commit(line(&|l| l.source_acl = Some("10.0.0.0/8,  ::1".into())))
        .unwrap();
    let stored = bench
        .store
        .read(|r| r.get::<pbx_core::store::rows::Line>(alice.line.id))
        .unwrap()
        .unwrap();
    assert_eq!(stored.source_acl.as_deref(), Some("10.0.0.0/8 ::1"));
    let user = |edit: &dyn Fn(&mut pbx_core::store::rows::User)| {
        let mut row = alice.user.clone();
        edit(&mut row);
        vec![Change::put(row)]
    };
    for bad in [
        "alice",
        "a@b@c",
        "a;rm@mail.test",
        "-f@mail.test",
        "a b@mail.test",
        "a@-x",
        "@mail.test",
        "$x@m.test",
    ] {
        refused(
            &bench,
            user(&|u| u.email = Some(bad.into())),
            &["is not a mail address"],
        );
    }
    refused(
        &bench,
        user(&|u| u.display_name = "\u{7}".into()),
        &["display name"],
    );
    refused(
        &bench,
        user(&|u| u.password_hash = Some("plain".into())),
        &["is not argon2id"],
    );
    let mut channel = alice.channel.clone();
    channel.name = "a/b".into();
    refused(&bench, vec![Change::put(channel)], &["is not a channel name"]);
    let mut domain = alice.domain.clone();
    domain.name = "extensions".parse().unwrap();
    refused(&bench, vec![Change::put(domain)], &["\"extensions\" is reserved"]);
    refused(
        &bench,
        vec![Change::put(setting("no-such", "1"))],
        &["no setting \"no-such\"", "pbx setting list"],
    );
    refused(
        &bench,
        vec![Change::put(setting("sip-port", "0"))],
        &["sip-port takes a port"],
    );
    bench
        .commit(vec![Change::put(setting("sip-tls", " on "))])
        .unwrap();
    let stored = bench.store.read(|r| r.setting("sip-tls")).unwrap().unwrap();
    assert_eq!(stored.value, "yes", "values have one spelling");
}

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
