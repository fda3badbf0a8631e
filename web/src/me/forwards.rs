//! Where calls to one's extensions go.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::routing::{get, patch};
use axum::{Json, Router};
use pbx_core::forward::{Edit, Target, When};
use pbx_core::names::BadName;
use pbx_core::own::{self, About, Extension, Refusal};
use pbx_core::store::settings::{self, Definition, Settings};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{bad_body, changes, theirs};
use crate::app::App;
use crate::extensions;
use crate::problem::Problem;
use crate::session::SignedIn;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/me/forwards", get(list))
        .route("/api/me/forwards/{channel}", patch(change))
}

/// What the same is dialled by.
const CODES: [(&str, &Definition); 5] = [
    ("dnd", &settings::CODE_DND_ON),
    (When::Always.as_str(), &settings::CODE_FORWARD_ALWAYS),
    (When::Busy.as_str(), &settings::CODE_FORWARD_BUSY),
    (When::NoAnswer.as_str(), &settings::CODE_FORWARD_NO_ANSWER),
    (When::Offline.as_str(), &settings::CODE_FORWARD_OFFLINE),
];

async fn list(State(app): State<App>, signed_in: SignedIn) -> Result<Json<Value>, Problem> {
    let own = extensions::own(&app, signed_in.person.id).await?;
    Ok(Json(json!({
        "extensions": own.iter().map(row).collect::<Vec<_>>(),
        "codes": codes(&app.pbx.store().snapshot().settings),
    })))
}

fn codes(settings: &Settings) -> Value {
    let code = |(name, definition): &(&str, &'static Definition)| {
        ((*name).to_owned(), Value::from(settings.get(definition)))
    };
    CODES.iter().map(code).collect::<serde_json::Map<_, _>>().into()
}

fn row(own: &Extension) -> Value {
    json!({
        "channel": own.row.channel_id,
        "number": own.row.number,
        "name": own.row.caller_id_name,
        "domain": own.domain.name,
        "ring_seconds": own.row.ring_seconds,
        "forwards": own.row.forwards.fields(),
    })
}

/// Only what is named is changed; null is off.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Wanted {
    dnd: Option<bool>,
    #[serde(default, deserialize_with = "named")]
    always: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    busy: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    no_answer: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    offline: Option<Option<String>>,
    #[serde(rename = "ring_seconds")]
    ring_seconds: Option<u32>,
}

/// A field that is there, null or not.
fn named<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(field).map(Some)
}

impl Wanted {
    fn edit(self) -> Result<Edit, Refusal> {
        let mut edit = Edit {
            dnd: self.dnd,
            ring_seconds: self.ring_seconds,
            ..Edit::default()
        };
        for (when, wanted) in [
            (When::Always, self.always),
            (When::Busy, self.busy),
            (When::NoAnswer, self.no_answer),
            (When::Offline, self.offline),
        ] {
            let Some(wanted) = wanted else { continue };
            let target = match wanted {
                Some(number) => number
                    .trim()
                    .parse()
                    .map_err(|bad: BadName| Refusal::Invalid(About::Target, bad.0))?,
                None => Target::Off,
            };
            edit.targets.push((when, target));
        }
        Ok(edit)
    }
}

async fn change(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(channel): Path<Uuid>,
    body: Result<Json<Wanted>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(wanted) = body.map_err(bad_body)?;
    changes(&app, &signed_in)?;
    let changed = theirs(&app, &signed_in, move |pbx, owner| {
        own::change_forwards(pbx.store(), owner, channel, &wanted.edit()?)
    })
    .await?;
    Ok(Json(row(&changed)))
}
