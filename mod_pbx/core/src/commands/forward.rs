//! `pbx forward` and `pbx dnd`: where calls to an extension go instead of to its phones.

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::address::At;
use super::desk::{self, Desk, InDomain, full};
use super::out::{Answer, Said, Sheet, refuse};
use crate::forward::{Edit, Forwards, Place, Target, When};
use crate::names::Number;
use crate::store::{Change, rows};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples: pbx forward 1001 always 1002
          pbx forward 1001 no-answer 1002 --seconds 20
          pbx forward 1001 offline +491711234567
          pbx forward 1001 busy off
          pbx forward 1001
always: its phones do not ring. busy: every phone is busy or declines, or do not disturb is on.
no-answer: nobody answers in its ring time. offline: no phone is registered or can be reached.
A forwarded call is a call to the other extension, with that one's ring time, forwards and mailbox. Where
there is no forward for what happened, the mailbox answers. Forwards in a circle are refused, whatever the
reason of each. A number outside is kept with its country code, and called as by the extension that forwards:
by its routes, caps and caller IDs (pbx explain). If it has no grant, the mailbox answers.")]
pub(super) struct Forward {
    /// NUMBER or NUMBER@DOMAIN
    #[arg(value_name = "NUMBER")]
    number: At<Number>,
    /// Which calls; without, all is shown
    #[arg(value_name = "WHEN", requires = "target")]
    when: Option<When>,
    /// The number of an extension of the same domain, one outside as it is dialled, or off
    #[arg(value_name = "TARGET|off")]
    target: Option<Target>,
    /// How long its phones ring first, 5 to 600 seconds: the extension's ring time
    #[arg(long, value_name = "N")]
    seconds: Option<u32>,
    #[command(flatten)]
    place: InDomain,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples: pbx dnd 1001 on
          pbx dnd 1001
While it is on no phone of the extension rings: callers are forwarded as when it is busy, or reach its mailbox.")]
pub(super) struct Dnd {
    /// NUMBER or NUMBER@DOMAIN
    #[arg(value_name = "NUMBER")]
    number: At<Number>,
    /// Without, it is shown
    #[arg(value_name = "on|off", value_parser = PossibleValuesParser::new(["on", "off"]))]
    state: Option<String>,
    #[command(flatten)]
    place: InDomain,
}

impl Forward {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let (Some(when), Some(target)) = (self.when, self.target) else {
            if self.seconds.is_some() {
                return refuse(
                    "--seconds goes with no-answer and a number: pbx forward 1001 no-answer 1002 --seconds 20",
                );
            }
            return show(desk, &self.number, &self.place);
        };
        if self.seconds.is_some() && (when != When::NoAnswer || matches!(target, Target::Off)) {
            return refuse(
                "--seconds goes with no-answer and a number: pbx forward 1001 no-answer 1002 --seconds 20",
            );
        }
        let edit = Edit {
            targets: vec![(when, target)],
            ring_seconds: self.seconds,
            ..Edit::default()
        };
        change(desk, &self.number, &self.place, &edit)
    }
}

impl Dnd {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let Some(state) = self.state else {
            return show(desk, &self.number, &self.place);
        };
        let edit = Edit {
            dnd: Some(state == "on"),
            ..Edit::default()
        };
        change(desk, &self.number, &self.place, &edit)
    }
}

/// Makes the change a revision, unless it is so already.
fn change(desk: &Desk<'_>, number: &At<Number>, place: &InDomain, edit: &Edit) -> Said {
    let (domain, before, extension) = desk.read(|reader| {
        let (domain, before) = desk::extension(reader, number, place)?;
        let mut extension = before.clone();
        edit.apply(reader, &mut extension)?;
        Ok((domain, before, extension))
    })?;
    let name = full(&before.number, &domain);
    let json = |revision: Option<u64>, extension: &rows::Extension| {
        json!({
            "revision": revision,
            "extension": name,
            "ring_seconds": extension.ring_seconds,
            "forwards": extension.forwards.fields(),
        })
    };
    if extension == before {
        let text = format!("extension {name}: {edit} already\n");
        return Ok(Answer::done(text, json(None, &before)));
    }
    let summary = format!("extension {name}: {edit}");
    let done = desk.commit(&summary, vec![Change::edit(extension.clone())])?;
    Ok(Answer::done(
        format!("{summary} (revision {})\n", done.rev),
        json(Some(done.rev), &extension),
    ))
}

fn show(desk: &Desk<'_>, number: &At<Number>, place: &InDomain) -> Said {
    let (domain, extension) = desk.read(|reader| desk::extension(reader, number, place))?;
    let name = full(&extension.number, &domain);
    let forwards = &extension.forwards;
    let mut sheet = Sheet::default().row("do not disturb", if forwards.dnd { "on" } else { "off" });
    for when in When::ALL {
        let target = forwards.target(when).map_or("off", Place::as_str);
        let after = match when {
            When::NoAnswer if forwards.target(when).is_some() => {
                format!(", after {} s", extension.ring_seconds)
            }
            _ => String::new(),
        };
        sheet = sheet.row(format!("forward {}", when.as_str()), format!("{target}{after}"));
    }
    Ok(Answer::new(
        format!("extension {name}\n{}", sheet.text()),
        json!({
            "extension": name,
            "ring_seconds": extension.ring_seconds,
            "forwards": forwards.fields(),
        }),
    ))
}

/// In a few words: `1002 when busy, 1003 when offline`.
pub(super) fn words(forwards: &Forwards) -> String {
    let each = forwards
        .targets()
        .map(|(when, target)| format!("{}: {target}", when.as_str()));
    let dnd = forwards.dnd.then(|| "do not disturb".to_owned());
    let all: Vec<String> = dnd.into_iter().chain(each).collect();
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join(", ")
    }
}
