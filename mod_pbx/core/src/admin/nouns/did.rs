//! DIDs: numbers that the outside world dials, with who rings and what comes then.
//!
//! Which number somebody has is for the administrators of the whole PBX to say: two domains may share a carrier. What a
//! number does is for its domain's.

mod ends;
mod members;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{AT, DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind, parsed};
use crate::admin::{Admin, Draft, Grant, Noun, Place, Plan, Refusal, Sort, Source, Stored, Who, plain};
use crate::names::{DidNumber, Slug};
use crate::store::rows::{Did, Extension, Gateway, Role, Schedule};
use crate::store::{Change, Image, Reader, Row, Table};
use ends::{CLOSED, THEN, fit, has_mailbox};
use members::{MEMBER, MOST, members, members_of, rows, usual};

pub(crate) use ends::then_of;

/// Characters of a number as it is typed.
const TYPED: usize = 40;

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

fn fitted(admin: &Admin<'_>, mut image: Image, draft: &Draft) -> Result<Did, Refusal> {
    for end in [THEN, CLOSED] {
        fit(&mut image, draft, end)?;
        admin.read(|reader| has_mailbox(reader, &image, draft, end))?;
    }
    serde_json::from_value(Value::Object(image)).map_err(|error| Refusal::whole(error.to_string()))
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
