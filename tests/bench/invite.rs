//! Calls by sipp: the module's dialplan against one of ten lines, behind the same profile.

use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::child::Owned;
use crate::contender::free_port;
use crate::database::{DOMAIN, FIRST, PASSWORD};
use crate::found::Installed;
use crate::pair::{Pair, SIZES, Sipp, Site, complaints, first_line, written};
use crate::table::{heading, median, row};
use crate::wait;

const ROUNDS: usize = 7;
const CALLS: u32 = 300;
/// sipp's own limit of calls in progress.
const AT_ONCE: u32 = 30;
/// Who is called: the second line.
const CALLED: u32 = FIRST + 1;

pub(crate) fn run(installed: &Installed, sipp: &Path) {
    heading("calls between two phones, digest, 30 in progress");
    for size in SIZES {
        against_static(installed, sipp, size);
    }
}

fn against_static(installed: &Installed, sipp: &Path, size: u32) {
    let called = free_port();
    let mut pair = Pair::start(installed, size, "INVITE", &ten_lines(called));
    register_called(&mut pair.ours, sipp, called);
    let _phone = answering(sipp, called);
    let (mut our_rate, mut their_rate, mut our_delay, mut their_delay) = (vec![], vec![], vec![], vec![]);
    for round in 0..=ROUNDS {
        for (site, rates, delays) in [
            (&pair.ours, &mut our_rate, &mut our_delay),
            (&pair.theirs, &mut their_rate, &mut their_delay),
        ] {
            let (rate, delay) = call(site, sipp);
            // The first round warms caches.
            if round > 0 {
                rates.push(rate);
                delays.push(delay);
            }
        }
    }
    let (our_rate, their_rate) = (median(our_rate), median(their_rate));
    let (our_delay, their_delay) = (median(our_delay), median(their_delay));
    row(
        &format!("calls/s at {size} lines against a static dialplan of ten lines"),
        our_rate / their_rate,
        "≥ 0.95",
        &format!("{our_rate:.1}/s, {their_rate:.1}/s"),
    );
    row(
        "INVITE to 180, p50, it against us",
        their_delay / our_delay,
        "≥ 0.95",
        &format!("{their_delay:.1} ms, {our_delay:.1} ms"),
    );
}

/// What somebody would write by hand for two phones.
fn ten_lines(called: u16) -> String {
    format!(
        r#"<section name="dialplan"><context name="{DOMAIN}"><extension name="phones"><condition field="destination_number" expression="^({CALLED})$">
        <action application="set" data="call_timeout=30"/>
        <action application="set" data="hangup_after_bridge=true"/>
        <action application="bridge" data="sofia/internal/sip:$1@127.0.0.1:{called}"/>
        </condition></extension></context></section>"#
    )
}

/// A phone that takes every call, while it is held.
fn answering(sipp: &Path, port: u16) -> (Owned, TempDir) {
    // Its scenario reads nothing of a row, but sipp refuses an empty file.
    Sipp::new(sipp, "bench/sipp/answer.xml", "-")
        .options(["-p", &port.to_string(), "-mp", &free_port().to_string()])
        .start(free_port())
}

/// Registers the called phone, from where it will answer, with the module; the static dialplan knows where it is.
fn register_called(site: &mut Site, sipp: &Path, called: u16) {
    let row = format!("{CALLED};{DOMAIN};0;[authentication username={CALLED} password={PASSWORD}]");
    let (mut run, folder) = Sipp::new(sipp, "switch/sipp/register.xml", &row)
        .options(["-m", "1", "-p", &called.to_string()])
        .options(["-key", "expires", "3600"])
        .start(site.port);
    let status = run.end_within(Duration::from_secs(70));
    assert!(status.success(), "sipp: {status}\n{}", complaints(&folder));
    wait::until("the phone to be known", Duration::from_secs(10), || {
        let said = site.ok(&format!("pbx presence {CALLED} json"));
        said.contains(&called.to_string()).then_some(())
    });
}

/// Calls a second, and the middle of the milliseconds from an INVITE with a digest to its 180.
fn call(site: &Site, sipp: &Path) -> (f64, f64) {
    let start = Instant::now();
    let (mut run, folder) = Sipp::new(sipp, "bench/sipp/call.xml", &first_line(CALLED))
        .options(["-m", &CALLS.to_string(), "-l", &AT_ONCE.to_string(), "-r", "200"])
        .options(["-p", &free_port().to_string(), "-mp", &free_port().to_string()])
        .options(["-trace_rtt", "-rtt_freq", "1"])
        .start(site.port);
    let status = run.end_within(Duration::from_secs(70));
    let took = start.elapsed().as_secs_f64();
    let said = complaints(&folder);
    let refused = said.matches("Aborting call").count() as f64;
    let good = f64::from(CALLS) - refused;
    // The nonces again: see the registrations.
    assert!(
        good >= 0.9 * f64::from(CALLS),
        "sipp: {status}\n{}",
        &said[..said.len().min(2000)]
    );
    (good / took, median(delays(&folder)))
}

/// The second column of sipp's file: milliseconds.
fn delays(folder: &TempDir) -> Vec<f64> {
    let files = written(folder, "_rtt.csv");
    let text = std::fs::read_to_string(files.first().expect("no call was rung")).unwrap();
    let delay = |line: &str| line.split(';').nth(1)?.trim().parse().ok();
    let delays: Vec<f64> = text.lines().filter_map(delay).collect();
    assert!(
        delays.len() >= CALLS as usize / 2,
        "too few calls were rung: {}",
        delays.len()
    );
    delays
}
