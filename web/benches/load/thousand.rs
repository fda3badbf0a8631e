//! A thousand streams while a hundred phones a second come and go, and lookups beside them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pbx_core::request::Request;

use crate::client::Browser;
use crate::own::{FIRST, PEOPLE, browser, cpu_ms, memory};
use crate::site::Site;
use crate::streams::{Stream, registers};
use crate::table::{compare, heading, median, row};

const STREAMS: usize = 1_000;
const CHANGES: Duration = Duration::from_millis(10);
const ROUNDS: usize = 7;
/// Lookups of one reading, and readings in a state.
const LOOKUPS: usize = 20_000;
const READINGS: usize = 5;
/// Phones that come and go.
const PHONES: u32 = 500;
/// The threads that streams cost: the server's, and the one that knows who is there.
const THREADS: [&str; 2] = ["pbx-web", "pbx-presence"];

pub(crate) fn run(site: &Site) {
    let people: Vec<_> = (FIRST..FIRST + PEOPLE)
        .map(|number| browser(site, number))
        .collect();
    let (mut rounds, mut cpu, mut memory_more, mut again) = (Vec::new(), Vec::new(), 0.0_f64, 0);
    for round in 0..=ROUNDS {
        let idle = readings(site);
        let empty = memory();
        let measured = crowded(site, &people);
        // Later rounds have back what the first gave up, and grow hardly at all.
        memory_more = (measured.memory - empty).max(memory_more);
        // The first round warms caches.
        if round > 0 {
            rounds.push((measured.p99, idle));
            cpu.push(measured.cpu);
            again += measured.again;
        }
    }
    let (ratio, busy, idle) = compare(rounds.into_iter());
    heading("1,000 streams of events, 100 presence changes a second");
    row(
        "p99 of a lookup against idle",
        ratio,
        "≤ 1.2",
        &format!("{busy:.1} µs, {idle:.1} µs"),
    );
    let cpu = median(cpu);
    row(
        "processors that the server is busy with",
        cpu,
        "–",
        "its threads and the one of presence",
    );
    let more = memory_more / STREAMS as f64 / 1024.0;
    row(
        "memory a stream, kB",
        more,
        "–",
        "both ends, and what the other end keeps: they are in one process",
    );
    println!(
        "\nEvery stream of every round ended with the state that is; {again} in {} fell behind and began anew.",
        STREAMS * ROUNDS
    );
}

struct Measured {
    p99: f64,
    cpu: f64,
    memory: f64,
    /// Streams that fell so far behind that they began anew.
    again: usize,
}

fn crowded(site: &Site, people: &[Browser]) -> Measured {
    let mut streams: Vec<_> = (0..STREAMS)
        .map(|n| Stream::open(&people[n % people.len()]))
        .collect();
    until(&mut streams, |stream| stream.resets() >= 1);
    let memory = memory();
    let stop = AtomicBool::new(false);
    let (p99, cpu, there) = std::thread::scope(|scope| {
        let changing = scope.spawn(|| change(site, &stop));
        let reading = scope.spawn(|| {
            while !stop.load(Ordering::SeqCst) {
                assert!(streams.iter_mut().all(Stream::take), "a stream ended");
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let (begun, before) = (Instant::now(), cpu_ms(&THREADS));
        let p99 = readings(site);
        // Long enough for the clock that threads are counted by.
        std::thread::sleep(Duration::from_secs(3).saturating_sub(begun.elapsed()));
        let cpu = (cpu_ms(&THREADS) - before) / 1e3 / begun.elapsed().as_secs_f64();
        stop.store(true, Ordering::SeqCst);
        reading.join().unwrap();
        (p99, cpu, changing.join().unwrap())
    });
    let last: BTreeMap<String, String> = there
        .into_iter()
        .map(|(number, there)| {
            (
                number.to_string(),
                if there { "online" } else { "offline" }.to_owned(),
            )
        })
        .collect();
    until(&mut streams, |stream| stream.states() == last);
    for (number, _) in last.iter().filter(|(_, state)| *state == "online") {
        registers(site, number, false);
    }
    let begun = Instant::now();
    while site.pbx.presence().view().registrations > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "phones do not go");
        std::thread::sleep(Duration::from_millis(20));
    }
    let again = streams.iter().map(|stream| stream.resets() - 1).sum();
    Measured {
        p99,
        cpu,
        memory,
        again,
    }
}

/// Phones come and go until told to stop; who is there then.
fn change(site: &Site, stop: &AtomicBool) -> BTreeMap<u32, bool> {
    let mut there = BTreeMap::new();
    let mut next = Instant::now();
    for n in 0.. {
        let number = FIRST + n * 7 % PHONES;
        let now = there.entry(number).or_insert(false);
        *now = !*now;
        registers(site, &number.to_string(), *now);
        if stop.load(Ordering::SeqCst) {
            break;
        }
        next += CHANGES;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    there
}

/// p99 of lookups in microseconds: the middle of several readings.
fn readings(site: &Site) -> f64 {
    median((0..READINGS).map(|_| p99(site)).collect())
}

fn p99(site: &Site) -> f64 {
    let mut times: Vec<f64> = (0..LOOKUPS)
        .map(|n| {
            let user = (FIRST as usize + n * 31 % 10_000).to_string();
            let params: Vec<(String, String)> = [
                ("action", "sip_auth"),
                ("key", "id"),
                ("user", user.as_str()),
                ("sip_auth_username", user.as_str()),
                ("sip_auth_realm", "pbx.test"),
                ("sip_to_host", "pbx.test"),
                ("sip_from_host", "pbx.test"),
                ("sip_auth_method", "REGISTER"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
            let request = Request {
                section: "directory",
                tag_name: "domain",
                key_name: "name",
                key_value: "pbx.test",
                params: &params,
            };
            let begun = Instant::now();
            let reply = site.pbx.lookup(&request);
            let took = begun.elapsed().as_secs_f64() * 1e6;
            drop(reply);
            took
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() * 99 / 100]
}

#[track_caller]
fn until(streams: &mut [Stream], holds: impl Fn(&Stream) -> bool) {
    let begun = Instant::now();
    let mut left: Vec<_> = streams.iter_mut().collect();
    while !left.is_empty() {
        for stream in &mut left {
            assert!(stream.take(), "a stream ended");
        }
        left.retain(|stream| !holds(stream));
        assert!(
            left.is_empty() || begun.elapsed() < Duration::from_secs(120),
            "{} streams lack something",
            left.len()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
