//! Figures of DIDs: bytes each, and what a decision costs among 100,000 against ten: who is called, whose phones ring and
//! what comes then. In a domain of a thousand extensions, all with a phone that is online.
//!
//! Prints one `name value` a line; the contenders take turns, and each figure is the median of its rounds. Of ten the same
//! few cache lines are read again and again, of 100,000 others each time: that is the difference.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/many_dids.rs"]
mod many_dids;

use many_dids::{KINDS, made, timed, world};

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
    for (name, called) in KINDS {
        let (mut of_many, mut of_few) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            of_few.push(timed(&few, FEW, called, (0, CALLS)));
            of_many.push(timed(&many, MANY, called, (0, CALLS)));
        }
        let (of_many, of_few) = (median(of_many), median(of_few));
        show(&format!("{name}_ns_of_{FEW}"), of_few);
        show(&format!("{name}_ns_of_{MANY}"), of_many);
        show(&format!("{name}_ratio"), of_many / of_few);
    }
    Ok(())
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
