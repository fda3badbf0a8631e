//! Records of calls.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Facts, Grant, Listed, Noun, Query, Refusal, Scope, Source, Verb, Who};
use crate::calls::shown;
use crate::csv;
use crate::store::call_pages::Wanted;
use crate::store::calls::{Call, Direction, Leg, Outcome};
use crate::store::rows::Extension;
use crate::store::{Image, Reader};

const NUMBER: Kind = Kind::Text(100);

static LEG: [Field; 11] = [
    Field::must("id", Kind::Id, "Names it."),
    Field::must(
        "role",
        Kind::Choice(&["caller", "called"]),
        "Who called, or who was called.",
    ),
    Field::must("domain", Kind::Text(253), "The domain of the extension.").or_null(),
    Field::must("extension", Kind::Id, "The extension, by its channel_id.").or_null(),
    Field::must("number", NUMBER, "Its number then, or one outside."),
    Field::must(
        "device",
        Kind::Text(100),
        "The line whose phone it was; null: a browser.",
    )
    .or_null(),
    Field::must("gateway", Kind::Text(100), "The gateway, if it is one's.").or_null(),
    Field::must("began", Kind::Time, "When it began."),
    Field::must("answered", Kind::Time, "When it was answered.").or_null(),
    Field::must("ended", Kind::Time, "When it ended.").or_null(),
    Field::must("cause", Kind::Text(100), "Why.").or_null(),
];

/// Something that lists can be asked for and that is in no answer.
const fn asked(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field::shown(name, kind, about).hidden().filter()
}

/// Calls. The administrators of a domain see those of its people, and none of another that had its name before.
pub static NOUN: Noun = Noun {
    path: "calls",
    one: "call",
    about: "A call, however often it was sent on; the newest first. A list is made of the newest 100,000 calls of the \
            time that is asked for; before=… with what it says as next goes on behind them.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        Field::shown("id", Kind::Id, "Names it."),
        Field::shown(
            "domain",
            Kind::DomainName,
            "The domain of the first of its people.",
        )
        .or_null()
        .filter(),
        Field::shown(
            "direction",
            Kind::Choice(&["internal", "inbound", "outbound"]),
            "Where it came from and went.",
        )
        .filter(),
        Field::shown("caller_number", NUMBER, "The caller's number."),
        Field::shown(
            "caller_name",
            NUMBER,
            "What the caller is called: of a stranger any text.",
        ),
        Field::shown("called_number", NUMBER, "What was dialled first."),
        Field::shown("answered_by", NUMBER, "Who answered last.").or_null(),
        Field::shown("payer", NUMBER, "The number of the extension that pays.").or_null(),
        Field::shown(
            "class",
            Kind::Text(32),
            "What it was counted as, where it went outside.",
        )
        .or_null(),
        Field::shown(
            "gateway",
            Kind::Text(100),
            "The gateway it came in or went out by.",
        )
        .or_null(),
        Field::shown("began", Kind::Time, "When it began."),
        Field::shown("answered", Kind::Time, "When somebody answered.").or_null(),
        Field::shown("ended", Kind::Time, "When its last leg ended.").or_null(),
        Field::shown(
            "outcome",
            Kind::Choice(&[
                "open",
                "answered",
                "voicemail",
                "no-answer",
                "busy",
                "cancelled",
                "refused",
                "failed",
                "interrupted",
            ]),
            "How it ended.",
        )
        .filter(),
        Field::shown("cause", Kind::Text(100), "Why the caller's leg ended.").or_null(),
        Field::shown(
            "seconds",
            Kind::Integer(0, i64::MAX),
            "For how many seconds people spoke.",
        ),
        Field::shown(
            "legs",
            Kind::List(&Kind::Object(&LEG), 1000),
            "The phones, browsers and gateways in it; null in lists.",
        )
        .or_null(),
        asked("number", NUMBER, "Whose caller or dialled number contains this."),
        asked("extension_id", Kind::Id, "That this extension had a part in."),
        asked("since", Kind::Time, "That began then or later."),
        asked("until", Kind::Time, "That began before."),
        asked(
            "before",
            Kind::Id,
            "Older than this one: the next of an earlier list.",
        ),
    ],
    once: &[],
    sort: &[],
    source: Source::Facts(&Facts {
        list: |_, _| Ok(Vec::new()),
        paged: Some(list),
        get: Some(get),
        delete: None,
        edit: None,
        after: |_| {},
    }),
    actions: &[],
};

/// What is wanted; none: nothing can be.
fn wanted(reader: &Reader<'_>, scope: &Scope, query: &Query) -> Result<Option<Wanted>, Refusal> {
    let mut wanted = Wanted {
        q: query.q.clone(),
        ..Wanted::default()
    };
    // Not by its name, which another may have had before.
    wanted.domain_id = scope.domain();
    let parsed = |text: &str| text.parse::<Timestamp>().ok();
    for (name, value) in &query.filters {
        match *name {
            "domain" if scope.holds_name(Some(value)) => wanted.domain = Some(value.clone()),
            "domain" => return Ok(None),
            "direction" => wanted.direction = Direction::ALL.into_iter().find(|one| one.as_str() == value),
            "outcome" => wanted.outcome = Outcome::ALL.into_iter().find(|one| one.as_str() == value),
            "number" => wanted.number.clone_from(value),
            "since" => wanted.since = parsed(value),
            "until" => wanted.until = parsed(value),
            "before" => wanted.before = value.parse().ok(),
            "extension_id" => {
                let id: Uuid = value.parse().unwrap_or_default();
                let extension = reader.get::<Extension>(id)?;
                let Some(extension) = extension.filter(|row| scope.holds(Some(row.domain_id))) else {
                    return Ok(None);
                };
                wanted.channel = Some(extension.channel_id);
            }
            // A field that can be asked for and is forgotten here must not be taken for all calls.
            other => return Err(Refusal::Unavailable(format!("{other} is not looked at"))),
        }
    }
    Ok(Some(wanted))
}

fn list(admin: &Admin<'_>, scope: &Scope, query: &Query) -> Result<Listed, Refusal> {
    admin.read(|reader| {
        let Some(wanted) = wanted(reader, scope, query)? else {
            return Ok(Listed {
                rows: Vec::new(),
                total: 0,
                next: None,
            });
        };
        let found = reader.calls_page(&wanted, query.skip(), query.size)?;
        let row = |call: &Call| {
            let mut fields = image(call, &reader.legs_of_call(call.id)?);
            fields.insert("legs".into(), Value::Null);
            Ok(fields)
        };
        Ok(Listed {
            rows: found.calls.iter().map(row).collect::<Result<_, Refusal>>()?,
            total: found.total,
            next: found.next.map(|id| id.to_string()),
        })
    })
}

fn image(call: &Call, legs: &[Leg]) -> Image {
    match shown::fields(call, legs) {
        Value::Object(fields) => fields,
        _ => Image::new(),
    }
}

fn get(admin: &Admin<'_>, scope: &Scope, id: &str) -> Result<Option<Image>, Refusal> {
    let Ok(id) = id.parse::<Uuid>() else {
        return Ok(None);
    };
    admin.read(|reader| {
        let Some(call) = reader.call(id, scope.domain())? else {
            return Ok(None);
        };
        Ok(Some(image(&call, &reader.legs_of_call(id)?)))
    })
}

/// A part of a table of calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Its lines.
    pub text: String,
    /// The call behind which the next part begins; none: this is the last.
    pub next: Option<Uuid>,
}

/// The heads of the columns of the table.
pub fn heads() -> String {
    let mut text = String::new();
    csv::line(&mut text, shown::COLUMNS);
    text
}

/// Calls as lines of a table: those that `query` asks for, behind the call of this id; its page and size do not count.
///
/// # Errors
/// They may not be seen.
pub fn export(
    admin: &Admin<'_>,
    grant: &Grant,
    query: &Query,
    behind: Option<Uuid>,
) -> Result<Part, Refusal> {
    /// Calls of a part.
    const SIZE: u32 = 500;
    let scope = grant.may(&NOUN, Verb::Read)?;
    admin.read(|reader| {
        let mut part = Part::default();
        let Some(mut wanted) = wanted(reader, &scope, query)? else {
            return Ok(part);
        };
        wanted.before = behind.or(wanted.before);
        let found = reader.calls_page(&wanted, 0, SIZE)?;
        for call in &found.calls {
            shown::line(&mut part.text, call, &reader.legs_of_call(call.id)?);
        }
        let is_cut = found.total > found.calls.len() as u64;
        part.next = match found.calls.last() {
            Some(last) if is_cut => Some(last.id),
            _ => found.next,
        };
        Ok(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_fields_are_those_of_the_records() {
        let words = |name: &str| match NOUN.field(name).unwrap().kind {
            Kind::Choice(words) => words.to_vec(),
            other => panic!("{other:?}"),
        };
        assert_eq!(words("outcome"), Outcome::ALL.map(Outcome::as_str));
        assert_eq!(words("direction"), Direction::ALL.map(Direction::as_str));
    }
}
