//! `pbx block`: numbers that nobody in a domain may call.

use clap::Subcommand;
use serde_json::json;
use uuid::Uuid;

use super::address::At;
use super::desk::{self, Desk, InDomain};
use super::out::{Answer, Refusal, Said, Table, count};
use crate::routing::pattern::Pattern;
use crate::store::{Change, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Blocks numbers; calls for help are never blocked
    #[command(after_help = "Example: pbx block add +882* --note \"satellites\"")]
    Add {
        /// A number with its country code, x for any digit, * at its end for whatever follows
        #[arg(value_name = "PATTERN")]
        pattern: At<Pattern>,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        note: String,
        #[command(flatten)]
        place: InDomain,
    },
    /// Lists what is blocked
    #[command(after_help = "Example: pbx block list")]
    List {
        #[command(flatten)]
        place: InDomain,
    },
    /// Permits these numbers again
    #[command(after_help = "Example: pbx block delete +882*")]
    Delete {
        /// As pbx block list prints it
        #[arg(value_name = "PATTERN")]
        pattern: At<Pattern>,
        #[command(flatten)]
        place: InDomain,
    },
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add { pattern, note, place } => add(desk, &pattern, note, &place),
            Self::List { place } => list(desk, &place),
            Self::Delete { pattern, place } => delete(desk, &pattern, &place),
        }
    }
}

fn add(desk: &Desk<'_>, at: &At<Pattern>, note: String, place: &InDomain) -> Said {
    let domain = desk.read(|reader| desk::domain(reader, at.domain.as_ref(), place.domain.as_ref()))?;
    let row = rows::Block {
        id: Uuid::now_v7(),
        domain_id: domain.id,
        pattern: at.name.clone(),
        note,
        row_rev: 0,
        updated_at: String::new(),
    };
    let summary = format!("{} blocked in {}", row.pattern, domain.name);
    let done = desk.commit(&summary, vec![Change::put(row.clone())])?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json!({"revision": done.rev, "id": row.id, "domain": domain.name, "pattern": row.pattern}),
    ))
}

fn list(desk: &Desk<'_>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let (mut table, mut rows) = (Table::new(["pattern", "why"]), Vec::new());
        for block in reader.blocks(domain.id)? {
            table.row([block.pattern.to_string(), block.note.clone()]);
            rows.push(json!({"id": block.id, "pattern": block.pattern, "note": block.note, "row_rev": block.row_rev}));
        }
        let text = format!("{}{}\n", table.text(), count(rows.len() as u64, "block"));
        Ok(Answer::new(text, json!({"domain": domain.name, "blocks": rows})))
    })
}

fn delete(desk: &Desk<'_>, at: &At<Pattern>, place: &InDomain) -> Said {
    let (domain, row) = desk.read(|reader| {
        let domain = desk::domain(reader, at.domain.as_ref(), place.domain.as_ref())?;
        let row = reader.block_by_pattern(domain.id, at.name.as_str())?;
        let row = row.ok_or_else(|| {
            Refusal(format!(
                "{} is not blocked in {}: pbx block list shows what is",
                at.name, domain.name
            ))
        })?;
        Ok((domain, row))
    })?;
    let summary = format!("{} permitted again in {}", row.pattern, domain.name);
    let done = desk.commit(&summary, vec![Change::delete(row.clone())])?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json!({"revision": done.rev, "domain": domain.name, "pattern": row.pattern}),
    ))
}
