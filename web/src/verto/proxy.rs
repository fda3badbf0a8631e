//! `/verto`: a browser's socket, and behind it one to mod_verto.

mod side;
mod switch;

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use pbx_core::clients::view::now;
use tokio::time::timeout;

use super::count::Reason;
use super::filter::LONGEST;
use super::sockets::Open;
use crate::app::App;
use crate::csrf;
use crate::host_check::Origin;
use crate::problem::Problem;
use crate::session::SignedIn;
use side::Side;

/// For how long either side may take to let a connection go.
const GOODBYE: Duration = Duration::from_secs(2);

/// The handshake: an Origin of ours exactly (browsers send no `Sec-Fetch-Site` here), who is signed in, and has
/// a client.
pub(super) async fn upgrade(
    State(app): State<App>,
    headers: HeaderMap,
    origin: Option<Extension<Origin>>,
    signed_in: Result<SignedIn, Problem>,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let origin = origin.map(|Extension(origin)| origin);
    if !csrf::is_own(&headers, origin.as_ref()) {
        app.verto.counts.refuse(Reason::Origin);
        tracing::warn!("a websocket from a page of another site was refused");
        let detail = "This request does not come from a page of this PBX.";
        return Problem::new(StatusCode::FORBIDDEN, "cross-origin", detail).into_response();
    }
    let person = match signed_in {
        Ok(person) => person,
        Err(problem) => {
            app.verto.counts.refuse(Reason::Stranger);
            return problem.into_response();
        }
    };
    let sign_in = person.sign_in.to_string();
    let has_client = {
        let view = app.pbx.clients().view();
        view.all()
            .any(|client| *client.sign_in == *sign_in && client.is_live(now()))
    };
    if !has_client {
        app.verto.counts.refuse(Reason::Stranger);
        let detail = "Open a session at POST /extensions/<channel-id>/sessions first.";
        return Problem::new(StatusCode::FORBIDDEN, "no-client", detail).into_response();
    }
    let socket = match socket {
        Ok(socket) => socket,
        Err(rejection) => return rejection.into_response(),
    };
    let Some(open) = app.verto.open(person.sign_in) else {
        app.verto.counts.refuse(Reason::Rate);
        let detail = "Too many sockets are open: close one of them.";
        return Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-sockets", detail).into_response();
    };
    socket
        .max_message_size(LONGEST)
        .max_frame_size(LONGEST)
        .on_upgrade(move |browser| serve(app, sign_in, browser, open))
}

/// Why a socket ends.
enum End {
    /// The browser closed, or is gone.
    Browser,
    /// It was silent for too long.
    Silent,
    /// It sent too much that does not pass.
    Flood,
    /// Its login was refused by us: with this answer.
    Refused(String),
    /// mod_verto closed, or cannot be reached.
    Switch,
    /// mod_verto gave the session to another connection, or the session must end.
    Punted,
    /// The web server stops.
    Stopping,
}

async fn serve(app: App, sign_in: String, mut browser: WebSocket, _open: Open) {
    let mut side = Side::new(app, sign_in);
    let end = side.run(&mut browser).await;
    let (code, reason) = match &end {
        End::Browser => return,
        End::Silent => (1001, "silent"),
        End::Flood => (1008, "too much that does not pass"),
        End::Refused(_) => (1008, "not logged in"),
        End::Switch => (1013, "the switch closed"),
        End::Punted => (1000, "punted"),
        End::Stopping => (1001, "the PBX stops"),
    };
    let words = match end {
        End::Refused(answer) => Some(answer),
        End::Punted => {
            side.app
                .verto
                .counts
                .punts
                .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Some(PUNT.to_owned())
        }
        _ => None,
    };
    let farewell = async {
        if let Some(words) = words {
            browser.send(Message::text(words)).await?;
        }
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        browser.send(Message::Close(Some(frame))).await?;
        // Its own close, or whatever it still says.
        while let Some(Ok(_)) = browser.recv().await {}
        Ok::<_, axum::Error>(())
    };
    // A browser that is gone takes no farewell.
    let _ = timeout(GOODBYE, farewell).await;
}

/// What mod_verto says to a connection whose session goes on elsewhere: the browser stops, and does not try again.
const PUNT: &str = r#"{"jsonrpc":"2.0","id":"punt","method":"verto.punt","params":{}}"#;
