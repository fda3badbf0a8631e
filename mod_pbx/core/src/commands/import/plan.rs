//! What an import would do with each user, decided before anything is done.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::directory::{Directory, User};
use super::expand::unknown_variable;
use super::keep::{credential, mailbox_pin, networks};
use crate::commands::out::{Refusal, refuse};
use crate::names::{BadName, DomainName, Number, Username};

/// What a domain of the PBX already has.
#[derive(Debug, Default)]
pub(super) struct Present {
    /// The domain's own row; none: it is not there.
    pub(super) domain: Option<Uuid>,
    pub(super) numbers: HashSet<String>,
    pub(super) lines: HashSet<String>,
    pub(super) people: HashMap<String, Uuid>,
    pub(super) channels: HashSet<String>,
}

/// A user to be made: a person, an extension with its channel, and a line.
#[derive(Debug)]
pub(super) struct Make {
    /// The person, who goes by the line's name; an id if they are there already.
    pub(super) person: Option<Uuid>,
    pub(super) number: Number,
    pub(super) line: Username,
    pub(super) display_name: String,
    pub(super) email: Option<String>,
    pub(super) a1: String,
    /// Set if the phone must be given a new password.
    pub(super) new_password: Option<String>,
    pub(super) voicemail: bool,
    pub(super) pin: Option<String>,
    /// Set if the mailbox got a new PIN.
    pub(super) new_pin: Option<String>,
    pub(super) source_acl: Option<String>,
}

/// What becomes of one user.
#[derive(Debug)]
pub(super) enum Verdict {
    Create(Box<Make>),
    /// There already, or of no use here; nothing is wrong.
    Skip(String),
    /// Something is wrong with it.
    Refuse(String),
}

/// One user of the file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) place: String,
    pub(super) id: String,
    /// Index into [`Plan::domains`].
    pub(super) domain: Option<usize>,
    pub(super) verdict: Verdict,
    /// What changes for this user.
    pub(super) remarks: Vec<String>,
}

/// A domain that users go into.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: DomainName,
    pub(super) present: Present,
    /// What it is called in the file; another name makes every A1 hash worthless.
    pub(super) source: Option<String>,
    /// What has been planned: the name, and the place in the file that took it.
    numbers: HashMap<String, String>,
    lines: HashMap<String, String>,
}

/// What an import would do.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) domains: Vec<Target>,
    pub(super) entries: Vec<Entry>,
    /// What is not taken over, and how many users have it.
    pub(super) left_out: BTreeMap<String, usize>,
}

/// Decides about every user of `directory`. `into` names the domain they go to; `present` says what a
/// domain has already; `progress` hears how many users are decided.
///
/// # Errors
/// The directory as a whole cannot be imported, or the database cannot be read.
pub(super) fn plan(
    directory: &Directory,
    into: Option<&DomainName>,
    present: impl Fn(&DomainName) -> Result<Present, Refusal>,
    progress: &mut dyn FnMut(usize),
) -> Result<Plan, Refusal> {
    let sources: BTreeSet<Option<usize>> = directory.users.iter().map(|user| user.domain).collect();
    if sources.len() > 1 && into.is_some() {
        return refuse(format!(
            "--domain names one domain, but the file has users of {}: leave it out",
            sources.len()
        ));
    }
    let mut plan = Plan {
        left_out: left_out(directory),
        ..Plan::default()
    };
    // The target of each domain of the file, and of users outside any.
    let mut targets: HashMap<Option<usize>, Result<usize, String>> = HashMap::new();
    for source in sources {
        let name = source.map(|at| directory.domains[at].name.clone());
        let target = match target_name(name.as_deref(), into) {
            Ok(wanted) => Ok(
                match plan.domains.iter().position(|target| target.name == wanted) {
                    Some(at) => at,
                    None => {
                        plan.domains.push(Target {
                            present: present(&wanted)?,
                            name: wanted,
                            source: name,
                            numbers: HashMap::new(),
                            lines: HashMap::new(),
                        });
                        plan.domains.len() - 1
                    }
                },
            ),
            Err(why) => Err(why),
        };
        targets.insert(source, target);
    }
    if plan.domains.is_empty()
        && let Some(Err(why)) = targets.values().next()
    {
        return refuse(format!("the domain of the users is not known: each {why}"));
    }
    for (at, user) in directory.users.iter().enumerate() {
        let mut remarks = Vec::new();
        let (domain, verdict) = match &targets[&user.domain] {
            Ok(target) => {
                let decided = decide(directory, user, &mut plan.domains[*target], &mut remarks);
                (
                    Some(*target),
                    decided.map_or_else(|early| early, |make| Verdict::Create(Box::new(make))),
                )
            }
            Err(why) => (None, Verdict::Refuse(why.clone())),
        };
        plan.entries.push(Entry {
            place: user.place.to_string(),
            id: user.id.clone(),
            domain,
            verdict,
            remarks,
        });
        progress(at + 1);
    }
    Ok(plan)
}

/// Which domain of ours stands for one of the file.
fn target_name(source: Option<&str>, into: Option<&DomainName>) -> Result<DomainName, String> {
    if let Some(name) = into {
        return Ok(name.clone());
    }
    let Some(source) = source else {
        return Err("is in no domain: say --domain DOMAIN".to_owned());
    };
    if let Some(variable) = unknown_variable(source) {
        return Err(format!(
            "its domain is $${{{variable}}}, which has no value here: say --domain DOMAIN"
        ));
    }
    source
        .parse()
        .map_err(|bad: BadName| format!("its domain {bad}; or say --domain DOMAIN"))
}

/// Decides about one user; `Err` is a verdict other than to make it.
fn decide(
    directory: &Directory,
    user: &User,
    target: &mut Target,
    remarks: &mut Vec<String>,
) -> Result<Make, Verdict> {
    let (line, number) = identity(user, target)?;
    for name in &user.stripped {
        remarks.push(format!(
            "attribute {name} left out, which lets one user answer for others"
        ));
    }
    let (a1, new_password) = credential(directory, user, (&line, &number), target, remarks)?;
    let off = |value: &str| ["false", "no", "off", "0"].contains(&value.to_ascii_lowercase().as_str());
    let voicemail = !directory.param(user, "vm-enabled").is_some_and(off);
    let (pin, new_pin) = match voicemail {
        true => mailbox_pin(directory, user, &number, remarks)?,
        false => (None, None),
    };
    let known = |value: &&str| !value.is_empty() && unknown_variable(value).is_none();
    let display_name = directory
        .variable(user, "effective_caller_id_name")
        .map(str::trim)
        .filter(known);
    let email = directory.param(user, "vm-mailto").map(str::trim).filter(known);
    let place = user.place.to_string();
    target.lines.insert(line.to_string(), place.clone());
    target.numbers.insert(number.to_string(), place);
    Ok(Make {
        person: target.present.people.get(line.as_str()).copied(),
        number,
        display_name: display_name.map_or_else(|| line.to_string(), str::to_owned),
        line,
        email: email.map(str::to_owned),
        a1,
        new_password,
        voicemail,
        pin,
        new_pin,
        source_acl: networks(user, remarks),
    })
}

/// The line's username and the extension's number, if nobody else has them.
fn identity(user: &User, target: &Target) -> Result<(Username, Number), Verdict> {
    let refuse = |why: String| Err(Verdict::Refuse(why));
    if let Some(variable) = unknown_variable(&user.id) {
        return refuse(format!("its id is $${{{variable}}}, which has no value here"));
    }
    let line: Username = user
        .id
        .parse()
        .map_err(|bad: BadName| Verdict::Refuse(format!("its id {bad}")))?;
    let alias = user.alias.as_deref().filter(|alias| !alias.is_empty());
    let number: Number = match (alias.unwrap_or(&user.id).parse(), alias) {
        (Ok(number), _) => number,
        (Err(_), Some(alias)) => {
            return refuse(format!(
                "its number-alias {alias:?} is no extension number (2 to 15 digits)"
            ));
        }
        (Err(_), None) => {
            return Err(Verdict::Skip(format!(
                "has no number: give it a number-alias, or pbx extension add NUMBER --user NAME --line {line}"
            )));
        }
    };
    let (login, dialled) = (line.as_str(), number.as_str());
    let Target {
        present,
        numbers,
        lines,
        ..
    } = target;
    if let Some(first) = lines.get(login) {
        return refuse(format!(
            "the id is taken at {first}, which is the one FreeSWITCH uses"
        ));
    }
    if let Some(first) = numbers.get(dialled) {
        return refuse(format!("the number {number} is taken at {first}"));
    }
    if present.lines.contains(login) {
        return Err(Verdict::Skip(format!("line {line} is there already")));
    }
    if present.numbers.contains(dialled) {
        return Err(Verdict::Skip(format!("extension {number} is there already")));
    }
    if present.channels.contains(dialled) {
        return refuse(format!(
            "a channel {number} of another extension is there already"
        ));
    }
    // One name must never mean two people (`Domain::find`).
    if login != dialled && (present.numbers.contains(login) || numbers.contains_key(login)) {
        return refuse(format!("its id {line} is another extension's number"));
    }
    if login != dialled && (present.lines.contains(dialled) || lines.contains_key(dialled)) {
        return refuse(format!("its number {number} is the username of another line"));
    }
    Ok((line, number))
}

/// Params and variables that are taken over, or that the PBX sets itself.
const UNDERSTOOD: [&str; 11] = [
    "password",
    "a1-hash",
    "vm-password",
    "vm-mailto",
    "vm-enabled",
    "effective_caller_id_name",
    "user_context",
    "dial-string",
    "allow-empty-password",
    "domain_name",
    "presence_id",
];

/// What users have that the PBX has no place for.
fn left_out(directory: &Directory) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    let mut count = |name: String| *names.entry(name).or_insert(0) += 1;
    for user in &directory.users {
        for (name, value) in user.given.params.iter().chain(&user.given.variables) {
            let own_number = name == "effective_caller_id_number"
                && [Some(user.id.as_str()), user.alias.as_deref()].contains(&Some(value.as_str()));
            if !own_number && !UNDERSTOOD.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                count(name.chars().take(64).collect());
            }
        }
        if user.gateways > 0 {
            count("gateways".to_owned());
        }
        if user
            .mailbox
            .as_deref()
            .is_some_and(|mailbox| !mailbox.is_empty() && mailbox != user.id)
        {
            count("mailbox".to_owned());
        }
        if let Some(group) = user
            .group
            .map(|at| &directory.groups[at].name)
            .filter(|name| *name != "default")
        {
            count(format!("group {}", group.chars().take(64).collect::<String>()));
        }
    }
    if directory.pointers > 0 {
        names.insert("pointers into groups".to_owned(), directory.pointers);
    }
    names
}
