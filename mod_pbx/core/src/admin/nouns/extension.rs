//! Extensions: a number with its channel, and with whom and which phones it is made.

mod make;

use serde_json::{Value, json};
use uuid::Uuid;

use super::line::{self, PHONE};
use super::{DOMAIN, ID, ROW_REV, UPDATED_AT, user};
use crate::admin::field::{Field, Kind, parsed};
use crate::admin::{Admin, Draft, Grant, Noun, Place, Plan, Refusal, Sort, Source, Stored, Who};
use crate::forward::Target;
use crate::names::{BadName, Dialled};
use crate::store::{Change, Image, Reader, Row, StoreError, Table, rows};

pub(crate) use make::{Made, Wanted, choose_pin, make, removal, renamed_channel};

const FORWARD: &str = "Where calls go then: the number of an extension of the same domain, or one outside as it is dialled, \
                       which is kept with its country code; null: nowhere.";

/// The fields of forwards.
const FORWARDS: [&str; 4] = [
    "forward_always",
    "forward_busy",
    "forward_no_answer",
    "forward_offline",
];

/// The person who is made along with an extension.
static PERSON: [Field; 3] = [
    Field::must("name", Kind::Username, "What they sign in with."),
    Field::must("display_name", Kind::Shown, "What other people see."),
    Field::may("email", Kind::Email, "Where mail goes.").or_null(),
];

/// Extensions.
pub static NOUN: Noun = Noun {
    path: "extensions",
    one: "extension",
    about: "A number that rings somebody. Making one makes its channel, and if asked its person and lines, in one \
            revision.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        ID,
        Field::may(
            "domain_id",
            Kind::Of(Table::Domain),
            "Its domain; need not be said where there is only one.",
        )
        .fixed()
        .filter(),
        DOMAIN,
        Field::must("number", Kind::Number, "Its number, unique in the domain."),
        Field::may("user_id", Kind::Of(Table::User), "Whose it is; or send new_user.").filter(),
        Field::shown("user", Kind::Username, "That person's name."),
        Field::may("new_user", Kind::Object(&PERSON), "Makes a person, whose it is.")
            .hidden()
            .fixed(),
        Field::may(
            "caller_id_name",
            Kind::Shown,
            "The name others see when it calls; else its person's.",
        ),
        Field::may(
            "ring_seconds",
            Kind::Integer(5, 600),
            "How long its phones ring, in seconds.",
        )
        .default("30"),
        Field::may("voicemail", Kind::Flag, "Whether it has a mailbox.").default("true"),
        Field::may(
            "voicemail_pin",
            Kind::Pin,
            "The mailbox's PIN; made up and shown once if left out.",
        )
        .hidden(),
        Field::may(
            "new_voicemail_pin",
            Kind::Flag,
            "Makes up another PIN, shown once.",
        )
        .hidden()
        .later(),
        Field::shown("has_voicemail_pin", Kind::Flag, "Whether the mailbox has a PIN."),
        Field::may("dnd", Kind::Flag, "Do not disturb: no phone of it rings.").default("false"),
        Field::may("forward_always", Kind::Parsed(parsed::<Dialled>, 33), FORWARD)
            .or_null()
            .default("null"),
        Field::may("forward_busy", Kind::Parsed(parsed::<Dialled>, 33), FORWARD)
            .or_null()
            .default("null"),
        Field::may("forward_no_answer", Kind::Parsed(parsed::<Dialled>, 33), FORWARD)
            .or_null()
            .default("null"),
        Field::may("forward_offline", Kind::Parsed(parsed::<Dialled>, 33), FORWARD)
            .or_null()
            .default("null"),
        Field::may("enabled", Kind::Flag, "Off, it does not exist for the switch.")
            .default("true")
            .filter(),
        Field::may(
            "new_lines",
            Kind::List(&Kind::Username, 10),
            "Makes a line for each of these usernames; what to type into each phone is shown once.",
        )
        .hidden()
        .fixed(),
        Field::may(
            "password",
            Kind::Password,
            "The password of the one line in new_lines.",
        )
        .hidden()
        .fixed(),
        Field::shown(
            "lines",
            Kind::List(&Kind::Username, 1000),
            "The usernames of its lines.",
        ),
        Field::shown(
            "channel_id",
            Kind::Of(Table::Channel),
            "The channel that its browser clients log in to.",
        ),
        Field::shown("channel_url", Kind::Text(2000), "That channel's address."),
        Field::shown(
            "state",
            Kind::Choice(&["offline", "online", "ringing", "busy"]),
            "Whether one of its phones can be reached.",
        ),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &ONCE,
    sort: &[
        Sort::by("number", &["length(number)", "number"]),
        Sort::by("caller_id_name", &["caller_id_name COLLATE NOCASE"]),
        Sort::BY_TIME,
        Sort::by("enabled", &["enabled"]),
    ],
    source: Source::Table(&Stored {
        table: Table::Extension,
        place: Place::Domain,
        search: &[
            "number",
            "caller_id_name",
            "(SELECT name || char(31) || display_name FROM user WHERE user.id = extension.user_id)",
        ],
        show,
        create: Some(create),
        edit: Some(edit),
        delete: Some(delete),
        after: |_| {},
    }),
    actions: &[],
};

/// What a line's owner types into the phone, shown once.
static ONCE: [Field; 2] = [
    Field::shown("voicemail_pin", Kind::Pin, "The PIN that was made up."),
    Field::shown(
        "phones",
        Kind::List(&Kind::Object(&PHONE), 10),
        "What to type into each phone.",
    ),
];

fn show(admin: &Admin<'_>, reader: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let Row::Extension(extension) = row else {
        return Ok(());
    };
    let user = reader.get::<rows::User>(extension.user_id)?;
    let lines = reader.lines_of(extension.id)?;
    let names: Vec<&str> = lines.iter().map(|line| line.username.as_str()).collect();
    image.insert("user".into(), json!(user.map(|user| user.name)));
    image.insert(
        "has_voicemail_pin".into(),
        json!(extension.voicemail_pin.is_some()),
    );
    image.insert("lines".into(), json!(names));
    image.insert(
        "channel_url".into(),
        json!(admin.channel_url(extension.channel_id)),
    );
    let domain = image
        .get("domain")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let snapshot = admin.pbx.store().snapshot();
    let view = admin.pbx.presence().view();
    let known = snapshot
        .domain(&domain)
        .and_then(|domain| domain.find(extension.number.as_str()));
    let state = known.map_or(crate::presence::view::State::Offline, |known| {
        view.extension_state(&domain, known)
    });
    image.insert("state".into(), json!(state));
    Ok(())
}

fn create(admin: &Admin<'_>, _: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    let domain = super::domain_of(admin, draft)?;
    let (person, new) = match (draft.id("user_id"), draft.get("new_user")) {
        (Some(id), None) => (admin.read(|reader| Ok(reader.get::<rows::User>(id)?))?, false),
        (None, Some(sent)) => (Some(user::of(domain.id, sent)?), true),
        (Some(_), Some(_)) => return Err(Refusal::field("new_user", "send user_id or new_user, not both")),
        (None, None) => {
            return Err(Refusal::field(
                "user_id",
                "user_id or new_user is missing: whose is it?",
            ));
        }
    };
    let person = person.ok_or_else(|| Refusal::field("user_id", "there is no such user"))?;
    let lines = draft.texts("new_lines").into_iter().map(str::parse);
    let wanted = Wanted {
        number: draft.name("number")?,
        caller_id_name: draft.text("caller_id_name").map(str::to_owned),
        ring_seconds: draft.number("ring_seconds").unwrap_or(30),
        voicemail: draft.flag("voicemail").unwrap_or(true),
        voicemail_pin: draft.text("voicemail_pin").map(str::to_owned),
        lines: lines
            .collect::<Result<_, crate::names::BadName>>()
            .map_err(|bad| Refusal::field("new_lines", bad.0))?,
        password: draft.text("password").map(str::to_owned),
    };
    let caller_id_name = wanted
        .caller_id_name
        .clone()
        .unwrap_or_else(|| person.display_name.clone());
    let mut made = make(&domain, &person, wanted)?;
    let pin = made.extension.voicemail_pin.clone();
    let base = made.extension.clone();
    let mut values = draft.clone();
    values.set("user_id", json!(person.id));
    values.set("caller_id_name", json!(caller_id_name));
    values.set("voicemail_pin", json!(pin));
    admin.read(|reader| places(reader, domain.id, &mut values))?;
    made.extension = values.over(&base)?;
    let mut plan = Plan {
        summary: format!("extension {}@{} added", made.extension.number, domain.name),
        id: made.extension.id,
        ..Plan::default()
    };
    if new {
        plan.changes.push(Change::put(person));
    }
    plan.changes.push(Change::put(made.channel));
    plan.changes.push(Change::put(made.extension));
    let mut phones = Vec::new();
    for (row, password) in made.lines {
        phones.push(line::phone(
            admin,
            row.username.as_str(),
            domain.name.as_str(),
            password.as_deref(),
        ));
        plan.changes.push(Change::put(row));
    }
    if let Some(pin) = made.new_pin {
        plan.once.insert("voicemail_pin".into(), json!(pin));
    }
    if !phones.is_empty() {
        plan.once.insert("phones".into(), json!(phones));
    }
    Ok(plan)
}

fn edit(admin: &Admin<'_>, _: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let Row::Extension(before) = before else {
        return Err(Refusal::Missing);
    };
    let chosen = draft.text("voicemail_pin").map(str::to_owned);
    let mut values = draft.clone();
    values.set("voicemail_pin", json!(before.voicemail_pin));
    admin.read(|reader| places(reader, before.domain_id, &mut values))?;
    let mut extension: rows::Extension = values.over(before)?;
    let new_pin = choose_pin(
        &mut extension,
        chosen,
        draft.flag("new_voicemail_pin") == Some(true),
    )?;
    let (domain, channel) = admin.read(|reader| {
        let domain = reader
            .get::<rows::Domain>(before.domain_id)?
            .ok_or(Refusal::Missing)?;
        Ok((domain, reader.get::<rows::Channel>(before.channel_id)?))
    })?;
    let mut plan = Plan {
        summary: format!("extension {}@{} changed", before.number, domain.name),
        id: before.id,
        ..Plan::default()
    };
    if extension != *before {
        plan.changes
            .extend(renamed_channel(channel, &before.number, &extension.number));
        plan.changes.push(Change::edit(extension));
    }
    if let Some(pin) = new_pin {
        plan.once.insert("voicemail_pin".into(), json!(pin));
    }
    Ok(plan)
}

/// Spells the targets of forwards that were sent.
fn places(reader: &Reader<'_>, domain: Uuid, values: &mut Draft) -> Result<(), Refusal> {
    for name in FORWARDS {
        let Some(typed) = values.text(name) else { continue };
        let target: Target = typed
            .parse()
            .map_err(|bad: BadName| Refusal::field(name, bad.0))?;
        let place = target.place(reader, domain).map_err(|error| match error {
            StoreError::Invalid { message, .. } => Refusal::field(name, message),
            error => error.into(),
        })?;
        values.set(name, json!(place));
    }
    Ok(())
}

fn delete(admin: &Admin<'_>, _: &Grant, row: &Row, everything: bool) -> Result<Plan, Refusal> {
    let Row::Extension(extension) = row else {
        return Err(Refusal::Missing);
    };
    let (id, number) = (extension.id, extension.number.clone());
    let (domain, (lines, changes)) = admin.read(|reader| {
        let domain = reader
            .get::<rows::Domain>(extension.domain_id)?
            .ok_or(Refusal::Missing)?;
        Ok((domain, removal(reader, extension.clone())?))
    })?;
    if !everything && !lines.is_empty() {
        let names: Vec<&str> = lines.iter().map(|line| line.username.as_str()).collect();
        return Err(Refusal::Conflict(format!(
            "extension {number} has lines ({}): delete them first, or ask for with_everything",
            names.join(", ")
        )));
    }
    Ok(Plan {
        summary: format!("extension {number}@{} deleted", domain.name),
        changes,
        id,
        once: Image::new(),
    })
}
