//! `pbx setting`: what differs from the defaults, and what there is to set.

use clap::Subcommand;
use serde_json::{Value, json};

use super::desk::Desk;
use super::out::{Answer, Refusal, Said, Sheet, Table, refuse};
use crate::admin::nouns::setting::{put, shown, stored, takes};
use crate::store::settings::{CATALOGUE, Definition, definition};
use crate::store::{Change, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists every setting with its value and what it does
    #[command(after_help = "Example: pbx setting list")]
    List,
    /// Shows a setting
    #[command(after_help = "Example: pbx setting show sip-port")]
    Show {
        /// Its name, as pbx setting list prints it
        #[arg(value_name = "NAME", value_parser = named)]
        name: &'static Definition,
    },
    /// Sets a setting
    #[command(
        after_help = "Examples: pbx setting set external-address 203.0.113.7\n          \
        pbx setting set local-networks \"10.0.0.0/8 192.168.0.0/16\"\n\
        sofia reads addresses and ports when a profile starts: sofia profile internal restart"
    )]
    Set {
        /// Its name
        #[arg(value_name = "NAME", value_parser = named)]
        name: &'static Definition,
        /// Its value; \"\" where a setting may be empty
        #[arg(value_name = "VALUE")]
        value: String,
    },
    /// Takes a setting back to its default
    #[command(after_help = "Example: pbx setting delete external-address")]
    Delete {
        /// Its name
        #[arg(value_name = "NAME", value_parser = named)]
        name: &'static Definition,
    },
}

fn named(text: &str) -> Result<&'static Definition, String> {
    definition(&text.to_ascii_lowercase())
        .ok_or_else(|| format!("there is no setting {text:?}: pbx setting list prints them all"))
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::List => list(desk),
            Self::Show { name } => show(desk, name),
            Self::Set { name, value } => set(desk, name, &value),
            Self::Delete { name } => delete(desk, name),
        }
    }
}

/// The row of a setting, if it is set.
fn row(desk: &Desk<'_>, definition: &Definition) -> Result<Option<rows::Setting>, Refusal> {
    desk.read(|reader| Ok(reader.setting(definition.name)?))
}

/// The value that is in force, as it may be seen.
fn current<'v>(definition: &Definition, row: Option<&'v rows::Setting>) -> &'v str {
    shown(
        definition,
        row.map_or(definition.default, |row| row.value.as_str()),
    )
}

fn json(definition: &Definition, row: Option<&rows::Setting>) -> Value {
    json!({
        "name": definition.name,
        "value": current(definition, row),
        "default": definition.default,
        "is_set": row.is_some(),
        "takes": takes(definition.kind),
        "description": definition.description,
    })
}

fn list(desk: &Desk<'_>) -> Said {
    let set = desk.read(|reader| Ok(reader.settings()?))?;
    let mut table = Table::new(["setting", "value", "", "what it is"]);
    let mut all = Vec::new();
    for definition in CATALOGUE {
        let row = set.iter().find(|row| row.name == definition.name);
        table.row([
            definition.name.to_owned(),
            current(definition, row).to_owned(),
            if row.is_some() { "set" } else { "default" }.to_owned(),
            definition.description.to_owned(),
        ]);
        all.push(json(definition, row));
    }
    Ok(Answer::new(table.text(), json!({"settings": all})))
}

fn show(desk: &Desk<'_>, definition: &Definition) -> Said {
    let row = row(desk, definition)?;
    let value = current(definition, row.as_ref());
    let sheet = Sheet::default()
        .row("value", value)
        .row("default", definition.default)
        .row("takes", takes(definition.kind))
        .row("what it is", definition.description);
    Ok(Answer::new(
        format!("setting {}\n{}", definition.name, sheet.text()),
        json(definition, row.as_ref()),
    ))
}

fn set(desk: &Desk<'_>, definition: &Definition, value: &str) -> Said {
    let name = definition.name;
    let value = stored(desk.pbx, definition, value)?;
    let row = row(desk, definition)?;
    let before = current(definition, row.as_ref()).to_owned();
    if row.as_ref().is_some_and(|row| row.value == value) {
        return refuse(format!("setting {name} is {value:?} already"));
    }
    let change = put(definition, row, value.clone());
    let value = shown(definition, &value);
    let done = desk.commit(&format!("setting {name} set to {value:?}"), vec![change])?;
    desk.pbx.mail().ring();
    Ok(Answer::done(
        format!(
            "setting {name} is now {value:?}, was {before:?} (revision {})\n",
            done.rev
        ),
        json!({"revision": done.rev, "name": name, "value": value, "before": before}),
    ))
}

fn delete(desk: &Desk<'_>, definition: &Definition) -> Said {
    let name = definition.name;
    let Some(row) = row(desk, definition)? else {
        return refuse(format!(
            "setting {name} is not set: it has its default, {:?}",
            definition.default
        ));
    };
    let before = shown(definition, &row.value).to_owned();
    let done = desk.commit(&format!("setting {name} deleted"), vec![Change::delete(row)])?;
    Ok(Answer::done(
        format!(
            "setting {name} is its default {:?} again, was {before:?} (revision {})\n",
            definition.default, done.rev
        ),
        json!({"revision": done.rev, "name": name, "value": definition.default, "before": before}),
    ))
}
