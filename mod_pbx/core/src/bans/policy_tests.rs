//! The policy by itself, on a clock of the test's.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use proptest::prelude::*;

use super::culprit::{Account, Culprit, Net};
use super::ledger::{Ban, LONGEST, Ledger, Limits, MEMORY, MOST};
use super::view::View;
use crate::presence::view::Moment;

const LIMITS: Limits = Limits {
    account: 10,
    net: 30,
    first: 60,
};

fn account(name: &str) -> Account {
    format!("{name}@pbx.test").parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(seconds: u64) -> Moment {
    Moment(seconds * 1000)
}

/// The policy with what the worker adds to it: who is registered, and what lookups see.
#[derive(Default)]
struct Switch {
    ledger: Ledger,
    view: View,
    live: HashSet<(Net, Account)>,
    now: Moment,
}

impl Switch {
    fn fail(&mut self, from: IpAddr, named: Option<&Account>) {
        let (view, live) = (&self.view, &self.live);
        let is_live = |net| live.iter().any(|(at, _)| *at == net);
        self.ledger
            .failed(from.into(), named, self.now, LIMITS, |culprit| {
                view.spares(culprit, is_live)
            });
        self.view.follow(&mut self.ledger, self.now);
    }

    fn fails(&mut self, times: u64, from: &str, named: &str) {
        for _ in 0..times {
            self.fail(ip(from), Some(&account(named)));
        }
    }

    fn register(&mut self, from: IpAddr, who: &Account) {
        self.live.insert((from.into(), who.clone()));
        self.view
            .befriend(from.into(), who.domain.as_str(), who.username.as_str(), 0);
        self.ledger.lift(&Net::from(from).into(), self.now);
        self.view.follow(&mut self.ledger, self.now);
    }

    fn refuses(&self, from: &str, name: &str) -> bool {
        self.view.is_banned(ip(from), "pbx.test", name, self.now)
    }

    fn ban(&self, from: &str, name: Option<&str>) -> Option<Ban> {
        self.ledger.ban(&Culprit {
            net: ip(from).into(),
            account: name.map(account),
        })
    }
}

#[test]
fn a_line_is_banned_where_it_failed_and_nowhere_else() {
    let mut switch = Switch::default();
    switch.fails(LIMITS.account - 1, "192.0.2.1", "alice");
    assert!(!switch.refuses("192.0.2.1", "alice"));
    switch.fails(1, "192.0.2.1", "alice");
    assert!(switch.refuses("192.0.2.1", "alice"));
    assert!(!switch.refuses("192.0.2.1", "bob") && !switch.refuses("192.0.2.2", "alice"));
    switch.now = at(61);
    assert!(!switch.refuses("192.0.2.1", "alice"));
}

#[test]
fn an_address_is_banned_for_failures_whatever_they_name_and_a_network_of_ipv6_is_one_address() {
    let mut switch = Switch::default();
    for n in 0..LIMITS.net {
        assert!(!switch.refuses("192.0.2.1", "alice"));
        switch.fail(
            ip("192.0.2.1"),
            (n % 2 == 0).then(|| account(&format!("line{n}"))).as_ref(),
        );
        switch.fail(ip(&format!("2001:db8::{n:x}")), None);
    }
    assert!(switch.refuses("192.0.2.1", "alice") && switch.refuses("2001:db8::ffff:1", "alice"));
    assert!(!switch.refuses("192.0.2.2", "alice") && !switch.refuses("2001:db8:0:1::1", "alice"));
}

#[test]
fn a_mistake_now_and_then_is_no_attack() {
    let mut switch = Switch::default();
    for turn in 0..1000 {
        switch.now = at(turn * 100);
        switch.fails(1, "192.0.2.1", "alice");
    }
    assert!(!switch.refuses("192.0.2.1", "alice"));
}

#[test]
fn failures_during_a_ban_do_not_extend_it_and_the_next_one_is_twice_as_long() {
    let mut switch = Switch::default();
    let (mut begin, mut expected) = (0, LIMITS.first);
    for times in 1..=15 {
        switch.now = at(begin);
        switch.fails(LIMITS.account, "192.0.2.1", "alice");
        let ban = switch.ban("192.0.2.1", Some("alice")).unwrap();
        assert_eq!((ban.times, ban.ends), (times, at(begin + expected)));
        for second in [0, 1, expected / 2, expected - 1] {
            switch.now = at(begin + second);
            assert!(switch.refuses("192.0.2.1", "alice"));
            switch.fails(100, "192.0.2.1", "alice");
            switch.fails(100, "192.0.2.1", "alice");
        }
        assert_eq!(switch.ban("192.0.2.1", Some("alice")), Some(ban));
        // Nor do they count for the address: they may be a phone's that is only refused by the ban.
        assert_eq!(switch.ban("192.0.2.1", None), None);
        begin += expected + 700;
        expected = (expected * 2).min(LONGEST);
    }
    switch.now = at(begin + LONGEST + MEMORY);
    switch.fails(LIMITS.account, "192.0.2.1", "alice");
    assert_eq!(switch.ban("192.0.2.1", Some("alice")).unwrap().times, 1);
}

#[test]
fn an_address_with_a_registered_phone_is_not_banned_and_that_phone_never() {
    let mut switch = Switch::default();
    switch.register(ip("192.0.2.1"), &account("alice"));
    switch.fails(1000, "192.0.2.1", "mallory");
    switch.fails(1000, "192.0.2.1", "alice");
    assert!(switch.refuses("192.0.2.1", "mallory"));
    assert!(!switch.refuses("192.0.2.1", "alice") && !switch.refuses("192.0.2.1", "bob"));
    // Off the net over night, while somebody sends failures from its address.
    switch.live.clear();
    switch.now = at(40_000);
    switch.fails(1000, "192.0.2.1", "alice");
    assert!(switch.refuses("192.0.2.1", "bob") && !switch.refuses("192.0.2.1", "alice"));
    switch.register(ip("192.0.2.1"), &account("alice"));
    assert!(!switch.refuses("192.0.2.1", "bob"));
}

#[test]
fn lifting_ends_a_ban_and_its_memory() {
    let mut switch = Switch::default();
    switch.fails(LIMITS.account, "192.0.2.1", "alice");
    let culprit = Culprit {
        net: ip("192.0.2.1").into(),
        account: Some(account("alice")),
    };
    assert!(switch.ledger.lift(&culprit, switch.now));
    assert!(!switch.ledger.lift(&culprit, switch.now));
    assert_eq!(switch.view.follow(&mut switch.ledger, switch.now).len(), 1);
    assert!(!switch.refuses("192.0.2.1", "alice"));
}

#[test]
fn a_flood_takes_bounded_memory_and_frees_nobody() {
    let mut switch = Switch::default();
    switch.fails(LIMITS.account, "192.0.2.1", "alice");
    for n in 0..3 * MOST as u32 {
        switch.now = at(1 + u64::from(n) / 10_000);
        let from = std::net::Ipv4Addr::from_bits(0x0a00_0000 + n);
        switch.fail(from.into(), Some(&account(&format!("line{n}"))));
        assert!(switch.ledger.len() <= MOST);
    }
    assert!(switch.refuses("192.0.2.1", "alice"));
    switch.now = at(200_000);
    switch.ledger.tidy(switch.now);
    assert_eq!(switch.ledger.len(), 0);
    assert_eq!(switch.view.follow(&mut switch.ledger, switch.now).len(), 1);
}

#[derive(Debug, Clone)]
enum Step {
    Fail { from: u8, named: Option<u8>, times: u8 },
    Register { from: u8, who: u8 },
    Unregister { from: u8, who: u8 },
    Pass(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_u8, proptest::option::of(0..4_u8), 1..60_u8)
            .prop_map(|(from, named, times)| Step::Fail { from, named, times }),
        1 => (0..4_u8, 0..4_u8).prop_map(|(from, who)| Step::Register { from, who }),
        1 => (0..4_u8, 0..4_u8).prop_map(|(from, who)| Step::Unregister { from, who }),
        1 => (0..100_000_u32).prop_map(Step::Pass),
    ]
}

proptest! {
    /// Line 0 is the victim. It has registered from address 0; all else may happen, failures in its name
    /// from its own address included, for over UDP an address is only said.
    #[test]
    fn nobody_bans_somebody_elses_phone(steps in proptest::collection::vec(step(), 0..60)) {
        let from = |n: u8| ip(&format!("192.0.2.{n}"));
        let who = |n: u8| account(&format!("line{n}"));
        let mut switch = Switch::default();
        let mut bans: HashMap<Culprit, Ban> = HashMap::new();
        switch.register(from(0), &who(0));
        let mut registers_still = true;
        for step in steps {
            match step {
                Step::Fail { from: at, named, times } => for _ in 0..times {
                    switch.fail(from(at), named.map(who).as_ref());
                },
                Step::Register { from: at, who: line } => switch.register(from(at), &who(line)),
                Step::Unregister { from: at, who: line } => {
                    switch.live.remove(&(from(at).into(), who(line)));
                    registers_still &= (at, line) != (0, 0);
                }
                Step::Pass(seconds) => switch.now = switch.now.plus_seconds(seconds.into()),
            }
            prop_assert!(!switch.refuses("192.0.2.0", "line0"));
            // And nobody else behind the same address is refused for the address's sake.
            if registers_still {
                prop_assert!(!switch.refuses("192.0.2.0", "somebody"));
            }
            // What is in force is never longer than it was when it began.
            let now = switch.now;
            let in_force: HashMap<_, _> = switch.view.bans(now).into_iter().collect();
            bans.retain(|culprit, _| in_force.contains_key(culprit));
            for (culprit, ban) in in_force {
                prop_assert_eq!(*bans.entry(culprit).or_insert(ban), ban);
            }
        }
    }
}
