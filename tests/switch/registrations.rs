//! Phones register: who may, who may not, and what the others can learn from the answer.

use libtest_mimic::Trial;

use crate::group::Group;
use crate::rig::{DOMAINS, PEOPLE, Rig, account, password};
use crate::sipp::{Sipp, row};
use crate::wire::Phone;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("registrations", Rig::whole).add(
        trials,
        &[
            ("the_right_digest_registers", the_right_digest_registers),
            ("a_wrong_password_is_refused", a_wrong_password_is_refused),
            (
                "a_registration_can_be_taken_back",
                a_registration_can_be_taken_back,
            ),
            (
                "an_unknown_user_looks_like_a_wrong_password",
                an_unknown_user_looks_like_a_wrong_password,
            ),
            (
                "a_digest_of_one_domain_is_worth_nothing_in_the_other",
                a_digest_of_one_domain_is_worth_nothing,
            ),
        ],
    );
}

/// Everybody, ten times over, ten at once; each domain from a port of its own, since mod_sofia takes the same
/// username at the same port for the same phone, whatever the domain (`multiple-registrations=contact`).
fn the_right_digest_registers(rig: &mut Rig) {
    for domain in DOMAINS {
        let rows = PEOPLE.map(|(username, _)| row(username, domain, "", &password(username, domain)));
        Sipp::new(&rig.site, "register", rows.to_vec())
            .calls(30, 10)
            .key("expires", "60")
            .run();
        for (username, _) in PEOPLE {
            rig.switch.until(
                "sofia status profile internal reg",
                &format!("{username}@{domain}"),
            );
        }
    }
}

fn a_wrong_password_is_refused(rig: &mut Rig) {
    let [acme, other] = DOMAINS;
    let rows = vec![
        row("alice", acme, "", "wrong"),
        row("alice", acme, "", ""),
        row("alice", other, "", &password("bob", other)),
        row("nobody", acme, "", "wrong"),
        row("1001", "no-such-domain.test", "", "wrong"),
    ];
    Sipp::new(&rig.site, "register_refused", rows).run();
}

fn a_registration_can_be_taken_back(rig: &mut Rig) {
    let domain = DOMAINS[0];
    let rows = || vec![row("carol", domain, "", &password("carol", domain))];
    let port = crate::ports::phone();
    let here = format!("carol@127.0.0.1:{port}");
    Sipp::new(&rig.site, "register", rows())
        .port(port)
        .key("expires", "60")
        .run();
    rig.switch.until("sofia status profile internal reg", &here);
    Sipp::new(&rig.site, "register", rows())
        .port(port)
        .key("expires", "0")
        .run();
    crate::wait::until("the registration to go", crate::wait::SOON, || {
        (!rig
            .switch
            .api("sofia status profile internal reg")
            .contains(&here))
        .then_some(())
    });
}

/// Both answers to both, byte for byte, but for what every request varies.
fn an_unknown_user_looks_like_a_wrong_password(_: &mut Rig) {
    for domain in DOMAINS {
        let wrong = account("alice", domain, "wrong");
        let unknown = account("nosuchuser", domain, "wrong");
        let known = Phone::new().register(wrong, 60).unwrap();
        let stranger = Phone::new().register(unknown, 60).unwrap();
        assert_eq!(known[0].status, 401);
        assert_eq!(known[1].status, 403);
        for (known, stranger) in known.iter().zip(&stranger) {
            assert_eq!(known.shape(wrong), stranger.shape(unknown));
        }
    }
}

fn a_digest_of_one_domain_is_worth_nothing(rig: &mut Rig) {
    let [acme, other] = DOMAINS;
    let right = password("alice", acme);
    assert_eq!(
        Phone::new().register(account("alice", acme, &right), 60).unwrap()[1].status,
        200
    );
    let registered = |rig: &mut Rig| {
        let list = rig.switch.api("sofia status profile internal reg");
        list.matches(&format!("alice@{other}")).count()
    };
    let before = registered(rig);
    // The same person's password, said to the other domain: with its realm, and with the realm it is for.
    let foreign = account("alice", other, &right);
    assert_eq!(Phone::new().register(foreign, 60).unwrap()[1].status, 403);
    for realm in [acme, other, "", "*", "all"] {
        let answer = Phone::new().register_with_realm(foreign, realm).unwrap();
        assert!(
            [401, 403].contains(&answer.status),
            "realm {realm:?}: {}",
            answer.text
        );
    }
    assert_eq!(registered(rig), before);
}
