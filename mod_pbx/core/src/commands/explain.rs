//! `pbx explain`: what happens to a call, and why.
//!
//! The last line is the answer itself ([`crate::explain`]).

use clap::Args;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::json;

use super::address::At;
use super::desk::{self, Desk, InDomain};
use super::out::{Answer, Refusal, Said, plain, refuse};
use crate::explain::{Caller, Explained, Unthinkable, explain};
use crate::names::Username;
use crate::store::Reader;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples: pbx explain 1001 +4930123456
          pbx explain alice-mobile 0900123456 at 2026-12-24T20:00
          pbx explain gateway:carrier +4930123450 at \"2026-12-24 20:00\"
          pbx explain gateway:carrier 030999111 --transferred-by 1002
FROM is an extension or a line of it, or gateway:NAME for a call that comes in. TO is what is dialled.
+ speaks for the call, - against it. The last line is the very document that the switch would be answered.")]
pub(super) struct Explain {
    /// An extension, a line, or gateway:NAME; @DOMAIN may follow
    #[arg(value_name = "FROM")]
    from: String,
    /// What is dialled
    #[arg(value_name = "TO")]
    to: String,
    /// at TIME: another time than now
    #[arg(value_name = "at TIME", num_args = 0..=3)]
    when: Vec<String>,
    /// A call in progress, which this extension, or a line of it, transfers to TO
    #[arg(long, value_name = "NUMBER")]
    transferred_by: Option<At<Username>>,
    #[command(flatten)]
    place: InDomain,
}

impl Explain {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let at = time(&self.when)?;
        let Explained { steps, document, .. } = desk.read(|reader| thought(reader, desk, &self, at))?;
        let mut text = format!("call from {} to {}", plain(&self.from), plain(&self.to));
        if let Some(sender) = &self.transferred_by {
            text.push_str(&format!(", transferred by {}", plain(sender.name.as_str())));
        }
        text.push('\n');
        for step in &steps {
            let sign = match step.verdict {
                Some(true) => '+',
                Some(false) => '-',
                None => ' ',
            };
            let indent = 2 * usize::from(step.depth);
            text.push_str(&format!("{:indent$}  {sign} {}\n", "", plain(&step.text)));
        }
        text.push_str(&document);
        text.push('\n');
        Ok(Answer::new(
            text,
            json!({
                "from": self.from,
                "to": self.to,
                "transferred_by": self.transferred_by.as_ref().map(|sender| sender.name.to_string()),
                "at": at.map(|at| at.to_string()),
                "steps": steps,
                "answer": document,
            }),
        ))
    }
}

/// The time that `at TIME` says.
pub(super) fn time(words: &[String]) -> Result<Option<Timestamp>, Refusal> {
    let rest = match words.split_first() {
        None => return Ok(None),
        Some((at, rest)) if at == "at" && !rest.is_empty() => rest.join("T"),
        Some(_) => return refuse("write at TIME behind it, such as at 2026-12-24T20:00"),
    };
    let rest = rest.replacen(' ', "T", 1);
    if let Ok(at) = rest.parse::<Timestamp>() {
        return Ok(Some(at));
    }
    let local = rest.parse::<DateTime>().ok();
    let zoned = local.and_then(|local| local.to_zoned(TimeZone::system()).ok());
    zoned
        .map(|zoned| Some(zoned.timestamp()))
        .ok_or_else(|| Refusal(format!("{rest:?} is no time: write it as 2026-12-24T20:00")))
}

/// Has the call answered as the switch's.
fn thought(
    reader: &Reader<'_>,
    desk: &Desk<'_>,
    said: &Explain,
    at: Option<Timestamp>,
) -> Result<Explained, Refusal> {
    let snapshot = desk.pbx.store().snapshot();
    let sender = match &said.transferred_by {
        None => None,
        Some(sender) => {
            let domain = desk::domain(reader, sender.domain.as_ref(), said.place.domain.as_ref())?;
            Some((domain.name, sender.name.to_string()))
        }
    };
    let sender = sender.as_ref().map(|(domain, name)| (domain, name.as_str()));
    let Some(name) = said.from.strip_prefix("gateway:") else {
        let from: At<Username> = said.from.parse()?;
        let domain = desk::domain(reader, from.domain.as_ref(), said.place.domain.as_ref())?;
        let caller = Caller::Own(&domain.name, from.name.as_str());
        return explain(desk.pbx, caller, &said.to, at, sender).map_err(|why| match why {
            Unthinkable::Nobody => Refusal(format!(
                "there is no extension or line {} in {}, or it is disabled: pbx extension list",
                from.name, domain.name
            )),
            why => refusal(why, &said.from),
        });
    };
    let Some(gateway) = snapshot.gateways.by_name(name) else {
        return refuse(format!(
            "there is no gateway {name:?}: pbx gateway list shows those there are"
        ));
    };
    let caller = Caller::Outside(gateway, None);
    explain(desk.pbx, caller, &said.to, at, sender).map_err(|why| refusal(why, name))
}

fn refusal(why: Unthinkable, name: &str) -> Refusal {
    Refusal(match why {
        Unthinkable::NobodySends => {
            "there is no such extension or line to transfer it, or it is disabled: pbx extension list"
                .to_owned()
        }
        Unthinkable::Dialled => "say what is dialled".to_owned(),
        Unthinkable::NoSource => {
            format!("no call comes in by gateway {name}: pbx gateway set {name} --source-acl NETWORKS")
        }
        Unthinkable::Nobody | Unthinkable::NotOurs => {
            "the switch's own dialplan has such a call, and not this PBX".to_owned()
        }
    })
}
