//! `pbx ban`: who is refused for having tried passwords.

use clap::Subcommand;
use serde_json::json;

use super::desk::Desk;
use super::out::{Answer, Said, Table, count, refuse};
use crate::bans::{Account, Culprit, Net};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists the bans in force
    #[command(after_help = "\
Example: pbx ban list json
A ban of an address without a line is for all lines that have not registered from there before. Each ban
lasts twice as long as the last one within a day; see the settings whose names begin with ban-.")]
    List,
    /// Ends a ban
    #[command(after_help = "\
Examples: pbx ban lift 192.0.2.1
          pbx ban lift 192.0.2.1 alice@pbx.example.com
Without a line all bans of the address end.")]
    Lift {
        /// As pbx ban list shows it
        #[arg(value_name = "ADDRESS")]
        address: Net,
        /// Only that of this line
        #[arg(value_name = "USERNAME@DOMAIN")]
        account: Option<Account>,
    },
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::List => Ok(list(desk)),
            Self::Lift { address, account } => lift(desk, address, account),
        }
    }
}

fn list(desk: &Desk<'_>) -> Answer {
    let bans = desk.pbx.bans().list();
    let mut table = Table::new(["address", "line", "since (UTC)", "until (UTC)", "times"]);
    for ban in &bans {
        let line = ban.account.clone().unwrap_or_else(|| "any".to_owned());
        table.row([
            ban.address.clone(),
            line,
            ban.begun.clone(),
            ban.ends.clone(),
            ban.times.to_string(),
        ]);
    }
    let text = if bans.is_empty() {
        "nobody is banned\n".to_owned()
    } else {
        format!("{}{}\n", table.text(), count(bans.len() as u64, "ban"))
    };
    Answer::new(text, json!({"bans": bans}))
}

fn lift(desk: &Desk<'_>, address: Net, account: Option<Account>) -> Said {
    let lifted = desk.pbx.bans().lift(address, account.clone());
    if lifted.is_empty() {
        let culprit = Culprit {
            net: address,
            account,
        };
        return refuse(format!("{culprit} is not banned: pbx ban list shows who is"));
    }
    let names: Vec<String> = lifted.iter().map(ToString::to_string).collect();
    let fields: Vec<_> = lifted
        .iter()
        .map(|culprit| {
            let account = culprit.account.as_ref().map(ToString::to_string);
            json!({"address": culprit.net.to_string(), "account": account})
        })
        .collect();
    Ok(Answer::done(
        format!("no longer banned: {}\n", names.join(", ")),
        json!({"lifted": fields}),
    ))
}
