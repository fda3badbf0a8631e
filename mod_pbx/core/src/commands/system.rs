//! `pbx handlers`, `pbx reload` and `pbx version`.

use clap::Args;
use serde_json::json;

use super::desk::Desk;
use super::out::{Answer, Refusal, Said, Sheet, Table};

#[derive(Debug, Args)]
#[command(after_help = "Example: pbx handlers\n\
    The fsapi handlers are asked in this order, and the first whose fields match answers; those of a section\n\
    pass the lookup on by one field.")]
pub(super) struct Handlers {}

impl Handlers {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let rows = desk.pbx.registries().describe();
        let mut table = Table::new(["registry", "key", "handler"]);
        for row in &rows {
            table.row([row.registry.to_owned(), row.key.clone(), row.handler.to_owned()]);
        }
        Ok(Answer::new(table.text(), json!({"handlers": rows})))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pbx reload\n\
    Calls and lookups go on meanwhile. Run reloadxml first if the file itself was edited. A new mod_pbx.so\n\
    takes a restart of FreeSWITCH.")]
pub(super) struct Reload {}

impl Reload {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let said = desk.pbx.reload().map_err(|error| Refusal(error.to_string()))?;
        let text = said.strip_prefix("+OK ").unwrap_or(&said);
        Ok(Answer::done(text, json!({"message": text.trim_end()})))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pbx version")]
pub(super) struct Version {}

impl Version {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let (ours, switch) = (env!("CARGO_PKG_VERSION"), desk.pbx.host().version());
        let sheet = Sheet::default().row("mod_pbx", ours).row("FreeSWITCH", &switch);
        Ok(Answer::new(
            sheet.text(),
            json!({"version": ours, "switch_version": switch}),
        ))
    }
}
