//! Route tests: what calls must do, whatever is changed.
//!
//! They name extensions, gateways and numbers by what these are called, and no rows: a test outlives what it is about, and
//! tells then that this is gone. Whoever administers a domain has tests of their own, and learns by them no more of other
//! domains than by any call.

use serde_json::{Value, json};

use super::{AT, DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind, parsed};
use crate::admin::{Admin, Draft, Grant, Noun, Plan, Refusal, Sort, Source, Stored, Who, plain};
use crate::names::{E164, GatewayName};
use crate::routing::expect::{Expected, Origin, Test};
use crate::store::rows::{Domain, RouteTest};
use crate::store::{Change, Image, Reader, Row};

/// Route tests.
pub static NOUN: Noun = Noun {
    path: "route-tests",
    one: "route-test",
    about: "What a call must do. A change after which it would do otherwise is refused (409, breaks-tests), and made if \
            the same request says force=true.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        Field::must(
            "number",
            Kind::Parsed(parsed::<Origin>, 64),
            "Who calls: an extension's number, or gateway:NAME for a call that comes in.",
        )
        .filter(),
        Field::must("dialled", Kind::Text(64), "What is dialled."),
        Field::may(
            "caller",
            Kind::Text(32),
            "The number of the caller of a call that comes in; null: it gives none.",
        )
        .or_null()
        .default("null"),
        Field::may("at", Kind::Time, "When; null: whenever it is asked.")
            .or_null()
            .default("null"),
        Field::must(
            "expect",
            Kind::Choice(&["out", "refused", "rings", "voicemail", "announcement", "ends"]),
            "What is to happen.",
        )
        .filter(),
        Field::may(
            "target",
            Kind::Text(2000),
            "Who rings: numbers of extensions, and outside with whose call it is (+491711234567/1001), blank separated; \
             whose mailbox; or which announcement. null with any other.",
        )
        .or_null()
        .default("null"),
        Field::may(
            "gateway",
            Kind::Parsed(parsed::<GatewayName>, 32),
            "By which gateway it goes out first; null: by any.",
        )
        .or_null()
        .default("null"),
        Field::may(
            "caller_id",
            Kind::Parsed(parsed::<E164>, 40),
            "As whom it goes out; null: as anybody.",
        )
        .or_null()
        .default("null"),
        Field::shown("says", Kind::Text(4000), "All of it in words."),
        Field::shown("failure", Kind::Text(4000), "What happens instead, as of now; null: it holds.").or_null(),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[
        Sort::by("number", &["length(number)", "number", "dialled"]),
        Sort::by("dialled", &["dialled"]),
        Sort::by("expect", &["expect"]),
        Sort::BY_TIME,
    ],
    source: Source::Table(&Stored {
        show,
        create: Some(create),
        edit: Some(edit),
        delete: Some(delete),
        ..plain::table::<RouteTest>(&["number", "dialled", "target", "gateway"])
    }),
    actions: &[],
};

fn show(admin: &Admin<'_>, reader: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let Row::RouteTest(row) = row else {
        return Ok(());
    };
    let test = Test::from(row);
    let failure = match reader.get::<Domain>(row.domain_id)? {
        Some(domain) => test.failure(&admin.pbx.store().snapshot(), &domain.name),
        None => None,
    };
    image.insert("at".into(), json!(test.at.map(|at| at.to_string())));
    image.insert("says".into(), json!(test.to_string()));
    image.insert("failure".into(), json!(failure));
    Ok(())
}

/// What goes with the kind of call and with what is expected of it; `before`: the row that is changed. What does not, goes
/// out with the change; whoever sends it is told.
fn fitted(draft: &Draft, before: Option<&RouteTest>) -> Result<Draft, Refusal> {
    let mut values = draft.clone();
    let expect = match draft.text("expect") {
        Some(text) => Expected::ALL.into_iter().find(|one| one.as_str() == text),
        None => before.map(|row| row.expect),
    };
    let comes_in = match draft.text("number") {
        Some(text) => matches!(text.parse(), Ok(Origin::Gateway(_))),
        None => before.is_some_and(|row| matches!(row.number, Origin::Gateway(_))),
    };
    let goes_out = expect == Some(Expected::Out);
    let has_target = expect.is_some_and(Expected::has_target);
    for (name, fits, why) in [
        (
            "caller",
            comes_in,
            "caller goes with gateway:NAME: who calls from inside has a number already",
        ),
        (
            "target",
            has_target,
            "target goes with rings, voicemail and announcement",
        ),
        (
            "gateway",
            goes_out,
            "gateway goes with out: no other call has one",
        ),
        (
            "caller_id",
            goes_out,
            "caller_id goes with out: no other call has one",
        ),
    ] {
        if !fits && draft.text(name).is_some() {
            return Err(Refusal::field(name, why));
        }
        if !fits {
            values.set(name, Value::Null);
        }
    }
    let target = match draft.get("target") {
        Some(sent) => sent.as_str(),
        None => before.and_then(|row| row.target.as_deref()),
    };
    if has_target && target.is_none_or(str::is_empty) {
        return Err(Refusal::field(
            "target",
            "target is missing: who rings, whose mailbox, or which announcement?",
        ));
    }
    if draft.text("dialled").is_some_and(str::is_empty) {
        return Err(Refusal::field("dialled", "dialled is missing: what is dialled?"));
    }
    if draft.has("at") || before.is_none() {
        values.set("at_time", draft.text("at").unwrap_or_default());
    }
    Ok(values)
}

/// As people read what a revision is for.
fn summary(admin: &Admin<'_>, row: &RouteTest, what: &str) -> Result<String, Refusal> {
    let domain = admin.read(|reader| Ok(reader.get::<Domain>(row.domain_id)?))?;
    let domain = domain.as_ref().map_or("", |domain| domain.name.as_str());
    let RouteTest { number, dialled, .. } = row;
    Ok(format!(
        "route test of {number}@{domain} calling {dialled} {what}"
    ))
}

fn create(admin: &Admin<'_>, grant: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    let mut plan = plain::create::<RouteTest>(admin, grant, &fitted(draft, None)?)?;
    if let Some(Change::Put {
        row: Row::RouteTest(row),
        ..
    }) = plan.changes.first()
    {
        plan.summary = summary(admin, row, "added")?;
    }
    Ok(plan)
}

fn edit(admin: &Admin<'_>, grant: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let Row::RouteTest(row) = before else {
        return Err(Refusal::Missing);
    };
    let mut plan = plain::edit(admin, grant, before, &fitted(draft, Some(row))?)?;
    plan.summary = summary(admin, row, "changed")?;
    Ok(plan)
}

fn delete(admin: &Admin<'_>, grant: &Grant, row: &Row, everything: bool) -> Result<Plan, Refusal> {
    let mut plan = plain::delete(admin, grant, row, everything)?;
    if let Row::RouteTest(row) = row {
        plan.summary = summary(admin, row, "deleted")?;
    }
    Ok(plan)
}
