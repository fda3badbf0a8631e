//! `pbx help`: everything it says comes from the grammar itself.

use clap::{Args, Command};
use serde_json::json;

use super::grammar::{usage, walk};
use super::out::{Answer, Said, Sheet, refuse};

#[derive(Debug, Args)]
#[command(after_help = "Example: pbx help extension add")]
pub(super) struct Help {
    /// The command to explain
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

impl Help {
    pub(super) fn run(self, root: &Command) -> Said {
        about(root, &self.command)
    }
}

/// What the command named by `words` does; words behind it do not matter.
pub(super) fn about(root: &Command, words: &[String]) -> Said {
    let (command, taken) = walk(root, words);
    if taken < words.len() && command.has_subcommands() {
        return refuse(format!(
            "there is no command {:?}: pbx help {}",
            words[..=taken].join(" "),
            words[..taken].join(" ")
        ));
    }
    let text = if command.has_subcommands() {
        overview(command, taken == 0)
    } else {
        leaf(command)
    };
    Ok(Answer::new(text.clone(), json!({"help": text})))
}

/// One command in full.
fn leaf(command: &Command) -> String {
    let text = command.clone().render_help().to_string();
    format!("{}\n", text.trim_end())
}

/// The commands below one.
fn overview(command: &Command, root: bool) -> String {
    let mut sheet = Sheet::default();
    for sub in command.get_subcommands() {
        let verbs: Vec<&str> = sub.get_subcommands().map(Command::get_name).collect();
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        sheet = if root {
            let name = if verbs.is_empty() {
                sub.get_name().to_owned()
            } else {
                format!("{} {}", sub.get_name(), verbs.join("|"))
            };
            sheet.row(name, about)
        } else {
            let usage = usage(sub);
            sheet.row(usage.trim_start_matches("Usage: ").to_owned(), about)
        };
    }
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let more = command
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut text = format!("{about}\n\n{}", sheet.text());
    if !more.is_empty() {
        text.push_str(&format!("\n{more}\n"));
    }
    text
}
