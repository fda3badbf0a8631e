//! DIDs: numbers that the outside world dials, with who rings and what comes then.
//!
//! Which number somebody has is for the administrators of the whole PBX to say: two domains may share a carrier. What a
//! number does is for its domain's.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{AT, DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind, parsed};
use crate::admin::{Admin, Draft, Grant, Noun, Place, Plan, Refusal, Sort, Source, Stored, Who, plain};
use crate::dids;
use crate::names::{DidNumber, E164, Slug};
use crate::store::rows::{Did, Extension, Gateway, Role, Schedule};
use crate::store::{Change, Image, Reader, Row, StoreError, Table};

/// The most members of one DID.
const MOST: usize = 50;

/// Characters of a number as it is typed.
const TYPED: usize = 40;

/// Somebody who rings: the columns of a member that are not made by its place.
static MEMBER: [Field; 2] = [
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

/// Where a call goes: the kind, and what each kind but hanging up names.
type Names = [&'static str; 4];

const THEN: Names = [
    "then_kind",
    "then_extension_id",
    "then_did_id",
    "then_announcement",
];
const CLOSED: Names = [
    "closed_kind",
    "closed_extension_id",
    "closed_did_id",
    "closed_announcement",
];

/// The kinds in the order of what they name.
const NAMING: [&str; 3] = ["voicemail", "did", "announcement"];

const KINDS: Kind = Kind::Choice(&["hangup", "voicemail", "did", "announcement"]);
const GOES_WITH: &str = "What the kind goes with; the others are null.";

/// DIDs.
pub static NOUN: Noun = Noun {
    path: "dids",
    one: "did",
    about: "A number that the outside world dials, and whom it rings. Administrators of a domain change what their \
            numbers do, and neither make nor delete nor renumber one.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        Field::must(
            "number",
            Kind::Parsed(parsed::<DidNumber>, TYPED),
            "Its digits with the country code; + or 00 before them does not count.",
        )
        .filter(),
        Field::may("prefix", Kind::Flag, "Whether every number is meant that begins so.")
            .default("false")
            .filter(),
        Field::may(
            "caller",
            Kind::Parsed(parsed::<DidNumber>, TYPED),
            "Only callers whose numbers begin so; null: any.",
        )
        .or_null()
        .default("null"),
        Field::may(
            "gateway_id",
            Kind::Of(Table::Gateway),
            "Only calls that this gateway brings; null: whichever does.",
        )
        .or_null()
        .default("null")
        .filter(),
        Field::shown("gateway", Kind::Text(32), "That gateway's name.").or_null(),
        Field::must(
            "members",
            Kind::List(&Kind::Object(&MEMBER), MOST),
            "Who rings, in order: 1 to 50.",
        ),
        Field::shown(
            "rings",
            Kind::List(&Kind::Text(16), MOST),
            "The numbers of the members, in order.",
        ),
        Field::may(
            "strategy",
            Kind::Choice(&["all", "order", "round-robin"]),
            "Whether they ring all at once, one after the other, or beginning with the next one at each call.",
        )
        .default("\"all\"")
        .filter(),
        Field::may(
            "ring_seconds",
            Kind::Integer(5, 600),
            "For how long, in seconds; null: each extension's own ring time.",
        )
        .or_null()
        .default("null"),
        Field::may(
            "schedule_id",
            Kind::Of(Table::Schedule),
            "The schedule while which is open they ring; null: always.",
        )
        .or_null()
        .default("null")
        .filter(),
        Field::shown("schedule", Kind::Text(32), "That schedule's name.").or_null(),
        Field::may(
            "then_kind",
            KINDS,
            "Where a call goes that nobody took; if left out, the mailbox of the only member, else hangup.",
        ),
        Field::may("then_extension_id", Kind::Of(Table::Extension), GOES_WITH)
            .or_null()
            .default("null"),
        Field::may("then_did_id", Kind::Of(Table::Did), GOES_WITH)
            .or_null()
            .default("null"),
        Field::may("then_announcement", Kind::Parsed(parsed::<Slug>, 32), GOES_WITH)
            .or_null()
            .default("null"),
        Field::shown("then", Kind::Text(64), "The same in words, such as voicemail:1001."),
        Field::may(
            "closed_kind",
            KINDS,
            "Where a call goes outside of the schedule; null: as one that nobody took.",
        )
        .or_null()
        .default("null"),
        Field::may("closed_extension_id", Kind::Of(Table::Extension), GOES_WITH)
            .or_null()
            .default("null"),
        Field::may("closed_did_id", Kind::Of(Table::Did), GOES_WITH)
            .or_null()
            .default("null"),
        Field::may("closed_announcement", Kind::Parsed(parsed::<Slug>, 32), GOES_WITH)
            .or_null()
            .default("null"),
        Field::shown("closed", Kind::Text(64), "The same in words.").or_null(),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[
        Sort {
            name: "number",
            terms: &["number"],
        },
        Sort {
            name: "strategy",
            terms: &["strategy"],
        },
        Sort {
            name: "updated_at",
            terms: &["updated_at"],
        },
    ],
    source: Source::Table(&Stored {
        table: Table::Did,
        place: Place::Domain,
        search: &["'+' || number", "caller"],
        show,
        create: Some(create),
        edit: Some(edit),
        delete: Some(delete),
        after: |_| {},
    }),
    actions: &[],
};

fn show(_: &Admin<'_>, reader: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let Row::Did(did) = row else {
        return Ok(());
    };
    let mut rings = Vec::new();
    for member in reader.did_members(did.id)? {
        let extension = reader.get::<Extension>(member.extension_id)?;
        let own = extension.map(|extension| extension.number.to_string());
        rings.extend(member.outside.map(|number| number.to_string()).or(own));
    }
    let schedule = match did.schedule_id {
        Some(id) => reader.get::<Schedule>(id)?.map(|schedule| schedule.name),
        None => None,
    };
    let gateway = match did.gateway_id {
        Some(id) => reader.get::<Gateway>(id)?.map(|gateway| gateway.name),
        None => None,
    };
    let (then, closed) = then_of(reader, did)?;
    image.insert("gateway".into(), json!(gateway));
    image.insert("members".into(), json!(members_of(reader, did.id)?));
    image.insert("rings".into(), json!(rings));
    image.insert("schedule".into(), json!(schedule));
    image.insert("then".into(), json!(then));
    image.insert("closed".into(), json!(closed));
    Ok(())
}

/// Who rings, as it is sent.
fn members_of(reader: &Reader<'_>, did: Uuid) -> Result<Vec<Value>, StoreError> {
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

/// The members that were sent, if any were.
fn members(draft: &Draft) -> Result<Option<Vec<Value>>, Refusal> {
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
fn rows(did: &Did, members: &[Value]) -> Result<Vec<Change>, Refusal> {
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

/// Fits what a destination names to its kind: what goes with another kind goes out, what is missing is told.
fn fit(image: &mut Image, draft: &Draft, [kind, targets @ ..]: Names) -> Result<(), Refusal> {
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
fn has_mailbox(
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

fn fitted(admin: &Admin<'_>, mut image: Image, draft: &Draft) -> Result<Did, Refusal> {
    for end in [THEN, CLOSED] {
        fit(&mut image, draft, end)?;
        admin.read(|reader| has_mailbox(reader, &image, draft, end))?;
    }
    serde_json::from_value(Value::Object(image)).map_err(|error| Refusal::whole(error.to_string()))
}

/// Where calls go of whom nobody said so: to the mailbox of the only member.
fn usual(admin: &Admin<'_>, members: &[Value]) -> Result<Option<Uuid>, Refusal> {
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

fn may_number(grant: &Grant) -> Result<(), Refusal> {
    match grant.role {
        Role::Administrator => Ok(()),
        _ => Err(Refusal::Forbidden(
            "only an administrator of the whole PBX says which numbers a domain has".to_owned(),
        )),
    }
}

fn create(admin: &Admin<'_>, grant: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    may_number(grant)?;
    let members = members(draft)?.unwrap_or_default();
    let mut image = Image::new();
    draft.onto(&mut image);
    image.insert("id".into(), json!(Uuid::now_v7()));
    if !draft.has("then_kind") {
        let usual =
            usual(admin, &members)?.filter(|_| !THEN[1..].iter().any(|name| draft.text(name).is_some()));
        let kind = if usual.is_some() { "voicemail" } else { "hangup" };
        image.insert("then_kind".into(), json!(kind));
        image.insert("then_extension_id".into(), json!(usual));
    }
    let did = fitted(admin, image, draft)?;
    let mut changes = rows(&did, &members)?;
    changes.insert(0, Change::put(did.clone()));
    Ok(Plan {
        summary: format!("DID {} added", did.number),
        changes,
        id: did.id,
        once: Image::new(),
    })
}

fn edit(admin: &Admin<'_>, grant: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let Row::Did(before) = before else {
        return Err(Refusal::Missing);
    };
    let mut image = Row::from(before.clone()).image();
    draft.onto(&mut image);
    let did = fitted(admin, image, draft)?;
    let which = |did: &Did| (did.number.clone(), did.prefix, did.caller.clone(), did.gateway_id);
    if which(&did) != which(before) {
        may_number(grant)?;
    }
    let old = admin.read(|reader| Ok(reader.did_members(did.id)?))?;
    let wanted = members(draft)?;
    let wanted = match wanted {
        Some(wanted) if wanted != admin.read(|reader| Ok(members_of(reader, did.id)?))? => Some(wanted),
        _ => None,
    };
    let mut plan = Plan {
        summary: format!("DID {} changed", before.number),
        id: did.id,
        ..Plan::default()
    };
    if did != *before || wanted.is_some() {
        // Always with the row itself: two who change the members at once then see each other.
        plan.changes.push(Change::edit(did.clone()));
    }
    if let Some(wanted) = wanted {
        plan.changes.extend(old.into_iter().map(Change::delete));
        plan.changes.extend(rows(&did, &wanted)?);
    }
    Ok(plan)
}

fn delete(admin: &Admin<'_>, grant: &Grant, row: &Row, everything: bool) -> Result<Plan, Refusal> {
    may_number(grant)?;
    plain::delete(admin, grant, row, everything)
}
