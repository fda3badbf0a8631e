//! Who rings for a DID, as it is sent and stored.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::admin::field::{Field, Kind, parsed};
use crate::admin::{Admin, Draft, Refusal};
use crate::names::E164;
use crate::store::rows::{Did, Extension};
use crate::store::{Change, Image, Reader, Row, StoreError, Table};

/// The most members of one DID.
pub(super) const MOST: usize = 50;

/// Somebody who rings: the columns of a member that are not made by its place.
pub(super) static MEMBER: [Field; 2] = [
    Field::must(
        "extension_id",
        Kind::Of(Table::Extension),
        "The extension that rings, or whose call it is if a number outside does.",
    ),
    Field::may(
        "outside",
        Kind::Parsed(parsed::<E164>, 16),
        "The number outside that rings; null: the extension does.",
    )
    .or_null(),
];

/// Who rings, as it is sent.
pub(super) fn members_of(reader: &Reader<'_>, did: Uuid) -> Result<Vec<Value>, StoreError> {
    let members = reader.did_members(did)?;
    let one = |member| whole(&Row::from(member).image());
    Ok(members.into_iter().map(one).collect())
}

/// A member with each of its fields.
fn whole(sent: &Image) -> Value {
    let field = |field: &Field| {
        (
            field.name.to_owned(),
            sent.get(field.name).cloned().unwrap_or_default(),
        )
    };
    Value::Object(MEMBER.iter().map(field).collect())
}

/// The members that were sent, if any were.
pub(super) fn members(draft: &Draft) -> Result<Option<Vec<Value>>, Refusal> {
    let Some(sent) = draft.get("members").and_then(Value::as_array) else {
        return Ok(None);
    };
    let all: Vec<Value> = sent.iter().filter_map(Value::as_object).map(whole).collect();
    if all.is_empty() {
        return Err(Refusal::field(
            "members",
            format!("a DID has 1 to {MOST} members"),
        ));
    }
    let twice = |(index, member): (usize, &Value)| all[..index].contains(member);
    if all.iter().enumerate().any(twice) {
        return Err(Refusal::field("members", "a member is there twice"));
    }
    Ok(Some(all))
}

/// The rows of members.
pub(super) fn rows(did: &Did, members: &[Value]) -> Result<Vec<Change>, Refusal> {
    let row = |(position, member): (usize, &Value)| {
        let mut image = member.as_object().cloned().unwrap_or_default();
        image.insert("id".into(), json!(Uuid::now_v7()));
        image.insert("domain_id".into(), json!(did.domain_id));
        image.insert("did_id".into(), json!(did.id));
        image.insert("position".into(), json!(position));
        let row = Row::from_image(Table::DidMember, image);
        row.map(Change::put)
            .map_err(|error| Refusal::whole(error.to_string()))
    };
    members.iter().enumerate().map(row).collect()
}

/// Where calls go of whom nobody said so: to the mailbox of the only member.
pub(super) fn usual(admin: &Admin<'_>, members: &[Value]) -> Result<Option<Uuid>, Refusal> {
    let [only] = members else { return Ok(None) };
    if !only["outside"].is_null() {
        return Ok(None);
    }
    let id = only["extension_id"].as_str().and_then(|id| id.parse().ok());
    let extension = admin.read(|reader| Ok(reader.get::<Extension>(id.unwrap_or_default())?))?;
    Ok(extension
        .filter(|extension| extension.voicemail)
        .map(|extension| extension.id))
}
