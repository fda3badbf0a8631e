//! A domain's calls out as lookups read them: made once from the rows, then never changed.

use std::collections::HashMap;

use uuid::Uuid;

use super::class::Class;
use super::expect::Test;
use super::pattern::{Pattern, Prefix};
use super::plan::Plan;
use crate::names::{E164, Slug, Username};

/// A number that the domain owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerId {
    /// The number.
    pub number: E164,
    /// The name beside it; may be empty.
    pub name: Box<str>,
}

/// As whom somebody calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Ordinarily.
    pub caller_id: Option<CallerId>,
    /// For help.
    pub emergency: Option<CallerId>,
}

/// How much may be called out. None: see [`Outside::limits`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Calls at once.
    pub concurrent: Option<u32>,
    /// Calls begun in one hour of the clock.
    pub per_hour: Option<u32>,
    /// Calls begun in one day.
    pub per_day: Option<u32>,
    /// And of these, those of a class, in the order of [`Class::ALL`].
    pub class_per_day: [Option<u32>; 5],
}

/// A gateway of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct To {
    /// Its row.
    pub gateway: Uuid,
    /// As whom calls go out by it, where nobody else says so.
    pub caller_id: Option<CallerId>,
}

/// A way out for some numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Its row.
    pub id: Uuid,
    /// Its name.
    pub name: Slug,
    /// The lowest is tried first.
    pub priority: u32,
    /// Its pattern; of an emergency route, its numbers.
    pub numbers: Box<str>,
    /// How many characters of a number are left out for the gateway.
    pub strip: u8,
    /// What is put before the rest.
    pub prepend: Box<str>,
    /// Whether it is for calls for help.
    pub emergency: bool,
    /// What its calls are counted as; none: by the number.
    pub class: Option<Class>,
    /// As whom its calls go out, where neither line nor extension says so.
    pub caller_id: Option<CallerId>,
    /// The schedule while which is open it is there; none: always.
    pub schedule: Option<Uuid>,
    /// Whether it is there.
    pub enabled: bool,
    /// Its gateways, in their order.
    pub gateways: Box<[To]>,
    /// Whose it is: groups by their id, extensions by that of their channel; in order.
    pub grants: Box<[Uuid]>,
}

/// Numbers that nobody in a domain may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The numbers.
    pub pattern: Pattern,
    /// Why.
    pub note: Box<str>,
}

/// What a domain's calls out are made from, in no order.
#[derive(Debug, Default)]
pub struct Parts {
    /// How numbers are dialled.
    pub plan: Plan,
    /// Who gets mail about a call for help.
    pub notify_email: Option<Box<str>>,
    /// Where a call for help is posted to.
    pub notify_url: Option<Box<str>>,
    /// Every route, with its grants.
    pub routes: Vec<Route>,
    /// The groups of extensions, by the id of their channel.
    pub members: HashMap<Uuid, Vec<(Uuid, Slug)>>,
    /// As whom extensions call, by the id of their channel.
    pub extensions: HashMap<Uuid, Identity>,
    /// As whom lines call, by their username.
    pub lines: HashMap<Username, Identity>,
    /// Who may not be called.
    pub blocks: Vec<Block>,
    /// How much each extension may.
    pub limits: Limits,
    /// And how much some others may, by the id of their channel.
    pub own_limits: HashMap<Uuid, Limits>,
    /// What is expected of all that.
    pub tests: Vec<Test>,
}

/// A domain's calls out.
///
/// Extensions are known here by the id of their channel, which is each one's own and, unlike their number, not
/// what people change.
#[derive(Debug, Default, PartialEq)]
pub struct Outside {
    /// How numbers are dialled.
    pub plan: Plan,
    /// Who gets mail about a call for help.
    pub notify_email: Option<Box<str>>,
    /// Where a call for help is posted to.
    pub notify_url: Option<Box<str>>,
    /// What is expected of all that.
    pub tests: Box<[Test]>,
    /// Ways for calls for help, in the order in which they are tried.
    emergency: Box<[Route]>,
    /// All other ways, in the order in which they are tried.
    routes: Box<[(Pattern, Route)]>,
    /// Routes by the beginning of their numbers.
    by_prefix: HashMap<Prefix, Box<[u32]>>,
    /// The same of what is granted to somebody.
    by_grant: HashMap<(Uuid, Prefix), Box<[u32]>>,
    /// Which lengths a beginning has, as bits.
    lengths: u32,
    members: HashMap<Uuid, Vec<(Uuid, Slug)>>,
    extensions: HashMap<Uuid, Identity>,
    lines: HashMap<Username, Identity>,
    blocks: HashMap<Prefix, Vec<Block>>,
    block_lengths: u32,
    limits: Limits,
    own_limits: HashMap<Uuid, Limits>,
}

/// The beginnings of a number that are there, shortest first.
fn beginnings(number: &str, lengths: u32) -> impl Iterator<Item = Prefix> {
    let longer = number.bytes().scan(Prefix::EMPTY, |prefix, byte| {
        *prefix = prefix.then(byte)?;
        Some(*prefix)
    });
    let all = std::iter::once(Prefix::EMPTY).chain(longer).take(32).enumerate();
    all.filter(move |(length, _)| lengths >> length & 1 == 1)
        .map(|(_, prefix)| prefix)
}

impl Outside {
    /// What these parts make.
    pub fn new(parts: Parts) -> Self {
        let mut routes = parts.routes;
        routes.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
        let (emergency, routes): (Vec<Route>, Vec<Route>) =
            routes.into_iter().partition(|route| route.emergency);
        // What cannot be read is nobody's way out.
        let routes: Box<[(Pattern, Route)]> = routes
            .into_iter()
            .filter_map(|route| Some((route.numbers.parse().ok()?, route)))
            .collect();
        let mut by_prefix: HashMap<Prefix, Vec<u32>> = HashMap::new();
        let mut by_grant: HashMap<(Uuid, Prefix), Vec<u32>> = HashMap::new();
        let mut lengths = 0;
        for (index, (pattern, route)) in (0..).zip(&routes) {
            let (prefix, length) = pattern.prefix();
            lengths |= 1 << length;
            by_prefix.entry(prefix).or_default().push(index);
            for &grant in route.grants.iter().filter(|_| route.enabled) {
                by_grant.entry((grant, prefix)).or_default().push(index);
            }
        }
        let mut blocks: HashMap<Prefix, Vec<Block>> = HashMap::new();
        let mut block_lengths = 0;
        for block in parts.blocks {
            let (prefix, length) = block.pattern.prefix();
            block_lengths |= 1 << length;
            blocks.entry(prefix).or_default().push(block);
        }
        blocks
            .values_mut()
            .for_each(|same| same.sort_by(|a, b| a.pattern.cmp(&b.pattern)));
        let mut members = parts.members;
        members.values_mut().for_each(|groups| groups.sort());
        Self {
            plan: parts.plan,
            notify_email: parts.notify_email,
            notify_url: parts.notify_url,
            tests: parts.tests.into(),
            emergency: emergency.into(),
            routes,
            by_prefix: by_prefix
                .into_iter()
                .map(|(key, all)| (key, all.into()))
                .collect(),
            by_grant: by_grant.into_iter().map(|(key, all)| (key, all.into())).collect(),
            lengths,
            members,
            extensions: parts.extensions,
            lines: parts.lines,
            blocks,
            block_lengths,
            limits: parts.limits,
            own_limits: parts.own_limits,
        }
    }

    /// The first way for calls for help to exactly this number.
    pub fn emergency(&self, number: &str) -> Option<&Route> {
        let is = |route: &&Route| route.enabled && route.numbers.split(' ').any(|one| one == number);
        self.emergency.iter().find(is)
    }

    /// The numbers of the ways for calls for help that are there.
    pub fn emergency_numbers(&self) -> impl Iterator<Item = &str> {
        let enabled = self.emergency.iter().filter(|route| route.enabled);
        enabled.flat_map(|route| route.numbers.split(' '))
    }

    /// Every route that begins as `number` does, in the order in which they are tried.
    pub fn candidates(&self, number: &str) -> Vec<&(Pattern, Route)> {
        let lists = beginnings(number, self.lengths).filter_map(|prefix| self.by_prefix.get(&prefix));
        let mut found: Vec<u32> = lists.flat_map(|list| list.iter().copied()).collect();
        found.sort_unstable();
        found
            .into_iter()
            .map(|index| &self.routes[index as usize])
            .collect()
    }

    /// Of these, those that are there and granted to this extension or to a group of it, one after the other:
    /// ten thousand that are not cost nothing.
    pub fn granted(&self, channel: Uuid, number: &str) -> impl Iterator<Item = &(Pattern, Route)> {
        let mut lists: Vec<&[u32]> = Vec::new();
        for prefix in beginnings(number, self.lengths) {
            let groups = self.groups(channel).iter().map(|(group, _)| *group);
            for who in groups.chain([channel]) {
                lists.extend(self.by_grant.get(&(who, prefix)).map(|list| &**list));
            }
        }
        std::iter::from_fn(move || {
            let least = lists.iter().filter_map(|list| list.first()).min().copied()?;
            for list in &mut lists {
                *list = list.strip_prefix(&[least]).unwrap_or(list);
            }
            self.routes.get(least as usize)
        })
    }

    /// Whether the route is the extension's, or that of a group of it.
    pub fn is_granted(&self, route: &Route, channel: Uuid) -> bool {
        let has = |who: &Uuid| route.grants.binary_search(who).is_ok();
        has(&channel) || self.groups(channel).iter().any(|(group, _)| has(group))
    }

    /// The groups of an extension, by its channel.
    pub fn groups(&self, channel: Uuid) -> &[(Uuid, Slug)] {
        self.members.get(&channel).map_or(&[], Vec::as_slice)
    }

    /// Why nobody may call this number; none: it is not blocked.
    pub fn block(&self, number: &str) -> Option<&Block> {
        let lists = beginnings(number, self.block_lengths).filter_map(|prefix| self.blocks.get(&prefix));
        lists.flatten().find(|block| block.pattern.matches(number))
    }

    /// As whom an extension calls, by its channel.
    pub fn extension(&self, channel: Uuid) -> Option<&Identity> {
        self.extensions.get(&channel)
    }

    /// As whom a line calls.
    pub fn line(&self, username: &str) -> Option<&Identity> {
        self.lines.get(username)
    }

    /// How much an extension may call out, by its channel: what it says itself, else the domain, else anything but
    /// premium numbers.
    pub fn limits(&self, channel: Uuid) -> Limits {
        let own = self.own_limits.get(&channel).copied().unwrap_or_default();
        let whole = &self.limits;
        let mut class_per_day = own.class_per_day;
        for (own, whole) in class_per_day.iter_mut().zip(whole.class_per_day) {
            *own = own.or(whole);
        }
        let premium = &mut class_per_day[Class::Premium as usize];
        *premium = premium.or(Some(0));
        Limits {
            concurrent: own.concurrent.or(whole.concurrent),
            per_hour: own.per_hour.or(whole.per_hour),
            per_day: own.per_day.or(whole.per_day),
            class_per_day,
        }
    }
}
