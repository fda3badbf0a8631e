//! A table of many DIDs, and what a decision costs in it. For a test and for figures.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use pbx_core::dids::{Destination, Did, Dids, Inbound, Member, Rare, Strategy, Turn, decide};
use pbx_core::follow::Hops;
use pbx_core::names::{BadName, DomainName};
use uuid::Uuid;

use crate::common::{World, domain, extension};

/// Which number is called, by the place of a DID.
pub(crate) type Called = fn(usize) -> String;

/// Whole numbers, numbers of prefixes, and numbers that nobody has.
pub(crate) const KINDS: [(&str, Called); 3] = [("whole", whole), ("prefix", prefix), ("nobody", nobody)];

/// A thousand extensions, each with a phone that is online.
pub(crate) fn world(dids: Dids) -> World {
    let numbers = (1000..2000).map(|number| (number.to_string(), format!("line{number}")));
    let all: Vec<_> = numbers
        .map(|(number, line)| extension("pbx.test", &number, &line, &[&line]))
        .collect();
    let phones: Vec<[String; 3]> = (1000..2000)
        .map(|number| {
            [
                format!("line{number}@pbx.test"),
                format!("<sip:line{number}@192.0.2.11:{number}>"),
                format!("192.0.2.11:{number}"),
            ]
        })
        .collect();
    let phones: Vec<_> = phones
        .iter()
        .map(|[line, contact, source]| (line.as_str(), contact.as_str(), source.as_str()))
        .collect();
    let mut world = World::new([domain("pbx.test", all)]).with_phones(&phones);
    world.snapshot.dids = Arc::new(dids);
    world
}

/// The same ten extensions are called, however many numbers there are. Nine of ten are whole numbers, one is a prefix; one of a hundred has a schedule.
pub(crate) fn made(count: usize) -> Result<Dids, BadName> {
    let domain: Arc<DomainName> = Arc::new("pbx.test".parse()?);
    let mut dids = Dids::default();
    for index in 0..count {
        let is_prefix = index % 10 == 9;
        let number = if is_prefix {
            format!("493{index:06}00")
        } else {
            format!("49301{index:06}")
        };
        let scheduled = index % 100 == 0;
        dids.insert(Did {
            id: Uuid::now_v7(),
            number: number[..if is_prefix { 9 } else { 11 }].parse()?,
            is_prefix,
            strategy: Strategy::All,
            ring_seconds: None,
            domain: Arc::clone(&domain),
            members: Box::new([Member::Extension(format!("{}", 1000 + index % 10).parse()?)]),
            then: Destination::Voicemail(format!("{}", 1000 + index % 10).parse()?),
            rare: scheduled.then(|| {
                Box::new(Rare {
                    schedule: Some(Uuid::now_v7()),
                    ..Rare::default()
                })
            }),
            turn: Turn::default(),
        });
    }
    Ok(dids)
}

/// A number that is whole: not each tenth.
fn whole(index: usize) -> String {
    format!("49301{:06}", index / 10 * 10 + index % 9)
}

/// A number below a prefix: each tenth.
fn prefix(index: usize) -> String {
    format!("493{:06}00", index / 10 * 10 + 9)
}

/// A number that nobody has.
fn nobody(index: usize) -> String {
    format!("44301{index:06}")
}

/// Nanoseconds a decision, over so many numbers all over the table, others in each round.
pub(crate) fn timed(world: &World, count: usize, called: Called, (round, calls): (usize, usize)) -> f64 {
    let numbers: Vec<String> = (0..calls)
        .map(|call| called((round * calls + call) * 7919 % count))
        .collect();
    world.look(|view| {
        let now = Timestamp::now();
        let begun = Instant::now();
        for number in &numbers {
            let inbound = Inbound {
                called: black_box(number),
                caller: "+442071234567",
                domain: None,
                gateway: None,
                plan: None,
            };
            black_box(decide(view, inbound, now, Hops::NONE));
        }
        begun.elapsed().as_nanos() as f64 / calls as f64
    })
}
