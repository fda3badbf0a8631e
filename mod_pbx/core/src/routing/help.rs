//! Which calls for help nobody would hear: looked at before somebody makes one, by the decision itself.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::decide::{Facts, Payer, decide_by};
use super::decision::{Decision, Out};
use crate::gateways::view::State;
use crate::names::{DomainName, Slug};
use crate::resolve;
use crate::store::settings::EMERGENCY_NUMBERS;
use crate::store::snapshot::Domain;

/// How many domains are named of those of which the same is wrong.
const NAMED: usize = 5;

/// Why a call for help would not go out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// There is no emergency route for the number, and no gateway at all.
    NoGateway,
    /// This route is for it, and by none of its gateways can a call go.
    NoneOf(Slug),
    /// The switch knows that each of its gateways is down.
    Down,
}

/// The numbers for help that people of a domain may dial and nobody would hear, with why.
fn of_domain<'a>(view: &Facts<'a>, domain: &Domain) -> BTreeMap<Why, Vec<&'a str>> {
    let mut unheard: BTreeMap<Why, Vec<&str>> = BTreeMap::new();
    // Who calls decides nothing about a call for help but its caller id; where nobody is, nobody calls.
    let Some(extension) = domain.extensions().next() else {
        return unheard;
    };
    let payer = Payer {
        domain,
        extension,
        line: None,
    };
    let outside = view.snapshot.outside(&domain.name);
    let routed = outside
        .into_iter()
        .flat_map(|outside| outside.emergency_numbers());
    let set = view.snapshot.settings.each(&EMERGENCY_NUMBERS);
    let mut seen: Vec<&str> = Vec::new();
    for number in routed.chain(set) {
        let route = outside.and_then(|outside| outside.emergency(number));
        let is_extension = route.is_none() && resolve::number(domain, number).is_some();
        if seen.contains(&number) || is_extension {
            continue;
        }
        seen.push(number);
        let is_down = |out: &Out| {
            let mut ways = out.ways.iter();
            ways.all(|way| view.gateways.state(way.gateway) == State::Down)
        };
        let why = match decide_by(view, &payer, number, Timestamp::now()) {
            Decision::Out(out) if is_down(&out) => Why::Down,
            Decision::Out(_) => continue,
            Decision::Refused(_) => route.map_or(Why::NoGateway, |route| Why::NoneOf(route.name.clone())),
        };
        unheard.entry(why).or_default().push(number);
    }
    unheard
}

/// What is wrong with calls for help of these domains, each in a sentence that says what to do. `view` has nobody who
/// listens.
pub fn warnings<'d>(view: &Facts<'_>, domains: impl Iterator<Item = &'d Domain>) -> Vec<String> {
    let mut alike: BTreeMap<(Why, String), Vec<&DomainName>> = BTreeMap::new();
    for domain in domains {
        for (why, numbers) in of_domain(view, domain) {
            alike
                .entry((why, numbers.join(" ")))
                .or_default()
                .push(&domain.name);
        }
    }
    let sentence = |((why, numbers), mut domains): ((Why, String), Vec<&DomainName>)| {
        domains.sort();
        let more = domains.len().saturating_sub(NAMED);
        let named: Vec<&str> = domains.iter().take(NAMED).map(|name| name.as_str()).collect();
        let mut whose = named.join(", ");
        if more > 0 {
            whose.push_str(&format!(" and {more} more domains"));
        }
        let dialled = numbers.replace(' ', ", ");
        match why {
            Why::NoGateway => format!(
                "calls for help of {whose} to {dialled} would fail: there is no gateway for them; make one (pbx gateway \
                 add), then pbx route add help --emergency --pattern \"{numbers}\" --gateway NAME"
            ),
            Why::NoneOf(route) => format!(
                "calls for help of {whose} to {dialled} would fail: no gateway of emergency route {route} can take them; \
                 pbx route show {route}"
            ),
            Why::Down => format!(
                "calls for help of {whose} to {dialled} may fail now: every gateway for them is down; they are sent to it all the \
                 same"
            ),
        }
    };
    alike.into_iter().map(sentence).collect()
}
