//! What holds of two million other cases.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::times::{Known, same, schedules, time};
use super::world::{World, berlin, caller_id, extension, gateway, noon, route};
use crate::caps::view::Used;
use crate::gateways::view::State;
use crate::routing::outside::{Block, CallerId, Limits, Parts, Route};
use crate::routing::plan::Plan;
use crate::routing::{Class, Decision, Out, Refusal, pattern};
use crate::schedules::Override;
use crate::store::gateways::Gateway;
use crate::store::snapshot::Extension;

/// A small generator of its own: two million cases are too many to shrink.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }

    pub(super) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    pub(super) fn chance(&mut self, in_hundred: usize) -> bool {
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

pub(super) fn dialled(dice: &mut Dice) -> String {
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
pub(super) struct Truth {
    pub(super) world: World,
    routes: Vec<Route>,
    members: Vec<(Uuid, Uuid)>,
    blocks: Vec<Block>,
    pub(super) gateways: Vec<Gateway>,
    down: Vec<Uuid>,
    pub(super) used: Vec<(Uuid, Used)>,
    pub(super) schedules: Vec<Known>,
    whole: Limits,
    own: Vec<(Uuid, Limits)>,
}

pub(super) fn random(dice: &mut Dice) -> Truth {
    let extensions: Vec<Extension> = (0..4).map(|n| extension(&format!("100{n}"))).collect();
    let groups: Vec<Uuid> = (0..3).map(|_| Uuid::new_v4()).collect();
    let gateways = vec![
        gateway("a", None, true),
        gateway("b", Some("pbx.test"), true),
        gateway("c", Some("other.test"), true),
        gateway("d", None, dice.chance(50)),
    ];
    let schedules = schedules();
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
        route.schedule = match dice.below(10) {
            // One that is not there is never open.
            0 => Some(Uuid::new_v4()),
            1..5 => Some(schedules[dice.below(schedules.len())].schedule.id),
            _ => None,
        };
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
    let all = schedules.iter().map(|known| known.schedule.clone());
    world.snapshot.schedules = Arc::new(all.collect());
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
        schedules,
        whole,
        own,
    }
}

impl Truth {
    /// From now on each schedule is open, or closed, at all times.
    pub(super) fn hold_still(&mut self, dice: &mut Dice) {
        for known in &mut self.schedules {
            known.schedule.forced = if dice.chance(50) {
                Override::Open
            } else {
                Override::Closed
            };
        }
        let all = self.schedules.iter().map(|known| known.schedule.clone());
        self.world.snapshot.schedules = Arc::new(all.collect());
    }

    /// The schedule of a route.
    fn schedule(&self, route: &Route) -> Option<&Known> {
        let id = route.schedule?;
        self.schedules.iter().find(|known| known.schedule.id == id)
    }

    /// By which route it goes.
    fn route(&self, out: &Out) -> Option<&Route> {
        self.routes
            .iter()
            .find(|route| Some(&route.name) == out.route.as_ref())
    }

    /// Everything that a call which goes out then must have.
    pub(super) fn check(&self, channel: Uuid, dialled: &str, out: &Out, at: Timestamp) {
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
        let route = self.route(out).unwrap();
        let pattern: pattern::Pattern = route.numbers.parse().unwrap();
        assert!(route.enabled && !route.emergency && pattern.matches(&out.number));
        let open = self.schedule(route).map(|known| known.is_open(at));
        assert_eq!(open.is_some(), route.schedule.is_some(), "{dialled}");
        assert_ne!(open, Some(false), "{dialled} went out by a closed route at {at}");
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
        // It was called out at noon.
        let (in_hour, in_day) = same(at, noon());
        let then = |used: u32, counts: bool| if counts { used } else { 0 };
        assert!(below(
            then(used.hour, in_hour),
            own.per_hour.or(self.whole.per_hour)
        ));
        assert!(below(then(used.day, in_day), own.per_day.or(self.whole.per_day)));
        let most = own.class_per_day[class]
            .or(self.whole.class_per_day[class])
            .or(premium);
        assert!(
            below(then(used.classes[class], in_day), most),
            "{dialled} is capped"
        );
    }
}

/// 2·10⁶ decisions in an optimised build, 20,000 in an unoptimised one, or as many as `PBX_DECISIONS` says, each at a time of its own. Each is made twice,
/// the second time with somebody who listens.
#[test]
fn nothing_goes_out_without_a_grant() {
    let asked = std::env::var("PBX_DECISIONS")
        .ok()
        .and_then(|number| number.parse().ok());
    let decisions = asked.unwrap_or(if cfg!(debug_assertions) { 20_000 } else { 2_000_000 });
    let mut dice = Dice(6);
    let (mut truth, mut out, mut help) = (random(&mut dice), 0, 0);
    let (mut scheduled, mut closed) = (0, 0);
    for round in 0..decisions {
        if round % 200 == 0 {
            truth = random(&mut dice);
        }
        let number = format!("100{}", dice.below(4));
        let dialled = dialled(&mut dice);
        let channel = truth.world.domain.find(&number).unwrap().channel;
        let at = time(&mut dice);
        match truth.world.ask_at(&number, None, &dialled, at) {
            Decision::Out(way) => {
                truth.check(channel, &dialled, &way, at);
                out += 1;
                help += usize::from(way.is_emergency());
                let route = truth.route(&way).filter(|_| !way.is_emergency());
                scheduled += usize::from(route.is_some_and(|route| route.schedule.is_some()));
            }
            Decision::Refused(why) => closed += usize::from(why == Refusal::Closed),
        }
    }
    assert!(
        help > decisions / 100 && out - help > decisions / 100,
        "{out} of {decisions} went out, {help} for help"
    );
    assert!(
        scheduled > decisions / 200 && closed > decisions / 200,
        "{scheduled} went out while a schedule was open, {closed} did not while one was closed"
    );
}
