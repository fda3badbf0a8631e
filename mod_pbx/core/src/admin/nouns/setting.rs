//! Settings: the catalogue with the values in force. One that has its default has no row, and the revision 0.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Draft, Facts, Grant, Noun, Plan, Refusal, Scope, Sort, Source, Who};
use crate::pbx::Pbx;
use crate::seal::Vault;
use crate::store::settings::{CATALOGUE, Definition, Kind as Takes, definition};
use crate::store::{Change, Image, rows};

/// Settings.
pub static NOUN: Noun = Noun {
    path: "settings",
    one: "setting",
    about: "Addresses, ports, limits. Those that have their default are listed too.",
    read: Who::Administrators,
    write: Who::Administrators,
    fields: &[
        Field::shown("id", Kind::Text(64), "Its name."),
        Field::shown("name", Kind::Text(64), "Its name."),
        Field::may(
            "value",
            Kind::Text(4096),
            "Its value as text; null takes it back to its default. A secret reads (sealed).",
        )
        .later()
        .or_null(),
        Field::shown("default", Kind::Text(4096), "What it is unless set."),
        Field::shown("is_set", Kind::Flag, "Whether it is set.").filter(),
        Field::shown("takes", Kind::Text(200), "What it takes, in words."),
        Field::shown("description", Kind::Text(1000), "What it does."),
        ROW_REV,
        UPDATED_AT.or_null(),
    ],
    once: &[],
    sort: &[Sort::by("name", &[]), Sort::by("is_set", &[])],
    source: Source::Facts(&Facts {
        list,
        paged: None,
        get: None,
        delete: None,
        edit: Some(edit),
        after: |admin| admin.pbx.mail().ring(),
    }),
    actions: &[],
};

fn list(admin: &Admin<'_>, _: &Scope) -> Result<Vec<Image>, Refusal> {
    let set = admin.read(|reader| Ok(reader.settings()?))?;
    let one = |definition: &&Definition| {
        let row = set.iter().find(|row| row.name == definition.name);
        let fields = json!({
            "id": definition.name,
            "name": definition.name,
            "value": shown(definition, row.map_or(definition.default, |row| row.value.as_str())),
            "default": definition.default,
            "is_set": row.is_some(),
            "takes": takes(definition.kind),
            "description": definition.description,
            "row_rev": row.map_or(0, |row| row.row_rev),
            "updated_at": row.map(|row| row.updated_at.as_str()),
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Image::new(),
        }
    };
    Ok(CATALOGUE.iter().map(one).collect())
}

/// A value as it may be seen.
pub(crate) fn shown<'v>(definition: &Definition, value: &'v str) -> &'v str {
    match definition.kind {
        Takes::Secret if !value.is_empty() => "(sealed)",
        _ => value,
    }
}

/// What a setting takes, in words.
pub(crate) fn takes(kind: Takes) -> String {
    match kind {
        Takes::Address => "an IP address, or auto".to_owned(),
        Takes::Port => "a port, 1 to 65535".to_owned(),
        Takes::Number(low, high) => format!("{low} to {high}"),
        Takes::Flag => "yes or no".to_owned(),
        Takes::Networks => "networks in CIDR notation, blank separated".to_owned(),
        Takes::Numbers => "numbers, blank separated".to_owned(),
        Takes::Code => "* and 1 to 5 digits, or empty".to_owned(),
        Takes::Path => "an absolute path, or empty".to_owned(),
        Takes::NftablesSet => "family, table and set, or empty".to_owned(),
        Takes::Host => "a host's name or IP address, or empty".to_owned(),
        Takes::Choice(words) => words.join(" or "),
        Takes::Word => "printable characters without blanks, or empty".to_owned(),
        Takes::Mail => "an e-mail address, or empty".to_owned(),
        Takes::Secret => "a secret, or empty".to_owned(),
    }
}

/// A value as it is stored: checked, in its one spelling, a secret sealed.
pub(crate) fn stored(pbx: &Pbx, definition: &Definition, value: &str) -> Result<String, Refusal> {
    if definition.kind != Takes::Secret || value.is_empty() {
        return definition
            .parse(value)
            .map_err(|why| Refusal::field("value", why));
    }
    if value.len() > 256 || value.chars().any(char::is_control) {
        let why = format!(
            "{} takes up to 256 bytes without control characters",
            definition.name
        );
        return Err(Refusal::field("value", why));
    }
    let vault = Vault::of(&pbx.config().database);
    let sealed = vault.seal(definition.name, value);
    sealed.map_err(|error| Refusal::Unavailable(error.to_string()))
}

/// The change that gives a setting a stored value.
pub(crate) fn put(definition: &Definition, row: Option<rows::Setting>, value: String) -> Change {
    match row {
        Some(row) => Change::edit(rows::Setting { value, ..row }),
        None => Change::put(rows::Setting {
            id: Uuid::now_v7(),
            name: definition.name.to_owned(),
            value,
            row_rev: 0,
            updated_at: String::new(),
        }),
    }
}

fn edit(admin: &Admin<'_>, _: &Grant, before: &Image, draft: &Draft) -> Result<Plan, Refusal> {
    let name = before.get("name").and_then(Value::as_str).unwrap_or_default();
    let definition = definition(name).ok_or(Refusal::Missing)?;
    let row = admin.read(|reader| Ok(reader.setting(name)?))?;
    let mut plan = Plan::default();
    match draft.get("value") {
        None => {}
        Some(Value::Null) => {
            plan.summary = format!("setting {name} deleted");
            plan.changes.extend(row.map(Change::delete));
        }
        Some(value) => {
            let value = stored(admin.pbx, definition, value.as_str().unwrap_or_default())?;
            plan.summary = format!("setting {name} set to {:?}", shown(definition, &value));
            if row.as_ref().is_none_or(|row| row.value != value) {
                plan.changes.push(put(definition, row, value));
            }
        }
    }
    Ok(plan)
}
