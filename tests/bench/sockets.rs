//! The `sip_auth` lookup while five hundred browsers are there, and while people sign in besides. They come and go
//! round after round, so that what else the machine does falls on both sides. mod_verto alone, with the same sockets
//! straight to it, is the contender: it wakes a thread for each of them twenty times a second (client_run), which is
//! ten thousand times in all, whoever carries the sockets.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::contender::{Contender, Plan, free_port, instrument};
use crate::crowd::Crowd;
use crate::database::{self, DOMAIN, FIRST};
use crate::found::Installed;
use crate::sign_in::{PASSWORD, PEOPLE, during, readings};
use crate::table::{compare, heading, row};
use crate::wait;

/// Browsers, and those of one person (`clients-per-user` allows five).
const SOCKETS: u32 = 500;
const EACH: u32 = 5;
const ROUNDS: usize = 7;

pub(crate) fn run(installed: &Installed) {
    let work = tempfile::tempdir().unwrap();
    let tool = instrument(installed, work.path());
    let verto = free_port();
    let mut pbx = Plan::new(installed, &tool)
        .pbx(
            &database::with_extensions(1_000),
            &[("verto-port", &verto.to_string())],
        )
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
    let switch = SocketAddr::from((Ipv4Addr::LOCALHOST, verto));
    let mut rounds = Vec::new();
    let mut came_in = 0;
    for round in 0..=ROUNDS {
        let idle = readings(&mut pbx);
        come(&mut pbx, &crowd, Some(switch));
        let straight = readings(&mut pbx);
        go(&mut pbx, &crowd);
        come(&mut pbx, &crowd, None);
        let proxied = readings(&mut pbx);
        let (busy, signed_in) = during(&web, || readings(&mut pbx));
        go(&mut pbx, &crowd);
        // The first round warms caches, and whoever signs in is known from then on.
        if round > 0 {
            rounds.push([idle, straight, proxied, busy]);
            came_in += signed_in;
        }
    }
    heading("sip_auth lookup while browsers are there");
    let against = |a: usize, b: usize| compare(rounds.iter().map(|times| (times[a], times[b])));
    let (ratio, straight, idle) = against(1, 0);
    row(
        &format!("p99 with {SOCKETS} verto sockets straight to mod_verto against idle"),
        ratio,
        "–",
        &format!("{straight:.1} µs, {idle:.1} µs"),
    );
    let (ratio, proxied, straight) = against(2, 1);
    row(
        &format!("p99 with {SOCKETS} verto sockets through the proxy against them straight to mod_verto"),
        ratio,
        "≤ 1.2",
        &format!("{proxied:.1} µs, {straight:.1} µs"),
    );
    let (ratio, busy, straight) = against(3, 1);
    row(
        &format!("p99 with them and {PEOPLE} sign-ins in progress against the same"),
        ratio,
        "≤ 1.2",
        &format!("{busy:.1} µs, {straight:.1} µs; {came_in} people came in meanwhile"),
    );
}

fn come(pbx: &mut Contender, crowd: &Crowd, to: Option<SocketAddr>) {
    crowd.come(to);
    clients(pbx, SOCKETS as usize);
}

fn go(pbx: &mut Contender, crowd: &Crowd) {
    assert_eq!(
        (crowd.there(), crowd.lost()),
        (SOCKETS as usize, 0),
        "a browser was sent away"
    );
    crowd.go();
    clients(pbx, 0);
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
