//! Registrations by sipp: the module against a static directory of one user, behind the same profile.

use std::path::Path;

use crate::bursts::{self, Burst, Plan};
use crate::contender::free_port;
use crate::found::Installed;
use crate::pair::{Pair, SIZES, Sipp, first_line};
use crate::table::{heading, row};

const PLAN: Plan = Plan {
    rounds: 7,
    bursts: 80,
};
/// Registrations of a burst.
const AT_ONCE: u32 = 50;

pub(crate) fn run(installed: &Installed, sipp: &Path) {
    heading(&format!("registrations, digest, bursts of {AT_ONCE}"));
    for size in SIZES {
        against_static(installed, sipp, size);
    }
}

fn against_static(installed: &Installed, sipp: &Path, size: u32) {
    let pair = Pair::start(installed, size, "REGISTER", "");
    // One phone each: a line has room for a few Contacts.
    let phones = [(pair.ours.port, free_port()), (pair.theirs.port, free_port())];
    let burst = |which: usize| register(sipp, phones[which]);
    bursts::warm_up(&pair, burst);
    let figures = bursts::measure(&pair, PLAN, burst);
    let (ratio, ours, theirs) = figures.rate;
    row(
        &format!("REGISTER/s at {size} lines against static XML of one user"),
        ratio,
        "≥ 0.97",
        &format!("{ours:.0}/s, {theirs:.0}/s"),
    );
    let (ratio, ours, theirs) = figures.cost;
    row(
        "processor time per REGISTER against it",
        ratio,
        "≤ 1.03",
        &format!("{ours:.2} ms, {theirs:.2} ms"),
    );
}

/// One burst, to this port of a switch from this one of a phone.
fn register(sipp: &Path, (switch, phone): (u16, u16)) -> Burst {
    let all = AT_ONCE.to_string();
    let run = Sipp::new(sipp, "switch/sipp/register.xml", &first_line(0))
        .options(["-key", "expires", "180", "-r", "100000", "-m", &all, "-l", &all])
        .options(["-p", &phone.to_string()])
        .options(["-trace_rtt", "-rtt_freq", "1"])
        .start(switch);
    bursts::ended(run, AT_ONCE, "register")
}
