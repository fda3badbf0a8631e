//! The mailboxes of one's extensions.

use axum::body::Body;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, put};
use axum::{Json, Router};
use jiff::Timestamp;
use pbx_core::own;
use pbx_core::store::settings::CODE_VOICEMAIL;
use pbx_core::voicemail::{Message, Page};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use tower_http::services::ServeFile;
use uuid::Uuid;

use super::{bad_body, changes, theirs};
use crate::app::App;
use crate::extensions;
use crate::problem::Problem;
use crate::session::SignedIn;

/// Messages of a page: by default, and at most.
const SIZE: u32 = 25;
const LARGEST: u32 = 100;

pub(super) fn routes() -> Router<App> {
    let message = patch(mark).delete(delete);
    Router::new()
        .route("/api/me/mailboxes", get(list))
        .route("/api/me/mailboxes/{channel}/messages", get(messages))
        .route("/api/me/mailboxes/{channel}/messages/{id}", message)
        .route("/api/me/mailboxes/{channel}/messages/{id}/sound", get(sound))
        .route("/api/me/mailboxes/{channel}/pin", put(pin))
}

async fn list(State(app): State<App>, signed_in: SignedIn) -> Result<Json<Value>, Problem> {
    let own = extensions::own(&app, signed_in.person.id).await?;
    let row = |own: &own::Extension| {
        json!({
            "channel": own.row.channel_id,
            "number": own.row.number,
            "name": own.row.caller_id_name,
            "domain": own.domain.name,
            "has_pin": own.row.voicemail_pin.is_some(),
        })
    };
    let mailboxes = own.iter().filter(|own| own.row.voicemail).map(row);
    let code = app
        .pbx
        .store()
        .snapshot()
        .settings
        .get(&CODE_VOICEMAIL)
        .to_owned();
    Ok(Json(
        json!({"mailboxes": mailboxes.collect::<Vec<_>>(), "code": code}),
    ))
}

/// Which part of a mailbox.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    /// From 1.
    page: Option<u64>,
    size: Option<u32>,
}

async fn messages(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(channel): Path<Uuid>,
    part: Result<Query<Part>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(part) = part
        .map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST, "bad-request", rejection.body_text()))?;
    let size = part.size.unwrap_or(SIZE).clamp(1, LARGEST);
    let page = part.page.unwrap_or(1).max(1);
    let skip = (page - 1).saturating_mul(u64::from(size));
    let found: Page = theirs(&app, &signed_in, move |pbx, owner| {
        own::messages(pbx, owner, channel, skip, size)
    })
    .await?;
    Ok(Json(json!({
        "total": found.total,
        "new": found.new,
        "page": page,
        "size": size,
        "messages": found.messages.iter().map(row).collect::<Vec<_>>(),
    })))
}

fn row(message: &Message) -> Value {
    let left = Timestamp::from_second(message.left).unwrap_or(Timestamp::UNIX_EPOCH);
    json!({
        "id": message.id,
        "name": message.caller_name,
        "number": message.caller_number,
        "left": left.to_string(),
        "seconds": message.seconds,
        "new": !message.heard,
        "urgent": message.urgent,
    })
}

/// The recording, or the part of it that is asked for (RFC 9110, 14).
async fn sound(
    State(app): State<App>,
    signed_in: SignedIn,
    Path((channel, id)): Path<(Uuid, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let file = theirs(&app, &signed_in, move |pbx, owner| {
        own::recording(pbx, owner, channel, &id)
    })
    .await?;
    let served = ServeFile::new(file).oneshot(request).await;
    // It cannot fail: what goes wrong is an answer of its own.
    let served = served.map_err(|_| Problem::internal())?;
    Ok(served.map(Body::new).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    new: bool,
}

async fn mark(
    State(app): State<App>,
    signed_in: SignedIn,
    Path((channel, id)): Path<(Uuid, String)>,
    body: Result<Json<Mark>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(Mark { new }) = body.map_err(bad_body)?;
    changes(&app, &signed_in)?;
    theirs(&app, &signed_in, move |pbx, owner| {
        own::mark(pbx, owner, channel, &id, !new)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(
    State(app): State<App>,
    signed_in: SignedIn,
    Path((channel, id)): Path<(Uuid, String)>,
) -> Result<StatusCode, Problem> {
    changes(&app, &signed_in)?;
    theirs(&app, &signed_in, move |pbx, owner| {
        own::delete_message(pbx, owner, channel, &id)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    pin: String,
}

async fn pin(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(channel): Path<Uuid>,
    body: Result<Json<Pin>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(Pin { pin }) = body.map_err(bad_body)?;
    changes(&app, &signed_in)?;
    theirs(&app, &signed_in, move |pbx, owner| {
        own::set_pin(pbx, owner, channel, &pin)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
