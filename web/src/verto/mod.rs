//! Browsers and mod_verto: `POST /extensions/<channel-id>/sessions`, which gives a browser what it logs in with, and
//! `/verto`, a websocket that passes on what a call needs.
//!
//! mod_verto listens on loopback alone. A socket is a browser's only with an Origin of ours, the session cookie
//! and a client of that sign-in, and reaches the switch only once its login is checked; what then passes is
//! written anew, message by message ([`filter`]).

mod count;
pub mod filter;
mod proxy;
mod sessions;
mod sockets;

use std::collections::HashSet;
use std::time::Duration;

use axum::Router;
use axum::routing::{delete, get, post};

use crate::app::App;

pub use count::{Counts, Reason};
pub use sockets::Sockets;

/// Its routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/extensions/{channel}/sessions", post(sessions::open))
        .route("/extensions/{channel}/sessions/{client}", delete(sessions::close))
        .route("/verto", get(proxy::upgrade))
}

/// How often it is looked whose sign-in is over.
const LOOK: Duration = Duration::from_secs(1);

/// Ends the clients of sign-ins that are over, however they ended. Runs until the server stops.
pub(crate) async fn follow_sign_ins(app: App) {
    let mut stopping = app.stopping.clone();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = async { drop(stopping.wait_for(|stopping| *stopping).await) } => return,
        }
        let clients = app.pbx.clients();
        if clients.view().is_empty() {
            continue;
        }
        // The clients first: who signs in meanwhile is not among them.
        let held: HashSet<_> = clients
            .view()
            .all()
            .map(|client| client.sign_in.clone())
            .collect();
        let sessions = app.pbx.people().sessions(None);
        let there: HashSet<String> = sessions.iter().map(|session| session.id.to_string()).collect();
        for sign_in in held.iter().filter(|sign_in| !there.contains(&***sign_in)) {
            clients.close_sign_in(sign_in);
        }
    }
}
