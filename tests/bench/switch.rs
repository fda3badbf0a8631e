//! How fast the module answers in a real FreeSWITCH, always beside what else could answer, in one run:
//! the contenders are asked in turn, round after round, and medians are compared. Absolute times are of
//! one machine; the ratios are what counts. Needs an installed FreeSWITCH with its headers and a C compiler.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

#[path = "../switch/child.rs"]
mod child;
#[path = "../switch/crowd.rs"]
#[expect(dead_code, reason = "the tests look closer")]
mod crowd;
#[path = "../switch/esl.rs"]
#[expect(dead_code, reason = "the tests listen to events too")]
mod esl;
#[path = "../switch/found.rs"]
mod found;
#[path = "../switch/wait.rs"]
#[expect(dead_code, reason = "the tests wait for more")]
mod wait;

mod bursts;
mod contender;
mod database;
mod http;
mod invite;
mod lookup;
mod pair;
mod register;
mod sign_in;
mod sockets;
mod table;

use std::process::ExitCode;

fn main() -> ExitCode {
    // `cargo test` builds and runs benches too, with this flag missing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let switch = match found::freeswitch() {
        Ok(switch) => switch,
        Err(reason) => {
            eprintln!("SKIPPED: the figures in a real switch: {reason}");
            return ExitCode::from(u8::from(
                std::env::var("PBX_REQUIRE_FREESWITCH").as_deref() == Ok("1"),
            ));
        }
    };
    let only = std::env::var("PBX_BENCH").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.split(',').any(|part| part == name);
    println!("{}", table::machine());
    if wanted("lookup") {
        lookup::run(&switch);
    }
    if wanted("sign-in") {
        sign_in::run(&switch);
    }
    if wanted("sockets") {
        sockets::run(&switch);
    }
    let phones: [(&str, fn(&_, &_)); 2] = [("register", register::run), ("invite", invite::run)];
    for (name, run) in phones.into_iter().filter(|(name, _)| wanted(name)) {
        match found::sipp() {
            Ok(sipp) => run(&switch, &sipp),
            Err(reason) => eprintln!("SKIPPED: {name}: {reason}"),
        }
    }
    ExitCode::SUCCESS
}
