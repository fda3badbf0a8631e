//! Extensions: a number with its channel, and with whom and which phones it is made.

use serde_json::{Value, json};
use uuid::Uuid;

use super::line::{self, PHONE};
use super::{DOMAIN, ID, ROW_REV, UPDATED_AT, user};
use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Draft, Grant, Noun, Place, Plan, Refusal, Sort, Source, Stored, Who};
use crate::names::{Number, Username};
use crate::pin;
use crate::store::{Change, Image, Reader, Row, Table, rows};

const FORWARD: &str = "Where calls go then: the number of an extension of the same domain; null: nowhere.";

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
        Field::may("forward_always", Kind::Number, FORWARD)
            .or_null()
            .default("null"),
        Field::may("forward_busy", Kind::Number, FORWARD)
            .or_null()
            .default("null"),
        Field::may("forward_no_answer", Kind::Number, FORWARD)
            .or_null()
            .default("null"),
        Field::may("forward_offline", Kind::Number, FORWARD)
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
        Sort {
            name: "number",
            terms: &["length(number)", "number"],
        },
        Sort {
            name: "caller_id_name",
            terms: &["caller_id_name COLLATE NOCASE"],
        },
        Sort {
            name: "updated_at",
            terms: &["updated_at"],
        },
        Sort {
            name: "enabled",
            terms: &["enabled"],
        },
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

/// What an extension is to be, beside where and whose.
pub(crate) struct Wanted {
    pub(crate) number: Number,
    /// None: the person's name.
    pub(crate) caller_id_name: Option<String>,
    pub(crate) ring_seconds: u32,
    pub(crate) voicemail: bool,
    /// None: made up, if there is a mailbox.
    pub(crate) voicemail_pin: Option<String>,
    /// The usernames of its phones.
    pub(crate) lines: Vec<Username>,
    /// The password of the one line; none: made up for each.
    pub(crate) password: Option<String>,
}

/// The rows that an extension is made of.
pub(crate) struct Made {
    pub(crate) channel: rows::Channel,
    pub(crate) extension: rows::Extension,
    /// A PIN that was made up.
    pub(crate) new_pin: Option<String>,
    /// Each with its password, if that was made up.
    pub(crate) lines: Vec<(rows::Line, Option<String>)>,
}

/// Makes an extension with its channel and lines.
pub(crate) fn make(domain: &rows::Domain, person: &rows::User, wanted: Wanted) -> Result<Made, Refusal> {
    if wanted.password.is_some() && wanted.lines.len() != 1 {
        let why = "a password is for one line: leave it out to have one made up for each";
        return Err(Refusal::field("password", why));
    }
    let channel = rows::Channel {
        id: Uuid::now_v7(),
        domain_id: domain.id,
        name: wanted.number.to_string(),
        row_rev: 0,
        updated_at: String::new(),
    };
    let mut extension = rows::Extension {
        id: Uuid::now_v7(),
        domain_id: domain.id,
        number: wanted.number,
        user_id: person.id,
        channel_id: channel.id,
        caller_id_name: wanted
            .caller_id_name
            .unwrap_or_else(|| person.display_name.clone()),
        ring_seconds: wanted.ring_seconds,
        voicemail: wanted.voicemail,
        voicemail_pin: None,
        forwards: Default::default(),
        enabled: true,
        row_rev: 0,
        updated_at: String::new(),
    };
    let new_pin = choose_pin(&mut extension, wanted.voicemail_pin, false)?;
    let lines = wanted.lines.into_iter().map(|username| {
        let (a1, new_password) = line::credential(&username, &domain.name, wanted.password.as_deref())?;
        let line = rows::Line {
            id: Uuid::now_v7(),
            domain_id: domain.id,
            extension_id: extension.id,
            user_id: extension.user_id,
            username,
            a1,
            max_registrations: line::MAX_REGISTRATIONS,
            source_acl: None,
            srtp: rows::Srtp::Optional,
            enabled: true,
            row_rev: 0,
            updated_at: String::new(),
        };
        Ok((line, new_password))
    });
    let lines = lines.collect::<Result<_, Refusal>>()?;
    Ok(Made {
        channel,
        extension,
        new_pin,
        lines,
    })
}

/// Gives the mailbox the PIN that was chosen, or one that is made up: if that was asked for, or if there is a
/// mailbox without one. Gives back the one that was made up.
pub(crate) fn choose_pin(
    extension: &mut rows::Extension,
    chosen: Option<String>,
    make_up: bool,
) -> Result<Option<String>, Refusal> {
    if let Some(pin) = chosen {
        pin::check(&extension.number, &pin).map_err(|why| Refusal::field("voicemail_pin", why))?;
        extension.voicemail_pin = Some(pin);
    }
    if !make_up && (!extension.voicemail || extension.voicemail_pin.is_some()) {
        return Ok(None);
    }
    let pin = pin::generate(&extension.number)?;
    extension.voicemail_pin = Some(pin.clone());
    Ok(Some(pin))
}

/// A channel that goes by the number of its extension, under another number. Its address does not change, since
/// that is its id.
pub(crate) fn renamed_channel(
    channel: Option<rows::Channel>,
    before: &Number,
    after: &Number,
) -> Option<Change> {
    let mut channel = channel.filter(|channel| before != after && channel.name == before.as_str())?;
    channel.name = after.to_string();
    Some(Change::edit(channel))
}

/// What goes with an extension: its lines, and what is to be deleted then, all together.
pub(crate) fn removal(
    reader: &Reader<'_>,
    extension: rows::Extension,
) -> Result<(Vec<rows::Line>, Vec<Change>), Refusal> {
    let lines = reader.lines_of(extension.id)?;
    let channel = reader.get::<rows::Channel>(extension.channel_id)?;
    let mut changes: Vec<Change> = lines.iter().cloned().map(Change::delete).collect();
    changes.push(Change::delete(extension));
    changes.extend(channel.map(Change::delete));
    Ok((lines, changes))
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
