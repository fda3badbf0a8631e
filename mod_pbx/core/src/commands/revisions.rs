//! `pbx revisions` and `pbx revert`: who changed what, and taking it back.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

use super::desk::Desk;
use super::out::{Answer, Refusal, Said, Table, plain, refuse};
use crate::admin::nouns::revision::{is_secret, masked};
use crate::store::{Image, Page, RowChange};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples: pbx revisions --limit 50
          pbx revisions 17
With a number: what that revision changed, value by value; of a secret only that it changed.")]
pub(super) struct Revisions {
    /// One revision in full
    #[arg(value_name = "N")]
    rev: Option<u64>,
    /// How many, newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Which page
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    page: u32,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example: pbx revert 17
The undo is a revision of its own. It is refused if a later revision touched the same rows.")]
pub(super) struct Revert {
    /// The revision to undo
    #[arg(value_name = "N")]
    rev: u64,
}

impl Revisions {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self.rev {
            Some(rev) => one(desk, rev),
            None => self.list(desk),
        }
    }

    fn list(&self, desk: &Desk<'_>) -> Said {
        let page = Page {
            skip: u64::from(self.page - 1) * u64::from(self.limit),
            limit: self.limit,
        };
        let listing = desk.read(|reader| Ok(reader.revisions(page)?))?;
        let mut table = Table::new(["revision", "when (UTC)", "who", "what"]);
        for revision in &listing.rows {
            table.row([
                revision.rev.to_string(),
                revision.at.clone(),
                revision.actor.clone(),
                revision.summary.clone(),
            ]);
        }
        let text = if table.is_empty() {
            "no revision here\n".to_owned()
        } else {
            table.text()
        };
        Ok(Answer::new(
            text,
            json!({"revisions": listing.rows, "total": listing.total, "page": self.page}),
        ))
    }
}

fn one(desk: &Desk<'_>, rev: u64) -> Said {
    let (revision, changes) = desk.read(|reader| {
        let Some(revision) = reader.revision(rev)? else {
            return refuse(format!("there is no revision {rev}: pbx revisions lists them"));
        };
        Ok((revision, reader.changes(rev)?))
    })?;
    let mut text = format!(
        "revision {rev}, {} by {}: {}\n",
        revision.at,
        plain(&revision.actor),
        plain(&revision.summary)
    );
    for change in &changes {
        text.push_str(&described(change));
    }
    let rows: Vec<Value> = changes.iter().map(masked).collect();
    Ok(Answer::new(text, json!({"revision": revision, "changes": rows})))
}

/// One row's change, a line for each value.
fn described(change: &RowChange) -> String {
    let none = Image::new();
    let (before, after) = (
        change.before.as_ref().unwrap_or(&none),
        change.after.as_ref().unwrap_or(&none),
    );
    let image = if change.after.is_some() { after } else { before };
    let label = ["name", "number", "username"]
        .iter()
        .find_map(|key| image.get(*key))
        .and_then(Value::as_str);
    let verb = match (&change.before, &change.after) {
        (None, _) => "added",
        (_, None) => "deleted",
        _ => "changed",
    };
    let mut text = format!("{} {} {verb}\n", change.table, plain(label.unwrap_or_default()));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let own = ["id", "row_rev", "updated_at"].contains(&name.as_str());
        let (old, new) = (before.get(name), after.get(name));
        if own || old == new {
            continue;
        }
        let value = |value: Option<&Value>| match value {
            None | Some(Value::Null) => "-".to_owned(),
            Some(value) if is_secret(name, value) => "(secret)".to_owned(),
            Some(Value::String(text)) => plain(text),
            Some(other) => other.to_string(),
        };
        text.push_str(&match (&change.before, &change.after) {
            (None, _) => format!("  {name}: {}\n", value(new)),
            (_, None) => format!("  {name}: {}\n", value(old)),
            _ => format!("  {name}: {} -> {}\n", value(old), value(new)),
        });
    }
    text
}

impl Revert {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let rev = self.rev;
        let done = desk
            .pbx
            .store()
            .revert(rev, desk.actor(), Uuid::now_v7(), desk.force)
            .map_err(Refusal::from)?;
        Ok(Answer::done(
            format!("revision {rev} is undone (revision {})\n", done.rev),
            json!({"revision": done.rev, "undone": rev}),
        ))
    }
}
