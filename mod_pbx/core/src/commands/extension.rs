//! `pbx extension`: numbers that ring somebody, each with the channel its browser clients log in to.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::address::{At, flag};
use super::desk::{self, Desk, InDomain, Part, full};
use super::extension_add::Add;
use super::out::{Answer, Said, Sheet, Table, count, refuse, yes_no};
use super::{forward, view};
use crate::admin::nouns::extension::{choose_pin, removal, renamed_channel};
use crate::names::{Number, Username};
use crate::store::{Change, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Adds an extension and its channel; with --line a phone as well
    #[command(after_help = "\
Examples: pbx extension add 1001 --user alice --name \"Alice Adams\" --line
          pbx extension add 1002 --user bob --line bob-desk --line bob-mobile --voicemail no
With --name a user who is not there yet is made along. --line alone makes a line of the extension's number;
what to type into each phone is printed once. All of it is one revision: pbx revert takes it back whole.")]
    Add(Add),
    /// Lists extensions
    #[command(after_help = "Example: pbx extension list --search alice")]
    List {
        #[command(flatten)]
        place: InDomain,
        #[command(flatten)]
        part: Part,
    },
    /// Shows an extension, its lines and the address of its channel
    #[command(after_help = "Example: pbx extension show 1001@pbx.example.com")]
    Show {
        /// NUMBER or NUMBER@DOMAIN
        #[arg(value_name = "NUMBER")]
        number: At<Number>,
        #[command(flatten)]
        place: InDomain,
    },
    /// Changes an extension: only what is named
    #[command(after_help = "Example: pbx extension set 1001 --ring-seconds 45 --caller-id-name \"Alice A\"")]
    Set(Set),
    /// Deletes an extension and its channel
    #[command(after_help = "Example: pbx extension delete 1001 --with-everything")]
    Delete {
        /// NUMBER or NUMBER@DOMAIN
        #[arg(value_name = "NUMBER")]
        number: At<Number>,
        #[command(flatten)]
        place: InDomain,
        /// Its lines as well
        #[arg(long)]
        with_everything: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// NUMBER or NUMBER@DOMAIN
    #[arg(value_name = "NUMBER")]
    number: At<Number>,
    #[command(flatten)]
    place: InDomain,
    /// Another number
    #[arg(long, value_name = "NUMBER")]
    rename: Option<Number>,
    /// Whose it is
    #[arg(long, value_name = "NAME")]
    user: Option<Username>,
    /// The name others see when it calls
    #[arg(long, value_name = "TEXT")]
    caller_id_name: Option<String>,
    /// How long its phones ring, 5 to 600 seconds
    #[arg(long, value_name = "N")]
    ring_seconds: Option<u32>,
    /// Whether it has a mailbox: yes or no
    #[arg(long, value_parser = flag, value_name = "YES|NO")]
    voicemail: Option<bool>,
    /// The mailbox's PIN, 4 to 10 digits
    #[arg(long, value_name = "PIN", conflicts_with = "new_voicemail_pin")]
    voicemail_pin: Option<String>,
    /// Make up a new PIN, shown once
    #[arg(long)]
    new_voicemail_pin: bool,
    /// Off, it does not exist for the switch: yes or no
    #[arg(long, value_parser = flag, value_name = "YES|NO")]
    enabled: Option<bool>,
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add(arguments) => arguments.run(desk),
            Self::List { place, part } => list(desk, &place, &part),
            Self::Show { number, place } => show(desk, &number, &place),
            Self::Set(arguments) => set(desk, arguments),
            Self::Delete {
                number,
                place,
                with_everything,
            } => delete(desk, &number, &place, with_everything),
        }
    }
}

fn list(desk: &Desk<'_>, place: &InDomain, part: &Part) -> Said {
    desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let listing = reader.extensions(domain.id, &part.search, part.page())?;
        let mut table = Table::new([
            "extension",
            "user",
            "caller ID name",
            "lines",
            "voicemail",
            "enabled",
        ]);
        let mut rows = Vec::new();
        for extension in &listing.rows {
            let user = desk::user_name(reader, extension.user_id)?;
            let lines = reader.lines_of(extension.id)?;
            let names: Vec<&str> = lines.iter().map(|line| line.username.as_str()).collect();
            table.row([
                extension.number.to_string(),
                user.clone(),
                extension.caller_id_name.clone(),
                names.join(", "),
                yes_no(extension.voicemail).to_owned(),
                yes_no(extension.enabled).to_owned(),
            ]);
            rows.push(view::extension(&domain, extension, &user, &lines));
        }
        Ok(Answer::new(
            format!("{}{}", table.text(), part.footer(&listing, "extension")),
            json!({"domain": domain.name, "extensions": rows, "total": listing.total, "page": part.page}),
        ))
    })
}

fn show(desk: &Desk<'_>, number: &At<Number>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let (domain, extension) = desk::extension(reader, number, place)?;
        let user = desk::user_name(reader, extension.user_id)?;
        let lines = reader.lines_of(extension.id)?;
        let names: Vec<&str> = lines.iter().map(|line| line.username.as_str()).collect();
        let url = desk.channel_url(extension.channel_id);
        let pin = if extension.voicemail_pin.is_some() {
            "yes, PIN set"
        } else {
            "yes, no PIN"
        };
        let sheet = Sheet::default()
            .row("user", &user)
            .row("caller ID name", &extension.caller_id_name)
            .row("rings for", format!("{} s", extension.ring_seconds))
            .row("voicemail", if extension.voicemail { pin } else { "no" })
            .row("forwards", forward::words(&extension.forwards))
            .row("lines", names.join(", "))
            .row("channel", &url)
            .row("enabled", yes_no(extension.enabled))
            .row(
                "changed",
                format!("in revision {} at {}", extension.row_rev, extension.updated_at),
            );
        let mut json = view::extension(&domain, &extension, &user, &lines);
        json["channel_url"] = json!(url);
        Ok(Answer::new(
            format!("extension {}\n{}", full(&extension.number, &domain), sheet.text()),
            json,
        ))
    })
}

fn set(desk: &Desk<'_>, arguments: Set) -> Said {
    let (domain, before, channel, user) = desk.read(|reader| {
        let (domain, extension) = desk::extension(reader, &arguments.number, &arguments.place)?;
        let channel = reader.get::<rows::Channel>(extension.channel_id)?;
        let user = match &arguments.user {
            Some(name) => Some(desk::person_for(reader, &domain, name)?),
            None => None,
        };
        Ok((domain, extension, channel, user))
    })?;
    let mut extension = before.clone();
    let mut remark = String::new();
    let mut changes = Vec::new();
    if let Some(number) = arguments.rename.filter(|number| *number != before.number) {
        changes.extend(renamed_channel(channel, &before.number, &number));
        if before.voicemail {
            remark = format!(
                "Voicemail messages kept so far stay in mailbox {}\n",
                before.number
            );
        }
        extension.number = number;
    }
    if let Some(user) = user {
        extension.user_id = user.id;
    }
    if let Some(text) = arguments.caller_id_name {
        extension.caller_id_name = text;
    }
    if let Some(seconds) = arguments.ring_seconds {
        extension.ring_seconds = seconds;
    }
    if let Some(enabled) = arguments.enabled {
        extension.enabled = enabled;
    }
    if let Some(voicemail) = arguments.voicemail {
        extension.voicemail = voicemail;
    }
    let new_pin = choose_pin(
        &mut extension,
        arguments.voicemail_pin,
        arguments.new_voicemail_pin,
    )?;
    if let Some(pin) = &new_pin {
        remark.push_str(&format!("Voicemail PIN, shown only this once: {pin}\n"));
    }
    let name = full(&before.number, &domain);
    if extension == before {
        return refuse(format!(
            "nothing about extension {name} would change: name what is to be set, such as --ring-seconds 45"
        ));
    }
    changes.push(Change::edit(extension.clone()));
    let done = desk.commit(&format!("extension {name} changed"), changes)?;
    let extension = rows::Extension {
        row_rev: done.rev,
        updated_at: done.at,
        ..extension
    };
    let mut json = desk.read(|reader| {
        let user = desk::user_name(reader, extension.user_id)?;
        let lines = reader.lines_of(extension.id)?;
        Ok(json!({"revision": done.rev, "extension": view::extension(&domain, &extension, &user, &lines)}))
    })?;
    if let Some(pin) = new_pin {
        json["voicemail_pin"] = json!(pin);
    }
    Ok(Answer::done(
        format!("extension {name} changed (revision {})\n{remark}", done.rev),
        json,
    ))
}

fn delete(desk: &Desk<'_>, number: &At<Number>, place: &InDomain, with_everything: bool) -> Said {
    let (name, along, changes) = desk.read(|reader| {
        let (domain, extension) = desk::extension(reader, number, place)?;
        let name = full(&extension.number, &domain);
        let (lines, changes) = removal(reader, extension)?;
        let names: Vec<&str> = lines.iter().map(|line| line.username.as_str()).collect();
        let named = format!("{} ({})", count(lines.len() as u64, "line"), names.join(", "));
        if !with_everything && !lines.is_empty() {
            return refuse(format!(
                "extension {name} has {named}: delete that first, or add --with-everything"
            ));
        }
        let along = if lines.is_empty() {
            String::new()
        } else {
            format!(" with {named}")
        };
        Ok((name, along, changes))
    })?;
    let done = desk.commit(&format!("extension {name} deleted{along}"), changes)?;
    let json: Value = json!({"revision": done.rev, "extension": name});
    Ok(Answer::done(
        format!(
            "extension {name} deleted{along} (revision {0}); pbx revert {0} brings it back\n",
            done.rev
        ),
        json,
    ))
}
