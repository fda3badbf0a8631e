//! Tab completion: words of the grammar, and names out of the database.
//!
//! The console's own table (`switch_console_set_complete`) holds nothing but a reference to this.

use clap::{Arg, Command};

use super::grammar;
use super::lookup::SECTIONS;
use crate::bans::Listed;
use crate::pbx::Pbx;
use crate::store::settings::CATALOGUE;
use crate::store::{Page, Reader, StoreError};

/// The most names offered at once: a terminal shows no more.
const MOST_NAMES: u32 = 100;

/// What the last word of `line` may become: whole words without blanks, in order. A line that ends in a
/// blank asks for the next word. A leading `pbx` is left aside. Reads the database; no lookup's thread.
pub fn complete(pbx: &Pbx, line: &str) -> Vec<String> {
    let line = line.trim_start();
    let line = line.strip_prefix("pbx ").unwrap_or(line);
    let mut words: Vec<String> = line.split_ascii_whitespace().map(str::to_owned).collect();
    let last = if line.is_empty() || line.ends_with(' ') {
        String::new()
    } else {
        words.pop().unwrap_or_default()
    };
    let root = super::grammar();
    let (command, taken) = grammar::walk(&root, &words);
    let mut found = if command.has_subcommands() {
        if taken < words.len() {
            Vec::new()
        } else {
            command
                .get_subcommands()
                .map(|sub| sub.get_name().to_owned())
                .collect()
        }
    } else {
        candidates(pbx, command, &words[..taken], &words[taken..], &last)
    };
    found.retain(|word| word.starts_with(&last) && !word.contains(char::is_whitespace));
    found.sort();
    found.dedup();
    found
}

fn candidates(pbx: &Pbx, command: &Command, path: &[String], words: &[String], last: &str) -> Vec<String> {
    let option = |word: &String| {
        command.get_arguments().find(|arg| {
            arg.get_long()
                .is_some_and(|long| word.strip_prefix("--") == Some(long))
        })
    };
    let positional = |at: usize| {
        command.get_positionals().nth(at).or_else(|| {
            command
                .get_positionals()
                .last()
                .filter(|arg| arg.get_num_args().is_some_and(|n| n.max_values() > 1))
        })
    };
    if let Some(arg) = words.last().and_then(option)
        && arg.get_action().takes_values()
        && !last.starts_with("--")
    {
        return values(pbx, arg, path, words, last);
    }
    let mut found: Vec<String> = command
        .get_opts()
        .chain(
            command
                .get_arguments()
                .filter(|arg| !arg.is_positional() && !arg.get_action().takes_values()),
        )
        .filter_map(Arg::get_long)
        .map(|long| format!("--{long}"))
        .filter(|long| !words.contains(long) || long == "--line")
        .collect();
    found.extend(["json".to_owned(), "help".to_owned()]);
    // Words that are neither options nor an option's value.
    let mut place = 0;
    let mut before: Option<&Arg> = None;
    for word in words {
        let is_value = before.is_some_and(|arg| arg.get_action().takes_values());
        before = option(word);
        if before.is_none() && !is_value {
            place += 1;
        }
    }
    if !last.starts_with('-')
        && let Some(arg) = positional(place)
    {
        found.extend(values(pbx, arg, path, words, last));
    }
    found
}

/// What an argument may be, by what it is called.
fn values(pbx: &Pbx, arg: &Arg, path: &[String], words: &[String], last: &str) -> Vec<String> {
    let fixed = arg.get_possible_values();
    if !fixed.is_empty() {
        return fixed.iter().map(|value| value.get_name().to_owned()).collect();
    }
    let noun = path.first().map(String::as_str).unwrap_or_default();
    // The name of what an `add` makes is not there yet.
    if path.last().is_some_and(|verb| verb == "add") && arg.is_positional() {
        return Vec::new();
    }
    match arg.get_id().as_str() {
        "domain" => domains(pbx),
        "extension" | "number" if noun == "caller-id" && path.last().is_some_and(|verb| verb != "use") => {
            owned(pbx)
        }
        "extension" | "number" | "member" | "add" | "remove" => names(pbx, Noun::Extension, words, last),
        "target" => {
            let mut found = names(pbx, Noun::Extension, words, last);
            found.push("off".to_owned());
            found
        }
        "username" => names(pbx, Noun::Line, words, last),
        "schedule" => names(pbx, Noun::Schedule, words, last),
        "did" => names(pbx, Noun::Did, words, last),
        "user" => names(pbx, Noun::User, words, last),
        "name" | "rename" if noun == "domain" => domains(pbx),
        "name" | "rename" if noun == "group" => in_domains(pbx, |reader, domain| {
            Ok(reader
                .groups(domain)?
                .iter()
                .map(|row| row.name.to_string())
                .collect())
        }),
        "group" => in_domains(pbx, |reader, domain| {
            Ok(reader
                .groups(domain)?
                .iter()
                .map(|row| row.name.to_string())
                .collect())
        }),
        "name" if noun == "route" => in_domains(pbx, |reader, domain| {
            Ok(reader
                .routes(domain)?
                .iter()
                .map(|row| row.name.to_string())
                .collect())
        }),
        "pattern" if noun == "block" => in_domains(pbx, |reader, domain| {
            Ok(reader
                .blocks(domain)?
                .iter()
                .map(|row| row.pattern.to_string())
                .collect())
        }),
        "caller_id" | "emergency" => owned(pbx),
        "name" if noun == "user" => names(pbx, Noun::User, words, last),
        "name" if noun == "schedule" => names(pbx, Noun::Schedule, words, last),
        "name" if noun == "channel" => names(pbx, Noun::Extension, words, last),
        "name" if noun == "gateway" => {
            let snapshot = pbx.store().snapshot();
            let names = snapshot.gateways.iter().map(|gateway| gateway.name.to_string());
            names.collect()
        }
        "name" if noun == "setting" => CATALOGUE.iter().map(|setting| setting.name.to_owned()).collect(),
        "address" if noun == "ban" => pbx.bans().list().into_iter().map(|ban| ban.address).collect(),
        "account" if noun == "ban" => {
            let there = |ban: &Listed| words.first() == Some(&ban.address);
            let bans = pbx.bans().list().into_iter().filter(there);
            bans.filter_map(|ban| ban.account).collect()
        }
        "session" if noun == "punt" => {
            let view = pbx.clients().view();
            view.all().map(|client| client.session.to_string()).collect()
        }
        "rev" => revisions(pbx),
        "section" => SECTIONS.map(str::to_owned).to_vec(),
        "pairs" => [
            "key_value=",
            "tag_name=",
            "key_name=",
            "user=",
            "domain=",
            "action=",
        ]
        .map(str::to_owned)
        .to_vec(),
        "command" => super::grammar()
            .get_subcommands()
            .map(|sub| sub.get_name().to_owned())
            .collect(),
        "voicemail" | "enabled" | "register" => ["yes", "no"].map(str::to_owned).to_vec(),
        _ => Vec::new(),
    }
}

enum Noun {
    User,
    Extension,
    Line,
    Schedule,
    Did,
}

fn domains(pbx: &Pbx) -> Vec<String> {
    let mut names: Vec<String> = pbx
        .store()
        .snapshot()
        .domains
        .keys()
        .map(ToString::to_string)
        .collect();
    names.sort();
    names
}

/// Names that begin as the word being typed does. With several domains each is followed by its own,
/// unless one was typed as `--domain`.
fn names(pbx: &Pbx, noun: Noun, words: &[String], last: &str) -> Vec<String> {
    let flagged = words
        .iter()
        .position(|word| word == "--domain")
        .and_then(|at| words.get(at + 1));
    let (search, at) = last
        .split_once('@')
        .map_or((last, None), |(name, domain)| (name, Some(domain)));
    let page = Page::first(MOST_NAMES);
    let found = pbx.store().read(|reader| {
        let domains = reader.domains()?;
        let several = domains.len() > 1 && flagged.is_none();
        let mut found = Vec::new();
        for domain in domains {
            let name = domain.name.as_str();
            let wanted = flagged.is_none_or(|flag| flag.eq_ignore_ascii_case(name))
                && at.is_none_or(|at| name.starts_with(at));
            if !wanted || found.len() >= MOST_NAMES as usize {
                continue;
            }
            let names: Vec<String> = match noun {
                Noun::User => reader
                    .users(Some(domain.id), search, page)?
                    .rows
                    .into_iter()
                    .map(|row| row.name.to_string())
                    .collect(),
                Noun::Extension => reader
                    .extensions(domain.id, search, page)?
                    .rows
                    .into_iter()
                    .map(|row| row.number.to_string())
                    .collect(),
                Noun::Did => reader
                    .dids(domain.id, search, page)?
                    .rows
                    .into_iter()
                    .map(|row| row.number.to_string())
                    .collect(),
                Noun::Schedule => reader
                    .schedules(domain.id, search, page)?
                    .rows
                    .into_iter()
                    .map(|row| row.name.to_string())
                    .collect(),
                Noun::Line => reader
                    .lines(domain.id, search, page)?
                    .rows
                    .into_iter()
                    .map(|row| row.username.to_string())
                    .collect(),
            };
            let starting = names.into_iter().filter(|word| word.starts_with(search));
            found.extend(starting.map(|word| {
                if several || at.is_some() {
                    format!("{word}@{name}")
                } else {
                    word
                }
            }));
        }
        Ok(found)
    });
    // Nothing is offered while the database cannot be read; the command itself says why.
    found.unwrap_or_default()
}

fn owned(pbx: &Pbx) -> Vec<String> {
    in_domains(pbx, |reader, domain| {
        Ok(reader
            .caller_ids(domain)?
            .iter()
            .map(|row| row.number.to_string())
            .collect())
    })
}

/// What every domain has of something, as far as a terminal shows it.
fn in_domains(
    pbx: &Pbx,
    of: impl Fn(&Reader<'_>, uuid::Uuid) -> Result<Vec<String>, StoreError>,
) -> Vec<String> {
    let found = pbx.store().read(|reader| {
        let mut found = Vec::new();
        for domain in reader.domains()? {
            found.extend(of(reader, domain.id)?);
        }
        found.truncate(MOST_NAMES as usize);
        Ok(found)
    });
    found.unwrap_or_default()
}

fn revisions(pbx: &Pbx) -> Vec<String> {
    let page = Page::first(20);
    let found = pbx.store().read(|reader| {
        Ok(reader
            .revisions(page)?
            .rows
            .iter()
            .map(|r| r.rev.to_string())
            .collect())
    });
    found.unwrap_or_default()
}
