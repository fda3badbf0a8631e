//! Every lookup that FreeSWITCH makes, with the answer it gets: `golden/cases` says what is asked,
//! `golden/<app>/<case>.xml` what is answered. `UPDATE_GOLDEN=1` writes the answers anew.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use common::World;

struct Case {
    name: String,
    world: String,
    section: String,
    pairs: Vec<(String, String)>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// `app/case world section key=value …`, quoted as in a shell; `#` begins a comment.
fn cases() -> Vec<Case> {
    let text = fs::read_to_string(folder().join("cases")).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = shlex::split(line).expect(line).into_iter();
            let mut next = || words.next().expect(line);
            let (name, world, section) = (next(), next(), next());
            let pair = |word: String| {
                let (key, value) = word.split_once('=').expect(line);
                (key.to_owned(), value.to_owned())
            };
            Case {
                name,
                world,
                section,
                pairs: words.map(pair).collect(),
            }
        })
        .collect()
}

/// One element a line: what a person can compare.
fn readable(document: &str) -> String {
    document.replace("><", ">\n<") + "\n"
}

#[test]
fn every_lookup_has_the_answer_that_is_written_down() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let pairs = case.pairs.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let reply = World::named(&case.world).ask(&case.section, pairs);
        let answer = readable(reply.as_text());
        let file = folder().join(format!("{}.xml", case.name));
        if update {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, answer).unwrap();
        } else if fs::read_to_string(&file).unwrap_or_default() != answer {
            wrong.push(format!("{}:\n{answer}", case.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "not as in golden/ (UPDATE_GOLDEN=1 rewrites):\n{}",
        wrong.join("\n")
    );
}

/// A switch's thread has 240 kB of stack (`SWITCH_THREAD_STACKSIZE`), and its own frames are on it too.
#[test]
fn every_lookup_fits_into_64_kb_of_stack() {
    for case in cases() {
        let world = World::named(&case.world);
        let pairs = case.pairs.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let pairs: Vec<_> = pairs.collect();
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name(case.name.clone())
                .stack_size(64 * 1024)
                .spawn_scoped(scope, || {
                    world.ask(&case.section, pairs);
                });
            thread.unwrap().join().unwrap();
        });
    }
}

#[test]
fn every_golden_file_belongs_to_one_case() {
    let cases = cases();
    let named: BTreeSet<String> = cases.iter().map(|case| case.name.clone()).collect();
    assert_eq!(named.len(), cases.len(), "two cases have the same name");
    let mut files = BTreeSet::new();
    for app in fs::read_dir(folder()).unwrap().map(Result::unwrap) {
        if app.file_type().unwrap().is_dir() {
            let app_name = app.file_name().into_string().unwrap();
            for file in fs::read_dir(app.path()).unwrap().map(Result::unwrap) {
                let path = file.path();
                let stem = path.file_stem().unwrap().to_str().unwrap();
                files.insert(format!("{app_name}/{stem}"));
            }
        }
    }
    assert_eq!(files, named);
}
