//! Schedules: when something is open.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AT, DOMAIN, ID, ROW_REV, UPDATED_AT, full};
use crate::admin::field::{Field, Kind, parsed};
use crate::admin::{
    Action, Admin, BODY, Draft, Grant, Noun, Place, Plan, Refusal, Request, Scope, Sort, Source, Stored, Who,
    plain,
};
use crate::names::Slug;
use crate::schedules::{self, Day, Holidays, Hours, MOST_HOLIDAYS, Reason, import};
use crate::store::rows::Schedule;
use crate::store::{Change, Image, Reader, Row, Table};

/// The most extensions that may switch one schedule; the store says so.
const MOST_KEYS: usize = 100;

const OVERRIDE: Kind = Kind::Choice(&["off", "open", "closed"]);

const HOLIDAY: [Field; 2] = [
    Field::must(
        "day",
        Kind::Parsed(parsed::<Day>, 16),
        "2026-12-24, or *-12-25 for every year.",
    ),
    Field::may("name", Kind::Text(64), "What it is called."),
];

/// Schedules.
pub static NOUN: Noun = Noun {
    path: "schedules",
    one: "schedule",
    about: "When something is open: weekly hours, holidays on which they do not count, and an override for now.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        ID,
        AT,
        DOMAIN,
        Field::must(
            "name",
            Kind::Parsed(parsed::<Slug>, 32),
            "Its name, unique in the domain.",
        ),
        Field::may(
            "time_zone",
            Kind::Parsed(zone, 64),
            "Where the hours are local times, such as Europe/Berlin; the switch's own if left out.",
        ),
        Field::must(
            "hours",
            Kind::Parsed(parsed::<Hours>, 1024),
            "When it is open: mon-fri 08:00-12:00 13:00-17:00; sat 09:00-12:00, or always, or never. What goes past \
             midnight belongs to the day on which it begins.",
        ),
        Field::may(
            "holidays",
            Kind::List(&Kind::Object(&HOLIDAY), MOST_HOLIDAYS),
            "The days on which it is closed all day long.",
        )
        .default("[]"),
        Field::may(
            "override",
            OVERRIDE,
            "What counts instead of hours and holidays, until it is off again.",
        )
        .default("\"off\""),
        Field::may(
            "code",
            Kind::Integer(1, 999),
            "What is dialled behind the feature code to switch it; null: no phone can.",
        )
        .or_null()
        .default("null"),
        Field::may(
            "keys",
            Kind::List(&Kind::Number, MOST_KEYS),
            "The numbers of the extensions whose phones may.",
        )
        .default("[]"),
        Field::shown("open", Kind::Flag, "Whether it is open now."),
        Field::shown(
            "reason",
            Kind::Choice(&["hours", "holiday", "override"]),
            "What says so.",
        ),
        Field::shown(
            "holiday",
            Kind::Text(64),
            "The name of the holiday that it is closed for.",
        )
        .or_null(),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[
        Sort {
            name: "name",
            terms: &["name"],
        },
        Sort {
            name: "updated_at",
            terms: &["updated_at"],
        },
    ],
    source: Source::Table(&Stored {
        table: Table::Schedule,
        place: Place::Domain,
        search: &["name"],
        show,
        create: Some(create),
        edit: Some(edit),
        delete: Some(plain::delete),
        after: |_| {},
    }),
    actions: &[OVERRIDING, IMPORTING],
};

const REVISION: Field = Field::must(
    "revision",
    Kind::Integer(1, i64::MAX),
    "The revision that was made; null: nothing had to change.",
)
.or_null();

const OVERRIDING: Action = Action {
    name: "override",
    about: "Opens or closes it against the hours, until it is off again.",
    takes: &[Field::must(
        "to",
        OVERRIDE,
        "Which; off: hours and holidays count.",
    )],
    largest: BODY,
    answer: &[
        REVISION,
        Field::must("open", Kind::Flag, "Whether it is open now."),
    ],
    run: force,
};

const IMPORTING: Action = Action {
    name: "import",
    about: "Takes over holidays out of an iCalendar file: whole days, once or every year. An event that is none \
            refuses the file as a whole, and is named.",
    takes: &[
        Field::must("text", Kind::File(import::LONGEST), "The file."),
        Field::may(
            "replace",
            Kind::Flag,
            "Instead of the holidays that are there; else beside them.",
        )
        .default("false"),
        Field::may("dry_run", Kind::Flag, "Only says what would be done.").default("false"),
    ],
    // A line break is two bytes in JSON.
    largest: 2 * import::LONGEST + BODY,
    answer: &[
        REVISION,
        Field::must(
            "holidays",
            Kind::List(&Kind::Object(&HOLIDAY), MOST_HOLIDAYS),
            "Those in the file that are not over.",
        ),
        Field::must(
            "over",
            Kind::Integer(0, i64::MAX),
            "How many days in it are over.",
        ),
    ],
    run: take_over,
};

fn zone(text: &str) -> Result<String, String> {
    schedules::zone(text).map(|_| text.to_owned())
}

fn days(holidays: &Holidays) -> Value {
    holidays
        .iter()
        .map(|(day, name)| json!({"day": day.to_string(), "name": name}))
        .collect()
}

fn show(admin: &Admin<'_>, _: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let Row::Schedule(schedule) = row else {
        return Ok(());
    };
    let keys: Vec<&str> = schedule.keys.split_ascii_whitespace().collect();
    let snapshot = admin.pbx.store().snapshot();
    let known = snapshot.schedules.get(schedule.id);
    let (open, reason) = known.map_or((false, Reason::Hours), |known| {
        schedules::told(known, Timestamp::now())
    });
    let (reason, holiday) = match reason {
        Reason::Hours => ("hours", None),
        Reason::Holiday(name) => ("holiday", Some(name)),
        Reason::Override => ("override", None),
    };
    image.insert("holidays".into(), days(&schedule.holidays));
    image.insert("override".into(), json!(schedule.forced));
    image.insert("keys".into(), json!(keys));
    image.insert("open".into(), json!(open));
    image.insert("reason".into(), json!(reason));
    image.insert("holiday".into(), json!(holiday));
    Ok(())
}

/// Puts what was sent into a row's image, as the columns have it.
fn onto(draft: &Draft, image: &mut Image) -> Result<(), Refusal> {
    draft.onto(image);
    if let Some(to) = draft.get("override") {
        image.insert("forced".into(), to.clone());
    }
    if draft.has("keys") {
        image.insert("keys".into(), json!(draft.texts("keys").join(" ")));
    }
    if let Some(all) = draft.get("holidays").and_then(Value::as_array) {
        let mut holidays = Holidays::default();
        for one in all {
            let text = |name: &str| one[name].as_str().unwrap_or_default();
            let bad = |bad: crate::names::BadName| Refusal::field("holidays", bad.0);
            let day: Day = text("day").parse().map_err(bad)?;
            if holidays.iter().any(|(known, _)| known == day) {
                return Err(Refusal::field("holidays", format!("{day} is there twice")));
            }
            holidays.add(day, text("name")).map_err(bad)?;
        }
        image.insert("holidays".into(), json!(holidays));
    }
    Ok(())
}

fn of(image: Image) -> Result<Schedule, Refusal> {
    serde_json::from_value(Value::Object(image)).map_err(|error| Refusal::whole(error.to_string()))
}

fn create(admin: &Admin<'_>, _: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    let mut image = Image::new();
    image.insert("time_zone".into(), json!(schedules::own_zone()));
    onto(draft, &mut image)?;
    image.insert("id".into(), json!(Uuid::now_v7()));
    let schedule = of(image)?;
    Ok(Plan {
        summary: format!("schedule {} added", full(admin, &schedule.clone().into())?),
        id: schedule.id,
        changes: vec![Change::put(schedule)],
        once: Image::new(),
    })
}

fn edit(admin: &Admin<'_>, _: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let mut image = before.image();
    onto(draft, &mut image)?;
    changed(admin, before, of(image)?, "changed")
}

/// What makes a schedule of what it was.
fn changed(admin: &Admin<'_>, before: &Row, after: Schedule, what: &str) -> Result<Plan, Refusal> {
    let mut plan = Plan {
        summary: format!("schedule {}: {what}", full(admin, before)?),
        id: before.id(),
        ..Plan::default()
    };
    let after = Row::from(after);
    if after != *before {
        plan.changes.push(Change::edit(after));
    }
    Ok(plan)
}

/// Makes a plan a revision, if there is something to it.
fn save(admin: &Admin<'_>, grant: &Grant, mut plan: Plan, request: Request) -> Result<Option<u64>, Refusal> {
    match plan.changes.is_empty() {
        true => Ok(None),
        false => admin.commit(grant, &mut plan, request).map(Some),
    }
}

fn find(admin: &Admin<'_>, id: &str) -> Result<Schedule, Refusal> {
    let id: Uuid = id.parse().map_err(|_| Refusal::Missing)?;
    admin.read(|reader| reader.get::<Schedule>(id)?.ok_or(Refusal::Missing))
}

fn force(
    admin: &Admin<'_>,
    grant: &Grant,
    _: &Scope,
    id: &str,
    (sent, request): (&Draft, Request),
) -> Result<Image, Refusal> {
    let before = find(admin, id)?;
    let to = sent.text("to").unwrap_or_default();
    let mut image = Row::from(before.clone()).image();
    image.insert("forced".into(), json!(to));
    let revision = match admin.earlier(request)? {
        Some(revision) => Some(revision),
        None => {
            let plan = changed(
                admin,
                &before.clone().into(),
                of(image)?,
                &format!("override {to}"),
            )?;
            save(admin, grant, plan, request)?
        }
    };
    let snapshot = admin.pbx.store().snapshot();
    let known = snapshot.schedules.get(before.id);
    let open = known.is_some_and(|known| schedules::open(known, Timestamp::now()));
    Ok(Image::from_iter([
        ("revision".to_owned(), json!(revision)),
        ("open".to_owned(), json!(open)),
    ]))
}

fn take_over(
    admin: &Admin<'_>,
    grant: &Grant,
    _: &Scope,
    id: &str,
    (sent, request): (&Draft, Request),
) -> Result<Image, Refusal> {
    let before = find(admin, id)?;
    let wrong = |why: String| Refusal::field("text", why);
    let today = Timestamp::now()
        .to_zoned(schedules::zone(&before.time_zone).map_err(wrong)?)
        .date();
    let found = import::read(sent.text("text").unwrap_or_default(), today).map_err(wrong)?;
    let replace = sent.flag("replace") == Some(true);
    let mut after = before.clone();
    let added = schedules::merge(&mut after.holidays, &found.holidays, today, replace);
    added.map_err(|bad| wrong(bad.0))?;
    let revision = match admin.earlier(request)? {
        Some(revision) => Some(revision),
        None if sent.flag("dry_run") == Some(true) => None,
        None => {
            let what = format!("{} holidays imported, {} over", found.holidays.len(), found.over);
            let plan = changed(admin, &before.into(), after, &what)?;
            save(admin, grant, plan, request)?
        }
    };
    Ok(Image::from_iter([
        ("revision".to_owned(), json!(revision)),
        ("holidays".to_owned(), days(&found.holidays)),
        ("over".to_owned(), json!(found.over)),
    ]))
}
