//! Sessions: who is signed in to the web pages; and the history of who signed in, tried to, and signed out.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Facts, Noun, Refusal, Scope, Sort, Source, Who};
use crate::names::DomainName;
use crate::people::Session;
use crate::store::rows::{Domain, User};
use crate::store::{Image, Reader};

/// The most events that are looked through.
const EVENTS: u32 = 10_000;

const WHO: Field = Field::shown(
    "user",
    Kind::Text(320),
    "How they sign in; null: they are deleted.",
)
.or_null();
const USER: Field = Field::shown("user_id", Kind::Id, "Who.").filter();
const FROM: Field = Field::shown("address", Kind::Text(64), "From where.").filter();
const WITH: Field = Field::shown("browser", Kind::Text(1000), "What their browser calls itself.");

/// Sessions.
pub static NOUN: Noun = Noun {
    path: "sessions",
    one: "session",
    about: "Somebody who is signed in to the web pages; deleting it signs them out.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        Field::shown("id", Kind::Id, "Names it; opens nothing."),
        USER,
        WHO,
        FROM,
        WITH,
        Field::shown("begun", Kind::Time, "When they signed in."),
        Field::shown("seen", Kind::Time, "When they were last seen."),
        Field::shown("ends", Kind::Time, "When it ends if nothing happens."),
    ],
    once: &[],
    sort: &[
        Sort::by("seen", &[]),
        Sort::by("user", &[]),
        Sort::by("begun", &[]),
        Sort::by("address", &[]),
    ],
    source: Source::Facts(&Facts {
        list,
        paged: None,
        get: None,
        delete: Some(end),
        edit: None,
        after: |_| {},
    }),
    actions: &[],
};

/// The history of signing in.
pub static HISTORY: Noun = Noun {
    path: "sign-ins",
    one: "sign-in",
    about: "Something that happened at the door: who signed in, tried to, and signed out; the newest first.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        Field::shown("id", Kind::Text(20), "Its number."),
        Field::shown("at", Kind::Time, "When."),
        Field::shown(
            "what",
            Kind::Text(32),
            "signed-in, failed, signed-out, password-changed or ended.",
        )
        .filter(),
        USER.or_null(),
        WHO,
        FROM,
        WITH,
    ],
    once: &[],
    sort: &[
        Sort::by("at", &[]),
        Sort::by("what", &[]),
        Sort::by("user", &[]),
        Sort::by("address", &[]),
    ],
    source: Source::Facts(&Facts {
        list: history,
        paged: None,
        get: None,
        delete: None,
        edit: None,
        after: |_| {},
    }),
    actions: &[],
};

fn list(admin: &Admin<'_>, scope: &Scope) -> Result<Vec<Image>, Refusal> {
    let sessions = admin.pbx.people().sessions(None);
    let mut names = Names::default();
    admin.read(|reader| {
        let mut rows = Vec::new();
        for session in &sessions {
            let known = names.of(reader, session.user)?;
            if scope.holds(known.as_ref().and_then(|known| known.home)) {
                rows.push(fields(session, known.map(|known| known.name)));
            }
        }
        Ok(rows)
    })
}

fn fields(session: &Session, user: Option<String>) -> Image {
    object(json!({
        "id": session.id,
        "user_id": session.user,
        "user": user,
        "address": session.address,
        "browser": session.browser,
        "begun": spoken(session.begun),
        "seen": spoken(session.seen),
        "ends": spoken(session.ends()),
    }))
}

fn end(admin: &Admin<'_>, _: &Scope, id: &str) -> Result<(), Refusal> {
    let id: Uuid = id.parse().map_err(|_| Refusal::Missing)?;
    match admin.pbx.people().end("ended", |session| session.id == id) {
        0 => Err(Refusal::Missing),
        _ => Ok(()),
    }
}

fn history(admin: &Admin<'_>, scope: &Scope) -> Result<Vec<Image>, Refusal> {
    let mut names = Names::default();
    admin.read(|reader| {
        let mut rows = Vec::new();
        for (number, event) in reader.sign_in_events(None, EVENTS)?.into_iter().enumerate() {
            let user: Option<Uuid> = event.user_id.as_ref().and_then(|id| id.parse().ok());
            let known = match user {
                Some(user) => names.of(reader, user)?,
                None => None,
            };
            if scope.holds(known.as_ref().and_then(|known| known.home)) {
                rows.push(object(json!({
                    "id": number.to_string(),
                    "at": event.at,
                    "what": event.what,
                    "user_id": user,
                    "user": known.map(|known| known.name),
                    "address": event.address,
                    "browser": event.browser,
                })));
            }
        }
        Ok(rows)
    })
}

/// Who somebody is.
#[derive(Clone)]
struct Known {
    name: String,
    home: Option<Uuid>,
}

/// People that were looked up already.
#[derive(Default)]
struct Names(std::collections::HashMap<Uuid, Option<Known>>);

impl Names {
    fn of(&mut self, reader: &Reader<'_>, id: Uuid) -> Result<Option<Known>, Refusal> {
        if let Some(known) = self.0.get(&id) {
            return Ok(known.clone());
        }
        let known = match reader.get::<User>(id)? {
            None => None,
            Some(user) => {
                let domain: Option<DomainName> = match user.domain_id {
                    Some(id) => reader.get::<Domain>(id)?.map(|domain| domain.name),
                    None => None,
                };
                let name = match domain {
                    Some(domain) => format!("{}@{domain}", user.name),
                    None => user.name.to_string(),
                };
                Some(Known {
                    name,
                    home: user.domain_id,
                })
            }
        };
        self.0.insert(id, known.clone());
        Ok(known)
    }
}

fn object(value: Value) -> Image {
    match value {
        Value::Object(fields) => fields,
        _ => Image::new(),
    }
}

fn spoken(second: i64) -> String {
    Timestamp::from_second(second)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}
