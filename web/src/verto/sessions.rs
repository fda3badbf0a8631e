//! `POST /extensions/<channel-id>/sessions`: a browser is given what it logs in to mod_verto with.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderName, StatusCode};
use jiff::Timestamp;
use pbx_core::clients::Refused;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::session::{SignedIn, unreadable};

/// What a browser sends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wanted {
    session_id: String,
}

type Created = (StatusCode, [(HeaderName, &'static str); 1], Json<Value>);

/// Opens a client, or renews it: the same session id gets the same client with a new password.
pub(super) async fn open(
    State(app): State<App>,
    Path(channel): Path<String>,
    signed_in: SignedIn,
    body: Result<Json<Wanted>, JsonRejection>,
) -> Result<Created, Problem> {
    // Whoever guesses is told no more than whoever asks for another's.
    let channel: Uuid = channel.parse().map_err(|_| Problem::not_found())?;
    let Json(Wanted { session_id }) = body.map_err(|rejection| {
        let kind = "bad-session";
        Problem::new(
            rejection.status(),
            kind,
            "Send {\"sessionId\": \"<a UUID of version 4>\"}.",
        )
    })?;
    let pbx = Arc::clone(&app.pbx);
    let (user, sign_in) = (signed_in.person.id, signed_in.sign_in.to_string());
    let opened =
        tokio::task::spawn_blocking(move || pbx.clients().open(user, channel, &session_id, &sign_in)).await;
    let issued = opened.map_err(|_| Problem::internal())?.map_err(refused)?;
    let client = &issued.client;
    let expires = Timestamp::from_second(client.expires).unwrap_or(Timestamp::MAX);
    let body = json!({
        "sessionId": client.session,
        "clientId": client.id,
        "password": issued.password,
        "expiresAt": expires.to_string(),
        // The switch is reached at its own address; a relay for networks without UDP is not offered yet.
        "iceServers": [],
        "wsPath": "/verto",
    });
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(body)))
}

/// Ends a client: the page is left for good.
pub(super) async fn close(
    State(app): State<App>,
    Path((_channel, client)): Path<(String, String)>,
    signed_in: SignedIn,
) -> Result<StatusCode, Problem> {
    let client: Uuid = client.parse().map_err(|_| Problem::not_found())?;
    match app.pbx.clients().close(client, &signed_in.sign_in.to_string()) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

fn refused(refused: Refused) -> Problem {
    let (status, kind) = match &refused {
        Refused::NoChannel => return Problem::not_found(),
        Refused::BadSession => (StatusCode::BAD_REQUEST, "bad-session"),
        Refused::SessionTaken => (StatusCode::CONFLICT, "session-taken"),
        Refused::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too-many-clients"),
        Refused::TooOften => {
            return Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-often", sentence(&refused)).after(60);
        }
        Refused::Store(_) => {
            let Refused::Store(error) = refused else {
                return Problem::internal();
            };
            return unreadable(error);
        }
        _ => return Problem::internal(),
    };
    Problem::new(status, kind, sentence(&refused))
}

/// As a sentence for people.
fn sentence(refused: &Refused) -> String {
    let text = refused.to_string();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => text,
    }
}
