//! Bans in a whole PBX: from the switch's event to what its next lookup gets, and over a restart.

mod friends;
mod right;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::{Event, Kind, made_of};
use crate::host::FakeHost;
use crate::pbx::Pbx;
use crate::request::Request;
use crate::secret;

struct Desk {
    pbx: Arc<Pbx>,
    folder: tempfile::TempDir,
}

fn start(folder: &tempfile::TempDir) -> Arc<Pbx> {
    let database = folder.path().join("pbx.db").display().to_string();
    let parameters = vec![("database".to_owned(), database)];
    let host = FakeHost {
        parameters: parameters.clone(),
        ..FakeHost::default()
    };
    let pbx = Pbx::start(Arc::new(host), &parameters).unwrap();
    // Nobody is banned before it is known who is registered.
    let settled = || pbx.presence().view().settled;
    until("presence to settle", settled);
    pbx
}

impl Desk {
    /// Lines alice and bob in pbx.test; a line is banned after 3 failures, an address after 5.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self {
            pbx: start(&folder),
            folder,
        };
        for line in [
            "setting set ban-account-failures 3",
            "setting set ban-address-failures 5",
            "setting set ban-seconds 600",
            "domain add pbx.test",
            "extension add 1001 --user alice --name Alice --line alice",
            "extension add 1002 --user bob --name Bob --line bob",
        ] {
            let answer = desk.say(line);
            assert!(answer.starts_with("+OK"), "{line}: {answer}");
        }
        desk
    }

    fn say(&self, line: &str) -> String {
        let mut answer = String::new();
        self.pbx.command(line, &mut |text| answer.push_str(text));
        answer
    }

    fn fail(&self, times: usize, user: &str, from: &str, method: &str) {
        for _ in 0..times {
            self.pbx.tell(Some(made_of(
                Kind::Refused,
                &[
                    ("to-user", user),
                    ("to-host", "pbx.test"),
                    ("network-ip", from),
                    ("registration-type", method),
                ],
            )));
        }
    }

    fn register(&self, user: &str, from: &str) {
        let contact = format!("<sip:{user}@{from}:5060>");
        self.pbx.tell(Some(made_of(
            Kind::Registered,
            &[
                ("profile-name", "internal"),
                ("from-user", user),
                ("from-host", "pbx.test"),
                ("call-id", user),
                ("contact", &contact),
                ("expires", "120"),
                ("network-ip", from),
                ("network-port", "5060"),
            ],
        )));
        let is_there = || self.pbx.presence().view().line("pbx.test", user).is_some();
        until("the registration", is_there);
    }

    /// Whether the switch gets the credential to check this digest with.
    fn gets(&self, user: &str, from: &str, method: &str, number: &str) -> bool {
        self.gets_for(user, from, method, number, &[])
    }

    /// The same for a digest that is right, or wrong.
    fn gets_by_digest(&self, user: &str, from: &str, asked: (&str, &str), right: bool) -> bool {
        self.gets_with(user, from, asked, right, &[])
    }

    fn gets_with(
        &self,
        user: &str,
        from: &str,
        (method, number): (&str, &str),
        right: bool,
        others: &[(&str, &str)],
    ) -> bool {
        let snapshot = self.pbx.store().snapshot();
        let extension = snapshot.domain("pbx.test").unwrap().find(user).unwrap();
        let mut a1 = extension.line(user).unwrap().a1;
        a1[0] ^= u8::from(!right);
        let counted = ["00000001", "c", "auth"];
        let response = secret::response(&a1, (method, "sip:pbx.test"), "n", Some(counted));
        let response = secret::hex(&response);
        let digest = [
            ("sip_auth_uri", "sip:pbx.test"),
            ("sip_auth_nonce", "n"),
            ("sip_auth_nc", counted[0]),
            ("sip_auth_cnonce", counted[1]),
            ("sip_auth_qop", counted[2]),
            ("sip_auth_response", &response),
        ];
        self.gets_for(user, from, method, number, &[&digest, others].concat())
    }

    fn gets_for(&self, user: &str, from: &str, method: &str, number: &str, fields: &[(&str, &str)]) -> bool {
        let pairs = [
            ("action", "sip_auth"),
            ("sip_auth_method", method),
            ("sip_auth_realm", "pbx.test"),
            ("sip_to_user", if method == "REGISTER" { user } else { number }),
            ("sip_to_host", "pbx.test"),
            ("sip_from_host", "pbx.test"),
            ("sip_request_user", number),
            ("key", "id"),
            ("user", user),
            ("domain", "pbx.test"),
            ("ip", from),
        ];
        let all = pairs.iter().chain(fields);
        let params: Vec<_> = all.map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let reply = self.pbx.lookup(&Request {
            section: "directory",
            tag_name: "domain",
            key_name: "name",
            key_value: "pbx.test",
            params: &params,
        });
        reply.as_text().contains("a1-hash")
    }

    fn registers(&self, user: &str, from: &str) -> bool {
        self.gets(user, from, "REGISTER", "")
    }

    fn until_banned(&self, bans: usize) {
        until("bans", || self.pbx.bans().list().len() == bans);
    }

    /// All that was told before this is counted: commands go the same way as events.
    fn counted(&self) {
        self.pbx.bans().lift("203.0.113.255".parse().unwrap(), None);
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "no {what} after 20 s");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn who_tries_passwords_gets_the_answer_for_nobody() {
    let desk = Desk::new();
    assert!(desk.registers("alice", "192.0.2.1"));
    desk.fail(3, "Alice", "192.0.2.1", "REGISTER");
    desk.until_banned(1);
    assert!(!desk.registers("alice", "192.0.2.1") && !desk.registers("ALICE", "192.0.2.1"));
    assert!(desk.registers("bob", "192.0.2.1") && desk.registers("alice", "192.0.2.2"));
    let ban = desk.pbx.bans().list().remove(0);
    assert_eq!(ban.account.as_deref(), Some("alice@pbx.test"));
    assert!(
        (590..=600).contains(&ban.seconds_left) && ban.times == 1,
        "{ban:?}"
    );
    // Of what is no REGISTER the To is whom it calls, which says nothing about that line.
    desk.fail(4, "bob", "192.0.2.7", "INVITE");
    desk.counted();
    assert!(desk.registers("bob", "192.0.2.7"));
    desk.fail(1, "nosuchuser", "192.0.2.7", "REGISTER");
    desk.until_banned(2);
    assert!(!desk.registers("bob", "192.0.2.7"));
}

#[test]
fn a_call_for_help_is_not_refused_by_a_ban_and_nothing_else_is_taken_for_one() {
    let desk = Desk::new();
    desk.fail(5, "x", "192.0.2.1", "INVITE");
    desk.until_banned(1);
    let helps = |number| desk.gets_by_digest("alice", "192.0.2.1", ("INVITE", number), true);
    assert!(helps("112"));
    for (method, number) in [
        ("INVITE", "1001"),
        ("INVITE", "1120"),
        ("INVITE", ""),
        ("MESSAGE", "112"),
        ("REGISTER", "112"),
        ("SUBSCRIBE", "112"),
    ] {
        assert!(
            !desk.gets("alice", "192.0.2.1", method, number),
            "{method} {number}"
        );
    }
    assert!(desk.say("setting set emergency-numbers 110").starts_with("+OK"));
    assert!(helps("110") && !helps("112"));
    // And those of the domain's own routes, however they are dialled.
    for line in [
        "plan set --country-code 49 --access-prefix 9",
        "gateway add carrier --proxy 198.51.100.1",
        "route add help --emergency --pattern \"115 112\" --gateway carrier",
    ] {
        let answer = desk.say(line);
        assert!(answer.starts_with("+OK"), "{line}: {answer}");
    }
    for number in ["115", "9115", "112", "110"] {
        assert!(helps(number), "{number}");
    }
    assert!(!helps("1150"));
}

#[test]
fn a_registered_phone_keeps_registering_whoever_fails_in_its_name() {
    let desk = Desk::new();
    desk.register("alice", "192.0.2.1");
    desk.fail(50, "alice", "192.0.2.1", "REGISTER");
    desk.fail(50, "alice", "192.0.2.9", "REGISTER");
    desk.fail(50, "bob", "192.0.2.1", "REGISTER");
    desk.until_banned(2);
    desk.counted();
    assert!(desk.registers("alice", "192.0.2.1"));
    assert!(!desk.registers("alice", "192.0.2.9") && !desk.registers("bob", "192.0.2.1"));
    let gone = made_of(
        Kind::Unregistered,
        &[
            ("profile-name", "internal"),
            ("from-user", "alice"),
            ("from-host", "pbx.test"),
            ("call-id", "alice"),
        ],
    );
    desk.pbx.tell(Some(gone));
    until("nobody to be registered", || {
        desk.pbx.presence().view().registrations == 0
    });
    // Longer than who is registered is believed.
    std::thread::sleep(Duration::from_millis(1100));
    desk.fail(50, "nosuchuser", "192.0.2.1", "REGISTER");
    desk.until_banned(3);
    assert!(desk.registers("alice", "192.0.2.1"));
    desk.register("alice", "192.0.2.1");
    until("the address's ban to end", || desk.pbx.bans().list().len() == 2);
}

#[test]
fn bans_outlive_a_restart_and_lifted_ones_do_not_come_back() {
    let mut desk = Desk::new();
    desk.fail(3, "alice", "192.0.2.1", "REGISTER");
    desk.fail(5, "x", "2001:db8::1", "REGISTER");
    desk.fail(3, "bob", "192.0.2.2", "REGISTER");
    desk.until_banned(3);
    let said = desk.say("ban lift 192.0.2.2");
    assert_eq!(said, "+OK no longer banned: bob@pbx.test from 192.0.2.2\n");
    let before = desk.pbx.bans().list();
    desk.pbx.stop();
    desk.pbx = start(&desk.folder);
    let after = desk.pbx.bans().list();
    let shown = |all: &[super::Listed]| -> Vec<_> {
        all.iter()
            .map(|ban| (ban.address.clone(), ban.account.clone(), ban.times))
            .collect()
    };
    assert_eq!(shown(&after), shown(&before));
    assert!(after.iter().zip(&before).all(|(a, b)| {
        // To the second, either way.
        a.seconds_left <= b.seconds_left + 1 && a.seconds_left + 20 > b.seconds_left
    }));
    assert!(!desk.registers("alice", "192.0.2.1") && !desk.registers("bob", "2001:db8::77"));
    assert!(desk.registers("bob", "192.0.2.2"));
    for address in ["192.0.2.1", "2001:db8::/64"] {
        let said = desk.say(&format!("ban lift {address}"));
        assert!(said.starts_with("+OK"), "{said}");
    }
    desk.pbx.stop();
    desk.pbx = start(&desk.folder);
    assert_eq!(desk.say("ban list"), "nobody is banned\n");
}

#[test]
fn an_oversized_name_does_not_hide_a_failure_nor_disturb_presence() {
    let desk = Desk::new();
    let lists = desk.pbx.presence().health().relists;
    let subscription = crate::event::SUBSCRIPTIONS
        .iter()
        .find(|s| s.kind == Kind::Refused)
        .unwrap();
    let long = vec![b'x'; crate::event::LONGEST_VALUE + 1];
    for _ in 0..5 {
        desk.pbx
            .tell(Event::copy(subscription, |name| match name.to_bytes() {
                b"network-ip" => Some(&b"192.0.2.1"[..]),
                b"registration-type" => Some(b"REGISTER"),
                _ => Some(&long),
            }));
    }
    desk.until_banned(1);
    assert_eq!(desk.pbx.presence().health().relists, lists);
}

#[test]
fn exempt_networks_are_left_alone() {
    let desk = Desk::new();
    assert!(
        desk.say("setting set ban-exempt-networks 192.0.2.0/24")
            .starts_with("+OK")
    );
    desk.fail(50, "alice", "192.0.2.1", "REGISTER");
    desk.fail(50, "alice", "198.51.100.1", "REGISTER");
    desk.until_banned(1);
    assert!(desk.registers("alice", "192.0.2.1") && !desk.registers("alice", "198.51.100.1"));
}

#[test]
fn the_commands_say_who_is_banned_and_complete_what_they_take() {
    let desk = Desk::new();
    assert_eq!(desk.say("ban list"), "nobody is banned\n");
    assert_eq!(desk.say("ban list json"), "{\"bans\":[]}\n");
    desk.fail(3, "alice", "192.0.2.1", "REGISTER");
    desk.until_banned(1);
    let said = desk.say("ban list");
    assert!(said.contains("192.0.2.1") && said.contains("alice@pbx.test") && said.ends_with("1 ban\n"));
    assert_eq!(desk.pbx.complete("ban l"), ["lift", "list"]);
    assert!(desk.pbx.complete("ban lift ").contains(&"192.0.2.1".to_owned()));
    assert_eq!(desk.pbx.complete("ban lift 192.0.2.1 a"), ["alice@pbx.test"]);
    for (line, why) in [
        ("ban lift 192.0.2.9", "192.0.2.9 is not banned"),
        (
            "ban lift 192.0.2.1 bob@pbx.test",
            "bob@pbx.test from 192.0.2.1 is not banned",
        ),
        ("ban lift nobody", "is not an address"),
        ("ban lift 192.0.2.1 alice", "write USERNAME@DOMAIN"),
    ] {
        let said = desk.say(line);
        assert!(said.starts_with("-ERR") && said.contains(why), "{line}: {said}");
    }
    let said = desk.say("ban lift 192.0.2.1 alice@pbx.test json");
    assert!(
        said.contains("\"ok\":true") && said.contains("192.0.2.1"),
        "{said}"
    );
    assert!(desk.registers("alice", "192.0.2.1"));
}
