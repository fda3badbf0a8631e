//! `pbx domain`: tenants, each a SIP domain.

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use super::desk::{self, Desk};
use super::out::{Answer, Refusal, Said, Sheet, Table, count, refuse};
use super::view;
use crate::admin::nouns::domain::{contents, renamed};
use crate::names::DomainName;
use crate::store::{Change, Page, Reader, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Makes a domain
    #[command(after_help = "Example: pbx domain add pbx.example.com")]
    Add {
        /// A host name that phones can use as their SIP domain
        #[arg(value_name = "DOMAIN")]
        name: DomainName,
    },
    /// Lists the domains
    #[command(after_help = "Example: pbx domain list json")]
    List,
    /// Shows a domain
    #[command(after_help = "Example: pbx domain show pbx.example.com")]
    Show {
        /// Not needed when there is only one
        #[arg(value_name = "DOMAIN")]
        name: Option<DomainName>,
    },
    /// Renames a domain; every phone in it then needs a new password
    #[command(
        after_help = "Example: pbx domain set old.example.com --rename new.example.com --new-passwords\n\
        A password is stored only mixed with the domain's name (RFC 2617), so no phone keeps its own."
    )]
    Set {
        /// The domain
        #[arg(value_name = "DOMAIN")]
        name: DomainName,
        /// Its new name
        #[arg(long, value_name = "DOMAIN")]
        rename: DomainName,
        /// Yes, give every line in it a new password, shown once
        #[arg(long)]
        new_passwords: bool,
    },
    /// Deletes a domain
    #[command(after_help = "Example: pbx domain delete old.example.com --with-everything")]
    Delete {
        /// The domain
        #[arg(value_name = "DOMAIN")]
        name: DomainName,
        /// Its users, extensions and lines as well
        #[arg(long)]
        with_everything: bool,
    },
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add { name } => add(desk, name),
            Self::List => list(desk),
            Self::Show { name } => show(desk, name.as_ref()),
            Self::Set {
                name,
                rename,
                new_passwords,
            } => set(desk, &name, rename, new_passwords),
            Self::Delete {
                name,
                with_everything,
            } => delete(desk, &name, with_everything),
        }
    }
}

/// Said when a second domain comes.
const SECOND: &str = "Warning: type sofia profile internal restart for the domains to work side by side; \
    from then on phones that are pointed at an IP address instead of their domain stop registering";

fn add(desk: &Desk<'_>, name: DomainName) -> Said {
    let id = Uuid::now_v7();
    let row = rows::Domain {
        id,
        name: name.clone(),
        row_rev: 0,
        updated_at: String::new(),
    };
    let done = desk.commit(&format!("domain {name} added"), vec![Change::put(row)])?;
    // The profile's realm was the only domain's until now (see apps/configuration/sofia.rs).
    let second = desk.pbx.store().snapshot().domains.len() == 2;
    let warning = if second { SECOND } else { "" };
    let mut fields = json!({"revision": done.rev, "domain": {"id": id, "name": name}});
    if second {
        fields["warning"] = json!(warning);
    }
    Ok(Answer::done(
        format!(
            "domain {name} added (revision {})\n{warning}{}Next: pbx extension add NUMBER --user NAME --name \"FULL NAME\" --line\n",
            done.rev,
            if second { "\n" } else { "" },
        ),
        fields,
    ))
}

fn list(desk: &Desk<'_>) -> Said {
    let rows = desk.read(|reader| {
        let all = reader.domains()?;
        all.into_iter()
            .map(|domain| Ok((Counts::of(reader, &domain)?, domain)))
            .collect::<Result<Vec<_>, Refusal>>()
    })?;
    let mut table = Table::new(["domain", "users", "extensions", "lines"]);
    for (counts, domain) in &rows {
        let number = |n: u64| n.to_string();
        table.row([
            domain.name.to_string(),
            number(counts.users),
            number(counts.extensions),
            number(counts.lines),
        ]);
    }
    let text = match rows.len() {
        0 => "no domain yet: pbx domain add DOMAIN makes one\n".to_owned(),
        n => format!("{}{}\n", table.text(), count(n as u64, "domain")),
    };
    let json: Vec<Value> = rows.iter().map(|(counts, domain)| counts.json(domain)).collect();
    Ok(Answer::new(text, json!({"domains": json})))
}

fn show(desk: &Desk<'_>, name: Option<&DomainName>) -> Said {
    let (domain, counts) = desk.read(|reader| {
        let domain = desk::domain(reader, None, name)?;
        let counts = Counts::of(reader, &domain)?;
        Ok((domain, counts))
    })?;
    let sheet = Sheet::default()
        .row("users", counts.users)
        .row("extensions", counts.extensions)
        .row("lines", counts.lines)
        .row(
            "changed",
            format!("in revision {} at {}", domain.row_rev, domain.updated_at),
        );
    Ok(Answer::new(
        format!("domain {}\n{}", domain.name, sheet.text()),
        counts.json(&domain),
    ))
}

fn set(desk: &Desk<'_>, name: &DomainName, rename: DomainName, new_passwords: bool) -> Said {
    let (changes, given) = desk.read(|reader| {
        let domain = desk::domain(reader, None, Some(name))?;
        if domain.name == rename {
            return refuse(format!("the domain is called {rename} already"));
        }
        Ok(renamed(reader, domain, rename.clone())?)
    })?;
    if !given.is_empty() && !new_passwords {
        return refuse(format!(
            "{} in {name} would stop working, since a stored password holds the domain's name: \
             add --new-passwords to give each a new one, shown once",
            count(given.len() as u64, "line")
        ));
    }
    let done = desk.commit(&format!("domain {name} renamed to {rename}"), changes)?;
    let mut text = format!("domain {name} is now {rename} (revision {})\n", done.rev);
    if !given.is_empty() {
        let mut table = Table::new(["username", "password (shown only this once)"]);
        given
            .iter()
            .for_each(|(username, password)| table.row([username.to_string(), password.clone()]));
        text.push_str(&format!(
            "Each phone needs the new domain {rename} and its new password:\n{}",
            table.text()
        ));
    }
    let passwords: Vec<Value> = given
        .iter()
        .map(|(username, password)| json!({"username": username, "password": password}))
        .collect();
    Ok(Answer::done(
        text,
        json!({"revision": done.rev, "domain": rename, "passwords": passwords}),
    ))
}

fn delete(desk: &Desk<'_>, name: &DomainName, with_everything: bool) -> Said {
    let (domain, counts, changes) = desk.read(|reader| {
        let domain = desk::domain(reader, None, Some(name))?;
        let counts = Counts::of(reader, &domain)?;
        let mut changes = Vec::new();
        if with_everything {
            changes.extend(contents(reader, domain.id)?.into_iter().map(Change::delete));
        }
        changes.push(Change::delete(domain.clone()));
        Ok((domain, counts, changes))
    })?;
    if !with_everything && counts.users + counts.extensions + counts.lines > 0 {
        return refuse(format!(
            "domain {name} has {}: delete those first, or add --with-everything",
            counts.text()
        ));
    }
    let along = if with_everything {
        format!(" with {}", counts.text())
    } else {
        String::new()
    };
    let done = desk.commit(&format!("domain {name} deleted{along}"), changes)?;
    Ok(Answer::done(
        format!(
            "domain {name} deleted{along} (revision {0}); pbx revert {0} brings it back\n",
            done.rev
        ),
        json!({"revision": done.rev, "domain": domain.name}),
    ))
}

/// How much there is in a domain.
struct Counts {
    users: u64,
    extensions: u64,
    lines: u64,
}

impl Counts {
    fn of(reader: &Reader<'_>, domain: &rows::Domain) -> Result<Self, Refusal> {
        let none = Page::first(0);
        Ok(Self {
            users: reader.users(Some(domain.id), "", none)?.total,
            extensions: reader.extensions(domain.id, "", none)?.total,
            lines: reader.lines(domain.id, "", none)?.total,
        })
    }

    fn text(&self) -> String {
        let Self {
            users,
            extensions,
            lines,
        } = *self;
        format!(
            "{}, {} and {}",
            count(users, "user"),
            count(extensions, "extension"),
            count(lines, "line")
        )
    }

    fn json(&self, domain: &rows::Domain) -> Value {
        let mut fields = view::domain(domain);
        fields["users"] = json!(self.users);
        fields["extensions"] = json!(self.extensions);
        fields["lines"] = json!(self.lines);
        fields
    }
}
