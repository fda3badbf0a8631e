//! `pbx line`: the credentials that phones register with.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use uuid::Uuid;

use super::address::{At, flag};
use super::desk::{self, Desk, InDomain, Part, full};
use super::out::{Answer, Refusal, Said, Sheet, Table, refuse, yes_no};
use super::phone::Phone;
use super::view;
use crate::admin::nouns::line::{MAX_REGISTRATIONS, credential};
use crate::names::{Number, Username};
use crate::store::{Change, Listing, Reader, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Adds a line to an extension and prints what to type into the phone
    #[command(after_help = "Examples: pbx line add alice-desk --extension 1001\n          \
        pbx line add alice-lab --extension 1001@pbx.example.com --source-acl \"192.0.2.0/24 10.1.0.7\"\n\
        The password is made up, has digits only, and is shown once: only a hash of it is stored. One typed\n\
        with --password must be a good one; it may end up in the history of the terminal.")]
    Add(Add),
    /// Lists lines
    #[command(after_help = "Example: pbx line list --extension 1001")]
    List {
        #[command(flatten)]
        place: InDomain,
        /// Only those of this extension
        #[arg(long, value_name = "NUMBER", conflicts_with_all = ["search", "page", "limit"])]
        extension: Option<At<Number>>,
        #[command(flatten)]
        part: Part,
    },
    /// Shows a line
    #[command(after_help = "Example: pbx line show alice-desk@pbx.example.com")]
    Show {
        /// USERNAME or USERNAME@DOMAIN
        #[arg(value_name = "USERNAME")]
        username: At<Username>,
        #[command(flatten)]
        place: InDomain,
    },
    /// Changes a line: only what is named
    #[command(after_help = "Examples: pbx line set alice-desk --new-password\n          \
        pbx line set alice-desk --extension 1002 --max-registrations 1\n          \
        pbx line set alice-desk --srtp required\n\
        The keys of SRTP travel in SIP: have a line that requires it use TLS (pbx setting set sip-tls yes).\n\
        A new username needs a new password, which is made up unless --password gives one.")]
    Set(Set),
    /// Deletes a line: its phones are no longer registered, and cannot register any more
    #[command(after_help = "Example: pbx line delete alice-desk")]
    Delete {
        /// USERNAME or USERNAME@DOMAIN
        #[arg(value_name = "USERNAME")]
        username: At<Username>,
        #[command(flatten)]
        place: InDomain,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// USERNAME or USERNAME@DOMAIN: 2 to 64 of a-z 0-9 . _ -
    #[arg(value_name = "USERNAME")]
    username: At<Username>,
    #[command(flatten)]
    place: InDomain,
    /// What it rings for and calls as
    #[arg(long, value_name = "NUMBER")]
    extension: At<Number>,
    /// Whose phone it is; the extension's user if left out
    #[arg(long, value_name = "NAME")]
    user: Option<Username>,
    /// Its password; made up and shown once if left out
    #[arg(long)]
    password: Option<String>,
    /// How many phones may register it at once, 1 to 32
    #[arg(long, value_name = "N", default_value_t = MAX_REGISTRATIONS)]
    max_registrations: u32,
    /// Networks it may come from, such as "192.0.2.0/24 10.1.0.7"; from anywhere if left out
    #[arg(long, value_name = "NETWORKS")]
    source_acl: Option<String>,
    /// Encryption of its calls
    #[arg(long, value_enum, default_value_t = Srtp::Optional)]
    srtp: Srtp,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// USERNAME or USERNAME@DOMAIN
    #[arg(value_name = "USERNAME")]
    username: At<Username>,
    #[command(flatten)]
    place: InDomain,
    /// Another username
    #[arg(long, value_name = "USERNAME")]
    rename: Option<Username>,
    /// What it rings for and calls as
    #[arg(long, value_name = "NUMBER")]
    extension: Option<Number>,
    /// Whose phone it is
    #[arg(long, value_name = "NAME")]
    user: Option<Username>,
    /// Another password
    #[arg(long, conflicts_with = "new_password")]
    password: Option<String>,
    /// Make up another password, shown once
    #[arg(long)]
    new_password: bool,
    /// How many phones may register it at once, 1 to 32
    #[arg(long, value_name = "N")]
    max_registrations: Option<u32>,
    /// Networks it may come from; "" for anywhere
    #[arg(long, value_name = "NETWORKS")]
    source_acl: Option<String>,
    /// Encryption of its calls
    #[arg(long, value_enum)]
    srtp: Option<Srtp>,
    /// Off, it does not exist for the switch: yes or no
    #[arg(long, value_parser = flag, value_name = "YES|NO")]
    enabled: Option<bool>,
}

/// [`rows::Srtp`], as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Srtp {
    /// The phone chooses
    Optional,
    /// A call without is refused
    Required,
}

impl From<Srtp> for rows::Srtp {
    fn from(srtp: Srtp) -> Self {
        match srtp {
            Srtp::Optional => Self::Optional,
            Srtp::Required => Self::Required,
        }
    }
}

fn spelled(srtp: rows::Srtp) -> &'static str {
    match srtp {
        rows::Srtp::Required => "required",
        rows::Srtp::Optional => "optional",
    }
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add(arguments) => add(desk, arguments),
            Self::List {
                place,
                extension,
                part,
            } => list(desk, &place, extension.as_ref(), &part),
            Self::Show { username, place } => show(desk, &username, &place),
            Self::Set(arguments) => set(desk, arguments),
            Self::Delete { username, place } => delete(desk, &username, &place),
        }
    }
}

fn add(desk: &Desk<'_>, arguments: Add) -> Said {
    let username = arguments.username.name;
    let (domain, extension, user) = desk.read(|reader| {
        // The domain may stand behind either name.
        let named = super::address::one(
            arguments.username.domain.as_ref(),
            arguments.place.domain.as_ref(),
        )?;
        let (domain, extension) = desk::extension(reader, &arguments.extension, &InDomain { domain: named })?;
        if reader.line_by_username(domain.id, username.as_str())?.is_some() {
            return refuse(format!(
                "line {username} exists already in {}: pbx line show {username}",
                domain.name
            ));
        }
        let user = match &arguments.user {
            Some(name) => desk::person_for(reader, &domain, name)?,
            None => owner(reader, extension.user_id)?,
        };
        Ok((domain, extension, user))
    })?;
    let (a1, new_password) = credential(&username, &domain.name, arguments.password.as_deref())?;
    let line = rows::Line {
        max_registrations: arguments.max_registrations,
        source_acl: arguments
            .source_acl
            .filter(|networks| !networks.trim().is_empty()),
        srtp: arguments.srtp.into(),
        ..rows::Line::new(&extension, user.id, username, a1)
    };
    let name = full(&line.username, &domain);
    let done = desk.commit(
        &format!("line {name} added to extension {}", extension.number),
        vec![Change::put(line.clone())],
    )?;
    let line = rows::Line {
        row_rev: done.rev,
        updated_at: done.at,
        ..line
    };
    let phone = phone(&line, &domain, new_password.as_deref());
    Ok(Answer::done(
        format!(
            "line {name} added to extension {} (revision {})\n{}",
            extension.number,
            done.rev,
            phone.text(desk)
        ),
        json!({
            "revision": done.rev,
            "line": view::line(&domain, &line, extension.number.as_str(), user.name.as_str()),
            "phone": phone.json(desk),
        }),
    ))
}

fn owner(reader: &Reader<'_>, id: Uuid) -> Result<rows::User, Refusal> {
    reader.get::<rows::User>(id)?.ok_or_else(|| {
        Refusal("the extension's user is gone: say whose phone it is with --user NAME".to_owned())
    })
}

fn phone<'a>(line: &'a rows::Line, domain: &'a rows::Domain, password: Option<&'a str>) -> Phone<'a> {
    Phone {
        username: line.username.as_str(),
        domain: domain.name.as_str(),
        password,
    }
}

/// The number a line rings for and the name of its user.
fn around(reader: &Reader<'_>, line: &rows::Line) -> Result<(String, String), Refusal> {
    let extension = reader.get::<rows::Extension>(line.extension_id)?;
    let number = extension
        .map(|extension| extension.number.to_string())
        .unwrap_or_default();
    Ok((number, desk::user_name(reader, line.user_id)?))
}

fn list(desk: &Desk<'_>, place: &InDomain, of: Option<&At<Number>>, part: &Part) -> Said {
    desk.read(|reader| {
        let (domain, listing) = match of {
            Some(number) => {
                let (domain, extension) = desk::extension(reader, number, place)?;
                let rows = reader.lines_of(extension.id)?;
                (
                    domain,
                    Listing {
                        total: rows.len() as u64,
                        rows,
                    },
                )
            }
            None => {
                let domain = desk::domain(reader, None, place.domain.as_ref())?;
                let listing = reader.lines(domain.id, &part.search, part.page())?;
                (domain, listing)
            }
        };
        let heads = [
            "line",
            "extension",
            "user",
            "phones at most",
            "from",
            "srtp",
            "enabled",
        ];
        let mut table = Table::new(heads);
        let mut rows = Vec::new();
        for line in &listing.rows {
            let (number, user) = around(reader, line)?;
            table.row([
                line.username.to_string(),
                number.clone(),
                user.clone(),
                line.max_registrations.to_string(),
                line.source_acl.clone().unwrap_or_else(|| "anywhere".to_owned()),
                spelled(line.srtp).to_owned(),
                yes_no(line.enabled).to_owned(),
            ]);
            rows.push(view::line(&domain, line, &number, &user));
        }
        Ok(Answer::new(
            format!("{}{}", table.text(), part.footer(&listing, "line")),
            json!({"domain": domain.name, "lines": rows, "total": listing.total, "page": part.page}),
        ))
    })
}

fn show(desk: &Desk<'_>, username: &At<Username>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let (domain, line) = desk::line(reader, username, place)?;
        let (number, user) = around(reader, &line)?;
        let sheet = Sheet::default()
            .row("extension", &number)
            .row("user", &user)
            .row("phones at most", line.max_registrations)
            .row("from", line.source_acl.as_deref().unwrap_or("anywhere"))
            .row("srtp", spelled(line.srtp))
            .row("enabled", yes_no(line.enabled))
            .row(
                "changed",
                format!("in revision {} at {}", line.row_rev, line.updated_at),
            );
        Ok(Answer::new(
            format!("line {}\n{}", full(&line.username, &domain), sheet.text()),
            view::line(&domain, &line, &number, &user),
        ))
    })
}

fn set(desk: &Desk<'_>, arguments: Set) -> Said {
    let (domain, before, extension, user) = desk.read(|reader| {
        let (domain, line) = desk::line(reader, &arguments.username, &arguments.place)?;
        let extension = match &arguments.extension {
            Some(number) => {
                let at = At {
                    name: number.clone(),
                    domain: Some(domain.name.clone()),
                };
                Some(desk::extension(reader, &at, &InDomain::default())?.1)
            }
            None => None,
        };
        let user = match &arguments.user {
            Some(name) => Some(desk::person_for(reader, &domain, name)?),
            None => None,
        };
        Ok((domain, line, extension, user))
    })?;
    let name = full(&before.username, &domain);
    let mut line = before.clone();
    if let Some(username) = arguments.rename {
        line.username = username;
    }
    if let Some(extension) = extension {
        line.extension_id = extension.id;
    }
    if let Some(user) = user {
        line.user_id = user.id;
    }
    if let Some(number) = arguments.max_registrations {
        line.max_registrations = number;
    }
    if let Some(networks) = arguments.source_acl {
        line.source_acl = Some(networks).filter(|networks| !networks.trim().is_empty());
    }
    if let Some(srtp) = arguments.srtp {
        line.srtp = srtp.into();
    }
    if let Some(enabled) = arguments.enabled {
        line.enabled = enabled;
    }
    let fresh = arguments.new_password || arguments.password.is_some() || line.username != before.username;
    let mut new_password = None;
    if fresh {
        (line.a1, new_password) = credential(&line.username, &domain.name, arguments.password.as_deref())?;
    }
    if line == before {
        return refuse(format!(
            "nothing about line {name} would change: name what is to be set, such as --new-password"
        ));
    }
    let done = desk.commit(&format!("line {name} changed"), vec![Change::edit(line.clone())])?;
    let line = rows::Line {
        row_rev: done.rev,
        updated_at: done.at,
        ..line
    };
    let (number, user) = desk.read(|reader| around(reader, &line))?;
    let mut text = format!("line {name} changed (revision {})\n", done.rev);
    let mut json = json!({"revision": done.rev, "line": view::line(&domain, &line, &number, &user)});
    if fresh {
        let phone = phone(&line, &domain, new_password.as_deref());
        text.push_str(&phone.text(desk));
        json["phone"] = phone.json(desk);
    }
    Ok(Answer::done(text, json))
}

fn delete(desk: &Desk<'_>, username: &At<Username>, place: &InDomain) -> Said {
    let (domain, line) = desk.read(|reader| desk::line(reader, username, place))?;
    let name = full(&line.username, &domain);
    let done = desk.commit(&format!("line {name} deleted"), vec![Change::delete(line)])?;
    desk.pbx.presence().look();
    Ok(Answer::done(
        format!(
            "line {name} deleted (revision {0}); pbx revert {0} brings it back\n",
            done.rev
        ),
        json!({"revision": done.rev, "line": name}),
    ))
}
