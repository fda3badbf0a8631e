//! `pbx group`: extensions that share a grant.

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::At;
use super::desk::{self, Desk, InDomain, full};
use super::out::{Answer, Refusal, Said, Table, count, refuse};
use crate::names::{Number, Slug};
use crate::store::{Change, Reader, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Makes a group
    #[command(after_help = "Example: pbx group add sales --member 1001 --member 1002")]
    Add {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Slug>,
        /// An extension in it; may be there several times
        #[arg(long, value_name = "NUMBER")]
        member: Vec<Number>,
        #[command(flatten)]
        place: InDomain,
    },
    /// Lists groups
    #[command(after_help = "Example: pbx group list")]
    List {
        #[command(flatten)]
        place: InDomain,
    },
    /// Shows who is in a group
    #[command(after_help = "Example: pbx group show sales")]
    Show {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Slug>,
        #[command(flatten)]
        place: InDomain,
    },
    /// Changes a group: its name, who is in it
    #[command(after_help = "Example: pbx group set sales --add 1003 --remove 1001")]
    Set {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Slug>,
        /// Another name
        #[arg(long, value_name = "NAME")]
        rename: Option<Slug>,
        /// An extension that comes; may be there several times
        #[arg(long, value_name = "NUMBER")]
        add: Vec<Number>,
        /// An extension that leaves; may be there several times
        #[arg(long, value_name = "NUMBER")]
        remove: Vec<Number>,
        #[command(flatten)]
        place: InDomain,
    },
    /// Deletes a group, and what was granted to it
    #[command(after_help = "Example: pbx group delete sales")]
    Delete {
        /// NAME or NAME@DOMAIN
        #[arg(value_name = "NAME")]
        name: At<Slug>,
        #[command(flatten)]
        place: InDomain,
    },
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add { name, member, place } => add(desk, &name, &member, &place),
            Self::List { place } => list(desk, &place),
            Self::Show { name, place } => show(desk, &name, &place),
            Self::Set {
                name,
                rename,
                add,
                remove,
                place,
            } => set(desk, &name, rename, &add, &remove, &place),
            Self::Delete { name, place } => delete(desk, &name, &place),
        }
    }
}

/// The group, and its domain.
pub(super) fn find(
    reader: &Reader<'_>,
    name: &At<Slug>,
    place: &InDomain,
) -> Result<(rows::Domain, rows::ExtensionGroup), Refusal> {
    let domain = desk::domain(reader, name.domain.as_ref(), place.domain.as_ref())?;
    let group = in_domain(reader, &domain, &name.name)?;
    Ok((domain, group))
}

pub(super) fn in_domain(
    reader: &Reader<'_>,
    domain: &rows::Domain,
    name: &Slug,
) -> Result<rows::ExtensionGroup, Refusal> {
    reader.group_by_name(domain.id, name.as_str())?.ok_or_else(|| {
        Refusal(format!(
            "there is no group {name} in {}: pbx group list shows those there are",
            domain.name
        ))
    })
}

/// The extension with this number in a domain.
pub(super) fn extension(
    reader: &Reader<'_>,
    domain: &rows::Domain,
    number: &Number,
) -> Result<rows::Extension, Refusal> {
    reader
        .extension_by_number(domain.id, number.as_str())?
        .ok_or_else(|| {
            Refusal(format!(
                "there is no extension {number} in {}: pbx extension list shows those there are",
                domain.name
            ))
        })
}

fn member(group: &rows::ExtensionGroup, extension: &rows::Extension) -> Change {
    Change::put(rows::GroupMember {
        id: Uuid::now_v7(),
        domain_id: group.domain_id,
        group_id: group.id,
        extension_id: extension.id,
        row_rev: 0,
        updated_at: String::new(),
    })
}

fn numbers(reader: &Reader<'_>, group: &rows::ExtensionGroup) -> Result<Vec<String>, Refusal> {
    let mut numbers = Vec::new();
    for member in reader.members_of(group.id)? {
        let extension = reader.get::<rows::Extension>(member.extension_id)?;
        numbers.extend(extension.map(|extension| extension.number.to_string()));
    }
    numbers.sort();
    Ok(numbers)
}

fn fields(domain: &rows::Domain, group: &rows::ExtensionGroup, members: &[String]) -> Value {
    json!({"id": group.id, "domain": domain.name, "name": group.name, "members": members, "row_rev": group.row_rev})
}

fn add(desk: &Desk<'_>, name: &At<Slug>, members: &[Number], place: &InDomain) -> Said {
    let (domain, group, changes) = desk.read(|reader| {
        let domain = desk::domain(reader, name.domain.as_ref(), place.domain.as_ref())?;
        let group = rows::ExtensionGroup {
            id: Uuid::now_v7(),
            domain_id: domain.id,
            name: name.name.clone(),
            row_rev: 0,
            updated_at: String::new(),
        };
        let mut changes = vec![Change::put(group.clone())];
        for number in members {
            changes.push(member(&group, &extension(reader, &domain, number)?));
        }
        Ok((domain, group, changes))
    })?;
    let summary = format!("group {} added", full(&group.name, &domain));
    let done = desk.commit(&summary, changes)?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json!({"revision": done.rev, "id": group.id, "domain": domain.name, "name": group.name}),
    ))
}

fn list(desk: &Desk<'_>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let (mut table, mut rows) = (Table::new(["group", "extensions"]), Vec::new());
        for group in reader.groups(domain.id)? {
            let members = numbers(reader, &group)?;
            table.row([group.name.to_string(), members.join(" ")]);
            rows.push(fields(&domain, &group, &members));
        }
        let text = match rows.len() {
            0 => "no group yet: pbx group add NAME --member NUMBER makes one\n".to_owned(),
            n => format!("{}{}\n", table.text(), count(n as u64, "group")),
        };
        Ok(Answer::new(text, json!({"domain": domain.name, "groups": rows})))
    })
}

fn show(desk: &Desk<'_>, name: &At<Slug>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let (domain, group) = find(reader, name, place)?;
        let members = numbers(reader, &group)?;
        let text = format!(
            "group {}\n  extensions  {}\n",
            full(&group.name, &domain),
            members.join(" ")
        );
        Ok(Answer::new(text, fields(&domain, &group, &members)))
    })
}

fn set(
    desk: &Desk<'_>,
    name: &At<Slug>,
    rename: Option<Slug>,
    come: &[Number],
    leave: &[Number],
    place: &InDomain,
) -> Said {
    let (domain, group, changes) = desk.read(|reader| {
        let (domain, mut group) = find(reader, name, place)?;
        let members = reader.members_of(group.id)?;
        let mut changes = Vec::new();
        for number in come {
            let extension = extension(reader, &domain, number)?;
            if members.iter().any(|member| member.extension_id == extension.id) {
                return refuse(format!("extension {number} is in group {} already", group.name));
            }
            changes.push(member(&group, &extension));
        }
        for number in leave {
            let extension = extension(reader, &domain, number)?;
            let found = members.iter().find(|member| member.extension_id == extension.id);
            let found =
                found.ok_or_else(|| Refusal(format!("extension {number} is not in group {}", group.name)))?;
            changes.push(Change::delete(found.clone()));
        }
        if let Some(other) = rename {
            group.name = other;
            changes.push(Change::edit(group.clone()));
        }
        Ok((domain, group, changes))
    })?;
    if changes.is_empty() {
        return refuse("say what is to be otherwise: --add NUMBER, --remove NUMBER or --rename NAME");
    }
    let summary = format!("group {} changed", full(&group.name, &domain));
    let done = desk.commit(&summary, changes)?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json!({"revision": done.rev, "id": group.id, "domain": domain.name, "name": group.name}),
    ))
}

fn delete(desk: &Desk<'_>, name: &At<Slug>, place: &InDomain) -> Said {
    let (domain, group) = desk.read(|reader| find(reader, name, place))?;
    let summary = format!("group {} deleted", full(&group.name, &domain));
    let done = desk.commit(&summary, vec![Change::delete(group.clone())])?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json!({"revision": done.rev, "id": group.id, "domain": domain.name, "name": group.name}),
    ))
}
