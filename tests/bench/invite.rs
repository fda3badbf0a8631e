//! Calls by sipp: the module's dialplan against one of ten lines, behind the same profile.

use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::child::Owned;
use crate::contender::free_port;
use crate::database::{DOMAIN, FIRST, PASSWORD};
use crate::found::Installed;
use crate::pair::{Pair, SIZES, Sipp, Site, complaints, first_line, written};
use crate::table::{by_turns, compare, heading, median, row};
use crate::wait;

const ROUNDS: usize = 21;
const CALLS: u32 = 150;
/// sipp's own limit of calls in progress.
const AT_ONCE: u32 = 30;
/// Calls of a run in which one is made after another.
const ALONE: u32 = 60;
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
    let crowd = [CALLS.to_string(), AT_ONCE.to_string(), "200".to_owned()];
    let rounds = by_turns(
        ROUNDS,
        || call(&pair.ours, sipp, &crowd).0,
        || call(&pair.theirs, sipp, &crowd).0,
    );
    let (ratio, ours, theirs) = compare(rounds.into_iter());
    row(
        &format!("calls/s at {size} lines against a static dialplan of ten lines"),
        ratio,
        "≥ 0.95",
        &format!("{ours:.1}/s, {theirs:.1}/s"),
    );
    // One at a time: among thirty a call waits for the others, and not for its lookups.
    let alone = [ALONE.to_string(), "1".to_owned(), "200".to_owned()];
    let rounds = by_turns(
        ROUNDS / 4,
        || call(&pair.ours, sipp, &alone).1,
        || call(&pair.theirs, sipp, &alone).1,
    );
    let (ratio, ours, theirs) = compare(
        rounds
            .into_iter()
            .map(|(ours, theirs)| (1.0 / ours, 1.0 / theirs)),
    );
    row(
        "INVITE to 180, p50, it against us",
        ratio,
        "≥ 0.95",
        &format!("{:.1} ms, {:.1} ms", 1.0 / theirs, 1.0 / ours),
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

/// Calls a second, and the middle of the milliseconds from an INVITE with a digest to its 180. How many calls, how
/// many in progress at once, and sipp's rate.
fn call(site: &Site, sipp: &Path, [calls, at_once, rate]: &[String; 3]) -> (f64, f64) {
    let start = Instant::now();
    let (mut run, folder) = Sipp::new(sipp, "bench/sipp/call.xml", &first_line(CALLED))
        .options(["-m", calls, "-l", at_once, "-r", rate])
        .options(["-p", &free_port().to_string(), "-mp", &free_port().to_string()])
        .options(["-trace_rtt", "-rtt_freq", "1"])
        .start(site.port);
    let status = run.end_within(Duration::from_secs(70));
    let took = start.elapsed().as_secs_f64();
    let said = complaints(&folder);
    let refused = said.matches("Aborting call").count() as f64;
    let all: f64 = calls.parse().unwrap();
    // The nonces again: see the registrations.
    assert!(
        all - refused >= 0.9 * all,
        "sipp: {status}\n{}",
        &said[..said.len().min(2000)]
    );
    let delays = delays(&folder);
    assert!(
        delays.len() as f64 >= all / 2.0,
        "too few calls were rung: {}",
        delays.len()
    );
    ((all - refused) / took, median(delays))
}

/// The second column of sipp's file: milliseconds.
fn delays(folder: &TempDir) -> Vec<f64> {
    let files = written(folder, "_rtt.csv");
    let text = std::fs::read_to_string(files.first().expect("no call was rung")).unwrap();
    let delay = |line: &str| line.split(';').nth(1)?.trim().parse().ok();
    text.lines().filter_map(delay).collect()
}
