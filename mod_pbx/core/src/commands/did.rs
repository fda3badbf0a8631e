//! `pbx did`: numbers that the outside world dials, and whom they ring.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::desk::{self, Desk, InDomain, Part};
use super::did_target::{Named, Target, find, gateway, member_rows, members, schedule, spoken};
use super::out::{Answer, Refusal, Said, Sheet, Table, refuse};
use crate::admin::nouns::did::then_of;
use crate::dids::{Kind, Strategy};
use crate::names::{DidNumber, GatewayName, Slug};
use crate::store::{Change, Reader, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Gives the number that the outside world dials to extensions
    #[command(after_help = "\
Examples: pbx did add +4930123456 --members \"1001 1002\" --ring-seconds 20 --then voicemail:1001
          pbx did add +4930123 --prefix --members 1001 --schedule office --closed announcement:closed
          pbx did add +4930123456 --caller +44 --members 1002 --strategy order
          pbx did add +4930123457 --members \"1001 +491711234567/1001\"
          pbx did add +4930123456 --gateway second --members 1003
One member alone is called as if its number were dialled, forwards included. Of several, those with do not
disturb are left out, and who forwards all calls is called there. NUMBER/EXTENSION rings a number outside, as
a call of that extension: by its routes, caps and caller IDs, or not at all.
TARGET: hangup, voicemail:NUMBER, did:NUMBER (what that rings), announcement:NAME (NAME.wav in the folder
announcements of the sounds). Without --then it is the mailbox of the only member, else hangup.")]
    Add(Add),
    /// Lists DIDs
    #[command(after_help = "Example: pbx did list --search 4930")]
    List {
        #[command(flatten)]
        place: InDomain,
        #[command(flatten)]
        part: Part,
    },
    /// Shows a DID
    #[command(after_help = "Example: pbx did show +4930123456")]
    Show {
        #[command(flatten)]
        named: Named,
    },
    /// Changes a DID: only what is named
    #[command(after_help = "\
Examples: pbx did set +4930123456 --members \"1001 1003\" --strategy round-robin
          pbx did set +4930123456 --schedule office --closed voicemail:1001
          pbx did set +4930123456 --schedule none")]
    Set(Set),
    /// Deletes a DID
    #[command(after_help = "Example: pbx did delete +4930123456")]
    Delete {
        #[command(flatten)]
        named: Named,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// The number, with its country code; + or 00 before it does not count
    #[arg(value_name = "NUMBER")]
    did: DidNumber,
    /// Every number that begins so
    #[arg(long)]
    prefix: bool,
    /// Only callers whose numbers begin so
    #[arg(long, value_name = "NUMBER")]
    caller: Option<DidNumber>,
    /// Only calls that this gateway brings
    #[arg(long, value_name = "NAME")]
    gateway: Option<GatewayName>,
    /// Who rings: extensions, and numbers outside each with whose call it is
    #[arg(long, value_name = "NUMBERS")]
    members: String,
    /// In which order
    #[arg(long, value_name = "HOW", default_value = "all", hide_default_value = true)]
    strategy: Strategy,
    /// For how long, 5 to 600 seconds; without, each extension's own ring time
    #[arg(long, value_name = "N")]
    ring_seconds: Option<u32>,
    /// When they ring
    #[arg(long, value_name = "SCHEDULE")]
    schedule: Option<Slug>,
    /// Where a call goes that nobody took
    #[arg(long, value_name = "TARGET")]
    then: Option<Target>,
    /// Where a call goes outside of the schedule; without, as --then
    #[arg(long, value_name = "TARGET")]
    closed: Option<Target>,
    #[command(flatten)]
    place: InDomain,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    #[command(flatten)]
    named: Named,
    /// Another number
    #[arg(long, value_name = "NUMBER")]
    rename: Option<DidNumber>,
    /// Only calls that this gateway brings; "": whichever does
    #[arg(long, value_name = "NAME")]
    gateway: Option<String>,
    /// Who rings: extensions, and numbers outside each with whose call it is
    #[arg(long, value_name = "NUMBERS")]
    members: Option<String>,
    /// In which order
    #[arg(long, value_name = "HOW")]
    strategy: Option<Strategy>,
    /// For how long, 5 to 600 seconds; 0: each extension's own ring time
    #[arg(long, value_name = "N")]
    ring_seconds: Option<u32>,
    /// When they ring; none: always
    #[arg(long, value_name = "SCHEDULE|none")]
    schedule: Option<Slug>,
    /// Where a call goes that nobody took
    #[arg(long, value_name = "TARGET")]
    then: Option<Target>,
    /// Where a call goes outside of the schedule; none: as --then
    #[arg(long, value_name = "TARGET|none")]
    closed: Option<String>,
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add(arguments) => add(desk, arguments),
            Self::List { place, part } => list(desk, &place, &part),
            Self::Show { named } => show(desk, &named),
            Self::Set(arguments) => set(desk, arguments),
            Self::Delete { named } => delete(desk, &named),
        }
    }
}

fn add(desk: &Desk<'_>, arguments: Add) -> Said {
    let (changes, did) = desk.read(|reader| {
        let domain = desk::domain(reader, None, arguments.place.domain.as_ref())?;
        let members = members(reader, &domain, &arguments.members)?;
        let mut did = rows::Did {
            id: Uuid::now_v7(),
            domain_id: domain.id,
            number: arguments.did.clone(),
            prefix: arguments.prefix,
            caller: arguments.caller.clone(),
            strategy: arguments.strategy,
            ring_seconds: arguments.ring_seconds,
            schedule_id: schedule(reader, &domain, arguments.schedule.as_ref())?,
            then_kind: Kind::HangUp,
            then_extension_id: None,
            then_did_id: None,
            then_announcement: None,
            closed_kind: None,
            closed_extension_id: None,
            closed_did_id: None,
            closed_announcement: None,
            gateway_id: gateway(reader, arguments.gateway.as_ref())?,
            row_rev: 0,
            updated_at: String::new(),
        };
        match (&arguments.then, members.as_slice()) {
            (Some(target), _) => target.put_then(reader, &domain, &mut did)?,
            (None, [only]) if only.extension.voicemail => {
                (did.then_kind, did.then_extension_id) = (Kind::Voicemail, Some(only.extension.id));
            }
            (None, _) => {}
        }
        if let Some(target) = &arguments.closed {
            target.put_closed(reader, &domain, &mut did)?;
        }
        let mut changes = vec![Change::put(did.clone())];
        changes.extend(member_rows(&did, &members).into_iter().map(Change::put));
        Ok((changes, did))
    })?;
    let done = desk.commit(&format!("DID {} added", did.number), changes)?;
    Ok(Answer::done(
        format!("DID {} added (revision {})\n", did.number, done.rev),
        json!({"revision": done.rev, "did": desk.read(|reader| stored(reader, did.id))?}),
    ))
}

fn list(desk: &Desk<'_>, place: &InDomain, part: &Part) -> Said {
    desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let listing = reader.dids(domain.id, &part.search, part.page())?;
        let mut table = Table::new(["DID", "caller", "rings", "how", "schedule", "then"]);
        let mut rows = Vec::new();
        for did in &listing.rows {
            let shown = view(reader, did)?;
            let text = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
            let members: Vec<&str> = shown["members"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            table.row([
                spoken(did),
                text("caller"),
                members.join(" "),
                did.strategy.as_str().to_owned(),
                text("schedule"),
                text("then"),
            ]);
            rows.push(shown);
        }
        Ok(Answer::new(
            format!("{}{}", table.text(), part.footer(&listing, "DID")),
            json!({"domain": domain.name, "dids": rows, "total": listing.total, "page": part.page}),
        ))
    })
}

fn show(desk: &Desk<'_>, named: &Named) -> Said {
    desk.read(|reader| {
        let did = find(reader, named)?;
        let shown = view(reader, &did)?;
        let text = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
        let members: Vec<&str> = shown["members"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let seconds = did.ring_seconds.map_or_else(
            || "each extension's own".to_owned(),
            |seconds| seconds.to_string(),
        );
        let sheet = Sheet::default()
            .row("domain", text("domain"))
            .row(
                "numbers",
                if did.prefix {
                    "all that begin so"
                } else {
                    "this one"
                },
            )
            .row(
                "callers",
                did.caller
                    .as_ref()
                    .map_or_else(|| "any".to_owned(), |caller| format!("{caller}…")),
            )
            .row("gateway", shown["gateway"].as_str().unwrap_or("any"))
            .row("rings", members.join(" "))
            .row("how", did.strategy.as_str())
            .row("ring seconds", seconds)
            .row("schedule", text("schedule"))
            .row("then", text("then"))
            .row("closed", text("closed"))
            .row(
                "changed",
                format!("in revision {} at {}", did.row_rev, did.updated_at),
            );
        Ok(Answer::new(
            format!("DID {}\n{}", spoken(&did), sheet.text()),
            shown,
        ))
    })
}

fn set(desk: &Desk<'_>, arguments: Set) -> Said {
    let (changes, did) = desk.read(|reader| {
        let before = find(reader, &arguments.named)?;
        let mut did = before.clone();
        let domain = reader
            .get::<rows::Domain>(did.domain_id)?
            .ok_or_else(|| Refusal("its domain is gone".into()))?;
        if let Some(number) = &arguments.rename {
            did.number = number.clone();
        }
        match arguments.gateway.as_deref() {
            None => {}
            Some("") => did.gateway_id = None,
            Some(name) => did.gateway_id = gateway(reader, Some(&name.parse()?))?,
        }
        did.strategy = arguments.strategy.unwrap_or(did.strategy);
        if let Some(seconds) = arguments.ring_seconds {
            did.ring_seconds = Some(seconds).filter(|seconds| *seconds > 0);
        }
        match &arguments.schedule {
            None => {}
            Some(name) if name.as_str() == "none" => did.schedule_id = None,
            name => did.schedule_id = schedule(reader, &domain, name.as_ref())?,
        }
        if let Some(target) = &arguments.then {
            target.put_then(reader, &domain, &mut did)?;
        }
        match arguments.closed.as_deref() {
            None => {}
            Some("none") => {
                did.closed_kind = None;
                (
                    did.closed_extension_id,
                    did.closed_did_id,
                    did.closed_announcement,
                ) = (None, None, None);
            }
            Some(text) => {
                let target: Target = text.parse()?;
                target.put_closed(reader, &domain, &mut did)?;
            }
        }
        let mut changes = Vec::new();
        if did != before || arguments.members.is_some() {
            // Always with the row itself: two who change the members at once then see each other.
            changes.push(Change::edit(did.clone()));
        }
        if let Some(typed) = &arguments.members {
            let members = members(reader, &domain, typed)?;
            changes.extend(reader.did_members(did.id)?.into_iter().map(Change::delete));
            changes.extend(member_rows(&did, &members).into_iter().map(Change::put));
        }
        Ok((changes, did))
    })?;
    if changes.is_empty() {
        return refuse(format!(
            "nothing about DID {} would change: name what is to be set, such as --ring-seconds 20",
            did.number
        ));
    }
    let done = desk.commit(&format!("DID {} changed", did.number), changes)?;
    Ok(Answer::done(
        format!("DID {} changed (revision {})\n", did.number, done.rev),
        json!({"revision": done.rev, "did": desk.read(|reader| stored(reader, did.id))?}),
    ))
}

fn delete(desk: &Desk<'_>, named: &Named) -> Said {
    let (did, changes) = desk.read(|reader| {
        let did = find(reader, named)?;
        let changes = vec![Change::delete(did.clone())];
        Ok((did, changes))
    })?;
    let done = desk.commit(&format!("DID {} deleted", did.number), changes)?;
    Ok(Answer::done(
        format!(
            "DID {} deleted (revision {1}); pbx revert {1} brings it back\n",
            did.number, done.rev
        ),
        json!({"revision": done.rev, "did": did.number}),
    ))
}

fn stored(reader: &Reader<'_>, id: Uuid) -> Result<Value, Refusal> {
    match reader.get::<rows::Did>(id)? {
        Some(did) => view(reader, &did),
        None => Ok(Value::Null),
    }
}

/// As programs read it.
fn view(reader: &Reader<'_>, did: &rows::Did) -> Result<Value, Refusal> {
    let mut members = Vec::new();
    for member in reader.did_members(did.id)? {
        let extension = reader.get::<rows::Extension>(member.extension_id)?;
        members.extend(extension.map(|extension| match &member.outside {
            None => extension.number.to_string(),
            Some(outside) => format!("{outside}/{}", extension.number),
        }));
    }
    let schedule = match did.schedule_id {
        Some(id) => reader.get::<rows::Schedule>(id)?.map(|schedule| schedule.name),
        None => None,
    };
    let domain = reader
        .get::<rows::Domain>(did.domain_id)?
        .map(|domain| domain.name);
    let gateway = match did.gateway_id {
        Some(id) => reader.get::<rows::Gateway>(id)?.map(|gateway| gateway.name),
        None => None,
    };
    let (then, closed) = then_of(reader, did)?;
    Ok(json!({
        "id": did.id,
        "domain": domain,
        "number": did.number,
        "prefix": did.prefix,
        "caller": did.caller,
        "gateway": gateway,
        "members": members,
        "strategy": did.strategy,
        "ring_seconds": did.ring_seconds,
        "schedule": schedule,
        "then": then,
        "closed": closed,
        "row_rev": did.row_rev,
        "updated_at": did.updated_at,
    }))
}
