//! The patches for people who build their own FreeSWITCH: their shape always, and that they apply where
//! `PBX_FREESWITCH_SOURCE` names source trees, separated by colons.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tempfile::TempDir;

const SERIES: [&str; 2] = ["1.10", "1.11"];
const SOURCE: &str = "src/mod/endpoints/mod_verto/mod_verto.c";
const HEADER: &str = "src/mod/endpoints/mod_verto/mod_verto.h";

fn main() -> ExitCode {
    let mut trials = vec![
        Trial::test("there_is_a_patch_for_each_series_and_for_no_other", series),
        Trial::test("they_touch_two_files_in_well_formed_hunks", || each(hunks)),
        Trial::test("they_bring_the_names_that_the_module_relies_on", || each(names)),
        Trial::test("they_log_no_whole_session_id", || each(logs)),
        Trial::test("the_newer_one_is_contained_in_the_older", contained),
        Trial::test("check_refuses_what_is_no_source_tree", no_tree),
        Trial::test("check_refuses_a_version_without_a_patch", other_version),
        Trial::test("check_refuses_other_sources_and_leaves_them_alone", other_sources),
    ];
    for (name, test) in [
        ("they_apply_and_revert", applies as fn(&Path)),
        ("check_refuses_a_tree_that_is_patched", patched),
        ("check_refuses_a_tree_that_has_moved_on", moved_on),
    ] {
        trials.push(Trial::ignorable_test(name, move || with_sources(test)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

// ---- the patches themselves

fn series() -> Result<(), Failed> {
    let folders = fs::read_dir(repository().join("patches"))
        .unwrap()
        .map(Result::unwrap);
    let folders = folders.filter(|entry| entry.path().is_dir());
    let found: BTreeSet<String> = folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, SERIES.map(str::to_owned).into());
    Ok(())
}

/// Old and new line counts of every hunk are as announced, and nothing else is between them.
fn hunks(patch: &str) {
    assert!(!patch.contains('\r'), "Unix line ends");
    let mut lines = patch
        .lines()
        .skip_while(|line| !line.starts_with("diff --git "))
        .peekable();
    let mut files = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("+++ b/") {
            files.push(name.to_owned());
        }
        let Some(hunk) = line.strip_prefix("@@ -") else {
            let known = ["diff --git a/", "index ", "--- a/", "+++ b/"];
            assert!(
                known.iter().any(|start| line.starts_with(start)),
                "outside of a hunk: {line}"
            );
            continue;
        };
        let (mut old, mut new) = counts(hunk);
        while old > 0 || new > 0 {
            match lines.next().expect("a hunk ends too early").as_bytes().first() {
                Some(b' ') => (old, new) = (old - 1, new - 1),
                Some(b'-') => old -= 1,
                Some(b'+') => new -= 1,
                other => panic!("a hunk's line starts with {other:?}"),
            }
        }
    }
    assert_eq!(files, [SOURCE, HEADER]);
}

/// `1005,11 +1005,21 @@ …`: the two counts.
fn counts(hunk: &str) -> (usize, usize) {
    let (old, rest) = hunk.split_once(" +").expect("a hunk's new range");
    let (new, _) = rest.split_once(" @@").expect("the end of a hunk's ranges");
    let count = |range: &str| {
        range
            .split_once(',')
            .map_or(1, |(_, count)| count.parse().unwrap())
    };
    (count(old), count(new))
}

fn names(patch: &str) {
    let added: String = added(patch).collect::<Vec<_>>().join("\n");
    for name in [
        r#"SWITCH_ADD_API(api_interface, "verto_punt""#,
        r#"switch_event_add_header_string(req_params, SWITCH_STACK_BOTTOM, "verto_sessid", sessid)"#,
        r#"switch_event_add_header_string(s_event, SWITCH_STACK_BOTTOM, "verto_sessid", jsock->uuid_str)"#,
        r#"jrpc_new_req("verto.punt""#,
        r#""Missing sessid""#,
        r#""Invalid sessid""#,
        r#""Different sessid""#,
        r#""+OK "#,
        r#""-ERR "#,
        r#"switch_console_add_complete_func("::verto::list_sessions""#,
        r#"switch_console_del_complete_func("::verto::list_sessions""#,
    ] {
        assert!(added.contains(name), "{name} is gone");
    }
}

fn logs(patch: &str) {
    for line in added(patch).filter(|line| line.contains("switch_log_printf") || line.contains("die(")) {
        let whole = line.contains("sessid")
            || line.contains("cmd")
            || (line.contains("uuid_str") && !line.contains("%.8s"));
        assert!(!whole, "logs a session id: {line}");
    }
}

/// What differs between the series is what 1.10 needs besides.
fn contained() -> Result<(), Failed> {
    let [older, newer] = SERIES.map(text);
    let older: BTreeSet<&str> = added(&older).collect();
    let missing: Vec<&str> = added(&newer).filter(|line| !older.contains(line)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "only in the patch for 1.11");
    Ok(())
}

// ---- patches/check

fn no_tree() -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(folder.path());
    assert!(error.contains("not a FreeSWITCH source tree"), "{error}");
    Ok(())
}

fn other_version() -> Result<(), Failed> {
    let tree = made_up("9", "9");
    let error = refused(tree.path());
    assert!(error.contains("no patch for FreeSWITCH 1.9.9"), "{error}");
    assert!(
        SERIES.iter().all(|series| error.contains(series)),
        "names those there are: {error}"
    );
    Ok(())
}

fn other_sources() -> Result<(), Failed> {
    let tree = made_up("11", "1-release");
    let error = refused(tree.path());
    assert!(
        error.contains("does not apply to FreeSWITCH 1.11.1-release"),
        "{error}"
    );
    for file in [SOURCE, HEADER] {
        assert_eq!(
            fs::read_to_string(tree.path().join(file)).unwrap(),
            "int nothing;\n"
        );
    }
    Ok(())
}

/// A tree with the right names and nothing of FreeSWITCH in it.
fn made_up(minor: &str, micro: &str) -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    fs::create_dir_all(tree.path().join(SOURCE).parent().unwrap()).unwrap();
    for file in [SOURCE, HEADER] {
        fs::write(tree.path().join(file), "int nothing;\n").unwrap();
    }
    let version = [("MAJOR", "1"), ("MINOR", minor), ("MICRO", micro)]
        .map(|(part, value)| format!("AC_SUBST(SWITCH_VERSION_{part}, [{value}])\n"));
    fs::write(tree.path().join("configure.ac"), version.concat()).unwrap();
    tree
}

// ---- with sources

fn applies(source: &Path) {
    let before = [SOURCE, HEADER].map(|file| fs::read(source.join(file)).unwrap());
    let output = check(source);
    assert!(output.status.success(), "{}: {}", source.display(), said(&output));
    let after = [SOURCE, HEADER].map(|file| fs::read(source.join(file)).unwrap());
    assert!(before == after, "patches/check has changed {}", source.display());
}

fn patched(source: &Path) {
    let tree = copy(source);
    let series = series_of(source);
    let patch = repository().join("patches").join(series).join("verto_punt.patch");
    let apply = Command::new("git")
        .args(["apply", "-p1"])
        .arg(patch)
        .current_dir(tree.path())
        .env("GIT_CEILING_DIRECTORIES", tree.path().parent().unwrap())
        .output()
        .unwrap();
    assert!(apply.status.success(), "{}", said(&apply));
    let error = refused(tree.path());
    assert!(error.contains("patched already"), "{error}");
}

/// A line that the patch leans on reads otherwise.
fn moved_on(source: &Path) {
    let tree = copy(source);
    let file = tree.path().join(SOURCE);
    let text = fs::read_to_string(&file).unwrap();
    let changed = text.replace(
        "detach_calls(jsock);\n\n\tdel_jsock(jsock);",
        "leave_calls(jsock);\n\n\tdel_jsock(jsock);",
    );
    assert_ne!(
        text, changed,
        "the patch leans on another line now: choose it here"
    );
    fs::write(&file, changed).unwrap();
    let error = refused(tree.path());
    assert!(error.contains("does not apply"), "{error}");
}

fn with_sources(test: fn(&Path)) -> Result<Completion, Failed> {
    let Some(paths) = std::env::var_os("PBX_FREESWITCH_SOURCE").filter(|paths| !paths.is_empty()) else {
        return Ok(Completion::ignored_with(
            "PBX_FREESWITCH_SOURCE names no FreeSWITCH source tree",
        ));
    };
    for source in std::env::split_paths(&paths) {
        test(&source);
    }
    Ok(Completion::Completed)
}

/// The three files that matter, somewhere else.
fn copy(source: &Path) -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    fs::create_dir_all(tree.path().join(SOURCE).parent().unwrap()).unwrap();
    for file in ["configure.ac", SOURCE, HEADER] {
        fs::copy(source.join(file), tree.path().join(file)).unwrap();
    }
    tree
}

fn series_of(source: &Path) -> &'static str {
    let text = fs::read_to_string(source.join("configure.ac")).unwrap();
    let minor = |series: &str| format!("SWITCH_VERSION_MINOR, [{}]", series.trim_start_matches("1."));
    SERIES
        .into_iter()
        .find(|series| text.contains(&minor(series)))
        .expect("a series with a patch")
}

// ---- helpers

fn each(test: fn(&str)) -> Result<(), Failed> {
    SERIES.map(text).iter().for_each(|patch| test(patch));
    Ok(())
}

fn text(series: &str) -> String {
    fs::read_to_string(repository().join("patches").join(series).join("verto_punt.patch")).unwrap()
}

/// The lines that a patch adds, without indentation.
fn added(patch: &str) -> impl Iterator<Item = &str> {
    let lines = patch.lines().filter(|line| !line.starts_with("+++"));
    lines
        .filter_map(|line| line.strip_prefix('+'))
        .map(str::trim)
        .filter(|line| !line.is_empty())
}

fn refused(tree: &Path) -> String {
    let output = check(tree);
    assert!(
        !output.status.success(),
        "{} passed: {}",
        tree.display(),
        said(&output)
    );
    said(&output)
}

fn check(tree: &Path) -> Output {
    Command::new(repository().join("patches/check"))
        .arg(tree)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
