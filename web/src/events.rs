//! `GET /api/events`: what changes in the table of extensions, as it changes (server-sent events).
//!
//! Told is who, and the state they have when it is told: a reader that is slow misses steps, never the outcome. An
//! event `reset` says that anything may have changed; it is the first.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::{self, StreamExt as _};
use pbx_core::names::DomainName;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::app::App;
use crate::extensions::channels_of;
use crate::herald::{Frames, RESET, Seat};
use crate::problem::Problem;
use crate::session::SignedIn;

/// A line that says nothing, so that proxies keep the connection.
const ALIVE: Duration = Duration::from_secs(15);
const NOTHING: Bytes = Bytes::from_static(b":\n\n");

/// Its route.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/events", get(events))
}

async fn events(State(app): State<App>, signed_in: SignedIn) -> Result<Response, Problem> {
    let seat = app.herald.seat(signed_in.sign_in).ok_or_else(|| {
        let detail = "This browser follows already, more than once: close a tab.";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-streams", detail).after(10)
    })?;
    let own = channels_of(&app, signed_in.person.id).await?;
    let mut domains: HashSet<DomainName> = own.iter().map(|(_, domain)| domain.clone()).collect();
    domains.extend(signed_in.person.domain.iter().map(|(_, name)| name.clone()));
    let reader = Reader {
        frames: app.herald.follow(domains),
        stopping: app.stopping.clone(),
        begun: false,
        seat,
    };
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-cache"),
        // nginx would collect events before it hands them on.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// Who reads a stream.
struct Reader {
    frames: Frames,
    stopping: watch::Receiver<bool>,
    begun: bool,
    seat: Seat,
}

impl Reader {
    /// The next event; none: the stream ends.
    async fn next(&mut self) -> Option<Bytes> {
        // After it follows: what changes between the two is told.
        if !std::mem::replace(&mut self.begun, true) {
            return Some(RESET);
        }
        tokio::select! {
            () = stopped(&mut self.stopping) => None,
            () = self.seat.ends() => None,
            frame = self.frames.next() => frame,
            () = sleep(ALIVE) => Some(NOTHING),
        }
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error: the server is gone, which is as good.
    drop(stopping.wait_for(|stopping| *stopping).await);
}
