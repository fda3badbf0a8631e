//! Where calls go that nobody takes, and those outside of a schedule.

use serde_json::Value;
use uuid::Uuid;

use crate::admin::{Draft, Refusal};
use crate::dids;
use crate::names::Slug;
use crate::store::rows::{Did, Extension};
use crate::store::{Image, Reader, StoreError};

/// Where a call goes: the kind, and what each kind but hanging up names.
pub(super) type Names = [&'static str; 4];

pub(super) const THEN: Names = [
    "then_kind",
    "then_extension_id",
    "then_did_id",
    "then_announcement",
];
pub(super) const CLOSED: Names = [
    "closed_kind",
    "closed_extension_id",
    "closed_did_id",
    "closed_announcement",
];

/// The kinds in the order of what they name.
const NAMING: [&str; 3] = ["voicemail", "did", "announcement"];

/// Both destinations in words, as `pbx did` takes them too.
pub(crate) fn then_of(reader: &Reader<'_>, did: &Did) -> Result<(String, Option<String>), StoreError> {
    let said = |kind: dids::Kind, extension: Option<Uuid>, other: Option<Uuid>, name: &Option<Slug>| {
        let what = match kind {
            dids::Kind::HangUp => return Ok("hangup".to_owned()),
            dids::Kind::Voicemail => extension
                .map(|id| reader.get::<Extension>(id))
                .transpose()?
                .flatten()
                .map(|extension| extension.number.to_string()),
            dids::Kind::Did => other
                .map(|id| reader.get::<Did>(id))
                .transpose()?
                .flatten()
                .map(|did| did.number.to_string()),
            dids::Kind::Announcement => name.as_ref().map(ToString::to_string),
        };
        Ok::<_, StoreError>(format!("{}:{}", kind.as_str(), what.unwrap_or_default()))
    };
    let then = said(
        did.then_kind,
        did.then_extension_id,
        did.then_did_id,
        &did.then_announcement,
    )?;
    let closed = match did.closed_kind {
        Some(kind) => Some(said(
            kind,
            did.closed_extension_id,
            did.closed_did_id,
            &did.closed_announcement,
        )?),
        None => None,
    };
    Ok((then, closed))
}

/// Fits what a destination names to its kind: what goes with another kind goes out, what is missing is told.
pub(super) fn fit(image: &mut Image, draft: &Draft, [kind, targets @ ..]: Names) -> Result<(), Refusal> {
    let chosen = image
        .get(kind)
        .and_then(Value::as_str)
        .unwrap_or("null")
        .to_owned();
    for (target, goes_with) in targets.into_iter().zip(NAMING) {
        let is_null = image.get(target).is_none_or(Value::is_null);
        if goes_with == chosen && is_null {
            return Err(Refusal::field(
                target,
                format!("{target} is missing: {kind} is {chosen}"),
            ));
        }
        if goes_with != chosen && draft.get(target).is_some_and(|value| !value.is_null()) {
            let why = format!("{target} goes with {kind} {goes_with}, which is {chosen}");
            return Err(Refusal::field(target, why));
        }
        if goes_with != chosen {
            image.insert(target.to_owned(), Value::Null);
        }
    }
    Ok(())
}

/// A mailbox that calls are sent to is one.
pub(super) fn has_mailbox(
    reader: &Reader<'_>,
    image: &Image,
    draft: &Draft,
    [_, target, ..]: Names,
) -> Result<(), Refusal> {
    let Some(id) = draft.id(target) else {
        return Ok(());
    };
    let kept = image.get(target).is_some_and(|value| !value.is_null());
    match reader.get::<Extension>(id)? {
        Some(extension) if kept && !extension.voicemail => {
            let why = format!("extension {} has no mailbox", extension.number);
            Err(Refusal::field(target, why))
        }
        _ => Ok(()),
    }
}
