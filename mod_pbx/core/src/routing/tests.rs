//! Decisions: what they say in cases that people know, and what holds of two million others.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::outside::{Block, CallerId, Identity, Limits, Outside, Parts, Route, To};
use super::plan::Plan;
use super::*;
use crate::caps::view::Used;
use crate::config::Config;
use crate::gateways::view::State;
use crate::host::FakeHost;
use crate::prompts::Sounds;
use crate::registry::View;
use crate::store::gateways::{Gateway, Gateways};
use crate::store::rows::{CallerIdStyle, Transport};
use crate::store::snapshot::{Domain, Extension, Snapshot};
use crate::{bans, caps, clients, gateways, presence};

const NOON: &str = "2026-11-22T12:00:00Z";

fn noon() -> Timestamp {
    NOON.parse().unwrap()
}

/// One domain with all that a decision reads.
struct World {
    snapshot: Snapshot,
    domain: Arc<Domain>,
    gateways: gateways::view::View,
    caps: caps::view::View,
    config: Config,
    presence: presence::view::View,
    bans: bans::view::View,
    clients: clients::view::View,
    sounds: Sounds,
    host: FakeHost,
}

fn extension(number: &str) -> Extension {
    Extension {
        number: number.parse().unwrap(),
        channel: Uuid::new_v4(),
        caller_id_name: "".into(),
        ring_seconds: 20,
        voicemail: false,
        voicemail_pin: None,
        forwards: None,
        email: None,
        lines: Box::default(),
    }
}

fn gateway(name: &str, domain: Option<&str>, enabled: bool) -> Gateway {
    Gateway {
        id: Uuid::new_v4(),
        domain: domain.map(|name| name.parse().unwrap()),
        name: format!("gw-{name}").parse().unwrap(),
        proxy: "sip.example.com".parse().unwrap(),
        transport: Transport::Udp,
        realm: None,
        username: None,
        password: None,
        register: false,
        from_domain: None,
        sources: Box::default(),
        max_calls: 0,
        caller_id_style: CallerIdStyle::Pai,
        ping_seconds: 0,
        enabled,
    }
}

fn route(name: &str, numbers: &str, to: &[&Gateway], grants: &[Uuid]) -> Route {
    let mut grants = grants.to_vec();
    grants.sort_unstable();
    Route {
        id: Uuid::new_v4(),
        name: name.parse().unwrap(),
        priority: 100,
        numbers: numbers.into(),
        strip: 0,
        prepend: "".into(),
        emergency: false,
        class: None,
        caller_id: None,
        schedule: None,
        enabled: true,
        gateways: to
            .iter()
            .map(|gateway| To {
                gateway: gateway.id,
                caller_id: None,
            })
            .collect(),
        grants: grants.into(),
    }
}

fn caller_id(number: &str) -> Option<CallerId> {
    Some(CallerId {
        number: number.parse().unwrap(),
        name: "".into(),
    })
}

fn berlin() -> Plan {
    Plan {
        area_code: "30".to_owned(),
        ..countries::plan("49")
    }
}

impl World {
    fn new(extensions: &[Extension], gateways: Vec<Gateway>, parts: Parts) -> Self {
        let mut domain = Domain::new("pbx.test".parse().unwrap());
        for extension in extensions {
            domain.insert(extension.clone()).unwrap();
        }
        let domain = Arc::new(domain);
        let mut snapshot = Snapshot::default();
        snapshot.domains.insert(domain.name.clone(), Arc::clone(&domain));
        snapshot
            .outside
            .insert(domain.name.clone(), Arc::new(Outside::new(parts)));
        snapshot.gateways = Arc::new(Gateways::new(gateways));
        let host = FakeHost::default();
        Self {
            snapshot,
            domain,
            gateways: gateways::view::View::default(),
            caps: caps::view::View::new(TimeZone::UTC),
            config: Config::new(&[], &host).unwrap(),
            presence: presence::view::View::default(),
            bans: bans::view::View::default(),
            clients: clients::view::View::default(),
            sounds: Sounds::complete(Path::new("/")),
            host,
        }
    }

    fn view<'a>(&'a self, watch: Option<&'a Watch>) -> View<'a> {
        View {
            snapshot: &self.snapshot,
            config: &self.config,
            presence: &self.presence,
            bans: &self.bans,
            clients: &self.clients,
            notes: &(),
            sounds: &self.sounds,
            host: &self.host,
            gateways: &self.gateways,
            caps: &self.caps,
            watch,
        }
    }

    /// What is decided; whoever listens hears of the same decision, and its end last.
    fn ask_as(&self, number: &str, line: Option<&str>, dialled: &str) -> Decision {
        let payer = Payer {
            domain: &self.domain,
            extension: self.domain.find(number).unwrap(),
            line,
        };
        let decision = decide(&self.view(None), &payer, dialled, noon());
        let watch = Watch::at(noon());
        assert_eq!(
            decide(&self.view(Some(&watch)), &payer, dialled, noon()),
            decision,
            "{dialled}"
        );
        let last = watch.steps().pop().unwrap();
        let out = matches!(decision, Decision::Out(_));
        assert_eq!((last.depth, last.verdict), (0, Some(out)), "{}", last.text);
        decision
    }

    fn ask(&self, number: &str, dialled: &str) -> Decision {
        self.ask_as(number, None, dialled)
    }

    /// By which gateways, and what is sent.
    fn out(&self, number: &str, dialled: &str) -> Vec<String> {
        match self.ask(number, dialled) {
            Decision::Out(out) => {
                let ways = out.ways.iter();
                ways.map(|way| format!("{} {}", &way.name.as_str()[3..], way.number.as_str()))
                    .collect()
            }
            Decision::Refused(why) => vec![why.code().to_owned()],
        }
    }
}

#[test]
fn only_who_is_granted_a_route_calls_out_and_by_its_gateways_in_order() {
    let (alice, bob) = (extension("1001"), extension("1002"));
    let (a, b) = (gateway("a", None, true), gateway("b", Some("pbx.test"), true));
    let group = Uuid::new_v4();
    let mut narrow = route("berlin", "+4930*", &[&b], &[alice.channel]);
    narrow.priority = 10;
    (narrow.strip, narrow.prepend) = (3, "0".into());
    let parts = Parts {
        plan: berlin(),
        routes: vec![route("germany", "+49*", &[&a, &b], &[group]), narrow],
        members: [(bob.channel, vec![(group, "staff".parse().unwrap())])].into(),
        blocks: vec![Block {
            pattern: "+49800*".parse().unwrap(),
            note: "".into(),
        }],
        ..Parts::default()
    };
    let foreign = gateway("c", Some("other.test"), true);
    let mut world = World::new(&[alice, bob], vec![a.clone(), b.clone(), foreign], parts);
    assert_eq!(world.out("1001", "030123456"), ["b 030123456"]);
    assert_eq!(world.out("1001", "0891234567"), ["not-granted"]);
    assert_eq!(world.out("1002", "030123456"), ["a +4930123456", "b +4930123456"]);
    assert_eq!(world.out("1002", "0033123456789"), ["not-granted"]);
    assert_eq!(world.out("1002", "08001234567"), ["blocked"]);
    assert_eq!(world.out("1002", "0900123456"), ["premium"]);
    assert_eq!(
        world.out("1002", "+490900123456"),
        ["premium"],
        "however it is dialled"
    );
    for trick in [
        "1000,sofia/gateway/x/1900",
        "{x=y}0301",
        "${x}",
        "gw+a",
        "030123456;gw=a",
        "030 1",
    ] {
        assert_eq!(world.out("1002", trick), ["no-number"], "{trick}");
    }
    world.gateways.pretend(a.id, State::Down, 0);
    assert_eq!(
        world.out("1002", "030123456"),
        ["b +4930123456"],
        "who is down is left out"
    );
    world.gateways.pretend(b.id, State::Down, 0);
    assert_eq!(world.out("1002", "030123456"), ["no-gateway"]);
}

#[test]
fn a_call_for_help_goes_before_everything() {
    let alice = extension("1001");
    let (a, b) = (gateway("a", None, true), gateway("b", None, true));
    let mut help = route("help", "112 110", &[&a, &b], &[]);
    (help.emergency, help.caller_id) = (true, caller_id("+4930100"));
    let mut closed = route("all", "*", &[&b], &[alice.channel]);
    closed.enabled = false;
    let own = Identity {
        caller_id: caller_id("+49301001"),
        emergency: None,
    };
    let channel = alice.channel;
    let parts = Parts {
        plan: Plan {
            access_prefix: "9".to_owned(),
            ..berlin()
        },
        routes: vec![help, closed],
        extensions: [(channel, own)].into(),
        blocks: vec![Block {
            pattern: "*".parse().unwrap(),
            note: "".into(),
        }],
        limits: Limits {
            concurrent: Some(0),
            per_hour: Some(0),
            per_day: Some(0),
            class_per_day: [Some(0); 5],
        },
        ..Parts::default()
    };
    let mut world = World::new(&[alice], vec![a.clone(), b], parts);
    world.gateways.pretend(a.id, State::Down, 9);
    let Decision::Out(out) = world.ask("1001", "112") else {
        panic!()
    };
    assert!(out.is_emergency() && out.class.is_none());
    assert_eq!(
        world.out("1001", "112"),
        ["b 112", "a 112"],
        "one that is down comes last"
    );
    assert_eq!(out.ways[0].caller_id, caller_id("+4930100"), "the route's own");
    assert_eq!(
        world.out("1001", "9112"),
        ["b 112", "a 112"],
        "behind the access prefix"
    );
    for not in ["1120", "91120", "9112110", "0112", "+112", "112 "] {
        assert!(matches!(world.ask("1001", not), Decision::Refused(_)), "{not}");
    }
    // The setting's numbers go by any gateway, where the domain says nothing of them.
    assert_eq!(world.out("1001", "911"), ["b 911", "a 911"]);
    world.snapshot.outside = Default::default();
    assert_eq!(world.out("1001", "112"), ["b 112", "a 112"]);
    assert_eq!(
        world.out("1001", "9112"),
        ["not-granted"],
        "no number plan, so no access prefix"
    );
}

#[test]
fn nobody_calls_more_than_the_caps_say() {
    let alice = extension("1001");
    let a = gateway("a", None, true);
    let channel = alice.channel;
    let limits = Limits {
        concurrent: Some(2),
        per_hour: Some(5),
        per_day: Some(10),
        class_per_day: [None, Some(3), None, None, Some(1)],
    };
    let parts = Parts {
        plan: berlin(),
        routes: vec![route("all", "*", &[&a], &[channel])],
        limits,
        own_limits: [(
            channel,
            Limits {
                per_hour: Some(6),
                ..Limits::default()
            },
        )]
        .into(),
        ..Parts::default()
    };
    let mut world = World::new(&[alice], vec![a], parts);
    let national = "0891234567";
    let mut with = |concurrent, hour, day, national_calls, premium, dialled: &str| {
        let used = Used {
            concurrent,
            hour,
            day,
            classes: [0, national_calls, 0, 0, premium],
        };
        world.caps.pretend(channel, noon(), used);
        world.out("1001", dialled).remove(0)
    };
    assert_eq!(with(1, 5, 9, 2, 0, national), "a +49891234567");
    assert_eq!(with(2, 0, 0, 0, 0, national), "cap-concurrent");
    assert_eq!(with(0, 6, 0, 0, 0, national), "cap-hour");
    assert_eq!(with(0, 0, 10, 0, 0, national), "cap-day");
    assert_eq!(with(0, 0, 0, 3, 0, national), "cap-class");
    assert_eq!(with(0, 0, 0, 3, 0, "030123456"), "a +4930123456", "a local one");
    assert_eq!(
        with(0, 0, 0, 0, 0, "0900123456"),
        "a +49900123456",
        "one a day is permitted"
    );
    assert_eq!(with(0, 0, 0, 0, 1, "0900123456"), "cap-class");
}

#[test]
fn the_line_is_called_as_before_its_extension_before_the_route_before_the_gateway() {
    let alice = extension("1001");
    let a = gateway("a", None, true);
    let channel = alice.channel;
    let identity = |number: &str| Identity {
        caller_id: caller_id(number),
        emergency: None,
    };
    let mut way = route("all", "*", &[&a], &[channel]);
    way.gateways[0].caller_id = caller_id("+4930004");
    let parts = |depth: u8| {
        let mut way = way.clone();
        way.caller_id = (depth < 4).then(|| caller_id("+4930003")).flatten();
        let mut parts = Parts {
            plan: berlin(),
            routes: vec![way],
            ..Parts::default()
        };
        if depth < 3 {
            parts.extensions.insert(channel, identity("+4930002"));
        }
        if depth < 2 {
            parts.lines.insert("alice".parse().unwrap(), identity("+4930001"));
        }
        parts
    };
    for depth in 1..=4 {
        let world = World::new(std::slice::from_ref(&alice), vec![a.clone()], parts(depth));
        let Decision::Out(out) = world.ask_as("1001", Some("alice"), "030123456") else {
            panic!()
        };
        assert_eq!(out.ways[0].caller_id, caller_id(&format!("+493000{depth}")));
    }
}

/// A small generator of its own: two million cases are too many to shrink.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    fn chance(&mut self, in_hundred: usize) -> bool {
        self.below(100) < in_hundred
    }
}

const PATTERNS: [&str; 12] = [
    "*",
    "+*",
    "+49*",
    "+4930*",
    "+49xx123*",
    "+49301234xx",
    "116117",
    "11*",
    "+1*",
    "+44*",
    "+49900*",
    "+4930123456",
];

fn dialled(dice: &mut Dice) -> String {
    const STARTS: [&str; 16] = [
        "+49", "0049", "0", "030", "+4930", "00", "+1", "+44", "+490", "0900", "11", "112", "9", "", "+882",
        "+",
    ];
    const WHOLE: [&str; 14] = [
        "112",
        "911",
        "999",
        "110",
        "030123456",
        "+4930123456",
        "116117",
        "0900123456",
        "1001",
        "gw+a",
        "1000,sofia/gateway/a/1900",
        "${x}",
        "{a=b}030123456",
        "",
    ];
    if dice.chance(30) {
        return dice.one(&WHOLE).to_owned();
    }
    let mut text = dice.one(&STARTS).to_owned();
    for _ in 0..dice.below(12) {
        text.push(char::from(b'0' + dice.below(10) as u8));
    }
    if dice.chance(3) {
        text.push_str(dice.one(&[",", "*", " ", "$", "|", "x", "\0", "ä"]));
    }
    text
}

fn maybe(dice: &mut Dice, in_hundred: usize) -> Option<CallerId> {
    let number = format!("+4930{}", 1000 + dice.below(5));
    if dice.chance(in_hundred) {
        caller_id(&number)
    } else {
        None
    }
}

fn limit(dice: &mut Dice) -> Option<u32> {
    dice.chance(30).then(|| dice.below(4) as u32)
}

fn limits(dice: &mut Dice) -> Limits {
    Limits {
        concurrent: limit(dice),
        per_hour: limit(dice),
        per_day: limit(dice),
        class_per_day: std::array::from_fn(|_| limit(dice)),
    }
}

/// What a decision must not contradict: kept apart from what decides.
struct Truth {
    world: World,
    routes: Vec<Route>,
    members: Vec<(Uuid, Uuid)>,
    blocks: Vec<Block>,
    gateways: Vec<Gateway>,
    down: Vec<Uuid>,
    used: Vec<(Uuid, Used)>,
    whole: Limits,
    own: Vec<(Uuid, Limits)>,
}

fn random(dice: &mut Dice) -> Truth {
    let extensions: Vec<Extension> = (0..4).map(|n| extension(&format!("100{n}"))).collect();
    let groups: Vec<Uuid> = (0..3).map(|_| Uuid::new_v4()).collect();
    let gateways = vec![
        gateway("a", None, true),
        gateway("b", Some("pbx.test"), true),
        gateway("c", Some("other.test"), true),
        gateway("d", None, dice.chance(50)),
    ];
    let mut members = Vec::new();
    for extension in &extensions {
        members.extend(
            groups
                .iter()
                .filter(|_| dice.chance(30))
                .map(|group| (extension.channel, *group)),
        );
    }
    let mut routes = Vec::new();
    for index in 0..dice.below(12) {
        let to: Vec<&Gateway> = gateways.iter().filter(|_| dice.chance(50)).collect();
        let someone: Vec<Uuid> = extensions
            .iter()
            .map(|e| e.channel)
            .chain(groups.iter().copied())
            .collect();
        let grants: Vec<Uuid> = someone.into_iter().filter(|_| dice.chance(20)).collect();
        let mut route = route(&format!("r{index}"), dice.one(&PATTERNS), &to, &grants);
        route.priority = dice.below(3) as u32;
        route.enabled = dice.chance(80);
        route.strip = dice.below(4) as u8;
        route.caller_id = maybe(dice, 30);
        // A schedule that is not there is never open.
        route.schedule = dice.chance(10).then(Uuid::new_v4);
        if dice.chance(10) {
            (route.emergency, route.numbers, route.grants) = (true, "112 110".into(), Box::default());
        }
        routes.push(route);
    }
    let blocks: Vec<Block> = PATTERNS[4..]
        .iter()
        .filter(|_| dice.chance(15))
        .map(|pattern| Block {
            pattern: pattern.parse().unwrap(),
            note: "".into(),
        })
        .collect();
    let whole = limits(dice);
    let mut own = Vec::new();
    for extension in &extensions {
        if dice.chance(30) {
            own.push((extension.channel, limits(dice)));
        }
    }
    let mut parts = Parts {
        plan: if dice.chance(90) {
            berlin()
        } else {
            Plan::default()
        },
        routes: routes.clone(),
        blocks: blocks.clone(),
        limits: whole,
        own_limits: own.iter().copied().collect(),
        ..Parts::default()
    };
    for (channel, group) in &members {
        let group = (*group, "group".parse().unwrap());
        parts.members.entry(*channel).or_default().push(group);
    }
    let mut world = World::new(&extensions, gateways.clone(), parts);
    let down: Vec<Uuid> = gateways
        .iter()
        .map(|g| g.id)
        .filter(|_| dice.chance(30))
        .collect();
    for id in &down {
        world.gateways.pretend(*id, State::Down, 0);
    }
    let mut used = Vec::new();
    for extension in &extensions {
        let spent = Used {
            concurrent: dice.below(4) as u32,
            hour: dice.below(4) as u32,
            day: dice.below(4) as u32,
            classes: std::array::from_fn(|_| dice.below(4) as u32),
        };
        world.caps.pretend(extension.channel, noon(), spent);
        used.push((extension.channel, spent));
    }
    Truth {
        world,
        routes,
        members,
        blocks,
        gateways,
        down,
        used,
        whole,
        own,
    }
}

impl Truth {
    /// Everything that a call which goes out must have.
    fn check(&self, channel: Uuid, dialled: &str, out: &Out) {
        assert_eq!(out.payer, channel);
        assert!(!out.ways.is_empty());
        for way in &out.ways {
            let gateway = self
                .gateways
                .iter()
                .find(|gateway| gateway.id == way.gateway)
                .unwrap();
            assert!(
                gateway.enabled && gateway.name.as_str() != "gw-c",
                "another domain's gateway"
            );
            let digits = way.number.as_str().trim_start_matches('+');
            assert!(
                !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()),
                "{dialled}"
            );
            if let Some(own) = &way.caller_id {
                assert!(
                    own.number.as_str().starts_with("+49301"),
                    "a number of the domain"
                );
            }
        }
        let Some(class) = out.class else {
            assert!(
                ["112", "110", "911", "999"].contains(&dialled),
                "{dialled} is no call for help"
            );
            return;
        };
        let route = self
            .routes
            .iter()
            .find(|route| Some(&route.name) == out.route.as_ref())
            .unwrap();
        let pattern: pattern::Pattern = route.numbers.parse().unwrap();
        assert!(
            route.enabled && !route.emergency && route.schedule.is_none() && pattern.matches(&out.number)
        );
        let granted = |who: &Uuid| *who == channel || self.members.contains(&(channel, *who));
        assert!(
            route.grants.iter().any(granted),
            "{dialled} went out without a grant"
        );
        assert!(
            !self.blocks.iter().any(|block| block.pattern.matches(&out.number)),
            "{dialled} is blocked"
        );
        assert!(!out.ways.iter().any(|way| self.down.contains(&way.gateway)));
        let own = self
            .own
            .iter()
            .find(|(who, _)| *who == channel)
            .map(|(_, limits)| *limits);
        let own = own.unwrap_or_default();
        let (_, used) = self.used.iter().find(|(who, _)| *who == channel).unwrap();
        let class = class as usize;
        let premium = (class == Class::Premium as usize).then_some(0);
        let below = |used: u32, most: Option<u32>| most.is_none_or(|most| used < most);
        assert!(below(used.concurrent, own.concurrent.or(self.whole.concurrent)));
        assert!(below(used.hour, own.per_hour.or(self.whole.per_hour)));
        assert!(below(used.day, own.per_day.or(self.whole.per_day)));
        let most = own.class_per_day[class]
            .or(self.whole.class_per_day[class])
            .or(premium);
        assert!(below(used.classes[class], most), "{dialled} is capped");
    }
}

/// 2·10⁶ decisions in an optimised build, 20,000 in an unoptimised one, or as many as `PBX_DECISIONS` says. Each is made twice, the second time with
/// somebody who listens.
#[test]
fn nothing_goes_out_without_a_grant() {
    let asked = std::env::var("PBX_DECISIONS")
        .ok()
        .and_then(|number| number.parse().ok());
    let decisions = asked.unwrap_or(if cfg!(debug_assertions) { 20_000 } else { 2_000_000 });
    let mut dice = Dice(6);
    let (mut truth, mut out, mut help) = (random(&mut dice), 0, 0);
    for round in 0..decisions {
        if round % 200 == 0 {
            truth = random(&mut dice);
        }
        let number = format!("100{}", dice.below(4));
        let dialled = dialled(&mut dice);
        let channel = truth.world.domain.find(&number).unwrap().channel;
        if let Decision::Out(way) = truth.world.ask(&number, &dialled) {
            truth.check(channel, &dialled, &way);
            out += 1;
            help += usize::from(way.is_emergency());
        }
    }
    assert!(
        help > decisions / 100 && out - help > decisions / 100,
        "{out} of {decisions} went out, {help} for help"
    );
}

/// A domain with so many routes: of its own numbers, or all of the same, each somebody else's.
fn crowded(routes: usize, alike: bool) -> World {
    let alice = extension("1001");
    let carrier = gateway("a", None, true);
    let all = (0..routes).map(|index| {
        let (numbers, whose) = if index + 1 == routes {
            ("+4930*".to_owned(), alice.channel)
        } else if alike {
            ("+4930*".to_owned(), Uuid::new_v4())
        } else {
            (format!("+49{}*", 100_000 + index), alice.channel)
        };
        let mut route = route(&format!("r{index}"), &numbers, &[&carrier], &[whose]);
        route.priority = index as u32;
        route
    });
    let parts = Parts {
        plan: berlin(),
        routes: all.collect(),
        ..Parts::default()
    };
    World::new(&[alice], vec![carrier], parts)
}

/// The quickest of many rounds, in nanoseconds a decision: what the machine does meanwhile only adds to it.
fn quickest(world: &World) -> u128 {
    let payer = Payer {
        domain: &world.domain,
        extension: world.domain.find("1001").unwrap(),
        line: None,
    };
    let view = world.view(None);
    let round = || {
        let begin = std::time::Instant::now();
        for _ in 0..100 {
            let decision = decide(&view, &payer, std::hint::black_box("030123456"), noon());
            assert!(matches!(std::hint::black_box(decision), Decision::Out(_)));
        }
        begin.elapsed().as_nanos() / 100
    };
    (0..50).map(|_| round()).min().unwrap()
}

#[test]
fn ten_thousand_routes_cost_no_more_than_three_times_ten() {
    for alike in [false, true] {
        let (few, many) = (quickest(&crowded(10, alike)), quickest(&crowded(10_000, alike)));
        let ratio = many as f64 / few as f64;
        // Seen with --nocapture.
        println!("decision with 10 routes {few} ns, with 10,000 {many} ns, ratio {ratio:.2}");
        assert!(ratio <= 3.0, "{few} ns with ten, {many} ns with ten thousand");
    }
}
