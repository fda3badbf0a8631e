//! What an answer costs, of our own: `cargo test --release -p pbx-core --test timing -- --ignored --nocapture`.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::hint::black_box;
use std::time::Duration;

use common::{World, auth, domain, extension, with};
use pbx_core::reply::Reply;

/// This thread's time on a processor: others that run meanwhile do not count.
fn spent() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// The median of some runs, per call.
fn time(mut call: impl FnMut()) -> Duration {
    let rounds: u32 = if cfg!(debug_assertions) { 1_000 } else { 100_000 };
    let mut runs: Vec<Duration> = (0..7)
        .map(|_| {
            let start = spent();
            (0..rounds).for_each(|_| call());
            (spent() - start) / rounds
        })
        .collect();
    runs.sort_unstable();
    runs[runs.len() / 2]
}

#[test]
#[ignore = "measures, and means something in an optimised build only"]
fn an_answer_costs_less_than_the_switch_spends_on_it() {
    let small = World::named("one");
    let large = World::new([domain(
        "pbx.test",
        (0..100_000).map(|n| {
            let number = (200_000 + n).to_string();
            extension("pbx.test", &number, "Somebody Else", &[&format!("u{number}")])
        }),
    )]);
    let alice: Vec<(&str, &str)> = auth("alice", "pbx.test");
    let other = auth("u255555", "pbx.test");
    let invite = with(alice.clone(), "sip_auth_method", "INVITE");
    let one = |pairs: &[(&'static str, &'static str)]| {
        let mut all = vec![("key_value", "pbx.test"), ("key", "id"), ("domain", "pbx.test")];
        all.extend(pairs);
        all
    };
    let route = vec![
        ("Hunt-Context", "pbx.test"),
        ("Hunt-Destination-Number", "1001"),
        ("variable_pbx_identity", "bob@pbx.test"),
    ];
    let cases = [
        ("REGISTER", &small, "directory", alice.clone(), 2),
        ("REGISTER, 100,000 extensions", &large, "directory", other, 2),
        (
            "REGISTER, nobody",
            &small,
            "directory",
            with(alice, "user", "mallory"),
            2,
        ),
        ("INVITE", &small, "directory", invite, 2),
        (
            "user/1001",
            &small,
            "directory",
            one(&[("action", "user_call"), ("user", "1001")]),
            2,
        ),
        (
            "message-count",
            &small,
            "directory",
            one(&[("action", "message-count"), ("user", "alice")]),
            2,
        ),
        ("dialplan", &small, "dialplan", route, 2),
        (
            "sofia.conf",
            &small,
            "configuration",
            vec![("key_value", "sofia.conf")],
            20,
        ),
        (
            "ivr.conf, not ours",
            &small,
            "configuration",
            vec![("key_value", "ivr.conf")],
            1,
        ),
    ];
    for (name, world, section, pairs, most) in cases {
        let (mut key_value, mut params) = ("", Vec::new());
        for (name, value) in pairs {
            if name == "key_value" {
                key_value = value;
            } else {
                params.push((name.to_owned(), value.to_owned()));
            }
        }
        let ask = || world.answer(section, "domain", "name", key_value, &params);
        let bytes = match ask() {
            Reply::Document(text) => text.len(),
            Reply::NotOurs | Reply::Text(_) => 0,
        };
        let taken = time(|| {
            black_box(ask());
        });
        println!("{name:32} {bytes:6} B {taken:>10.2?}");
        assert!(
            cfg!(debug_assertions) || taken <= Duration::from_micros(most),
            "{name}"
        );
    }
}
