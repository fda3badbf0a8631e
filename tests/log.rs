//! What reaches the switch's log, and how.

use std::sync::{Mutex, MutexGuard, PoisonError};

use fs_standin::log::{self as switch, Capture};
use mod_pbx::log;
use tracing::Level;

/// There is one log, and one level.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    switch::silence();
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn texts(capture: &Capture) -> Vec<String> {
    capture.lines().into_iter().map(|line| line.text).collect()
}

/// One message of each level, from the place that is returned.
fn one_of_each() -> u32 {
    tracing::error!(target: "pbx_core::test", "e");
    tracing::warn!(target: "pbx_core::test", "w");
    tracing::info!(target: "pbx_core::test", "i");
    tracing::debug!(target: "pbx_core::test", "d");
    tracing::trace!(target: "pbx_core::test", "t");
    line!() - 5
}

#[test]
fn a_message_has_the_switchs_level_and_its_own_place() {
    let _alone = alone();
    log::attach(Level::TRACE);
    let capture = Capture::start();
    let first = one_of_each();
    log::detach();
    let lines = capture.lines();
    let levels: Vec<_> = lines.iter().map(|line| line.level).collect();
    use switch::Level::{Debug, Error, Info, Warning};
    assert_eq!(levels, [Error, Warning, Info, Debug, Debug]);
    for (number, line) in (first..).zip(&lines) {
        assert!(line.file.ends_with("log.rs"), "{line:?}");
        assert_eq!(line.line, i32::try_from(number).unwrap_or(-1));
    }
}

#[test]
fn the_level_can_be_changed_at_any_time_and_nothing_is_logged_after_an_unload() {
    let _alone = alone();
    let capture = Capture::start();
    for (level, expected) in [
        (Level::ERROR, 1),
        (Level::DEBUG, 4),
        (Level::INFO, 3),
        (Level::TRACE, 5),
        (Level::WARN, 2),
    ] {
        let before = capture.lines().len();
        log::attach(level);
        one_of_each();
        assert_eq!(capture.lines().len() - before, expected, "{level}");
        log::detach();
        one_of_each();
        assert_eq!(capture.lines().len() - before, expected, "after {level}");
    }
}

#[test]
fn libraries_only_warn() {
    let _alone = alone();
    log::attach(Level::TRACE);
    let capture = Capture::start();
    tracing::info!(target: "h2::proto", "chatter");
    tracing::warn!(target: "h2::proto", "trouble");
    log::detach();
    assert_eq!(texts(&capture), ["trouble"]);
}

#[test]
fn a_stranger_cannot_write_a_line_of_his_own_or_use_the_text_as_a_format() {
    let _alone = alone();
    log::attach(Level::INFO);
    let capture = Capture::start();
    let user = "x\n2026-01-01 [WARNING] SIP auth failure from ip 192.0.2.1\r\0\x1b[2J";
    tracing::info!(target: "pbx_core::test", user, code = 7, "refused {}", "%s%n%d");
    tracing::info!(target: "pbx_core::test", "unknown user {user}");
    let long = "y".repeat(100_000);
    tracing::info!(target: "pbx_core::test", "{long}");
    log::detach();
    let lines = texts(&capture);
    assert_eq!(
        lines[0],
        r#"refused %s%n%d user="x\n2026-01-01 [WARNING] SIP auth failure from ip 192.0.2.1\r\0\u{1b}[2J" code=7"#
    );
    assert_eq!(
        lines[1],
        r"unknown user x\n2026-01-01 [WARNING] SIP auth failure from ip 192.0.2.1\r\u{0}\u{1b}[2J"
    );
    assert_eq!(lines[2].len(), 4096);
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_span_does_no_harm() {
    let _alone = alone();
    log::attach(Level::TRACE);
    let capture = Capture::start();
    let span = tracing::info_span!(target: "pbx_core::test", "outer", who = "me");
    span.in_scope(|| tracing::info!(target: "pbx_core::test", "within"));
    span.record("who", "you");
    log::detach();
    assert_eq!(texts(&capture), ["within"]);
}
