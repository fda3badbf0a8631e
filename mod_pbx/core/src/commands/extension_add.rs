//! `pbx extension add`: a number, its channel, and if wanted its person and lines, in one revision.

use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::{At, flag};
use super::desk::{self, Desk, InDomain, full};
use super::out::{Answer, Refusal, Said, Sheet, refuse};
use super::phone::Phone;
use super::view;
use crate::admin::nouns::extension;
use crate::names::{Number, Username};
use crate::store::{Change, Reader, rows};

#[derive(Debug, Args)]
pub(super) struct Add {
    /// NUMBER or NUMBER@DOMAIN, 2 to 15 digits
    #[arg(value_name = "NUMBER")]
    number: At<Number>,
    #[command(flatten)]
    place: InDomain,
    /// Whose it is
    #[arg(long, value_name = "NAME")]
    user: Username,
    /// The person's full name: makes the user if there is none yet
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// The person's mail address, with --name
    #[arg(long, requires = "name")]
    email: Option<String>,
    /// The name others see when it calls; the person's if left out
    #[arg(long, value_name = "TEXT")]
    caller_id_name: Option<String>,
    /// How long its phones ring, 5 to 600 seconds
    #[arg(long, value_name = "N", default_value_t = 30)]
    ring_seconds: u32,
    /// Whether it has a mailbox: yes or no
    #[arg(long, value_parser = flag, action = clap::ArgAction::Set, value_name = "YES|NO", default_value = "yes")]
    voicemail: bool,
    /// The mailbox's PIN; made up and shown once if left out
    #[arg(long, value_name = "PIN")]
    voicemail_pin: Option<String>,
    /// A phone's line as well; its username is the number if none is given; may be repeated
    #[arg(long, value_name = "USERNAME", num_args = 0..=1, default_missing_value = "")]
    line: Vec<String>,
    /// The line's password; made up and shown once if left out
    #[arg(long, requires = "line")]
    password: Option<String>,
}

/// What is to be made, and for whom.
struct Adding {
    domain: rows::Domain,
    person: rows::User,
    person_is_new: bool,
    made: extension::Made,
}

impl Add {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let adding = desk.read(|reader| self.make(reader))?;
        let name = full(&adding.made.extension.number, &adding.domain);
        let mut changes = Vec::new();
        if adding.person_is_new {
            changes.push(Change::put(adding.person.clone()));
        }
        let made = &adding.made;
        changes.push(Change::put(made.channel.clone()));
        changes.push(Change::put(made.extension.clone()));
        changes.extend(made.lines.iter().map(|(line, _)| Change::put(line.clone())));
        let done = desk.commit(&format!("extension {name} added{}", adding.along()), changes)?;
        Ok(adding.answer(desk, &name, done.rev, &done.at))
    }

    fn make(&self, reader: &Reader<'_>) -> Result<Adding, Refusal> {
        let number = &self.number.name;
        let domain = desk::domain(reader, self.number.domain.as_ref(), self.place.domain.as_ref())?;
        if reader.extension_by_number(domain.id, number.as_str())?.is_some() {
            return refuse(format!(
                "extension {number} exists already in {}: pbx extension show {number}",
                domain.name
            ));
        }
        let (person, person_is_new) = self.person(reader, &domain)?;
        if self.password.is_some() && self.line.len() != 1 {
            return refuse("--password is for one --line: leave it out to have one made up for each");
        }
        let lines = self.line.iter().map(|name| match name.as_str() {
            "" => number.as_str().parse(),
            name => name.parse(),
        });
        let wanted = extension::Wanted {
            number: number.clone(),
            caller_id_name: self.caller_id_name.clone(),
            ring_seconds: self.ring_seconds,
            voicemail: self.voicemail,
            voicemail_pin: self.voicemail_pin.clone(),
            lines: lines.collect::<Result<_, _>>()?,
            password: self.password.clone(),
        };
        let made = extension::make(&domain, &person, wanted)?;
        Ok(Adding {
            domain,
            person,
            person_is_new,
            made,
        })
    }

    fn person(&self, reader: &Reader<'_>, domain: &rows::Domain) -> Result<(rows::User, bool), Refusal> {
        let user = &self.user;
        let Some(name) = &self.name else {
            return match desk::person(reader, domain, user)? {
                Some(person) => Ok((person, false)),
                None => refuse(format!(
                    "there is no user {user} in {}: add --name \"FULL NAME\" to make one, or see pbx user list",
                    domain.name
                )),
            };
        };
        if let Some(person) = reader.user_by_name(Some(domain.id), user.as_str())? {
            if person.display_name == *name && self.email.is_none() {
                return Ok((person, false));
            }
            return refuse(format!(
                "user {user} exists already, as {:?}: leave --name out (pbx user set {user} changes it)",
                person.display_name
            ));
        }
        let person = rows::User {
            id: Uuid::now_v7(),
            domain_id: Some(domain.id),
            name: user.clone(),
            display_name: name.clone(),
            email: self.email.clone(),
            role: rows::Role::User,
            password_hash: None,
            enabled: true,
            row_rev: 0,
            updated_at: String::new(),
        };
        Ok((person, true))
    }
}

impl Adding {
    /// ` with user alice, line 1001`, or nothing.
    fn along(&self) -> String {
        let user = self.person_is_new.then(|| format!("user {}", self.person.name));
        let lines = self
            .made
            .lines
            .iter()
            .map(|(line, _)| format!("line {}", line.username));
        let all: Vec<String> = user.into_iter().chain(lines).collect();
        if all.is_empty() {
            String::new()
        } else {
            format!(" with {}", all.join(", "))
        }
    }

    fn answer(mut self, desk: &Desk<'_>, name: &str, rev: u64, at: &str) -> Answer {
        self.made.extension.row_rev = rev;
        at.clone_into(&mut self.made.extension.updated_at);
        let url = desk.channel_url(self.made.channel.id);
        let mut sheet = Sheet::default()
            .row("user", &self.person.name)
            .row("channel", &url);
        if let Some(pin) = &self.made.new_pin {
            sheet = sheet.row("voicemail PIN", format!("{pin} (shown only this once)"));
        }
        let mut text = format!(
            "extension {name} added{} (revision {rev})\n{}",
            self.along(),
            sheet.text()
        );
        let lines: Vec<rows::Line> = self.made.lines.iter().map(|(line, _)| line.clone()).collect();
        let mut phones: Vec<Value> = Vec::new();
        for (line, password) in &self.made.lines {
            let phone = Phone {
                username: line.username.as_str(),
                domain: self.domain.name.as_str(),
                password: password.as_deref(),
            };
            text.push_str(&phone.text(desk));
            phones.push(phone.json(desk));
        }
        if lines.is_empty() {
            text.push_str(&format!("Next: pbx line add USERNAME --extension {name}\n"));
        }
        let mut json = json!({
            "revision": rev,
            "extension": view::extension(&self.domain, &self.made.extension, self.person.name.as_str(), &lines),
            "channel_url": url,
            "phones": phones,
        });
        if let Some(pin) = &self.made.new_pin {
            json["voicemail_pin"] = json!(pin);
        }
        Answer::done(text, json)
    }
}
