//! `/api/v1/export/calls.csv`: records of calls as a table, which is made while it is read: however many there are, a
//! part of them is in memory.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use pbx_core::admin::nouns::call::{self, Part};
use pbx_core::admin::{Fault, Grant, Query, Refusal, Verb, Who};
use uuid::Uuid;

use super::caller::Caller;
use super::{at_desk, export, refused};
use crate::app::App;
use crate::problem::Problem;

/// How often one person may ask in a minute.
const OFTEN: usize = 20;

/// Its route, below this path.
pub(super) fn routes(prefix: &str) -> Router<App> {
    Router::new().route(&format!("{prefix}/export/calls.csv"), get(table))
}

/// A table that is being read.
struct Reading {
    app: App,
    grant: Grant,
    query: Query,
    /// Behind which call it goes on; the first time none. None of both: it is over.
    behind: Option<Option<Uuid>>,
}

async fn table(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    export::may(&caller.grant)?;
    caller
        .grant
        .may_at_all(Who::DomainAdministrators, call::NOUN.path, Verb::Read)
        .map_err(refused::problem)?;
    let query = asked(&query.unwrap_or_default()).map_err(refused::question)?;
    app.limits.take("calls.csv", caller.grant.user, OFTEN)?;
    let mut reading = Reading {
        app,
        grant: caller.grant,
        query,
        behind: Some(None),
    };
    // The first part may still be refused.
    let first = format!("{}{}", call::heads(), reading.next().await?.unwrap_or_default());
    let rest = stream::unfold(reading, |mut reading| async move {
        let part = reading.next().await.transpose()?;
        // The connection breaks off: a table that ends early must not look like a whole one.
        let part = part.map(Bytes::from).map_err(|problem| problem.detail);
        Some((part, reading))
    });
    let first = stream::once(async move { Ok::<_, String>(Bytes::from(first)) });
    let body = Body::from_stream(futures_util::StreamExt::chain(first, rest));
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"calls.csv\""),
    ];
    Ok((headers, body).into_response())
}

/// What lists of calls can be asked for, but for pages.
fn asked(query: &str) -> Result<Query, Refusal> {
    let parameters: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    if let Some((name, _)) = parameters
        .iter()
        .find(|(name, _)| name == "page" || name == "size")
    {
        return Err(Refusal::Invalid(vec![Fault {
            field: Some(name.to_string()),
            detail: format!("{name} is for lists: this table is whole"),
        }]));
    }
    Query::read(
        &call::NOUN,
        parameters.iter().map(|(name, value)| (&**name, &**value)),
    )
}

impl Reading {
    /// The next lines; none: there are no more. A window in which no call passes is no line.
    async fn next(&mut self) -> Result<Option<String>, Problem> {
        while let Some(behind) = self.behind {
            let (grant, query) = (self.grant.clone(), self.query.clone());
            let part: Part = at_desk(&self.app, move |admin| {
                call::export(admin, &grant, &query, behind)
            })
            .await?;
            self.behind = part.next.map(Some);
            if !part.text.is_empty() {
                return Ok(Some(part.text));
            }
        }
        Ok(None)
    }
}
