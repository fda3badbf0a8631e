//! The `sip_auth` lookup while five hundred browsers are there, and while people sign in besides. They come and go
//! round after round, so that what else the machine does falls on both sides.

use std::time::Duration;

use crate::contender::{Contender, Plan, free_port, instrument};
use crate::crowd::Crowd;
use crate::database::{self, DOMAIN, FIRST};
use crate::found::Installed;
use crate::sign_in::{PASSWORD, PEOPLE, during, p99};
use crate::table::{compare, heading, median, row};
use crate::wait;

/// Browsers, and those of one person (`clients-per-user` allows five).
const SOCKETS: u32 = 500;
const EACH: u32 = 5;
const ROUNDS: usize = 7;
/// Readings of one state in one round: each is a fifth of a second.
const READINGS: usize = 5;

pub(crate) fn run(installed: &Installed) {
    let work = tempfile::tempdir().unwrap();
    let tool = instrument(installed, work.path());
    let verto = free_port().to_string();
    let mut pbx = Plan::new(installed, &tool)
        .pbx(&database::with_extensions(1_000), &[("verto-port", &verto)])
        .module("mod_verto", "")
        .start(installed);
    let status: serde_json::Value = serde_json::from_str(&pbx.ok("pbx status json")).unwrap();
    let web = status["web-listen"].as_str().unwrap().to_owned();
    // Who signs in again and again has no browser among the five hundred: old sign-ins of one person end.
    let residents = FIRST + PEOPLE..FIRST + PEOPLE + SOCKETS / EACH;
    for number in FIRST..residents.end {
        pbx.ok(&format!("pbx user set {number} --password {PASSWORD}"));
    }
    let people: Vec<_> = residents
        .map(|number| (format!("{number}@{DOMAIN}"), PASSWORD.to_owned()))
        .collect();
    let crowd = Crowd::sign_in(web.parse().unwrap(), &people, EACH as usize);
    let (mut with_sockets, mut with_both, mut came_in) = (Vec::new(), Vec::new(), 0);
    for round in 0..=ROUNDS {
        let quiet = readings(&mut pbx);
        crowd.come();
        clients(&mut pbx, SOCKETS as usize);
        let sockets = readings(&mut pbx);
        let (everything, signed_in) = during(&web, || readings(&mut pbx));
        assert_eq!(
            (crowd.there(), crowd.lost()),
            (SOCKETS as usize, 0),
            "a browser was sent away"
        );
        crowd.go();
        clients(&mut pbx, 0);
        // The first round warms caches, and whoever signs in is known from then on.
        if round > 0 {
            with_sockets.push((sockets, quiet));
            with_both.push((everything, quiet));
            came_in += signed_in;
        }
    }
    heading("sip_auth lookup while browsers are there");
    let (ratio, held, idle) = compare(with_sockets.into_iter());
    row(
        &format!("p99 with {SOCKETS} verto sockets against idle"),
        ratio,
        "≤ 1.2",
        &format!("{held:.1} µs, {idle:.1} µs"),
    );
    let (ratio, both, idle) = compare(with_both.into_iter());
    row(
        &format!("p99 with {SOCKETS} verto sockets and {PEOPLE} sign-ins in progress against idle"),
        ratio,
        "≤ 1.2",
        &format!("{both:.1} µs, {idle:.1} µs; {came_in} people came in meanwhile"),
    );
}

fn readings(pbx: &mut Contender) -> f64 {
    median((0..READINGS).map(|_| p99(pbx)).collect())
}

/// Waits until the switch has as many verto connections as this.
fn clients(pbx: &mut Contender, count: usize) {
    wait::until("the browsers at the switch", Duration::from_secs(60), || {
        let status = pbx.ok("verto status");
        // "1 profile , 500 clients"
        let words: Vec<&str> = status.split_whitespace().collect();
        let counted = words
            .windows(2)
            .any(|pair| pair[1].starts_with("client") && pair[0].parse() == Ok(count));
        counted.then_some(())
    });
}
