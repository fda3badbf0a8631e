//! Number plans: how numbers are dialled in a domain. Which numbers are dear follows from them, so that the
//! administrators of a domain only look.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{AT, DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Draft, Grant, Noun, Place, Plan, Refusal, Sort, Source, Stored, Who, plain};
use crate::routing::countries;
use crate::routing::plan::Plan as Dialled;
use crate::store::rows::{Domain, NumberPlan};
use crate::store::{Change, Image, Reader, Row, Table};

const LIST: Kind = Kind::Parsed(list, 600);

/// Number plans.
pub static NOUN: Noun = Noun {
    path: "number-plans",
    one: "number-plan",
    about: "How numbers are dialled in a domain, which has one at most. A new country code brings its prefixes along, \
            as far as they are known here; what is sent beside it counts.",
    read: Who::DomainAdministrators,
    write: Who::Administrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        Field::must("country_code", digits(3), "The country calling code, such as 49."),
        Field::may(
            "national_prefix",
            digits(4),
            "What is dialled before a number of the same country; empty: nothing.",
        ),
        Field::may(
            "international_prefix",
            digits(6),
            "What is dialled before a country code.",
        ),
        Field::may(
            "area_code",
            digits(6),
            "The area code; empty: numbers are never dialled without it.",
        ),
        Field::may(
            "access_prefix",
            digits(4),
            "What is dialled before every number outside; empty: nothing.",
        ),
        Field::may(
            "mobile_prefixes",
            LIST,
            "What mobile numbers begin with, without the national prefix, blank separated.",
        ),
        Field::may(
            "premium_prefixes",
            LIST,
            "What numbers begin with that cost more than all others.",
        ),
        Field::shown(
            "is_known",
            Kind::Flag,
            "Whether it is known here which numbers of this country are mobile and dear.",
        ),
        Field::may(
            "notify_email",
            Kind::Email,
            "Who gets mail about a call for help; null: nobody.",
        )
        .or_null()
        .default("null"),
        Field::may(
            "notify_url",
            Kind::Text(512),
            "Where a call for help is posted to, as JSON; null: nowhere.",
        )
        .or_null()
        .default("null"),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[
        Sort {
            name: "country_code",
            terms: &["country_code"],
        },
        Sort {
            name: "updated_at",
            terms: &["updated_at"],
        },
    ],
    source: Source::Table(&Stored {
        table: Table::NumberPlan,
        place: Place::Domain,
        search: &[
            "(SELECT name FROM domain WHERE domain.id = domain_id)",
            "country_code",
        ],
        show,
        create: Some(create),
        edit: Some(edit),
        delete: Some(delete),
        after: |_| {},
    }),
    actions: &[],
};

const fn digits(most: usize) -> Kind {
    Kind::Parsed(only_digits, most)
}

fn only_digits(text: &str) -> Result<String, String> {
    match text.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("takes digits".to_owned()),
    }
}

fn list(text: &str) -> Result<String, String> {
    let all: Vec<&str> = text.split([' ', ',']).filter(|one| !one.is_empty()).collect();
    match all.iter().all(|one| only_digits(one).is_ok()) {
        true => Ok(all.join(" ")),
        false => Err("takes beginnings of numbers, in digits, blank separated".to_owned()),
    }
}

fn show(_: &Admin<'_>, _: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    if let Row::NumberPlan(row) = row {
        let known = countries::is_known(&row.plan.country_code);
        image.insert("is_known".into(), json!(known));
    }
    Ok(())
}

/// Of which domain it is.
fn domain(admin: &Admin<'_>, id: Uuid) -> Result<String, Refusal> {
    let domain = admin.read(|reader| Ok(reader.get::<Domain>(id)?))?;
    Ok(domain.map_or_else(String::new, |domain| domain.name.to_string()))
}

/// A row's image with what was sent, over what a country has if it is another than before.
fn with(mut image: Image, before: Option<&Dialled>, draft: &Draft) -> Result<NumberPlan, Refusal> {
    let code = draft.text("country_code");
    if let Some(code) = code.filter(|code| before.is_none_or(|plan| plan.country_code != *code))
        && let Ok(Value::Object(country)) = serde_json::to_value(countries::plan(code))
    {
        image.extend(country);
    }
    draft.onto(&mut image);
    serde_json::from_value(Value::Object(image)).map_err(|error| Refusal::whole(error.to_string()))
}

fn create(admin: &Admin<'_>, _: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    let mut image = Image::new();
    image.insert("id".into(), json!(Uuid::now_v7()));
    let row = with(image, None, draft)?;
    if admin
        .read(|reader| Ok(reader.number_plan(row.domain_id)?))?
        .is_some()
    {
        let why = "this domain has a number plan already: change that one";
        return Err(Refusal::field("domain_id", why));
    }
    Ok(Plan {
        summary: format!("number plan of {} added", domain(admin, row.domain_id)?),
        id: row.id,
        changes: vec![Change::put(row)],
        once: Image::new(),
    })
}

fn edit(admin: &Admin<'_>, _: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let Row::NumberPlan(before) = before else {
        return Err(Refusal::Missing);
    };
    let row = with(Row::from(before.clone()).image(), Some(&before.plan), draft)?;
    let mut plan = Plan {
        summary: format!("number plan of {} changed", domain(admin, before.domain_id)?),
        id: before.id,
        ..Plan::default()
    };
    if row != *before {
        plan.changes.push(Change::edit(row));
    }
    Ok(plan)
}

fn delete(admin: &Admin<'_>, grant: &Grant, row: &Row, everything: bool) -> Result<Plan, Refusal> {
    let Row::NumberPlan(plan) = row else {
        return Err(Refusal::Missing);
    };
    Ok(Plan {
        summary: format!("number plan of {} deleted", domain(admin, plan.domain_id)?),
        ..plain::delete(admin, grant, row, everything)?
    })
}
