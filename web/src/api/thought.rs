//! `/api/v1/explain` and `/api/v1/check`: calls that are only thought of.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use pbx_core::admin::{Verb, Who, thought};
use serde_json::Value;

use super::body::Sent;
use super::caller::Caller;
use super::{at_desk, refused};
use crate::app::App;
use crate::problem::Problem;

/// How often one person may ask in a minute: an answer may be long.
const OFTEN: usize = 120;

/// Their routes, below this path.
pub(super) fn routes(prefix: &str) -> Router<App> {
    Router::new()
        .route(&format!("{prefix}/explain"), post(explain))
        .route(&format!("{prefix}/check"), post(check))
}

async fn explain(State(app): State<App>, caller: Caller, sent: Sent) -> Result<Json<Value>, Problem> {
    let may = caller
        .grant
        .may_at_all(Who::DomainAdministrators, thought::EXPLAIN, Verb::Read);
    may.map_err(refused::problem)?;
    app.limits.take("explain", caller.grant.user, OFTEN)?;
    let sent = sent.object()?;
    let said = at_desk(&app, move |admin| thought::explain(admin, &caller.grant, sent)).await?;
    Ok(Json(said))
}

async fn check(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Problem> {
    app.limits.take("check", caller.grant.user, OFTEN)?;
    let said = at_desk(&app, move |admin| thought::check(admin, &caller.grant)).await?;
    Ok(Json(said))
}
