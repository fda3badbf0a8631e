//! Domains: tenants, each a SIP domain.

use serde_json::json;
use uuid::Uuid;

use super::{ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Draft, Grant, Noun, Place, Plan, Refusal, Sort, Source, Stored, Who};
use crate::names::DomainName;
use crate::secret;
use crate::store::{Change, Find, Image, Page, Reader, Row, Table, rows};

const MANY: i64 = i64::MAX;

/// A line's new password.
static RENEWED: [Field; 2] = [
    Field::must("username", Kind::Username, "The line."),
    Field::must("password", Kind::Password, "Its new password."),
];

/// What is shown once about a domain.
static ONCE: [Field; 1] = [Field::shown(
    "passwords",
    Kind::List(&Kind::Object(&RENEWED), 1_000_000),
    "The new password of each line.",
)];

/// Domains.
pub static NOUN: Noun = Noun {
    path: "domains",
    one: "domain",
    about: "A tenant, and a SIP domain.",
    read: Who::DomainAdministrators,
    write: Who::Administrators,
    fields: &[
        ID,
        Field::must("name", Kind::DomainName, "A host name that phones can use as their SIP domain."),
        Field::may(
            "new_passwords",
            Kind::Flag,
            "With another name: gives every line in it a new password, shown once, since the stored ones hold the \
             domain's name.",
        )
        .hidden()
        .later(),
        Field::shown("users", Kind::Integer(0, MANY), "How many people it has."),
        Field::shown("extensions", Kind::Integer(0, MANY), "How many extensions."),
        Field::shown("lines", Kind::Integer(0, MANY), "How many lines."),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &ONCE,
    sort: &[
        Sort { name: "name", terms: &["name"] },
        Sort { name: "updated_at", terms: &["updated_at"] },
    ],
    source: Source::Table(&Stored {
        table: Table::Domain,
        place: Place::Itself,
        search: &["name"],
        show,
        create: Some(create),
        edit: Some(edit),
        delete: Some(delete),
        after: |_| {},
    }),
    actions: &[],
};

fn show(_: &Admin<'_>, reader: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let (id, none) = (row.id(), Page::first(0));
    image.insert("users".into(), json!(reader.users(Some(id), "", none)?.total));
    image.insert("extensions".into(), json!(reader.extensions(id, "", none)?.total));
    image.insert("lines".into(), json!(reader.lines(id, "", none)?.total));
    Ok(())
}

/// Lines with their new passwords.
pub(crate) type Renewed = Vec<(crate::names::Username, String)>;

/// Gives a domain another name, and every line of it a new password.
pub(crate) fn renamed(
    reader: &Reader<'_>,
    mut domain: rows::Domain,
    name: DomainName,
) -> Result<(Vec<Change>, Renewed), Refusal> {
    let lines = reader.lines(domain.id, "", Page::ALL)?.rows;
    domain.name = name.clone();
    let mut changes = vec![Change::edit(domain)];
    let mut given = Vec::new();
    for mut line in lines {
        let password = secret::generate()?;
        line.a1 = secret::a1_hex(line.username.as_str(), name.as_str(), &password);
        given.push((line.username.clone(), password));
        changes.push(Change::edit(line));
    }
    Ok((changes, given))
}

/// Whatever is in a domain, of every table.
pub(crate) fn contents(reader: &Reader<'_>, domain: Uuid) -> Result<Vec<Row>, Refusal> {
    let mut all = Vec::new();
    for &table in Table::ALL.iter().filter(|table| table.is_in_domain()) {
        all.extend(reader.find(&Find::in_domain(table, domain))?.rows);
    }
    Ok(all)
}

fn create(_: &Admin<'_>, _: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    let row = rows::Domain {
        id: Uuid::now_v7(),
        name: draft.name("name")?,
        row_rev: 0,
        updated_at: String::new(),
    };
    Ok(Plan {
        summary: format!("domain {} added", row.name),
        id: row.id,
        changes: vec![Change::put(row)],
        once: Image::new(),
    })
}

fn edit(admin: &Admin<'_>, _: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let Row::Domain(before) = before else {
        return Err(Refusal::Missing);
    };
    let after: rows::Domain = draft.over(before)?;
    let mut plan = Plan {
        summary: format!("domain {} renamed to {}", before.name, after.name),
        id: before.id,
        ..Plan::default()
    };
    if after.name == before.name {
        return Ok(plan);
    }
    let (changes, given) = admin.read(|reader| renamed(reader, before.clone(), after.name.clone()))?;
    if !given.is_empty() && draft.flag("new_passwords") != Some(true) {
        return Err(Refusal::field(
            "new_passwords",
            format!(
                "{} line(s) would stop working, since a stored password holds the domain's name: send new_passwords \
                 to give each a new one, shown once",
                given.len()
            ),
        ));
    }
    plan.changes = changes;
    if !given.is_empty() {
        let passwords = given
            .iter()
            .map(|(username, password)| json!({"username": username, "password": password}));
        plan.once.insert("passwords".into(), passwords.collect());
    }
    Ok(plan)
}

fn delete(admin: &Admin<'_>, _: &Grant, row: &Row, everything: bool) -> Result<Plan, Refusal> {
    let contents = admin.read(|reader| contents(reader, row.id()))?;
    if !everything && !contents.is_empty() {
        return Err(Refusal::Conflict(format!(
            "domain {} is not empty ({} things are in it): delete those first, or ask for with_everything",
            row.label(),
            contents.len()
        )));
    }
    let mut changes: Vec<Change> = contents.into_iter().map(Change::delete).collect();
    changes.push(Change::delete(row.clone()));
    Ok(Plan {
        summary: format!("domain {} deleted", row.label()),
        changes,
        id: row.id(),
        once: Image::new(),
    })
}
