//! The lines of one's phones.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Extension, Json, Router};
use jiff::{SignedDuration, Timestamp};
use pbx_core::names::{BadName, Username};
use pbx_core::own::provisioning::{self, Account};
use pbx_core::own::{self, About, NewLine, OwnLine, Refusal, Wanted};
use pbx_core::pbx::Pbx;
use pbx_core::phone::Server;
use pbx_core::presence::view::{Registration, View};
use pbx_core::store::settings::{CODE_VOICEMAIL, LINES_PER_EXTENSION};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::provisioning::{Offers, TIME};
use super::{bad_body, changes, qr, theirs};
use crate::app::App;
use crate::extensions;
use crate::host_check::Origin;
use crate::problem::Problem;
use crate::session::SignedIn;

/// Lines that one person may make in a minute: each costs a hash, two codes and a revision.
const MADE: usize = 10;

pub(super) fn routes(offers: Arc<Offers>) -> Router<App> {
    let add = move |app: State<App>, signed_in: SignedIn, origin: Extension<Origin>, body| {
        add(Arc::clone(&offers), app, signed_in, origin, body)
    };
    Router::new()
        .route("/api/me/lines", get(list).post(add))
        .route("/api/me/lines/{id}", delete(revoke))
}

async fn list(State(app): State<App>, signed_in: SignedIn) -> Result<Json<Value>, Problem> {
    let user = signed_in.person.id;
    let lines = extensions::read(&app, move |reader| own::lines(reader, user)).await?;
    let extensions = extensions::own(&app, user).await?;
    let view = app.pbx.presence().view();
    let row = |line: &OwnLine| row(&app.pbx, &view, line);
    let extension = |own: &own::Extension| {
        json!({
            "channel": own.row.channel_id,
            "number": own.row.number,
            "name": own.row.caller_id_name,
            "domain": own.domain.name,
            "phone": Server::of(&app.pbx).json("", own.domain.name.as_str()),
        })
    };
    Ok(Json(json!({
        "extensions": extensions.iter().map(extension).collect::<Vec<_>>(),
        "lines": lines.iter().map(row).collect::<Vec<_>>(),
        "most": app.pbx.store().snapshot().settings.number(&LINES_PER_EXTENSION),
    })))
}

fn row(pbx: &Pbx, view: &View, line: &OwnLine) -> Value {
    let (domain, username) = (line.domain.name.as_str(), line.row.username.as_str());
    let known = view.line(domain, username);
    let registrations = known.iter().flat_map(|known| &known.registrations);
    json!({
        "id": line.row.id,
        "username": username,
        "domain": domain,
        "number": line.extension.number,
        "enabled": line.row.enabled && line.extension.enabled,
        "max_registrations": line.row.max_registrations,
        "source_acl": line.row.source_acl,
        "srtp": line.row.srtp,
        "state": view.line_state(domain, username),
        "registrations": registrations.map(|one| registration(pbx, one)).collect::<Vec<_>>(),
    })
}

fn registration(pbx: &Pbx, registration: &Registration) -> Value {
    let now = Timestamp::now();
    let moment = pbx.presence().now();
    let seconds = |seconds: u64| SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    let since = now.checked_sub(seconds(moment.seconds_since(registration.since)));
    let expires = now.checked_add(seconds(registration.deadline().seconds_since(moment)));
    let spoken = |at: Result<Timestamp, _>| at.ok().and_then(|at: Timestamp| to_the_second(at));
    json!({
        "address": registration.source,
        "agent": registration.user_agent,
        "since": spoken(since),
        "expires": spoken(expires),
        "not_called_because": registration.not_called(),
    })
}

fn to_the_second(at: Timestamp) -> Option<String> {
    Timestamp::from_second(at.as_second())
        .ok()
        .map(|at| at.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The extension's, that it is to ring for.
    channel: Uuid,
    /// Made up if it is left out.
    username: Option<String>,
    /// Made up if it is left out.
    password: Option<String>,
}

async fn add(
    offers: Arc<Offers>,
    State(app): State<App>,
    signed_in: SignedIn,
    Extension(origin): Extension<Origin>,
    body: Result<Json<Body>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Json(body) = body.map_err(bad_body)?;
    app.limits.take("line", signed_in.person.id, MADE)?;
    let made = theirs(&app, &signed_in, move |pbx, owner| {
        let username = body.username.as_deref().map(str::parse::<Username>).transpose();
        let wanted = Wanted {
            username: username.map_err(|bad: BadName| Refusal::Invalid(About::Name, bad.0))?,
            password: body.password,
        };
        own::add_line(pbx, owner, body.channel, &wanted)
    })
    .await?;
    let answer = shown_once(&app, &offers, &origin, &made);
    Ok((StatusCode::CREATED, Json(answer)))
}

/// What is typed or scanned into the phone. The password is stored nowhere: this is the only time that it is told.
fn shown_once(app: &App, offers: &Offers, origin: &Origin, made: &NewLine) -> Value {
    let line = &made.line;
    let (domain, username) = (line.domain.name.as_str(), line.row.username.as_str());
    let server = Server::of(&app.pbx);
    let mut phone = server.json(username, domain);
    phone["password"] = json!(made.password);
    let snapshot = app.pbx.store().snapshot();
    let mut codes = Vec::new();
    for (place, address) in [("inside", &server.inside), ("outside", &server.outside)] {
        let Some(address) = address else { continue };
        let account = Account {
            username,
            domain,
            name: &line.extension.caller_id_name,
            server: &server.host_and_port(address),
            voicemail: snapshot.settings.get(&CODE_VOICEMAIL),
        };
        let offer = offers.add(provisioning::linphone(&account, &line.row.a1));
        let texts = [
            (
                "linphone",
                offer.map(|secret| format!("{origin}/provisioning/{secret}")),
            ),
            (
                "grandstream-wave",
                Some(provisioning::grandstream_wave(&account, &made.password)),
            ),
        ];
        for (app, text) in texts {
            if let Some(code) = text.and_then(|text| qr::drawn(&text)) {
                codes.push(json!({"app": app, "place": place, "size": code["size"], "path": code["path"]}));
            }
        }
    }
    let view = app.pbx.presence().view();
    json!({
        "line": row(&app.pbx, &view, line),
        "phone": phone,
        "generated": made.generated,
        "codes": codes,
        "codes_end_in": TIME.as_secs(),
    })
}

async fn revoke(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    changes(&app, &signed_in)?;
    theirs(&app, &signed_in, move |pbx, owner| {
        own::revoke_line(pbx, owner, id)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
