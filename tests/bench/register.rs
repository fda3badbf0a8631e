//! Registrations by sipp: the module against a static directory of one user, behind the same profile.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::contender::free_port;
use crate::found::Installed;
use crate::pair::{Pair, SIZES, Sipp, Site, complaints, first_line};
use crate::table::{by_turns, compare, heading, row};

const ROUNDS: usize = 15;
/// The rate of a thousand differs by a sixth from one to the next of the same switch.
const REGISTRATIONS: u32 = 3_000;
/// sipp's own limit of calls in progress.
const AT_ONCE: u32 = 10;

pub(crate) fn run(installed: &Installed, sipp: &Path) {
    heading("registrations, digest, 10 in flight");
    for size in SIZES {
        against_static(installed, sipp, size);
    }
}

fn against_static(installed: &Installed, sipp: &Path, size: u32) {
    let pair = Pair::start(installed, size, "REGISTER", "");
    let rounds = by_turns(
        ROUNDS,
        || register(&pair.ours, sipp),
        || register(&pair.theirs, sipp),
    );
    let (ratio, ours, theirs) = compare(rounds.iter().map(|(ours, theirs)| (ours.0, theirs.0)));
    row(
        &format!("REGISTER/s at {size} lines against static XML of one user"),
        ratio,
        "≥ 0.97",
        &format!("{ours:.0}/s, {theirs:.0}/s"),
    );
    let (ratio, ours, theirs) = compare(rounds.iter().map(|(ours, theirs)| (ours.1, theirs.1)));
    row(
        "processor time per REGISTER against it",
        ratio,
        "≤ 1.03",
        &format!("{ours:.2} ms, {theirs:.2} ms"),
    );
}

/// Registrations a second, and milliseconds of the switch's processor time for each.
fn register(site: &Site, sipp: &Path) -> (f64, f64) {
    let (cpu, start) = (site.cpu_ms(), Instant::now());
    let (mut run, folder) = Sipp::new(sipp, "switch/sipp/register.xml", &first_line(0))
        .options(["-key", "expires", "180", "-r", "2000"])
        .options(["-m", &REGISTRATIONS.to_string(), "-l", &AT_ONCE.to_string()])
        .options(["-p", &free_port().to_string()])
        .start(site.port);
    let status = run.end_within(Duration::from_secs(180));
    let (took, cpu) = (start.elapsed().as_secs_f64(), site.cpu_ms() - cpu);
    // The switch stores its nonces on another thread: who answers a challenge faster than that is
    // refused. sipp does it while it starts; with either contender, and not afterwards.
    let said = complaints(&folder);
    let refused = said.matches("Aborting call").count() as f64;
    let good = f64::from(REGISTRATIONS) - refused;
    assert!(
        good >= 0.9 * f64::from(REGISTRATIONS),
        "sipp: {status}\n{}",
        &said[..said.len().min(2000)]
    );
    (good / took, cpu / good)
}
