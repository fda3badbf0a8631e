//! Figures of DIDs: bytes each, and what a decision costs among 100,000 against ten: who is called, whose phones ring and
//! what comes then. In a domain of a thousand extensions, all with a phone that is online.
//!
//! Prints one `name value` a line; the contenders take turns, and each figure is the median of its rounds. Of ten the same
//! few cache lines are read again and again, of 100,000 others each time: that is the difference.

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use common::{World, domain, extension};
use jiff::Timestamp;
use pbx_core::dids::{Destination, Did, Dids, Inbound, Member, Rare, Strategy, Turn, decide};
use pbx_core::follow::Hops;
use pbx_core::names::DomainName;
use uuid::Uuid;

const MANY: usize = 100_000;
const FEW: usize = 10;
const ROUNDS: usize = 15;
const CALLS: usize = 20_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = rss();
    let many = made(MANY)?;
    show("dids", many.len() as f64);
    show("bytes_per_did", (rss() - base) as f64 / MANY as f64);
    let (few, many) = (world(made(FEW)?), world(many));
    // Whole numbers, numbers of prefixes, and numbers that nobody has.
    for (name, called) in [
        ("whole", whole as fn(usize) -> String),
        ("prefix", prefix),
        ("nobody", nobody),
    ] {
        let (mut of_many, mut of_few) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            of_few.push(timed(&few, FEW, called));
            of_many.push(timed(&many, MANY, called));
        }
        let (of_many, of_few) = (median(of_many), median(of_few));
        show(&format!("{name}_ns_of_{FEW}"), of_few);
        show(&format!("{name}_ns_of_{MANY}"), of_many);
        show(&format!("{name}_ratio"), of_many / of_few);
    }
    Ok(())
}

/// A thousand extensions, each with a phone that is online.
fn world(dids: Dids) -> World {
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
fn made(count: usize) -> Result<Dids, Box<dyn std::error::Error>> {
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

fn nobody(index: usize) -> String {
    format!("44301{index:06}")
}

/// Nanoseconds a decision, over numbers all over the table.
fn timed(world: &World, count: usize, called: fn(usize) -> String) -> f64 {
    let numbers: Vec<String> = (0..CALLS).map(|call| called(call * 7919 % count)).collect();
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
        begun.elapsed().as_nanos() as f64 / CALLS as f64
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn rss() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap_or_default();
    let kib = line
        .split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<usize>().ok());
    kib.unwrap_or(0) * 1024
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn show(name: &str, value: f64) {
    println!("{name} {value:.3}");
}
