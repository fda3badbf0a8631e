//! Whatever can be asked of both hosts, the stand-in and a real switch: one table, and what runs it.
//!
//! The table is the `.txt` files beside this one, in the order of their names, all on one host that starts
//! with deploy's configuration and no database:
//!
//! ```text
//! # why this is asked
//! > pbx domain add acme.test
//! +OK domain acme.test added (revision 1)
//! ```
//!
//! A line after `> ` is a command, as it is typed in fs_cli; what follows is the answer, without blank lines
//! and with `<…>` for what no two runs have in common (see [`plain`]); `<cases>` is this folder. After a change that is meant,
//! `UPDATE_EXPECT=1 cargo test --test standin_host` writes the answers anew: read the difference.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use regex::Regex;

/// A host that takes commands.
pub(crate) trait Host {
    /// Runs one command as fs_cli does, and returns what fs_cli prints.
    fn cli(&mut self, command: &str) -> String;

    /// What only this host says (its version, its directories), and what stands for it in the table, in
    /// commands too: `<version>`, and `<storage>` and `<certs>` for the switch's directories.
    fn own_words(&self) -> Vec<(String, &'static str)>;
}

/// Runs the whole table.
///
/// # Panics
/// Answers differ from the table; says which, and how.
pub(crate) fn run(host: &mut dyn Host) {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut complaints = String::new();
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("a table of cases");
        let mut steps = parse(&text, &file);
        for step in steps.iter_mut().filter(|step| !step.command.is_empty()) {
            let mut words = host.own_words();
            words.push((folder().display().to_string(), "<cases>"));
            let named = words.iter().filter(|(_, stands_for)| stands_for.starts_with('<'));
            let command = named.fold(step.command.clone(), |command, (own, stands_for)| {
                command.replace(stands_for, own)
            });
            let answer = plain(&host.cli(&command), &words);
            if answer != step.answer {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let (wanted, got) = (step.answer.join("\n    "), answer.join("\n    "));
                let _ = write!(
                    complaints,
                    "\n{name}: > {}\n  the table says\n    {wanted}\n  the host says\n    {got}\n",
                    step.command
                );
                step.answer = answer;
            }
        }
        if update {
            std::fs::write(&file, steps.iter().map(Step::to_text).collect::<String>()).expect("writable");
        }
    }
    assert!(update || complaints.is_empty(), "{complaints}");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the folder of this file");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(!files.is_empty(), "there are no cases");
    files
}

/// A command with its answer, and the remarks before it.
#[derive(Default)]
struct Step {
    remarks: Vec<String>,
    command: String,
    answer: Vec<String>,
}

impl Step {
    fn to_text(&self) -> String {
        let mut lines = self.remarks.clone();
        if !self.command.is_empty() {
            lines.push(format!("> {}", self.command));
            lines.extend(self.answer.clone());
            lines.push(String::new());
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

fn parse(text: &str, file: &Path) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut remarks = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("> ") {
            let (remarks, command) = (std::mem::take(&mut remarks), command.to_owned());
            steps.push(Step {
                remarks,
                command,
                answer: Vec::new(),
            });
        } else if line.starts_with('#') {
            remarks.push(line.to_owned());
        } else if !line.trim().is_empty() {
            let step = steps.last_mut();
            step.unwrap_or_else(|| panic!("{}: an answer without a command", file.display()))
                .answer
                .push(line.to_owned());
        }
    }
    if !remarks.is_empty() {
        steps.push(Step {
            remarks,
            ..Step::default()
        });
    }
    steps
}

/// An answer without what differs from run to run: ids, times, secrets that were made up, sizes, the host's own
/// words, blank lines.
fn plain(answer: &str, own_words: &[(String, &'static str)]) -> Vec<String> {
    const RULES: [(&str, &str); 12] = [
        (
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "<uuid>",
        ),
        (r"\d{4}-\d\d-\d\d[T ]\d\d[:-]\d\d[:-]\d\d(\.\d+)?Z?", "<time>"),
        (r"\S+( +\(shown only this once\))", "<secret>$1"),
        (r"(?m)\b\d{16}\b( +\d{6}$)?", "<secret>"),
        (r#""(password|voicemail_pin)":"[^"]*""#, r#""$1":"<secret>""#),
        (
            r#"name="a1-hash" value="[0-9a-f]{32}""#,
            r#"name="a1-hash" value="<a1>""#,
        ),
        (
            r#"name="vm-password" value="\d+""#,
            r#"name="vm-password" value="<pin>""#,
        ),
        (r"\d+\.\d [kMG]?B\b", "<size>"),
        (r"running for( +)\d+ \w+( \d+ \w+)?", "running for$1<uptime>"),
        (r"newest backup( +).*", "newest backup$1<backup>"),
        // How many there were depends on what else the switch has to do.
        (r"(?m)^  \w+ lookups .*$", ""),
        // Nor how wide that makes a column.
        (r" {2,}", "  "),
    ];
    let mut text = answer.to_owned();
    for (own, stands_for) in own_words.iter().filter(|(own, _)| !own.is_empty()) {
        text = text.replace(own, stands_for);
    }
    for (pattern, replacement) in RULES {
        let pattern = Regex::new(pattern).expect("a pattern of ours");
        text = pattern.replace_all(&text, replacement).into_owned();
    }
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}
