//! `pbx sessions`: who is signed in to the web pages.

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::address::{At, Realm};
use super::desk::{self, Desk, InRealm};
use super::out::{Answer, Said, Table, count, refuse};
use crate::names::Username;
use crate::people::Session;
use crate::store::Reader;
use crate::store::rows::User;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists who is signed in to the web pages
    #[command(after_help = "Example: pbx sessions list json")]
    List,
    /// Signs somebody out: one session, or all of a person
    #[command(after_help = "\
Examples: pbx sessions end 01a20097-70c5-735c-b928-01e37de03001
          pbx sessions end --user alice")]
    End {
        /// As pbx sessions list shows it
        #[arg(value_name = "ID", conflicts_with = "user")]
        id: Option<Uuid>,
        /// All of this person, NAME or NAME@DOMAIN
        #[arg(long, value_name = "NAME")]
        user: Option<At<Username, Realm>>,
        #[command(flatten)]
        place: InRealm,
    },
    /// Lists who signed in, tried to, and signed out, newest first
    #[command(after_help = "Example: pbx sessions history --limit 50")]
    History {
        /// How many rows
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::List => Ok(list(desk)),
            Self::End { id, user, place } => end(desk, id, user.as_ref(), &place),
            Self::History { limit } => history(desk, limit),
        }
    }
}

fn list(desk: &Desk<'_>) -> Answer {
    let sessions = desk.pbx.people().sessions(None);
    let mut table = Table::new([
        "id",
        "user",
        "from",
        "since (UTC)",
        "last used (UTC)",
        "ends (UTC)",
    ]);
    let mut rows = Vec::new();
    for session in &sessions {
        let name = who(desk, session);
        table.row([
            session.id.to_string(),
            name.clone(),
            session.address.to_string(),
            spoken(session.begun),
            spoken(session.seen),
            spoken(session.ends()),
        ]);
        rows.push(json!({
            "id": session.id,
            "user": name,
            "address": session.address,
            "browser": session.browser,
            "begun": spoken(session.begun),
            "seen": spoken(session.seen),
            "ends": spoken(session.ends()),
        }));
    }
    let text = if sessions.is_empty() {
        "nobody is signed in\n".to_owned()
    } else {
        format!("{}{}\n", table.text(), count(sessions.len() as u64, "session"))
    };
    Answer::new(text, json!({"sessions": rows}))
}

fn end(desk: &Desk<'_>, id: Option<Uuid>, user: Option<&At<Username, Realm>>, place: &InRealm) -> Said {
    let people = desk.pbx.people();
    let (ended, whose) = match (id, user) {
        (Some(id), _) => (people.end("ended", |session| session.id == id), id.to_string()),
        (None, Some(name)) => {
            let (domain, user) = desk.read(|reader| desk::user(reader, name, place))?;
            let whose = super::user::full(domain.as_ref(), &user.name);
            (people.end("ended", |session| session.user == user.id), whose)
        }
        (None, None) => return refuse("say which: an id of pbx sessions list, or --user NAME"),
    };
    if ended == 0 {
        return refuse(format!(
            "there is no session of {whose}: pbx sessions list shows those there are"
        ));
    }
    let text = format!("{} ended\n", count(ended as u64, "session"));
    Ok(Answer::done(text, json!({"ended": ended})))
}

fn history(desk: &Desk<'_>, limit: u32) -> Said {
    let events = desk.pbx.people().events(limit)?;
    let names = desk.read(|reader| {
        let id = |event: &crate::store::people::SignInEvent| event.user_id.as_ref()?.parse().ok();
        events
            .iter()
            .map(|event| id(event).map_or(Ok(None), |id| name(reader, id)))
            .collect::<Result<Vec<_>, _>>()
    })?;
    let mut table = Table::new(["when (UTC)", "what", "user", "from"]);
    let mut rows = Vec::new();
    for (event, name) in events.iter().zip(names) {
        let known = name.clone().unwrap_or_default();
        table.row([event.at.clone(), event.what.clone(), known, event.address.clone()]);
        rows.push(json!({
            "at": event.at,
            "what": event.what,
            "user": name,
            "address": event.address,
            "browser": event.browser,
        }));
    }
    let text = if events.is_empty() {
        "nobody has signed in or tried to\n".to_owned()
    } else {
        table.text()
    };
    Ok(Answer::new(text, json!({"events": rows})))
}

fn who(desk: &Desk<'_>, session: &Session) -> String {
    if let Some(person) = &session.person {
        return person.name.clone();
    }
    let found = desk.read(|reader| name(reader, session.user));
    found.ok().flatten().unwrap_or_else(|| session.user.to_string())
}

/// How a person is addressed; none: they are deleted.
fn name(reader: &Reader<'_>, id: Uuid) -> Result<Option<String>, super::out::Refusal> {
    let Some(user) = reader.get::<User>(id)? else {
        return Ok(None);
    };
    let domain = match user.domain_id {
        Some(id) => reader.get(id)?,
        None => None,
    };
    Ok(Some(super::user::full(domain.as_ref(), &user.name)))
}

fn spoken(second: i64) -> String {
    Timestamp::from_second(second)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}
