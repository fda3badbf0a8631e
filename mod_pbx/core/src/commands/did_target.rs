//! How DIDs and their destinations are named in `pbx did`.

use std::str::FromStr;

use clap::Args;
use uuid::Uuid;

use super::out::{Refusal, refuse};
use crate::dids::Kind;
use crate::forward;
use crate::names::{BadName, DidNumber, E164, GatewayName, Number, Slug};
use crate::store::{Reader, rows};

/// Which DID.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// The number, or the id where several have it
    #[arg(value_name = "NUMBER")]
    did: String,
    /// That for callers whose numbers begin so
    #[arg(long, value_name = "NUMBER")]
    caller: Option<DidNumber>,
}

/// The DID that is named.
pub(super) fn find(reader: &Reader<'_>, named: &Named) -> Result<rows::Did, Refusal> {
    if let Ok(id) = named.did.parse::<Uuid>() {
        return match reader.get::<rows::Did>(id)? {
            Some(did) => Ok(did),
            None => refuse(format!(
                "there is no DID with id {id}: pbx did list shows those there are"
            )),
        };
    }
    let number: DidNumber = named.did.parse()?;
    let mut all = reader.dids_by_number(number.as_str())?;
    if named.caller.is_some() {
        all.retain(|did| did.caller == named.caller);
    } else if all.iter().any(|did| did.caller.is_none()) {
        all.retain(|did| did.caller.is_none());
    }
    match (all.pop(), all.is_empty()) {
        (Some(did), true) => Ok(did),
        (None, _) => refuse(format!(
            "there is no DID {number}: pbx did list shows those there are"
        )),
        (Some(last), false) => {
            all.push(last);
            let each: Vec<String> = all
                .iter()
                .map(|did| format!("{} ({})", did.id, spoken(did)))
                .collect();
            refuse(format!(
                "several DIDs are called {number}: name one by its id, {}",
                each.join(", ")
            ))
        }
    }
}

/// `4930…` of a prefix.
pub(super) fn spoken(did: &rows::Did) -> String {
    format!("{}{}", did.number, if did.prefix { "…" } else { "" })
}

/// The id of the schedule that is named.
pub(super) fn schedule(
    reader: &Reader<'_>,
    domain: &rows::Domain,
    name: Option<&Slug>,
) -> Result<Option<Uuid>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    match reader.schedule_by_name(domain.id, name.as_str())? {
        Some(schedule) => Ok(Some(schedule.id)),
        None => refuse(format!(
            "there is no schedule {name} in {}: pbx schedule list shows those there are",
            domain.name
        )),
    }
}

/// Who is to ring.
pub(super) struct Member {
    /// The extension, or whose call it is.
    pub(super) extension: rows::Extension,
    /// The number outside that rings in its place.
    pub(super) outside: Option<E164>,
}

/// The members that were named, in order: `1001`, or `+491711234567/1001` for a number outside as a call of 1001.
pub(super) fn members(
    reader: &Reader<'_>,
    domain: &rows::Domain,
    typed: &str,
) -> Result<Vec<Member>, Refusal> {
    let mut all: Vec<Member> = Vec::new();
    for text in typed.split([' ', ',']).filter(|text| !text.is_empty()) {
        let (outside, number) = match text.split_once('/') {
            Some((outside, number)) => (Some(outside), number),
            None => (None, text),
        };
        if outside.is_none() && text.starts_with('+') {
            return refuse(format!(
                "say whose call {text} is: {text}/1001 rings it as a call of extension 1001, by its routes and caps"
            ));
        }
        let number: Number = number.parse()?;
        let Some(extension) = reader.extension_by_number(domain.id, number.as_str())? else {
            return refuse(format!(
                "there is no extension {number} in {}: pbx extension list shows those there are",
                domain.name
            ));
        };
        let outside = match outside {
            Some(typed) => Some(outside_number(reader, domain, typed)?),
            None => None,
        };
        let same = |other: &Member| match (&other.outside, &outside) {
            (None, None) => other.extension.id == extension.id,
            (one, other) => one == other,
        };
        if all.iter().any(same) {
            return refuse(format!("{text} is there twice"));
        }
        all.push(Member { extension, outside });
    }
    if all.is_empty() || all.len() > 50 {
        return refuse("a DID has 1 to 50 members: --members \"1001 1002\"");
    }
    Ok(all)
}

/// As forwards take it.
fn outside_number(reader: &Reader<'_>, domain: &rows::Domain, typed: &str) -> Result<E164, Refusal> {
    let target: forward::Target = typed.parse()?;
    match target.place(reader, domain.id)? {
        Some(forward::Place::Outside(number)) => Ok(number),
        _ => refuse(format!(
            "{typed} is not a number outside: name an extension alone"
        )),
    }
}

/// The id of the gateway that is named.
pub(super) fn gateway(reader: &Reader<'_>, name: Option<&GatewayName>) -> Result<Option<Uuid>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    match reader.gateway_by_name(name.as_str())? {
        Some(gateway) => Ok(Some(gateway.id)),
        None => refuse(format!(
            "there is no gateway {name}: pbx gateway list shows those there are"
        )),
    }
}

/// New rows for these members.
pub(super) fn member_rows(did: &rows::Did, members: &[Member]) -> Vec<rows::DidMember> {
    let row = |(position, member): (usize, &Member)| rows::DidMember {
        id: Uuid::now_v7(),
        domain_id: did.domain_id,
        did_id: did.id,
        position: position as u32,
        extension_id: member.extension.id,
        outside: member.outside.clone(),
        row_rev: 0,
        updated_at: String::new(),
    };
    members.iter().enumerate().map(row).collect()
}

/// A destination as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    HangUp,
    Voicemail(Number),
    Did(DidNumber),
    Announcement(Slug),
}

impl FromStr for Target {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        match text.split_once(':') {
            None if text == "hangup" => Ok(Self::HangUp),
            Some(("voicemail", number)) => number.parse().map(Self::Voicemail),
            Some(("did", number)) => number.parse().map(Self::Did),
            Some(("announcement", name)) => name.parse().map(Self::Announcement),
            _ => Err(BadName(format!(
                "{:?} is none of hangup, voicemail:NUMBER, did:NUMBER and announcement:NAME",
                text.chars().take(64).collect::<String>()
            ))),
        }
    }
}

/// Kind, extension, DID and announcement.
type Columns = (Kind, Option<Uuid>, Option<Uuid>, Option<Slug>);

impl Target {
    fn columns(&self, reader: &Reader<'_>, domain: &rows::Domain) -> Result<Columns, Refusal> {
        Ok(match self {
            Self::HangUp => (Kind::HangUp, None, None, None),
            Self::Announcement(name) => (Kind::Announcement, None, None, Some(name.clone())),
            Self::Did(number) => {
                let named = Named {
                    did: number.to_string(),
                    caller: None,
                };
                (Kind::Did, None, Some(find(reader, &named)?.id), None)
            }
            Self::Voicemail(number) => match reader.extension_by_number(domain.id, number.as_str())? {
                Some(extension) if extension.voicemail => (Kind::Voicemail, Some(extension.id), None, None),
                Some(_) => {
                    return refuse(format!(
                        "extension {number} has no mailbox: pbx extension set {number} --voicemail yes"
                    ));
                }
                None => return refuse(format!("there is no extension {number} in {}", domain.name)),
            },
        })
    }

    /// Makes it where calls go that nobody took.
    pub(super) fn put_then(
        &self,
        reader: &Reader<'_>,
        domain: &rows::Domain,
        did: &mut rows::Did,
    ) -> Result<(), Refusal> {
        (
            did.then_kind,
            did.then_extension_id,
            did.then_did_id,
            did.then_announcement,
        ) = self.columns(reader, domain)?;
        Ok(())
    }

    /// Makes it where calls go outside of the schedule.
    pub(super) fn put_closed(
        &self,
        reader: &Reader<'_>,
        domain: &rows::Domain,
        did: &mut rows::Did,
    ) -> Result<(), Refusal> {
        let (kind, extension, other, announcement) = self.columns(reader, domain)?;
        did.closed_kind = Some(kind);
        (
            did.closed_extension_id,
            did.closed_did_id,
            did.closed_announcement,
        ) = (extension, other, announcement);
        Ok(())
    }
}
