//! The calls of one's extensions.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use pbx_core::own;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::theirs;
use crate::app::App;
use crate::problem::Problem;
use crate::session::SignedIn;

/// Calls of a page: by default, and at most.
const SIZE: u32 = 25;
const LARGEST: u32 = 100;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/api/me/calls", get(list))
}

/// Which of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Of this channel's extension alone.
    channel: Option<Uuid>,
    /// Behind this one: `next` of the page before.
    before: Option<Uuid>,
    size: Option<u32>,
}

async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(wanted) = wanted
        .map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST, "bad-request", rejection.body_text()))?;
    let size = wanted.size.unwrap_or(SIZE).clamp(1, LARGEST);
    let page = theirs(&app, &signed_in, move |pbx, owner| {
        own::calls(pbx, owner, wanted.channel, wanted.before, size)
    })
    .await?;
    Ok(Json(json!(page)))
}
