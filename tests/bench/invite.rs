//! Calls by sipp: the module's dialplan against one of ten lines, behind the same profile.

use std::net::UdpSocket;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::bursts::{self, Figures, Plan};
use crate::child::Owned;
use crate::contender::free_port;
use crate::database::{DOMAIN, FIRST, PASSWORD};
use crate::found::Installed;
use crate::pair::{Pair, SIZES, Sipp, Site, complaints, first_line};
use crate::table::{by_turns, compare, heading, row};
use crate::wait;

const PLAN: Plan = Plan {
    rounds: 7,
    bursts: 12,
};
/// Half as long each, and more at the mercy of what else the machine does.
const PLAN_HURRIED: Plan = Plan {
    rounds: 7,
    bursts: 24,
};
/// Calls of a burst. They ring most of their time: nothing waits for the processor for long.
const AT_ONCE: u32 = 30;
/// Calls of a burst that phones answer at once: there is nothing but the processor to wait for.
const HURRIED: u32 = 20;
/// How long a phone rings. FreeSWITCH looks every 100 ms or so what a called phone said: an answer given at once would
/// overtake the 180.
const RINGS: Duration = Duration::from_millis(300);
/// Rounds in which one call is made after another, and the calls of such a round.
const ALONE: (usize, u32) = (5, 30);
/// Who is called: the second line.
const CALLED: u32 = FIRST + 1;

pub(crate) fn run(installed: &Installed, sipp: &Path) {
    heading(&format!(
        "calls between two phones, digest, bursts of {HURRIED} or {AT_ONCE}"
    ));
    for size in SIZES {
        against_static(installed, sipp, size);
    }
}

fn against_static(installed: &Installed, sipp: &Path, size: u32) {
    let called = free_port();
    let mut pair = Pair::start(installed, size, "INVITE", &ten_lines(called));
    register_called(&mut pair.ours, sipp, called);
    let callers = [&pair.ours, &pair.theirs].map(|site| Caller::of(site.port));
    let burst =
        |which: usize, calls: u32| bursts::ended(callers[which].calls(sipp, calls, calls), calls, "call");
    let phone = answering(sipp, called, Duration::ZERO);
    bursts::warm_up(&pair, |which| burst(which, HURRIED));
    tell(
        &format!("calls/s at {size} lines, answered at once, against a static dialplan of ten lines"),
        bursts::measure(&pair, PLAN_HURRIED, |which| burst(which, HURRIED)),
    );
    drop(phone);
    let _phone = answering(sipp, called, RINGS);
    tell(
        &format!("calls/s at {size} lines, after ringing, against it"),
        bursts::measure(&pair, PLAN, |which| burst(which, AT_ONCE)),
    );
    // One at a time: among thirty a call waits for the others, and not for its lookups.
    let delay = |caller: &Caller| {
        let times = bursts::times(caller.calls(sipp, ALONE.1, 1), ALONE.1, "ring");
        middle(times.into_iter().map(|(_, took)| took).collect())
    };
    let rounds = by_turns(ALONE.0, || delay(&callers[0]), || delay(&callers[1]));
    let (ratio, theirs, ours) = compare(rounds.into_iter().map(|(ours, theirs)| (theirs, ours)));
    row(
        "INVITE to 180, p50, it against us",
        ratio,
        "≥ 0.95",
        &format!("{theirs:.1} ms, {ours:.1} ms"),
    );
}

fn tell(calls: &str, figures: Figures) {
    let (ratio, ours, theirs) = figures.rate;
    row(calls, ratio, "≥ 0.95", &format!("{ours:.1}/s, {theirs:.1}/s"));
    let (ratio, ours, theirs) = figures.cost;
    let made_of = format!("{ours:.2} ms, {theirs:.2} ms");
    row("processor time per call against it", ratio, "–", &made_of);
}

/// The mean of the middle half: the median, were sipp's clock not one of 4 ms (`CLOCK_MONOTONIC_COARSE`).
fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let half = &times[times.len() / 4..times.len() - times.len() / 4];
    half.iter().sum::<f64>() / half.len() as f64
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

/// A phone that takes every call after it rang for so long, while it is held.
fn answering(sipp: &Path, port: u16, rings: Duration) -> (Owned, TempDir) {
    // Its scenario reads nothing of a row, but sipp refuses an empty file.
    Sipp::new(sipp, "bench/sipp/answer.xml", "-")
        .options(["-p", &port.to_string(), "-mp", &media_port().to_string()])
        .options(["-d", &rings.as_millis().to_string()])
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

/// Who calls at one of the switches.
struct Caller {
    switch: u16,
    port: u16,
    media: u16,
}

impl Caller {
    fn of(switch: u16) -> Self {
        Self {
            switch,
            port: free_port(),
            media: media_port(),
        }
    }

    /// A run of so many calls, at most so many in progress at once.
    fn calls(&self, sipp: &Path, all: u32, at_once: u32) -> (Owned, TempDir) {
        Sipp::new(sipp, "bench/sipp/call.xml", &first_line(CALLED))
            .options(["-r", "100000", "-m", &all.to_string(), "-l", &at_once.to_string()])
            .options(["-p", &self.port.to_string(), "-mp", &self.media.to_string()])
            .options(["-trace_rtt", "-rtt_freq", "1"])
            .start(self.switch)
    }
}

/// sipp takes the next even port too, for video.
fn media_port() -> u16 {
    loop {
        let port = free_port();
        if port
            .checked_add(2)
            .is_some_and(|video| UdpSocket::bind(("127.0.0.1", video)).is_ok())
        {
            return port;
        }
    }
}
