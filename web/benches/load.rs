//! The pages under load: the table of a domain with ten thousand extensions beside a bare handler that returns the
//! same bytes, and a thousand streams of events while presence changes, beside none. Without a switch: what the
//! PBX itself costs. `PBX_BENCH=table` or `streams` takes one of them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for the terminal"
)]

#[path = "../tests/http/client.rs"]
#[expect(dead_code, reason = "the tests look closer")]
mod client;
#[path = "../tests/http/site.rs"]
#[expect(dead_code, reason = "the tests need more")]
mod site;
#[path = "../tests/http/streams.rs"]
#[expect(dead_code, reason = "the test of its own waits otherwise")]
mod streams;
#[path = "../../tests/bench/table.rs"]
mod table;

#[path = "load/own.rs"]
mod own;
#[path = "load/pages.rs"]
mod pages;
#[path = "load/thousand.rs"]
mod thousand;

fn main() {
    // `cargo test` builds and runs benches too, with this flag missing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let only = std::env::var("PBX_BENCH").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.split(',').any(|part| part == name);
    if !wanted("table") && !wanted("streams") {
        return;
    }
    println!("{}", table::machine());
    let site = own::site();
    if wanted("table") {
        pages::run(&site);
    }
    if wanted("streams") {
        thousand::run(&site);
    }
}
