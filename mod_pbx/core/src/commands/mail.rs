//! `pbx mail`: mail and webhooks that wait or were given up.

use clap::Subcommand;
use serde_json::json;
use uuid::Uuid;

use super::desk::Desk;
use super::out::{Answer, Said, Table, count, refuse};
use crate::store::mail::{State, Which};

/// The most that are shown.
const SHOWN: u32 = 1000;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists the mail and the webhooks that wait or were given up
    #[command(after_help = "\
Example: pbx mail list json
Mail is sent as soon as there is any, and tried again in growing pauses for mail-days days; the settings smtp-… say
where. pbx status says why none can be sent.")]
    List,
    /// Tries again at once, also what was given up
    #[command(
        after_help = "Examples: pbx mail retry\n          pbx mail retry 01890a5d-ac96-774b-bcce-b302099a8057"
    )]
    Retry {
        /// Only this one, as pbx mail list shows it
        #[arg(value_name = "ID")]
        mail: Option<Uuid>,
    },
    /// Takes mail out of the queue; a voicemail message stays in its mailbox
    #[command(
        after_help = "Examples: pbx mail drop 01890a5d-ac96-774b-bcce-b302099a8057\n          pbx mail drop all"
    )]
    Drop {
        /// Which, as pbx mail list shows it, or all
        #[arg(value_name = "ID|all", value_parser = which)]
        mail: Which,
    },
}

fn which(text: &str) -> Result<Which, String> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(Which::All);
    }
    let id = text.parse().map(Which::One);
    id.map_err(|_| "it takes an id as pbx mail list shows it, or all".to_owned())
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::List => list(desk),
            Self::Retry { mail } => retry(desk, mail.map_or(Which::All, Which::One)),
            Self::Drop { mail } => discard(desk, mail),
        }
    }
}

fn list(desk: &Desk<'_>) -> Said {
    let all = desk.pbx.mail().list(SHOWN)?;
    if all.is_empty() {
        return Ok(Answer::new(
            "no mail waits, and none was given up\n",
            json!({"mail": []}),
        ));
    }
    let mut table = Table::new([
        "id",
        "to",
        "about",
        "of (UTC)",
        "tried",
        "next (UTC)",
        "last answer",
    ]);
    for mail in &all {
        let next = match mail.state {
            State::Waiting => mail.next_at.clone(),
            _ => "given up".to_owned(),
        };
        table.row([
            mail.id.to_string(),
            mail.recipient.clone(),
            mail.mailbox.clone(),
            mail.left_at.clone(),
            mail.attempts.to_string(),
            next,
            mail.last_error.clone().unwrap_or_default(),
        ]);
    }
    let text = format!("{}{}\n", table.text(), count(all.len() as u64, "mail"));
    Ok(Answer::new(text, json!({"mail": all})))
}

fn retry(desk: &Desk<'_>, which: Which) -> Said {
    let tried = desk.pbx.mail().retry(which)?;
    desk.pbx.alarm().ring();
    match tried {
        0 => nothing(which),
        tried => Ok(Answer::done(
            format!("{} tried again now\n", count(tried as u64, "mail")),
            json!({"mails": tried}),
        )),
    }
}

fn discard(desk: &Desk<'_>, which: Which) -> Said {
    match desk.pbx.mail().discard(which)? {
        0 => nothing(which),
        gone => Ok(Answer::done(
            format!(
                "{} dropped; voicemail messages are in their mailboxes\n",
                count(gone as u64, "mail")
            ),
            json!({"mails": gone}),
        )),
    }
}

fn nothing(which: Which) -> Said {
    match which {
        Which::All => refuse("no mail waits, and none was given up"),
        Which::One(id) => refuse(format!(
            "{id} neither waits nor was given up: pbx mail list shows those that do"
        )),
    }
}
