//! The module in a real FreeSWITCH: phones register and call by sipp, the switch looks up, everything
//! around the database goes wrong.
//!
//! Without a FreeSWITCH or without sipp every scenario is ignored and says why;
//! `PBX_REQUIRE_FREESWITCH=1` turns that into a failure. Scenarios run one after the other: they share
//! ports, and a loaded machine would blur what they time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod callee;
mod child;
mod chromium;
mod crowd;
mod curl;
mod esl;
mod executed;
mod found;
mod group;
#[path = "../growth/mod.rs"]
mod growth;
mod handset;
mod keeper;
mod ports;
mod rig;
mod running;
mod sipp;
mod site;
mod softphone;
mod sound;
mod surfer;
mod trunk;
mod verto;
mod wait;
mod wire;

mod alarm;
mod attacks;
mod bans;
mod both_hosts;
mod browsers;
mod calls;
mod canaries;
#[path = "../cases/mod.rs"]
mod cases;
mod crashes;
mod dids;
mod firewall;
mod forwards;
mod gateways;
mod loads;
mod lookups;
mod one_domain;
mod outside;
mod over_http;
mod presence;
mod punt;
mod refer;
mod refused;
mod registrations;
mod reloads;
mod secure;
mod sent_on;
mod softphone_calls;
mod softphone_pages;
mod storage;
mod takeover;
mod trunk_tls;
mod voicemail;
mod ways;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    if let Some(ended) = over_http::stand_in() {
        return ended;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let _run = site::begin_run();
    let mut trials = Vec::new();
    both_hosts::add(&mut trials);
    loads::add(&mut trials);
    lookups::add(&mut trials);
    registrations::add(&mut trials);
    bans::add(&mut trials);
    firewall::add(&mut trials);
    attacks::add(&mut trials);
    calls::add(&mut trials);
    forwards::add(&mut trials);
    gateways::add(&mut trials);
    dids::add(&mut trials);
    outside::add(&mut trials);
    sent_on::add(&mut trials);
    refer::add(&mut trials);
    refused::add(&mut trials);
    ways::add(&mut trials);
    takeover::add(&mut trials);
    trunk_tls::add(&mut trials);
    alarm::add(&mut trials);
    one_domain::add(&mut trials);
    presence::add(&mut trials);
    secure::add(&mut trials);
    over_http::add(&mut trials);
    punt::add(&mut trials);
    browsers::add(&mut trials);
    chromium::add(&mut trials);
    softphone_pages::add(&mut trials);
    softphone_calls::add(&mut trials);
    reloads::add(&mut trials);
    storage::add(&mut trials);
    crashes::add(&mut trials);
    canaries::add(&mut trials);
    voicemail::add(&mut trials);
    libtest_mimic::run(&arguments, trials).exit_code()
}
