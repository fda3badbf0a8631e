//! `/api/sign-in`, `/api/me`, `/api/password`, `/api/sessions`: people at the door.
//!
//! What waits for the database runs on the threads for that; hashes have threads of their own (`people::Hasher`),
//! so that two hundred people who sign in hold up nobody who has.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use axum_extra::extract::CookieJar;
use jiff::Timestamp;
use pbx_core::pbx::Pbx;
use pbx_core::people::{AtWork, Attempt, Busy, Refused, Session};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::app::App;
use crate::client_address::ClientAddress;
use crate::problem::Problem;
use crate::session::{self, COOKIE, KNOWN, SignedInAtAll};

/// Its routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/sign-in", post(sign_in))
        .route("/api/sign-out", post(sign_out))
        .route("/api/me", get(me))
        .route("/api/password", post(password))
        .route("/api/sessions", get(sessions).delete(end_all))
        .route("/api/sessions/{id}", delete(end_one))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    name: String,
    password: String,
}

async fn sign_in(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    jar: CookieJar,
    body: Result<Json<Credentials>, JsonRejection>,
) -> Result<(CookieJar, Json<Value>), Problem> {
    let Json(Credentials { name, password }) = body.map_err(unreadable_body)?;
    if password.len() > pbx_core::people::password::LONGEST {
        return Err(refused(Refused::Wrong));
    }
    let browser = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let known = jar.get(KNOWN).map(|cookie| cookie.value().to_owned());
    let pending = blocking(&app, move |pbx| {
        pbx.people().knock(&Attempt {
            name: &name,
            address,
            browser: &browser,
            known: known.as_deref(),
        })
    })
    .await?;
    let right = verified(&app, pending.phc(), password).await?;
    let before = session::cookie(&jar);
    let entered = app
        .pbx
        .people()
        .enter(pending, right, before.as_deref())
        .map_err(refused)?;
    let jar = jar
        .add(session::session_cookie(entered.cookie))
        .add(session::known_cookie(entered.known));
    Ok((jar, Json(about(&app, &entered.session))))
}

async fn sign_out(
    State(app): State<App>,
    SignedInAtAll(person): SignedInAtAll,
    jar: CookieJar,
) -> (CookieJar, StatusCode) {
    app.pbx
        .people()
        .end("signed-out", |session| session.id == person.sign_in);
    (jar.add(session::no_cookie(COOKIE)), StatusCode::NO_CONTENT)
}

async fn me(State(app): State<App>, SignedInAtAll(person): SignedInAtAll) -> Json<Value> {
    Json(about(&app, &person.session))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    current: String,
    new: String,
}

async fn password(
    State(app): State<App>,
    SignedInAtAll(person): SignedInAtAll,
    jar: CookieJar,
    body: Result<Json<NewPassword>, JsonRejection>,
) -> Result<(CookieJar, Json<Value>), Problem> {
    let Json(NewPassword { current, new }) = body.map_err(unreadable_body)?;
    if current == new {
        return Err(refused(Refused::Weak(
            "the new password is the old one; choose another".to_owned(),
        )));
    }
    let session = person.session;
    let (held, chosen) = (session.clone(), new.clone());
    let (pending, user) = blocking(&app, move |pbx| pbx.people().before_change(&held, &chosen)).await?;
    let right = verified(&app, pending.phc(), current).await?;
    let phc = if right {
        hashed(&app, new).await?
    } else {
        String::new()
    };
    let changed = blocking(&app, move |pbx| {
        pbx.people().change(&session, (pending, user), right, &phc)
    })
    .await?;
    let jar = jar.add(session::session_cookie(changed.cookie));
    Ok((jar, Json(about(&app, &changed.session))))
}

async fn sessions(State(app): State<App>, SignedInAtAll(person): SignedInAtAll) -> Json<Value> {
    let own = app.pbx.people().sessions(Some(person.person.id));
    let row = |session: &Session| {
        json!({
            "id": session.id,
            "this": session.id == person.sign_in,
            "begun": spoken(session.begun),
            "seen": spoken(session.seen),
            "ends": spoken(session.ends()),
            "address": session.address,
            "browser": session.browser,
        })
    };
    Json(json!({"sessions": own.iter().map(row).collect::<Vec<_>>()}))
}

async fn end_all(
    State(app): State<App>,
    SignedInAtAll(person): SignedInAtAll,
    jar: CookieJar,
) -> (CookieJar, StatusCode) {
    let own = person.person.id;
    app.pbx.people().end("signed-out", |session| session.user == own);
    (jar.add(session::no_cookie(COOKIE)), StatusCode::NO_CONTENT)
}

async fn end_one(
    State(app): State<App>,
    SignedInAtAll(person): SignedInAtAll,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    let own = person.person.id;
    let ended = app
        .pbx
        .people()
        .end("signed-out", |session| session.user == own && session.id == id);
    // Somebody else's looks like none.
    if ended == 0 {
        Err(Problem::not_found())
    } else {
        Ok(StatusCode::NO_CONTENT)
    }
}

/// What a page is told of who it is.
fn about(app: &App, session: &Session) -> Value {
    let person = session.person.as_deref();
    json!({
        "user": person.map(|person| json!({
            "id": person.id,
            "name": person.name,
            "display_name": person.display_name,
            "domain": person.domain.as_ref().map(|(_, name)| name),
            "role": person.role,
        })),
        "sign_in": session.id,
        "ends": spoken(session.ends()),
        "must_change_password": person.is_some_and(|person| person.must_change),
        "csrf": app.pbx.people().csrf(&session.token),
    })
}

/// Whether it is the password; asked of the threads that hash.
async fn verified(app: &App, phc: Option<String>, password: String) -> Result<bool, Problem> {
    at_work(app, move |at_work| at_work.verify(phc.as_deref(), &password)).await
}

async fn hashed(app: &App, password: String) -> Result<String, Problem> {
    let phc = at_work(app, move |at_work| at_work.hash(&password)).await?;
    phc.map_err(|error| Problem::unavailable(error.to_string()))
}

/// Runs what hashes where that holds up nobody; not at all if the client has gone when its turn comes.
async fn at_work<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(AtWork) -> T + Send + 'static,
) -> Result<T, Problem> {
    let (sender, receiver) = oneshot::channel();
    let work = move |at_work: AtWork| {
        if !sender.is_closed() {
            // Whoever asked may have gone just now.
            let _ = sender.send(work(at_work));
        }
    };
    app.pbx.people().hasher().run(work).map_err(busy)?;
    receiver.await.map_err(|_| busy(Busy))
}

/// Runs what waits for the database where that holds up nobody.
async fn blocking<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Pbx) -> Result<T, Refused> + Send + 'static,
) -> Result<T, Problem> {
    let pbx = Arc::clone(&app.pbx);
    let done = tokio::task::spawn_blocking(move || work(&pbx)).await;
    done.map_err(|_| Problem::internal())?.map_err(refused)
}

fn busy(busy: Busy) -> Problem {
    Problem::unavailable(format!("{busy}."))
}

fn refused(why: Refused) -> Problem {
    let text = format!("{why}.");
    match why {
        Refused::Wrong => Problem::new(StatusCode::UNAUTHORIZED, "wrong-password", text),
        Refused::Wait(time) => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-tries", text).after(time.as_secs() + 1)
        }
        Refused::Weak(_) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "weak-password", text),
        Refused::Store(error) => session::unreadable(error),
        _ => Problem::internal(),
    }
}

fn unreadable_body(rejection: JsonRejection) -> Problem {
    Problem::new(rejection.status(), "bad-request", rejection.body_text())
}

fn spoken(second: i64) -> String {
    Timestamp::from_second(second)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}
