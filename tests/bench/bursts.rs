//! Work for the switches by sipp, in bursts at either of a pair in turn.
//!
//! mod_sofia has one thread for REGISTERs and INVITEs, and it writes to the profile's database, which the profile's own
//! queue writes to every 200 ms (`switch_user_sql_thread`). When it finds the database locked it sleeps for 100 ms
//! (`switch_core_db_exec`). A steady stream meets that or not as chance has it, and either switch sleeps for a third to
//! half of the time. Many a burst is over before.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::child::Owned;
use crate::pair::{Pair, Site, complaints, written};
use crate::table::{Ratio, compare};

/// From one burst to the next, which is the other switch's, in milliseconds: from, and up to how many more. Were it
/// always the same, it would beat with the queue.
const APART: (u64, u64) = (120, 60);
/// Before anything is measured. Sofia-SIP keeps what it has answered for 32 s (timer J, RFC 3261 section 17.2.2) and wakes
/// for the end of each: only after that as many end as come. And the module backs its database up a minute after it
/// started.
const WARM: Duration = Duration::from_secs(70);

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    /// Of a round, at either switch.
    pub(crate) bursts: usize,
}

/// What one switch did in a burst.
pub(crate) struct Burst {
    /// How many calls, or registrations, came to their end.
    pub(crate) done: f64,
    /// From the first request to the last answer.
    pub(crate) seconds: f64,
}

/// What one of the two did in a round.
#[derive(Default)]
struct Round {
    done: f64,
    /// How many a second, of each burst.
    rates: Vec<f64>,
    cpu_ms: f64,
}

/// The module's figures against the other's: the ratio, ours, theirs.
pub(crate) struct Figures {
    /// How many a second.
    pub(crate) rate: (Ratio, f64, f64),
    /// Milliseconds of processor time for each.
    pub(crate) cost: (Ratio, f64, f64),
}

/// Has both do for a while what is measured then.
pub(crate) fn warm_up(pair: &Pair, burst: impl Fn(usize) -> Burst) {
    let start = Instant::now();
    while start.elapsed() < WARM {
        round(pair, 2, &burst);
    }
}

/// Measures bursts that `burst` makes at the one of the two that it is given: the module's is number 0.
pub(crate) fn measure(pair: &Pair, plan: Plan, burst: impl Fn(usize) -> Burst) -> Figures {
    let rounds: Vec<[Round; 2]> = (0..plan.rounds)
        .map(|_| round(pair, plan.bursts, &burst))
        .collect();
    let both = |figure: fn(&Round) -> f64| {
        compare(rounds.iter().map(|[ours, theirs]| (figure(ours), figure(theirs))))
    };
    Figures {
        rate: both(Round::rate),
        cost: both(Round::cost),
    }
}

impl Round {
    /// How many a second: the mean of the faster half of the bursts, to leave out those in which it slept.
    fn rate(&self) -> f64 {
        let mut rates = self.rates.clone();
        rates.sort_by(|one, other| other.total_cmp(one));
        rates.truncate(rates.len().div_ceil(2));
        rates.iter().sum::<f64>() / rates.len() as f64
    }

    /// Milliseconds of processor time for each, all bursts and what is between them.
    fn cost(&self) -> f64 {
        self.cpu_ms / self.done
    }
}

/// Bursts at both in turn. Who is first changes each time.
fn round(pair: &Pair, bursts: usize, make: impl Fn(usize) -> Burst) -> [Round; 2] {
    let mut both = [Round::default(), Round::default()];
    let cpu_ms = |site: &Site| site.cpu_ms();
    let before = [cpu_ms(&pair.ours), cpu_ms(&pair.theirs)];
    for burst in 0..bursts {
        for which in [burst % 2, 1 - burst % 2] {
            let apart = APART.0 + (burst as u64 * 37) % APART.1;
            let next = Instant::now() + Duration::from_millis(apart);
            let Burst { done, seconds } = make(which);
            both[which].done += done;
            both[which].rates.push(done / seconds);
            sleep(next.saturating_duration_since(Instant::now()));
        }
    }
    both[0].cpu_ms = cpu_ms(&pair.ours) - before[0];
    both[1].cpu_ms = cpu_ms(&pair.theirs) - before[1];
    both
}

/// Waits for the end of a run of sipp in which `all` are to come to the end of what the scenario times as `name`.
pub(crate) fn ended(run: (Owned, TempDir), all: u32, name: &str) -> Burst {
    let times = times(run, all, name);
    let starts = times.iter().map(|(end, took)| end - took);
    let begin = starts.fold(f64::INFINITY, f64::min);
    let end = times.iter().map(|(end, _)| *end).fold(0.0, f64::max);
    Burst {
        done: times.len() as f64,
        seconds: (end - begin) / 1000.0,
    }
}

/// Of each of `all` that a run of sipp times as `name` (`-trace_rtt`): when it ended, and how long it took, in
/// milliseconds. Waits for the end of the run.
pub(crate) fn times((mut run, folder): (Owned, TempDir), all: u32, name: &str) -> Vec<(f64, f64)> {
    let status = run.end_within(Duration::from_secs(60));
    let files = written(&folder, "_rtt.csv");
    let text = files.first().map(|file| std::fs::read_to_string(file).unwrap());
    let time = |line: &str| {
        let fields: Vec<&str> = line.split(';').map(str::trim).collect();
        let [end, took, timed] = fields[..] else {
            return None;
        };
        (timed == name).then_some((end.parse().ok()?, took.parse().ok()?))
    };
    let times: Vec<_> = text
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(time)
        .collect();
    assert!(
        times.len() == all as usize,
        "sipp: {status}, {} of {all} came to their end\n{}",
        times.len(),
        complaints(&folder).chars().take(2000).collect::<String>()
    );
    times
}
