//! The `pbx …` command language: what an administrator types in fs_cli.
//!
//! One file a noun; each is a clap grammar and what its verbs do. Help, errors and completion all come
//! from the same grammar. Names are said as `1001`, `1001@pbx.test` or `1001 --domain pbx.test`; options
//! are `--name value` throughout, the same for `add` and `set`; the last word `json` asks for output for
//! programs, `help` for an explanation. A command that changes something is one revision.
//!
//! Nothing here holds a lock or runs in a lookup: see [`crate::pbx::Pbx::command`] for the thread.

mod address;
mod backup;
mod ban;
mod block;
mod caller_id;
mod calls;
mod cap;
mod channel;
mod check;
mod client;
mod completion;
mod desk;
mod did;
mod did_target;
mod domain;
mod explain;
mod extension;
mod extension_add;
mod forward;
mod gateway;
mod gateway_options;
mod grammar;
mod group;
mod help;
mod import;
mod key;
mod line;
mod lookup;
mod mail;
mod out;
mod phone;
mod plan;
mod presence;
mod progress;
mod revisions;
mod route;
mod route_options;
mod route_view;
mod schedule;
mod schedule_import;
mod sessions;
mod setting;
mod status;
mod system;
mod user;
mod user_delete;
mod user_password;
mod view;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::pbx::Pbx;
use desk::{ACTOR, Desk};
use out::{Answer, Refusal, Said};

pub use completion::complete;
pub use import::Upload;
pub(crate) use import::upload;
pub use progress::Progress;
pub(crate) use status::{attention, help_warnings};

/// The PBX's commands; json as the last word of any prints for programs, help explains it
#[derive(Debug, Parser)]
#[command(name = "pbx", bin_name = "pbx")]
#[command(
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true
)]
#[command(after_help = "\
pbx help COMMAND, or help as the last word of a command, says more: pbx extension add help
Names: 1001, or 1001@DOMAIN, or 1001 --domain DOMAIN; with only one domain it need not be said.
Values with blanks go in quotes: --name \"Alice Adams\". A change is a revision: pbx revert N undoes it.
One that breaks a route test (pbx check) is refused, unless --force is behind it.")]
struct Line {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tenants, each a SIP domain
    #[command(subcommand)]
    Domain(domain::Verb),
    /// People
    #[command(subcommand)]
    User(user::Verb),
    /// Numbers that ring somebody
    #[command(subcommand)]
    Extension(extension::Verb),
    /// Where calls to an extension go instead of to its phones
    Forward(forward::Forward),
    /// Do not disturb: whether an extension's phones ring
    Dnd(forward::Dnd),
    /// Credentials that phones register with
    #[command(subcommand)]
    Line(line::Verb),
    /// What programs show to the JSON API instead of a password
    #[command(subcommand)]
    Key(key::Verb),
    /// Pages that browser clients log in to
    #[command(subcommand)]
    Channel(channel::Verb),
    /// Numbers that the outside world dials, and whom they ring
    #[command(subcommand)]
    Did(did::Verb),
    /// When something is open: hours, holidays, an override by day or night
    #[command(subcommand)]
    Schedule(schedule::Verb),
    /// Ways out of the PBX, and in
    #[command(subcommand)]
    Gateway(gateway::Verb),
    /// How numbers are dialled
    #[command(subcommand)]
    Plan(plan::Verb),
    /// Extensions that share a grant
    #[command(subcommand)]
    Group(group::Verb),
    /// Ways out, and who may take them
    #[command(subcommand)]
    Route(route::Verb),
    /// Numbers that a domain owns, and who calls as them
    #[command(subcommand)]
    CallerId(caller_id::Verb),
    /// Numbers that nobody may call
    #[command(subcommand)]
    Block(block::Verb),
    /// How much extensions may call out
    #[command(subcommand)]
    Cap(cap::Verb),
    /// Addresses, ports, limits
    #[command(subcommand)]
    Setting(setting::Verb),
    /// Shows who is online, and with which phones
    Presence(presence::Presence),
    /// Who called whom, and how it ended
    Calls(calls::Calls),
    /// Who is refused for having tried passwords
    #[command(subcommand)]
    Ban(ban::Verb),
    /// Browsers that may log in by verto
    #[command(subcommand)]
    Client(client::Verb),
    /// Ends a browser's session
    Punt(client::Punt),
    /// Who is signed in to the web pages
    #[command(subcommand)]
    Sessions(sessions::Verb),
    /// Mail and webhooks that wait or were given up
    #[command(subcommand)]
    Mail(mail::Verb),
    /// Asks what calls out must do, whatever is changed
    Check(check::Check),
    /// Says what happens to a call, and why
    Explain(explain::Explain),
    /// Asks what the switch would ask, and prints what it would get
    Lookup(lookup::Lookup),
    /// Lists who answers which lookup
    Handlers(system::Handlers),
    /// Shows how the PBX is doing
    Status(status::Status),
    /// Lists who changed what, newest first
    Revisions(revisions::Revisions),
    /// Undoes a revision
    Revert(revisions::Revert),
    /// Writes a backup of the database
    Backup(backup::Backup),
    /// Puts a backup in the place of the database
    Restore(backup::Restore),
    /// Takes over what another system has
    #[command(subcommand)]
    Import(import::Verb),
    /// Takes new parameters of pbx.conf
    Reload(system::Reload),
    /// Shows the versions of mod_pbx and FreeSWITCH
    Version(system::Version),
    /// Explains the commands
    Help(help::Help),
}

/// Makes a change though it breaks a route test.
const FORCE: &str = "--force";

/// The grammar, complete with the paths that usage lines need.
fn grammar() -> clap::Command {
    let mut root = Line::command();
    root.build();
    root
}

/// Runs the command `line` (what follows `pbx `) and writes its answer with `out`, which ends in a line
/// break unless it is a document of `pbx lookup`. Errors are one answer that begins with `-ERR `.
///
/// Blocks on the database and on files; needs about 1 MB of stack.
pub fn run(pbx: &Pbx, line: &str, out: &mut dyn FnMut(&str)) {
    match answer(pbx, line) {
        Ok((answer, false)) => out(&answer.text),
        Ok((answer, true)) => out(&format!("{}\n", answer.json)),
        Err(Refusal(why)) => {
            let lines: Vec<String> = why.trim_end().lines().map(out::plain).collect();
            out(&format!("-ERR {}\n", lines.join("\n")));
        }
    }
}

fn answer(pbx: &Pbx, line: &str) -> Result<(Answer, bool), Refusal> {
    let mut spoken = grammar::split(line)?;
    let words = spoken.words.len();
    spoken.words.retain(|word| word != FORCE);
    let desk = &Desk {
        pbx,
        actor: ACTOR,
        force: spoken.words.len() < words,
    };
    let root = grammar();
    let (command, _) = grammar::walk(&root, &spoken.words);
    let noun = command.has_subcommands() && command.is_subcommand_required_set();
    if spoken.help || noun && grammar::walk(&root, &spoken.words).1 == spoken.words.len() {
        return Ok((help::about(&root, &spoken.words)?, spoken.machine));
    }
    let words = std::iter::once("pbx".to_owned()).chain(spoken.words.iter().cloned());
    let parsed = root
        .clone()
        .try_get_matches_from(words)
        .and_then(|matches| Line::from_arg_matches(&matches))
        .map_err(|error| grammar::complaint(&error, command))?;
    Ok((execute(desk, parsed.verb, &root)?, spoken.machine))
}

fn execute(desk: &Desk<'_>, verb: Verb, root: &clap::Command) -> Said {
    match verb {
        Verb::Domain(verb) => verb.run(desk),
        Verb::User(verb) => verb.run(desk),
        Verb::Extension(verb) => verb.run(desk),
        Verb::Forward(forward) => forward.run(desk),
        Verb::Dnd(dnd) => dnd.run(desk),
        Verb::Line(verb) => verb.run(desk),
        Verb::Key(verb) => verb.run(desk),
        Verb::Channel(verb) => verb.run(desk),
        Verb::Did(verb) => verb.run(desk),
        Verb::Schedule(verb) => verb.run(desk),
        Verb::Gateway(verb) => verb.run(desk),
        Verb::Plan(verb) => verb.run(desk),
        Verb::Group(verb) => verb.run(desk),
        Verb::Route(verb) => verb.run(desk),
        Verb::CallerId(verb) => verb.run(desk),
        Verb::Block(verb) => verb.run(desk),
        Verb::Cap(verb) => verb.run(desk),
        Verb::Setting(verb) => verb.run(desk),
        Verb::Presence(presence) => presence.run(desk),
        Verb::Calls(calls) => calls.run(desk),
        Verb::Ban(verb) => verb.run(desk),
        Verb::Client(verb) => verb.run(desk),
        Verb::Punt(punt) => punt.run(desk),
        Verb::Sessions(verb) => verb.run(desk),
        Verb::Mail(verb) => verb.run(desk),
        Verb::Check(check) => check.run(desk),
        Verb::Explain(explain) => explain.run(desk),
        Verb::Lookup(lookup) => lookup.run(desk),
        Verb::Handlers(handlers) => handlers.run(desk),
        Verb::Status(status) => status.run(desk),
        Verb::Revisions(revisions) => revisions.run(desk),
        Verb::Revert(revert) => revert.run(desk),
        Verb::Backup(backup) => backup.run(desk),
        Verb::Restore(restore) => restore.run(desk),
        Verb::Import(verb) => verb.run(desk),
        Verb::Reload(reload) => reload.run(desk),
        Verb::Version(version) => version.run(desk),
        Verb::Help(help) => help.run(root),
    }
}
