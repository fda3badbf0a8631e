//! Registrations by sipp: the module against a static directory of one user, behind the same profile.
//!
//! They come in bursts, at either switch in turn. mod_sofia writes most of a registration at once and the rest from a
//! queue, every 200 ms (`switch_user_sql_thread`); when its one thread for REGISTERs finds the database locked by
//! that, it sleeps for 100 ms (`switch_core_db_exec`). A steady stream meets that or not as chance has it, and either
//! switch sleeps for a third to half of the time. Most bursts are over before.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::contender::free_port;
use crate::found::Installed;
use crate::pair::{Pair, SIZES, Sipp, Site, complaints, first_line, written};
use crate::table::{compare, heading, row};

const ROUNDS: usize = 7;
/// Of a round, at either switch.
const BURSTS: usize = 80;
/// Registrations of a burst.
const AT_ONCE: u32 = 50;
/// From one burst to the next, which is the other switch's, in milliseconds: from, and up to how many more. Were it
/// always the same, it would beat with the queue.
const APART: (u64, u64) = (120, 60);
/// How long Sofia-SIP keeps what it has answered (timer J, RFC 3261 section 17.2.2), and wakes for the end of each:
/// only after that as many end as come.
const WARM: Duration = Duration::from_secs(34);

pub(crate) fn run(installed: &Installed, sipp: &Path) {
    heading(&format!("registrations, digest, bursts of {AT_ONCE}"));
    for size in SIZES {
        against_static(installed, sipp, size);
    }
}

fn against_static(installed: &Installed, sipp: &Path, size: u32) {
    let pair = Pair::start(installed, size, "REGISTER", "");
    // One phone each: a line has room for a few Contacts.
    let phones = [(&pair.ours, free_port()), (&pair.theirs, free_port())];
    let start = Instant::now();
    while start.elapsed() < WARM {
        round(phones, sipp, 2);
    }
    let rounds: Vec<[Done; 2]> = (0..ROUNDS).map(|_| round(phones, sipp, BURSTS)).collect();
    let both = |figure: fn(&Done) -> f64| {
        compare(rounds.iter().map(|[ours, theirs]| (figure(ours), figure(theirs))))
    };
    let (ratio, ours, theirs) = both(Done::rate);
    row(
        &format!("REGISTER/s at {size} lines against static XML of one user"),
        ratio,
        "≥ 0.97",
        &format!("{ours:.0}/s, {theirs:.0}/s"),
    );
    let (ratio, ours, theirs) = both(Done::cost);
    row(
        "processor time per REGISTER against it",
        ratio,
        "≤ 1.03",
        &format!("{ours:.2} ms, {theirs:.2} ms"),
    );
}

/// What one of the two did in a round.
#[derive(Default)]
struct Done {
    registered: f64,
    /// Registrations a second, of each burst.
    rates: Vec<f64>,
    cpu_ms: f64,
}

impl Done {
    /// Registrations a second: the mean of the faster half of the bursts, to leave out those in which it slept.
    fn rate(&self) -> f64 {
        let mut rates = self.rates.clone();
        rates.sort_by(|one, other| other.total_cmp(one));
        rates.truncate(rates.len().div_ceil(2));
        rates.iter().sum::<f64>() / rates.len() as f64
    }

    /// Milliseconds of processor time for each, all bursts and what is between them.
    fn cost(&self) -> f64 {
        self.cpu_ms / self.registered
    }
}

/// Bursts at both in turn. Who is first changes each time.
fn round(phones: [(&Site, u16); 2], sipp: &Path, bursts: usize) -> [Done; 2] {
    let mut done = [Done::default(), Done::default()];
    let before = phones.map(|(site, _)| site.cpu_ms());
    for burst in 0..bursts {
        for which in [burst % 2, 1 - burst % 2] {
            let apart = APART.0 + (burst as u64 * 37) % APART.1;
            let next = Instant::now() + Duration::from_millis(apart);
            let (registered, seconds) = register(phones[which], sipp);
            done[which].registered += registered;
            done[which].rates.push(registered / seconds);
            sleep(next.saturating_duration_since(Instant::now()));
        }
    }
    for (done, ((site, _), before)) in done.iter_mut().zip(phones.into_iter().zip(before)) {
        done.cpu_ms = site.cpu_ms() - before;
    }
    done
}

/// One burst: how many registered, and the seconds from the first REGISTER to the last answer.
fn register((site, phone): (&Site, u16), sipp: &Path) -> (f64, f64) {
    let all = AT_ONCE.to_string();
    let (mut run, folder) = Sipp::new(sipp, "switch/sipp/register.xml", &first_line(0))
        .options(["-key", "expires", "180", "-r", "100000", "-m", &all, "-l", &all])
        .options(["-p", &phone.to_string()])
        .options(["-trace_rtt", "-rtt_freq", "1"])
        .start(site.port);
    let status = run.end_within(Duration::from_secs(60));
    let files = written(&folder, "_rtt.csv");
    let text = files.first().map(|file| std::fs::read_to_string(file).unwrap());
    // Each line: when it was registered, and how long that took, in milliseconds.
    let times: Vec<(f64, f64)> = text
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(times)
        .collect();
    assert!(
        times.len() == AT_ONCE as usize,
        "sipp: {status}, {} of {AT_ONCE} registered\n{}",
        times.len(),
        complaints(&folder).chars().take(2000).collect::<String>()
    );
    let begin = times
        .iter()
        .map(|(end, took)| end - took)
        .fold(f64::INFINITY, f64::min);
    let end = times.iter().map(|(end, _)| *end).fold(0.0, f64::max);
    (times.len() as f64, (end - begin) / 1000.0)
}

fn times(line: &str) -> Option<(f64, f64)> {
    let mut numbers = line.split(';').map(|field| field.trim().parse().ok());
    Some((numbers.next()??, numbers.next()??))
}
