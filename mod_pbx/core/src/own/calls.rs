//! The calls of one's extensions. The history goes with the extension, as its mailbox does.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{Extension, Owner, Refusal, extensions};
use crate::names::{DomainName, Number};
use crate::pbx::Pbx;
use crate::resolve;
use crate::store::calls::{Call, Filter, Leg, Outcome, Role};

/// A call as one of those sees it who had a part in it. Who else rang, who paid and by which gateway it went is not
/// theirs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnCall {
    /// Names it.
    pub id: Uuid,
    /// The extension of theirs, by its channel.
    pub channel: Uuid,
    /// Its number now.
    pub extension: Number,
    /// Its domain.
    pub domain: DomainName,
    /// Whether they called.
    pub direction: Way,
    /// The other's number.
    pub number: String,
    /// What the other is called; of a stranger any text; empty: it is not known.
    pub name: String,
    /// When it began, RFC 3339 in UTC, as all times.
    pub began: String,
    /// When they answered, or were answered.
    pub answered: Option<String>,
    /// When it ended for them.
    pub ended: Option<String>,
    /// How it ended for them: as in [`Outcome`], or elsewhere: somebody else answered.
    pub outcome: &'static str,
    /// For how many seconds they spoke.
    pub seconds: u64,
}

/// Which way a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// To them.
    In,
    /// From them.
    Out,
}

/// A page of calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The newest first.
    pub calls: Vec<OwnCall>,
    /// Behind which call the next page begins; none: there is none.
    pub next: Option<Uuid>,
}

/// The newest calls of the owner's extensions that are on, of one of them if its channel is named, so many of those
/// that are older than `before`.
///
/// # Errors
/// The channel is not theirs, or the database cannot be read.
pub fn calls(
    pbx: &Pbx,
    owner: Owner<'_>,
    channel: Option<Uuid>,
    before: Option<Uuid>,
    size: u32,
) -> Result<Page, Refusal> {
    let snapshot = pbx.store().snapshot();
    pbx.store().read(|reader| {
        let mut own = extensions(reader, owner.id)?;
        own.retain(|own| channel.is_none_or(|channel| own.row.channel_id == channel));
        // A filter without extensions would be for everybody's calls.
        if own.is_empty() {
            return Ok(match channel {
                Some(_) => Err(Refusal::Missing),
                None => Ok(Page::default()),
            });
        }
        let filter = Filter {
            extensions: own.iter().map(|own| own.row.channel_id).collect(),
            before,
            ..Filter::default()
        };
        let mut found = reader.calls(&filter, size.saturating_add(1))?;
        let more = found.len() > size as usize;
        found.truncate(size as usize);
        let mut page = Page {
            next: found.last().filter(|_| more).map(|call| call.id),
            calls: Vec::with_capacity(found.len()),
        };
        for call in &found {
            let legs = reader.legs_of_call(call.id)?;
            page.calls.extend(theirs(&own, call, &legs).map(|mut own| {
                if own.direction == Way::Out {
                    let home = snapshot.domain(own.domain.as_str());
                    let called = home.and_then(|home| resolve::number(home, &own.number));
                    own.name = called.map_or_else(String::new, |called| called.caller_id_name.to_string());
                }
                own
            }));
        }
        Ok(Ok(page))
    })?
}

/// The call as they see it: by the leg that called, else by the one that spoke, else by any.
fn theirs(own: &[Extension], call: &Call, legs: &[Leg]) -> Option<OwnCall> {
    let whose = |leg: &Leg| own.iter().find(|own| leg.extension == Some(own.row.channel_id));
    let all = || legs.iter().filter(|leg| whose(leg).is_some());
    let leg = all()
        .find(|leg| leg.role == Role::Caller)
        .or_else(|| all().rfind(|leg| leg.answered.is_some()))
        .or_else(|| all().next())?;
    let extension = whose(leg)?;
    let (direction, number, name) = match leg.role {
        Role::Caller => (Way::Out, &call.called_number, ""),
        Role::Called => (Way::In, &call.caller_number, call.caller_name.as_str()),
    };
    let spoke = leg.answered.is_some();
    let (outcome, seconds) = match (leg.role, call.outcome) {
        (Role::Caller, outcome) => (outcome.as_str(), call.seconds),
        (Role::Called, _) if spoke => (Outcome::Answered.as_str(), spoken(leg)),
        (Role::Called, Outcome::Answered) => ("elsewhere", 0),
        (Role::Called, outcome) => (outcome.as_str(), 0),
    };
    Some(OwnCall {
        id: call.id,
        channel: extension.row.channel_id,
        extension: extension.row.number.clone(),
        domain: extension.domain.name.clone(),
        direction,
        number: number.clone(),
        name: name.to_owned(),
        began: call.began.clone(),
        answered: leg.answered.clone(),
        ended: leg.ended.clone(),
        outcome,
        seconds,
    })
}

/// For how many seconds a leg was answered.
fn spoken(leg: &Leg) -> u64 {
    let at = |text: &Option<String>| text.as_deref()?.parse::<Timestamp>().ok();
    let time = at(&leg.answered).zip(at(&leg.ended));
    time.map_or(0, |(from, to)| {
        to.as_second().saturating_sub(from.as_second()).unsigned_abs()
    })
}
