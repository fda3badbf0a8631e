//! What a machine is given: the Debian package, in a root of its own; the script that has the switch load the module;
//! the drop-in for the switch's unit.
//!
//! What this machine lacks for one of them is said on its line; nothing of the machine itself is touched.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod modules;
mod package;
mod root;
mod unit;

use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

fn main() -> ExitCode {
    let mut trials = vec![
        Trial::test("modules::the_line_is_written_where_it_counts", modules::written),
        Trial::test(
            "modules::a_list_that_cannot_be_understood_stays_as_it_is",
            modules::refused,
        ),
        Trial::test(
            "unit::audio_keeps_its_priority_and_the_unit_its_files",
            unit::audio,
        ),
    ];
    for (name, test) in [
        (
            "package::files_are_where_freeswitch_s_packages_have_theirs",
            package::files as fn(),
        ),
        ("package::it_waits_for_the_switch_s_own_package", package::waits),
        (
            "package::an_upgrade_keeps_the_operator_s_configuration",
            package::upgrade,
        ),
        (
            "package::a_removal_keeps_and_a_purge_removes_what_was_made",
            package::purge,
        ),
        ("package::lintian_finds_no_error", package::lintian),
        ("unit::systemd_reads_it", unit::systemd_reads_it),
    ] {
        trials.push(Trial::ignorable_test(name, move || with_tools(name, test)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn with_tools(name: &str, test: fn()) -> Result<Completion, Failed> {
    let needed: &[&str] = match name.split_once("::") {
        Some(("unit", _)) => &["systemd-analyze"],
        Some((_, "lintian_finds_no_error")) => &[
            "lintian",
            "dpkg",
            "dpkg-deb",
            "dpkg-shlibdeps",
            "strip",
            "espeak-ng",
        ],
        _ => &["dpkg", "dpkg-deb", "dpkg-shlibdeps", "strip", "espeak-ng"],
    };
    if let Some(missing) = needed.iter().find(|tool| !is_there(tool)) {
        return Ok(Completion::ignored_with(format!("there is no {missing}")));
    }
    if name.starts_with("package") && !root::may_install() {
        return Ok(Completion::ignored_with("neither root nor fakeroot"));
    }
    test();
    Ok(Completion::Completed)
}

fn is_there(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs it, with nobody to answer questions.
fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

/// What it said, on both ways.
fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Runs it; it must succeed. What it printed.
#[track_caller]
fn must(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}
