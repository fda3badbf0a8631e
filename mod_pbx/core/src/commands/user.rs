//! `pbx user`: people.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::{At, Realm, flag, one};
use super::desk::{self, Desk, InRealm, Part};
use super::out::{Answer, Refusal, Said, Sheet, Table, refuse, yes_no};
use super::{user_delete, user_password, view};
use crate::names::Username;
use crate::people::password::Stored;
use crate::store::{Change, Listing, Page, Reader, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Adds a person
    #[command(
        after_help = "Examples: pbx user add alice --name \"Alice Adams\" --email alice@example.com\n          \
        pbx user add root --role administrator\n\
        An administrator belongs to the whole PBX unless --domain says otherwise; root@. names them."
    )]
    Add(Add),
    /// Lists people
    #[command(after_help = "Example: pbx user list --search adams")]
    List {
        #[command(flatten)]
        place: InRealm,
        #[command(flatten)]
        part: Part,
    },
    /// Shows a person, their extensions and lines
    #[command(after_help = "Example: pbx user show alice@pbx.example.com")]
    Show {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Username, Realm>,
        #[command(flatten)]
        place: InRealm,
    },
    /// Changes a person: only what is named
    #[command(after_help = "Example: pbx user set alice --name \"Alice Brown\" --email \"\"")]
    Set(Set),
    /// Gives a person a new password, which they change when they sign in with it
    #[command(
        after_help = "Example: pbx user reset alice\nThe password is made up and shown once. All their sessions end."
    )]
    Reset {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Username, Realm>,
        #[command(flatten)]
        place: InRealm,
    },
    /// Deletes a person
    #[command(after_help = "Example: pbx user delete alice --with-everything")]
    Delete {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Username, Realm>,
        #[command(flatten)]
        place: InRealm,
        /// Their extensions and lines as well
        #[arg(long)]
        with_everything: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// NAME or NAME@DOMAIN: what they sign in with
    #[arg(value_name = "NAME")]
    name: At<Username, Realm>,
    #[command(flatten)]
    place: InRealm,
    /// What other people see
    #[arg(long = "name", value_name = "TEXT")]
    display_name: Option<String>,
    /// Where mail goes
    #[arg(long)]
    email: Option<String>,
    /// What they may do
    #[arg(long, default_value = "user")]
    role: Role,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// NAME or NAME@DOMAIN
    #[arg(value_name = "NAME")]
    name: At<Username, Realm>,
    #[command(flatten)]
    place: InRealm,
    /// A new name to sign in with
    #[arg(long, value_name = "NAME")]
    rename: Option<Username>,
    /// What other people see
    #[arg(long = "name", value_name = "TEXT")]
    display_name: Option<String>,
    /// Where mail goes; "" for nowhere
    #[arg(long)]
    email: Option<String>,
    /// What they may do
    #[arg(long)]
    role: Option<Role>,
    /// A password for the web pages; better let them choose: pbx user reset
    #[arg(long, value_name = "TEXT")]
    password: Option<String>,
    /// Whether they may sign in: yes or no
    #[arg(long, value_parser = flag, value_name = "YES|NO")]
    enabled: Option<bool>,
}

/// [`rows::Role`], as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Role {
    Administrator,
    DomainAdministrator,
    User,
}

impl From<Role> for rows::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Administrator => Self::Administrator,
            Role::DomainAdministrator => Self::DomainAdministrator,
            Role::User => Self::User,
        }
    }
}

fn role_name(role: rows::Role) -> &'static str {
    match role {
        rows::Role::Administrator => "administrator",
        rows::Role::DomainAdministrator => "domain-administrator",
        rows::Role::User => "user",
    }
}

/// How a person is addressed, whichever domain is the only one.
pub(super) fn full(domain: Option<&rows::Domain>, name: &Username) -> String {
    format!("{name}@{}", domain.map_or(".", |domain| domain.name.as_str()))
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add(arguments) => add(desk, arguments),
            Self::List { place, part } => list(desk, &place, &part),
            Self::Show { name, place } => show(desk, &name, &place),
            Self::Set(arguments) => set(desk, arguments),
            Self::Reset { name, place } => user_password::reset(desk, &name, &place),
            Self::Delete {
                name,
                place,
                with_everything,
            } => user_delete::delete(desk, &name, &place, with_everything),
        }
    }
}

fn add(desk: &Desk<'_>, arguments: Add) -> Said {
    let Add {
        name,
        place,
        display_name,
        email,
        role,
    } = arguments;
    let realm = match one(name.domain.as_ref(), place.domain.as_ref())? {
        None if role == Role::Administrator => Some(Realm::Whole),
        named => named,
    };
    let domain = match realm {
        Some(Realm::Whole) => None,
        Some(Realm::Domain(wanted)) => Some(desk.read(|reader| desk::domain(reader, Some(&wanted), None))?),
        None => Some(desk.read(|reader| desk::domain(reader, None, None))?),
    };
    let row = rows::User {
        id: Uuid::now_v7(),
        domain_id: domain.as_ref().map(|domain| domain.id),
        display_name: display_name.unwrap_or_else(|| name.name.to_string()),
        name: name.name,
        email: email.filter(|email| !email.is_empty()),
        role: role.into(),
        password_hash: None,
        enabled: true,
        row_rev: 0,
        updated_at: String::new(),
    };
    let full = full(domain.as_ref(), &row.name);
    let done = desk.commit(&format!("user {full} added"), vec![Change::put(row.clone())])?;
    Ok(Answer::done(
        format!("user {full} added (revision {})\n", done.rev),
        json!({"revision": done.rev, "user": view::user(domain.as_ref(), &rows::User { row_rev: done.rev, updated_at: done.at, ..row })}),
    ))
}

/// People with the domain they belong to.
type People = Vec<(Option<rows::Domain>, rows::User)>;

fn list(desk: &Desk<'_>, place: &InRealm, part: &Part) -> Said {
    let people = desk.read(|reader| people(reader, place.domain.as_ref(), part))?;
    let mut table = Table::new(["user", "name", "role", "email", "enabled"]);
    for (domain, user) in &people.rows {
        table.row([
            full(domain.as_ref(), &user.name),
            user.display_name.clone(),
            role_name(user.role).to_owned(),
            user.email.clone().unwrap_or_default(),
            yes_no(user.enabled).to_owned(),
        ]);
    }
    let rows: Vec<Value> = people
        .rows
        .iter()
        .map(|(domain, user)| view::user(domain.as_ref(), user))
        .collect();
    Ok(Answer::new(
        format!("{}{}", table.text(), part.footer(&people, "user")),
        json!({"users": rows, "total": people.total, "page": part.page}),
    ))
}

/// The people of a realm; of none named, those of the whole PBX and then those of the only domain.
fn people(
    reader: &Reader<'_>,
    realm: Option<&Realm>,
    part: &Part,
) -> Result<Listing<(Option<rows::Domain>, rows::User)>, Refusal> {
    let page = part.page();
    let whole = |page| -> Result<_, Refusal> { Ok(reader.users(None, &part.search, page)?) };
    let in_domain = |domain: &rows::Domain, page| -> Result<_, Refusal> {
        Ok(reader.users(Some(domain.id), &part.search, page)?)
    };
    let of = |domain: Option<&rows::Domain>, users: Vec<rows::User>| -> People {
        users.into_iter().map(|user| (domain.cloned(), user)).collect()
    };
    let only = match realm {
        Some(Realm::Whole) => None,
        Some(Realm::Domain(name)) => Some(desk::domain(reader, Some(name), None)?),
        None => {
            let first = whole(page)?;
            let domains = reader.domains()?;
            if domains.is_empty() {
                return Ok(Listing {
                    total: first.total,
                    rows: of(None, first.rows),
                });
            }
            let domain = desk::domain(reader, None, None)?;
            let shown = first.rows.len() as u32;
            let rest = Page {
                skip: page.skip.saturating_sub(first.total),
                limit: page.limit - shown,
            };
            let second = in_domain(&domain, rest)?;
            let total = first.total + second.total;
            let mut rows = of(None, first.rows);
            rows.extend(of(Some(&domain), second.rows));
            return Ok(Listing { rows, total });
        }
    };
    let listing = match &only {
        Some(domain) => in_domain(domain, page)?,
        None => whole(page)?,
    };
    Ok(Listing {
        total: listing.total,
        rows: of(only.as_ref(), listing.rows),
    })
}

fn show(desk: &Desk<'_>, name: &At<Username, Realm>, place: &InRealm) -> Said {
    let (domain, user, extensions, lines) = desk.read(|reader| {
        let (domain, user) = desk::user(reader, name, place)?;
        let extensions = reader.extensions_of(user.id)?;
        let lines = reader.lines_of_user(user.id)?;
        Ok((domain, user, extensions, lines))
    })?;
    let numbers: Vec<&str> = extensions
        .iter()
        .map(|extension| extension.number.as_str())
        .collect();
    let usernames: Vec<&str> = lines.iter().map(|line| line.username.as_str()).collect();
    let sheet = Sheet::default()
        .row("name", &user.display_name)
        .row("email", user.email.as_deref().unwrap_or_default())
        .row("role", role_name(user.role))
        .row(
            "password",
            match user.password_hash.as_deref().map(Stored::parse) {
                Some(Stored { once: true, .. }) => "good for signing in once",
                Some(_) => "set",
                None => "none: cannot sign in",
            },
        )
        .row("enabled", yes_no(user.enabled))
        .row("extensions", numbers.join(", "))
        .row("lines", usernames.join(", "))
        .row(
            "changed",
            format!("in revision {} at {}", user.row_rev, user.updated_at),
        );
    let mut json = view::user(domain.as_ref(), &user);
    json["extensions"] = json!(numbers);
    json["lines"] = json!(usernames);
    Ok(Answer::new(
        format!("user {}\n{}", full(domain.as_ref(), &user.name), sheet.text()),
        json,
    ))
}

fn set(desk: &Desk<'_>, arguments: Set) -> Said {
    let (domain, before) = desk.read(|reader| desk::user(reader, &arguments.name, &arguments.place))?;
    let mut user = before.clone();
    if let Some(name) = arguments.rename {
        user.name = name;
    }
    if let Some(text) = arguments.display_name {
        user.display_name = text;
    }
    if let Some(email) = arguments.email {
        user.email = Some(email).filter(|email| !email.is_empty());
    }
    if let Some(role) = arguments.role {
        user.role = role.into();
    }
    if let Some(password) = arguments.password {
        user.password_hash = Some(user_password::stored(desk, &user.name, &password, false)?);
    }
    if let Some(enabled) = arguments.enabled {
        user.enabled = enabled;
    }
    let full = full(domain.as_ref(), &before.name);
    if user == before {
        return refuse(format!(
            "nothing about user {full} would change: name what is to be set, such as --name TEXT"
        ));
    }
    let done = desk.commit(&format!("user {full} changed"), vec![Change::edit(user.clone())])?;
    let user = rows::User {
        row_rev: done.rev,
        updated_at: done.at,
        ..user
    };
    Ok(Answer::done(
        format!("user {full} changed (revision {})\n", done.rev),
        json!({"revision": done.rev, "user": view::user(domain.as_ref(), &user)}),
    ))
}
