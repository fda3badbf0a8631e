//! `/api/v1`: the JSON API of administration, for the pages and for anybody else's programs.
//!
//! The nouns of [`pbx_core::admin`] say what there is: a noun is a list and its things, and this file makes the
//! routes of each. It knows of HTTP: bodies, ETags, statuses; what may be done, and how, is decided there.

mod body;
mod caller;
mod calls;
mod export;
mod imports;
mod refused;
mod strict;
mod thought;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use pbx_core::admin::{Action, Admin, Done, Noun, Query, Refusal, Request, Verb, dashboard, nouns, openapi};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::problem::Problem;
use body::{Base, How, Key, Sent};
use caller::Caller;

pub use imports::Imports;

/// Where the API is. Another that is not compatible would be beside it.
const PREFIX: &str = "/api/v1";

/// Says that the answer is that of an earlier request of the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Its routes.
pub(crate) fn routes() -> Router<App> {
    let mut router = Router::new()
        .merge(export::routes(PREFIX))
        .merge(imports::routes(PREFIX))
        .merge(calls::routes(PREFIX))
        .merge(thought::routes(PREFIX))
        .route("/api/openapi.json", get(openapi))
        .route(&format!("{PREFIX}/dashboard"), get(show_dashboard));
    for &noun in nouns::ALL {
        let path = format!("{PREFIX}/{}", noun.path);
        router = router
            .route(&path, many(noun))
            .route(&format!("{path}/{{id}}"), one(noun));
        for action in noun.actions {
            let run =
                move |State(app): State<App>,
                      caller: Caller,
                      about: (How, Key),
                      Path(id): Path<String>,
                      sent: Sent| { act(app, caller, (noun, action), about, id, sent) };
            let run = post(run).layer(DefaultBodyLimit::max(action.largest));
            router = router.route(&format!("{path}/{{id}}/{}", action.name), run);
        }
    }
    router
}

/// What all of it is, for programs. It is no secret.
async fn openapi() -> Json<Value> {
    Json(openapi::document(PREFIX))
}

async fn show_dashboard(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Problem> {
    let shown = at_desk(&app, move |admin| dashboard::dashboard(admin, &caller.grant)).await?;
    Ok(Json(Value::Object(shown)))
}

/// `/users`.
fn many(noun: &'static Noun) -> MethodRouter<App> {
    let list = move |State(app): State<App>, caller: Caller, RawQuery(query): RawQuery| {
        list(app, caller, noun, query.unwrap_or_default())
    };
    let create = move |State(app): State<App>, caller: Caller, about: (How, Key), sent: Sent| {
        create(app, caller, noun, about, sent)
    };
    let router = get(list);
    if noun.can().create {
        router.post(create)
    } else {
        router
    }
}

/// `/users/{id}`.
fn one(noun: &'static Noun) -> MethodRouter<App> {
    let show =
        move |State(app): State<App>, caller: Caller, Path(id): Path<String>| show(app, caller, noun, id);
    let edit =
        move |State(app): State<App>, caller: Caller, about: About, Path(id): Path<String>, sent: Sent| {
            edit(app, caller, noun, about, id, sent)
        };
    let delete = move |State(app): State<App>, caller: Caller, about: About, Path(id): Path<String>| {
        delete(app, caller, noun, about, id)
    };
    let mut router = get(show);
    if noun.can().edit {
        router = router.patch(edit);
    }
    if noun.can().delete {
        router = router.delete(delete);
    }
    router
}

/// What a change says of itself: the revision it is based on, how it is to be made, and which request it is.
type About = (Base, How, Key);

/// Does what waits for the database where that holds up nobody.
async fn at_desk<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Admin<'_>) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Problem> {
    let pbx = Arc::clone(&app.pbx);
    let done = tokio::task::spawn_blocking(move || work(&Admin::new(&pbx))).await;
    done.map_err(|_| Problem::internal())?.map_err(refused::problem)
}

async fn list(app: App, caller: Caller, noun: &'static Noun, query: String) -> Result<Response, Problem> {
    caller.grant.may(noun, Verb::Read).map_err(refused::problem)?;
    let parameters: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let parameters = parameters.iter().map(|(name, value)| (&**name, &**value));
    let query = Query::read(noun, parameters).map_err(refused::question)?;
    let (page, size) = (query.page, query.size);
    let listed = at_desk(&app, move |admin| admin.list(noun, &caller.grant, &query)).await?;
    let mut body = json!({"total": listed.total, "page": page, "size": size, "rows": listed.rows});
    if noun.goes_on() {
        body["next"] = json!(listed.next);
    }
    Ok(Json(body).into_response())
}

async fn show(app: App, caller: Caller, noun: &'static Noun, id: String) -> Result<Response, Problem> {
    let row = at_desk(&app, move |admin| admin.get(noun, &caller.grant, &id)).await?;
    Ok(tagged(StatusCode::OK, Value::Object(row)))
}

async fn create(
    app: App,
    caller: Caller,
    noun: &'static Noun,
    (how, key): (How, Key),
    sent: Sent,
) -> Result<Response, Problem> {
    caller.grant.may(noun, Verb::Write).map_err(refused::problem)?;
    let sent = sent.object()?;
    let request = key.request(&caller.grant, noun.path).forced(how.force);
    let done = at_desk(&app, move |admin| {
        admin.create(noun, &caller.grant, sent, request)
    })
    .await?;
    let status = if done.before {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let id = done.row.get("id").and_then(Value::as_str).unwrap_or_default();
    let location = HeaderValue::from_str(&format!("{PREFIX}/{}/{id}", noun.path));
    let mut response = changed(status, done);
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

async fn edit(
    app: App,
    caller: Caller,
    noun: &'static Noun,
    (base, how, key): About,
    id: String,
    sent: Sent,
) -> Result<Response, Problem> {
    caller.grant.may(noun, Verb::Write).map_err(refused::problem)?;
    let (base, sent) = (base.needed()?, sent.object()?);
    let request = key.request(&caller.grant, &format!("PATCH {}/{id}", noun.path));
    let about = (base, request.forced(how.force));
    let done = at_desk(&app, move |admin| {
        admin.edit(noun, &caller.grant, &id, sent, about)
    })
    .await?;
    Ok(changed(StatusCode::OK, done))
}

async fn delete(
    app: App,
    caller: Caller,
    noun: &'static Noun,
    (base, how, key): About,
    id: String,
) -> Result<Response, Problem> {
    caller.grant.may(noun, Verb::Write).map_err(refused::problem)?;
    let base = match noun.has_revisions() {
        true => Some(base.needed()?),
        false => None,
    };
    let request = key.request(&caller.grant, &format!("DELETE {}/{id}", noun.path));
    let about = (base, request.forced(how.force));
    let gone = move |admin: &Admin<'_>| admin.delete(noun, &caller.grant, &id, how.everything, about);
    let revision = at_desk(&app, gone).await?;
    Ok(Json(json!({"revision": revision})).into_response())
}

async fn act(
    app: App,
    caller: Caller,
    (noun, action): (&'static Noun, &'static Action),
    (how, key): (How, Key),
    id: String,
    sent: Sent,
) -> Result<Response, Problem> {
    caller.grant.may(noun, Verb::Write).map_err(refused::problem)?;
    let sent = match action.takes {
        [] => Map::new(),
        _ => sent.object()?,
    };
    let request: Request = key.request(&caller.grant, &format!("{}/{id}/{}", noun.path, action.name));
    let about = (sent, request.forced(how.force));
    let done = at_desk(&app, move |admin| {
        admin.act(noun, action, &caller.grant, &id, about)
    })
    .await?;
    Ok(Json(Value::Object(done)).into_response())
}

/// A thing as it is after a change.
fn changed(status: StatusCode, done: Done) -> Response {
    let mut row = done.row;
    if !done.once.is_empty() {
        row.insert("shown_once".to_owned(), Value::Object(done.once));
    }
    let mut response = tagged(status, Value::Object(row));
    if done.before {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// A thing with its revision as ETag.
fn tagged(status: StatusCode, row: Value) -> Response {
    let mut headers = HeaderMap::new();
    let etag = row["row_rev"]
        .as_u64()
        .map(|rev| HeaderValue::from_str(&format!("\"{rev}\"")));
    if let Some(Ok(etag)) = etag {
        headers.insert(ETAG, etag);
    }
    (status, headers, Json(row)).into_response()
}
