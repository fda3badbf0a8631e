//! The few commands of the switch's own that the stand-in has, in the switch's words.

use std::time::Instant;

use super::{fire, list, locate, voicemail};
use crate::{console, core, ledger, log, module, variables};

/// A command of the stand-in's own.
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) syntax: &'static str,
    pub(crate) run: fn(&str) -> String,
}

const fn builtin(
    name: &'static str,
    syntax: &'static str,
    description: &'static str,
    run: fn(&str) -> String,
) -> Builtin {
    Builtin {
        name,
        description,
        syntax,
        run,
    }
}

pub(crate) const BUILTIN: &[Builtin] = &[
    builtin(
        "console",
        "loglevel LEVEL",
        "How much is logged to the console",
        console_command,
    ),
    builtin(
        "console_complete",
        "<line>",
        "What could be typed next",
        console_complete,
    ),
    builtin(
        "domain_exists",
        "<domain>",
        "Check if a domain exists",
        locate::domain_exists,
    ),
    builtin(
        "fire",
        "<event> [<subclass>] [<name>=<value> ...]",
        "Stand-in only: fires an event, as if a phone had done something",
        fire::fire,
    ),
    builtin(
        "global_getvar",
        "[<name>]",
        "Get a global variable, or all",
        global_getvar,
    ),
    builtin("help", "", "This list", help),
    builtin(
        "ledger",
        "",
        "Stand-in only: what modules took and gave back",
        |_| ledger::balance().to_string(),
    ),
    builtin("load", "<mod_name>", "Load a module", load),
    builtin(
        "module_exists",
        "<mod_name>",
        "Check if a module is loaded",
        module_exists,
    ),
    builtin(
        "reload",
        "<mod_name>",
        "Unload a module and load it again",
        reload,
    ),
    builtin("reloadxml", "", "Read the static configuration again", reloadxml),
    builtin("shutdown", "", "Stop the host", shutdown),
    builtin("status", "", "Show current status", status),
    builtin("unload", "<mod_name>", "Unload a module", unload),
    builtin(
        "user_data",
        "<user>@<domain> var|param|attr <name>",
        "Find user data",
        locate::user_data,
    ),
    builtin(
        "user_exists",
        "<key> <user> <domain>",
        "Find a user",
        locate::user_exists,
    ),
    builtin("version", "[short]", "Show the version", version),
    builtin(
        "vm_delete",
        "<id>@<domain>[/profile] [<uuid>]",
        "vm_delete",
        voicemail::delete,
    ),
    builtin(
        "vm_fsdb_msg_delete",
        "<profile> <domain> <user> <uuid>",
        "vm_fsdb_msg_delete",
        voicemail::flag_deleted,
    ),
    builtin(
        "vm_fsdb_msg_purge",
        "<profile> <domain> <user>",
        "vm_fsdb_msg_purge",
        voicemail::purge,
    ),
    builtin(
        "vm_fsdb_pref_password_set",
        "<profile> <domain> <user> <password>",
        "vm_fsdb_pref_password_set",
        voicemail::set_password,
    ),
    builtin(
        "vm_read",
        "<id>@<domain>[/profile] <read|unread> [<uuid>]",
        "vm_read",
        voicemail::read,
    ),
    builtin(
        "voicemail_inject",
        "<box>@<domain> <sound_file> [<cid_num>] [<cid_name>]",
        "voicemail_inject",
        voicemail::inject,
    ),
    builtin(
        "xml_locate",
        "[root | <section> <tag> <tag_attr_name> <tag_attr_val> [name=value ...]]",
        "Find some xml; the parameters at the end are the stand-in's own",
        locate::xml_locate,
    ),
];

fn version(arguments: &str) -> String {
    let version = variables::version();
    if arguments == "short" {
        return format!("{version}\n");
    }
    format!("FreeSWITCH Version {version} (stand-in host: a test double, not FreeSWITCH)\n")
}

fn status(_: &str) -> String {
    let seconds = Instant::now().duration_since(core::started()).as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    format!(
        "UP 0 years, {days} days, {hours} hours, {minutes} minutes, {} seconds\n\
         Stand-in host (Version {}) is ready. It is a test double and carries no calls.\n\
         0 session(s) since startup\n",
        seconds % 60,
        variables::version(),
    )
}

fn help(_: &str) -> String {
    let mut text = "\nValid Commands:\n\n".to_owned();
    for (name, description, syntax) in list() {
        text.push_str(&format!("{name} {syntax}\n    {description}\n"));
    }
    text
}

fn load(name: &str) -> String {
    if name.is_empty() {
        return "-USAGE: <mod_name>\n".to_owned();
    }
    let mut text = String::new();
    if core::reload_xml().is_ok() {
        text.push_str("+OK Reloading XML\n");
    }
    text.push_str(&outcome(core::load(name), "+OK\n", "-ERR"));
    text
}

fn unload(name: &str) -> String {
    if name.is_empty() {
        return "-USAGE: [-f] <mod_name>\n".to_owned();
    }
    outcome(module::unload(name), "+OK\n", "-ERR")
}

fn reload(name: &str) -> String {
    if name.is_empty() {
        return "-USAGE: [-f] <mod_name>\n".to_owned();
    }
    let mut text = String::new();
    if core::reload_xml().is_ok() {
        text.push_str("+OK Reloading XML\n");
    }
    text.push_str(&outcome(
        module::unload(name),
        "+OK module unloaded\n",
        "-ERR unloading module",
    ));
    text.push_str(&outcome(
        core::load(name),
        "+OK module loaded\n",
        "-ERR loading module",
    ));
    text
}

fn outcome(done: Result<(), &'static str>, well: &str, badly: &str) -> String {
    match done {
        Ok(()) => well.to_owned(),
        Err(error) => format!("{badly} [{error}]\n"),
    }
}

fn reloadxml(_: &str) -> String {
    let said = core::reload_xml().err().unwrap_or_else(|| "Success".to_owned());
    format!("+OK [{said}]\n")
}

fn module_exists(name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        module::exists(name).to_string()
    }
}

fn global_getvar(name: &str) -> String {
    if name.is_empty() {
        variables::list()
    } else {
        variables::get(name).unwrap_or_default()
    }
}

fn console_command(arguments: &str) -> String {
    match arguments.split_once(' ') {
        Some(("loglevel", level)) => match level.trim().parse::<log::Level>() {
            Ok(level) => {
                log::set_level(level);
                format!("+OK console log level set to {level:?}\n")
            }
            Err(error) => format!("-ERR {error}\n"),
        },
        _ => "-USAGE: loglevel LEVEL\n".to_owned(),
    }
}

/// The candidates one a line; `c=POSITION;` before the line, which `fs_cli` sends, cuts it there.
fn console_complete(arguments: &str) -> String {
    let line = match arguments.strip_prefix("c=").and_then(|rest| rest.split_once(';')) {
        Some((position, line)) => {
            let position = position.parse().unwrap_or(line.len());
            line.get(..position).unwrap_or(line)
        }
        None => arguments,
    };
    candidates(line).iter().map(|word| format!("{word}\n")).collect()
}

pub(crate) fn candidates(line: &str) -> Vec<String> {
    let commands: Vec<String> = list().into_iter().map(|(name, ..)| name).collect();
    console::complete(line, &commands)
}

fn shutdown(_: &str) -> String {
    core::request_stop();
    "+OK\n".to_owned()
}

#[cfg(test)]
mod tests {
    use super::BUILTIN;
    use crate::api::execute;

    #[test]
    fn own_commands_are_sorted_and_known_to_help() {
        assert!(BUILTIN.is_sorted_by_key(|own| own.name));
        let help = execute("help");
        assert!(BUILTIN.iter().all(|own| help.contains(own.name)), "{help}");
    }
}
