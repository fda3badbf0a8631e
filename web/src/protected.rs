//! Paths for programs on this machine alone: monitoring, and a switch that asks over HTTP.
//!
//! An area registers its routes here by name. They are answered on the local listener to a peer on this machine;
//! everywhere else they do not exist. What a proxy says that it passes on comes from elsewhere, whatever address it has; and
//! no page of a browser's gets here.

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::ORIGIN;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;

use crate::app::{App, Door, Via};
use crate::problem::Problem;
use crate::server::StartError;

/// The registry.
#[derive(Default)]
pub(crate) struct Protected {
    names: Vec<(&'static str, &'static str)>,
    router: Router<App>,
}

impl Protected {
    /// Adds a route under a name of its own.
    ///
    /// # Errors
    /// The name or the path is taken: a mistake in the program.
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        path: &'static str,
        handler: MethodRouter<App>,
    ) -> Result<(), StartError> {
        if self.names.iter().any(|known| known.0 == name || known.1 == path) {
            return Err(StartError::Twice { name, path });
        }
        self.names.push((name, path));
        self.router = std::mem::take(&mut self.router).route(path, handler);
        Ok(())
    }

    /// The routes, each behind the check.
    pub(crate) fn routes(self) -> Router<App> {
        self.router.route_layer(middleware::from_fn(check))
    }

    /// The paths, for the parts of the server that treat them differently.
    pub(crate) fn paths(&self) -> Vec<&'static str> {
        self.names.iter().map(|known| known.1).collect()
    }
}

async fn check(request: Request, next: Next) -> Response {
    let via = request.extensions().get::<Via>();
    let near = via.is_some_and(|via| via.door == Door::Local && via.peer.ip().to_canonical().is_loopback());
    if near && !was_forwarded(request.headers()) && !is_of_a_page(request.headers()) {
        next.run(request).await
    } else {
        Problem::not_found().into_response()
    }
}

/// A page in a browser on this machine asks, and not the person at it.
fn is_of_a_page(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    headers.contains_key(ORIGIN) || site.is_some_and(|site| site != "none")
}

fn was_forwarded(headers: &HeaderMap) -> bool {
    ["forwarded", "via", "x-forwarded-for", "x-real-ip"]
        .iter()
        .any(|name| headers.contains_key(*name))
}
