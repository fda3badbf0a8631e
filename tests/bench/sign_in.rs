//! The `sip_auth` lookup while people sign in, two hundred at a time: passwords are hashed in the switch's own
//! process, and lookups must not notice.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pbx_core::priority::{self, Behind};

use crate::contender::{Contender, Plan, instrument};
use crate::database::{self, DOMAIN, FIRST};
use crate::found::Installed;
use crate::table::{compare, heading, median, row};

/// People who sign in at the same time.
pub(crate) const PEOPLE: u32 = 200;
const ROUNDS: usize = 7;
const CALLS: u32 = 20_000;
/// Readings of one state in one round: each is a fifth of a second.
const READINGS: usize = 5;
/// Memory that the hash of a password goes through: 32 MiB (people/password.rs).
const HASH_BYTES: usize = 32 * 1024 * 1024;
pub(crate) const PASSWORD: &str = "kT8!vqPz2w-long";

pub(crate) fn run(installed: &Installed) {
    let work = tempfile::tempdir().unwrap();
    let tool = instrument(installed, work.path());
    let mut pbx = Plan::new(installed, &tool)
        .pbx(&database::with_extensions(1_000), &[])
        .start(installed);
    let status: serde_json::Value = serde_json::from_str(&pbx.ok("pbx status json")).unwrap();
    let address = status["web-listen"].as_str().unwrap().to_owned();
    for number in FIRST..FIRST + PEOPLE {
        pbx.ok(&format!("pbx user set {number} --password {PASSWORD}"));
        // From now on they are known here: it is as it is in an office, and nobody waits for the throttle.
        let answer = ask(&address, number).and_then(finish).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let (mut rounds, mut done) = (Vec::new(), 0);
    for round in 0..=ROUNDS {
        let quiet = readings(&mut pbx);
        let beside = calculating(|| readings(&mut pbx));
        let (crowded, signed_in) = during(&address, || readings(&mut pbx));
        // The first round warms caches.
        if round > 0 {
            rounds.push([quiet, beside, crowded]);
            done += signed_in;
        }
    }
    heading("sip_auth lookup while people sign in");
    let against = |a: usize, b: usize| compare(rounds.iter().map(|times| (times[a], times[b])));
    let (ratio, beside, idle) = against(1, 0);
    row(
        "p99 with another program that calculates on one processor, behind everybody, against idle",
        ratio,
        "–",
        &format!("{beside:.1} µs, {idle:.1} µs"),
    );
    let (ratio, busy, idle) = against(2, 0);
    row(
        &format!("p99 with {PEOPLE} sign-ins in progress against idle"),
        ratio,
        "≤ 1.2",
        &format!("{busy:.1} µs, {idle:.1} µs; {done} people came in meanwhile"),
    );
    let (ratio, busy, beside) = against(2, 1);
    row(
        "them against that other program",
        ratio,
        "≤ 1.2",
        &format!("{busy:.1} µs, {beside:.1} µs"),
    );
}

/// The middle of several readings, a second in all.
pub(crate) fn readings(pbx: &mut Contender) -> f64 {
    median((0..READINGS).map(|_| p99(pbx)).collect())
}

/// Runs `measure` while a thread of this program goes through as much memory as a hash does, and does nothing for
/// anybody: what a processor that is busy costs the one beside it, with which it shares cache and memory.
fn calculating<T>(measure: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            priority::stand(Behind::Everybody);
            let mut memory = vec![1_u64; HASH_BYTES / 8];
            let mut at = 1_usize;
            while !stop.load(Ordering::Relaxed) {
                // An order that no processor foresees (Knuth's linear congruential generator).
                at = at
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let block = (at >> 33) % (memory.len() / 128);
                for word in &mut memory[block * 128..][..128] {
                    *word = word.rotate_left(7) ^ at as u64;
                }
            }
            std::hint::black_box(&memory);
        });
        let measured = measure();
        stop.store(true, Ordering::Relaxed);
        measured
    })
}

/// p99 of the lookup in microseconds.
pub(crate) fn p99(pbx: &mut Contender) -> f64 {
    let said = pbx.ok(&format!("bench_locate {DOMAIN} - {FIRST} 1 {CALLS} 1"));
    let numbers: Vec<f64> = said.split_whitespace().map(|n| n.parse().unwrap()).collect();
    let [_per_second, _mean, _usual, p99, _tail, _max, missed] = numbers[..] else {
        panic!("{said}")
    };
    assert!(missed == 0.0, "{missed} lookups found nobody");
    p99 / 1e3
}

/// Runs `measure` while everybody signs in, again and again; how many came in meanwhile.
pub(crate) fn during<T>(address: &str, measure: impl FnOnce() -> T) -> (T, usize) {
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let under_way: Mutex<Vec<Option<TcpStream>>> = Mutex::new((0..PEOPLE).map(|_| None).collect());
    std::thread::scope(|scope| {
        for person in 0..PEOPLE {
            let (stop, done, under_way) = (&stop, &done, &under_way);
            let sign_in = move || {
                // They stand for other machines, and take nothing from the one that is looked at.
                priority::stand(Behind::Everybody);
                while !stop.load(Ordering::SeqCst) {
                    let Ok(stream) = ask(address, FIRST + person) else {
                        continue;
                    };
                    under_way.lock().unwrap()[person as usize] = stream.try_clone().ok();
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    if finish(stream).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                }
            };
            std::thread::Builder::new()
                .stack_size(64 * 1024)
                .spawn_scoped(scope, sign_in)
                .unwrap();
        }
        let begun = Instant::now();
        while under_way.lock().unwrap().iter().any(Option::is_none) {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "not everybody gets to the door"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        let measured = measure();
        let came_in = done.load(Ordering::SeqCst);
        stop.store(true, Ordering::SeqCst);
        for stream in under_way.lock().unwrap().iter().flatten() {
            // Who has just been answered has closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
        (measured, came_in)
    })
}

/// Sends a sign-in.
fn ask(address: &str, number: u32) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    let body = format!("{{\"name\":\"{number}@{DOMAIN}\",\"password\":\"{PASSWORD}\"}}");
    let request = format!(
        "POST /api/sign-in HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}

fn finish(mut stream: TcpStream) -> std::io::Result<String> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
