//! Somebody tries passwords: the addresses it comes from are banned, nothing tells which names exist, and
//! the phone whose account is named keeps registering.

use libtest_mimic::Trial;

use crate::group::Group;
use crate::rig::{DOMAINS, Rig, account, password};
use crate::wait;
use crate::wire::{Phone, digest_for_many_uses};

/// Names that a stranger goes through. Not more, since each is two requests and two answers.
const NAMES: usize = 300;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("bans", Rig::whole).add(
        trials,
        &[
            ("who_goes_through_names_is_banned", who_goes_through_names),
            (
                "nobody_bans_somebody_elses_phone",
                nobody_bans_somebody_elses_phone,
            ),
            ("a_ban_refuses_no_call_for_help", a_ban_refuses_no_call_for_help),
            (
                "a_digest_that_was_overheard_is_worth_nothing",
                a_digest_that_was_overheard,
            ),
            (
                "a_line_does_not_register_as_another",
                a_line_does_not_register_as_another,
            ),
            (
                "a_line_that_is_full_bans_no_phone_of_its_own",
                a_line_that_is_full_bans_no_phone,
            ),
            ("bans_outlive_a_crash", bans_outlive_a_crash),
        ],
    );
}

fn until_banned(rig: &mut Rig, address: &str) {
    rig.switch
        .until("pbx ban list json", &format!("\"address\":\"{address}\""));
}

/// Registers alice of the first domain from 127.0.0.1, as her phone does; whether she may.
fn alice_registers(phone: &mut Phone) -> bool {
    let domain = DOMAINS[0];
    let right = password("alice", domain);
    let answers = phone.register(account("alice", domain, &right), 60).unwrap();
    answers[1].status == 200
}

/// Every other name exists in no domain; the answers to all are the same, before the ban and during it.
fn who_goes_through_names(rig: &mut Rig) {
    let domain = DOMAINS[0];
    let mut home = Phone::new();
    assert!(alice_registers(&mut home));
    let names: Vec<String> = (0..NAMES).map(|n| format!("line{n}")).collect();
    let mut shapes = Vec::new();
    for (turn, name) in names.iter().enumerate() {
        let name = if turn % 3 == 0 { "alice" } else { name.as_str() };
        let wrong = account(name, domain, "wrong");
        // A new connection each time: what the switch knows of the attacker is its address.
        let answers = Phone::at("127.0.0.66").register(wrong, 60).unwrap();
        assert_eq!((answers[0].status, answers[1].status), (401, 403), "{name}");
        shapes.push(answers.map(|answer| answer.shape(wrong)));
        if turn % 25 == 0 {
            assert!(alice_registers(&mut home), "after {turn} attempts in her name");
        }
    }
    assert!(
        shapes.iter().all(|shape| *shape == shapes[0]),
        "{:#?}",
        &shapes[..2]
    );
    until_banned(rig, "127.0.0.66");
    // Not even with the right password, and with the same answer.
    let right = password("bob", domain);
    let bob = account("bob", domain, &right);
    let refused = Phone::at("127.0.0.66").register(bob, 60).unwrap();
    assert_eq!(
        refused[1].shape(bob),
        shapes[0][1],
        "{}",
        rig.switch.api("pbx ban list")
    );
    assert_eq!(Phone::at("127.0.0.67").register(bob, 60).unwrap()[1].status, 200);
    assert!(alice_registers(&mut home));
    let list = rig.switch.ok("pbx ban list");
    assert!(
        list.contains("127.0.0.66") && !list.contains("127.0.0.1 "),
        "{list}"
    );
    rig.switch.ok("pbx ban lift 127.0.0.66");
    assert_eq!(Phone::at("127.0.0.66").register(bob, 60).unwrap()[1].status, 200);
}

/// Failures in alice's name, from elsewhere and from her own address.
fn nobody_bans_somebody_elses_phone(rig: &mut Rig) {
    let domain = DOMAINS[0];
    let mut home = Phone::new();
    assert!(alice_registers(&mut home));
    let shown = format!("pbx presence 1001@{domain} json");
    rig.switch.until(&shown, "127.0.0.1:");
    for turn in 0..60 {
        for from in ["127.0.0.70", "127.0.0.71", "127.0.0.1"] {
            let wrong = account("alice", domain, "wrong");
            let answers = Phone::at(from).register(wrong, 60).unwrap();
            assert_eq!(answers[1].status, 403);
        }
        if turn % 10 == 0 {
            assert!(alice_registers(&mut home), "after {turn} attempts in her name");
        }
    }
    for from in ["127.0.0.70", "127.0.0.71"] {
        until_banned(rig, from);
    }
    assert!(alice_registers(&mut home));
    assert!(alice_registers(&mut Phone::new()));
    let list = rig.switch.ok("pbx ban list json");
    assert!(!list.contains("\"address\":\"127.0.0.1\""), "{list}");
}

/// bob is where an attacker is; the switch takes his digest for 112 and for nothing else.
fn a_ban_refuses_no_call_for_help(rig: &mut Rig) {
    let domain = DOMAINS[0];
    for n in 0..40 {
        let name = format!("line{n}");
        let wrong = account(&name, domain, "wrong");
        Phone::at("127.0.0.80").register(wrong, 60).unwrap();
    }
    until_banned(rig, "127.0.0.80");
    let right = password("bob", domain);
    let bob = account("bob", domain, &right);
    let call = |number: &str, who| Phone::at("127.0.0.80").call(who, number).unwrap().status;
    assert_eq!(call("1001", bob), 403);
    // No such number here yet: past the digest it is the dialplan that answers.
    assert_ne!(call("112", bob), 403);
    assert_eq!(call("112", account("bob", domain, "wrong")), 403);
    assert_eq!(call("112", account("nosuchuser", domain, "wrong")), 403);
    for _ in 0..10 {
        assert_eq!(call("112", account("bob", domain, "wrong")), 403);
    }
    assert_ne!(call("112", bob), 403);
    let elsewhere = |number| Phone::at("127.0.0.81").call(bob, number).unwrap().status;
    assert_ne!(elsewhere("112"), 403);
    // Nor does it matter that the line is tied to networks.
    rig.switch
        .ok(&format!("pbx line set bob@{domain} --source-acl 10.0.0.0/8"));
    assert_eq!(elsewhere("1001"), 403);
    assert_ne!(elsewhere("112"), 403);
    rig.switch
        .ok(&format!("pbx line set bob@{domain} --source-acl ''"));
}

/// With a count of its uses it is used up; without, or with a count that was written beside it, it is none.
fn a_digest_that_was_overheard(rig: &mut Rig) {
    let domain = DOMAINS[0];
    let right = password("alice", domain);
    let alice = account("alice", domain, &right);
    let mut home = Phone::new();
    let challenge = home.send_register(alice, "").unwrap();
    let realm = challenge.parameter("realm").unwrap();
    let digest = home.digest("REGISTER", alice, &realm, &challenge);
    assert_eq!(home.send_register(alice, &digest).unwrap().status, 200);
    for _ in 0..2 {
        let replayed = Phone::at("127.0.0.85").send_register(alice, &digest).unwrap();
        assert_eq!(replayed.status, 401, "{}", replayed.text);
    }
    let challenge = home.send_register(alice, "").unwrap();
    let old = digest_for_many_uses(alice, &realm, &challenge);
    let counted = old.replace("\r\n", ", nc=00000002\r\n");
    for header in [&old, &counted, &old] {
        let refused = Phone::at("127.0.0.85").send_register(alice, header).unwrap();
        assert_eq!(refused.status, 403, "{}", refused.text);
    }
    let list = rig.switch.api("sofia status profile internal reg");
    assert!(!list.contains("127.0.0.85"), "{list}");
}

/// bob's own right password, for a registration of alice's line.
fn a_line_does_not_register_as_another(rig: &mut Rig) {
    let domain = DOMAINS[0];
    let (alices, bobs) = (password("alice", domain), password("bob", domain));
    let (alice, bob) = (account("alice", domain, &alices), account("bob", domain, &bobs));
    let mut phone = Phone::at("127.0.0.86");
    let challenge = phone.send_register(alice, "").unwrap();
    let realm = challenge.parameter("realm").unwrap();
    let digest = phone.digest("REGISTER", bob, &realm, &challenge);
    assert_eq!(phone.send_register(alice, &digest).unwrap().status, 403);
    let list = rig.switch.api("sofia status profile internal reg");
    assert!(!list.contains("127.0.0.86"), "{list}");
}

/// The second phone of a line that may have one is refused as long as it tries, and gets its place when there is room; who
/// guesses meanwhile is banned.
fn a_line_that_is_full_bans_no_phone(rig: &mut Rig) {
    let domain = DOMAINS[1];
    rig.switch
        .ok(&format!("pbx line set bob@{domain} --max-registrations 1"));
    let right = password("bob", domain);
    let bob = account("bob", domain, &right);
    let mut first = Phone::at("127.0.0.90");
    assert_eq!(first.register(bob, 60).unwrap()[1].status, 200);
    rig.switch
        .until(&format!("pbx presence 1002@{domain} json"), "127.0.0.90:");
    let mut second = Phone::at("127.0.0.91");
    for turn in 0..40 {
        assert_eq!(second.register(bob, 60).unwrap()[1].status, 403);
        if turn % 2 == 0 {
            let wrong = account("bob", domain, "wrong");
            let answers = Phone::at("127.0.0.92").register(wrong, 60).unwrap();
            assert_eq!(answers[1].status, 403);
        }
    }
    until_banned(rig, "127.0.0.92");
    let list = rig.switch.ok("pbx ban list json");
    assert!(!list.contains("127.0.0.91"), "{list}");
    assert_eq!(first.register(bob, 0).unwrap()[1].status, 200);
    wait::until("a place for the second phone", wait::SOON, || {
        (second.register(bob, 60).unwrap()[1].status == 200).then_some(())
    });
}

fn bans_outlive_a_crash(rig: &mut Rig) {
    let domain = DOMAINS[1];
    for n in 0..40 {
        let name = format!("line{n}");
        let wrong = account(&name, domain, "wrong");
        Phone::at("127.0.0.90").register(wrong, 60).unwrap();
    }
    until_banned(rig, "127.0.0.90");
    // Saved within a second of the ban.
    let database = rig.site.database();
    wait::until("the ban to be saved", wait::SOON, || {
        let conn = rusqlite::Connection::open_with_flags(
            &database,
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .ok()?;
        let saved = "SELECT count(*) FROM ban WHERE network = '127.0.0.90'";
        let rows: u32 = conn.query_row(saved, [], |row| row.get(0)).ok()?;
        (rows == 1).then_some(())
    });
    let before = rig.switch.id();
    rig.switch.crash();
    rig.start_again();
    assert_ne!(rig.switch.id(), before);
    let right = password("carol", domain);
    let carol = account("carol", domain, &right);
    assert_eq!(
        Phone::at("127.0.0.90").register(carol, 60).unwrap()[1].status,
        403
    );
    assert_eq!(
        Phone::at("127.0.0.91").register(carol, 60).unwrap()[1].status,
        200
    );
}
