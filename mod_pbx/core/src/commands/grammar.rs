//! From a typed line to words, and from clap's complaints to one line that says what to do.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::out::Refusal;

/// Longest line that is looked at; fs_cli itself stops far below.
const LONGEST_LINE: usize = 64 << 10;

/// A line taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    /// The words, quotes resolved.
    pub(super) words: Vec<String>,
    /// `json` was the last word.
    pub(super) machine: bool,
    /// `help` was the last word.
    pub(super) help: bool,
}

/// Splits a line as a shell does. `json` and `help` count as last words only if they are not quoted.
///
/// # Errors
/// A quote is not closed, or the line is too long.
pub(super) fn split(line: &str) -> Result<Spoken, Refusal> {
    if line.len() > LONGEST_LINE {
        return Err(Refusal(format!("the line is longer than {LONGEST_LINE} bytes")));
    }
    let (line, machine) = without_last(line, &["json"]);
    let (line, help) = without_last(line, &["help", "--help", "-h"]);
    match shlex::split(line) {
        Some(words) => Ok(Spoken { words, machine, help }),
        None => Err(Refusal(
            "a quote is not closed: close it, or write \\' or \\\" for the character itself".to_owned(),
        )),
    }
}

fn without_last<'a>(line: &'a str, words: &[&str]) -> (&'a str, bool) {
    let line = line.trim();
    let last = line.rsplit(char::is_whitespace).next().unwrap_or_default();
    if words.contains(&last) {
        (line[..line.len() - last.len()].trim_end(), true)
    } else {
        (line, false)
    }
}

/// The deepest command that `words` name, and how many of them it took.
pub(super) fn walk<'c>(root: &'c clap::Command, words: &[String]) -> (&'c clap::Command, usize) {
    let mut command = root;
    for (taken, word) in words.iter().enumerate() {
        match command.find_subcommand(word) {
            Some(next) => command = next,
            None => return (command, taken),
        }
    }
    (command, words.len())
}

/// `Usage: pbx …` of a command.
pub(super) fn usage(command: &clap::Command) -> String {
    command.clone().render_usage().to_string()
}

/// What is wrong with a line, in our words.
pub(super) fn complaint(error: &clap::Error, command: &clap::Command) -> Refusal {
    let one = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(all)) => Some(all.join(", ")),
        _ => None,
    };
    let argument = one(ContextKind::InvalidArg).unwrap_or_default();
    let value = one(ContextKind::InvalidValue).unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = one(ContextKind::InvalidSubcommand).unwrap_or_default();
            let hint = one(ContextKind::SuggestedSubcommand)
                .map_or_else(String::new, |like| format!(", did you mean {like}?"));
            format!("there is no command {word:?}{hint}")
        }
        ErrorKind::MissingRequiredArgument => format!("{argument} is missing"),
        ErrorKind::UnknownArgument => {
            let pair = argument
                .split_once('=')
                .filter(|(name, _)| !name.starts_with('-'))
                .map(|(name, value)| format!(", write --{name} {value}"));
            let hint = one(ContextKind::SuggestedArg).map(|like| format!(", did you mean {like}?"));
            format!(
                "{argument} has no place here{}",
                pair.or(hint).unwrap_or_default()
            )
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} needs a value"),
        ErrorKind::InvalidValue => {
            let takes = one(ContextKind::ValidValue).unwrap_or_default();
            format!("{argument} takes one of {takes}, not {value:?}")
        }
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            Some(why) => why.to_string(),
            None => format!("{argument} does not take {value:?}"),
        },
        ErrorKind::ArgumentConflict => {
            let other = one(ContextKind::PriorArg).unwrap_or_default();
            if other == argument || other.is_empty() {
                format!("{argument} is there twice")
            } else {
                format!("{argument} and {other} exclude each other: leave one out")
            }
        }
        _ => {
            let rendered = error.to_string();
            let first = rendered.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        }
    };
    Refusal(format!("{what}\n{}", usage(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        split(line).unwrap().words
    }

    #[test]
    fn a_line_splits_as_in_a_shell() {
        assert_eq!(words("a 'b c' \"d e\" f\\ g"), ["a", "b c", "d e", "f g"]);
        assert!(words("   ").is_empty());
        assert!(split("a 'b").unwrap_err().0.contains("quote"));
        assert!(split(&"x".repeat(1 << 17)).unwrap_err().0.contains("longer"));
    }

    #[test]
    fn last_words_count_only_unquoted() {
        let machine = split("domain list json ").unwrap();
        assert!(machine.machine && machine.words == ["domain", "list"]);
        let quoted = split("user add json1 --name 'json'").unwrap();
        assert!(!quoted.machine && quoted.words.len() == 5);
        let both = split("domain add help json").unwrap();
        assert!(both.machine && both.help && both.words == ["domain", "add"]);
        assert!(split("json").unwrap().words.is_empty());
    }
}
