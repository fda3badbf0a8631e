//! All routes, and what every request passes through on the way to them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::app::{App, Door, Via};
use crate::protected::Protected;
use crate::server::StartError;
use crate::{
    api, csrf, events, extensions, fsapi, headers, host_check, me, metrics, page, problem, sign_in, verto,
};

/// The largest body that is read, in bytes, unless a route says otherwise.
const BODY: usize = 64 * 1024;

/// For how long a request may take, from its first line to the first of the answer.
const TIME: Duration = Duration::from_secs(30);

/// The router for both listeners.
pub(crate) fn all(app: App) -> Result<Router, StartError> {
    let mut protected = Protected::default();
    metrics::register(&mut protected)?;
    fsapi::register(&mut protected)?;
    let paths: Arc<[&str]> = protected.paths().into();
    let only_protected = move |request: Request, next: Next| local(Arc::clone(&paths), request, next);
    let checked = Router::new()
        .merge(page::routes())
        .merge(sign_in::routes())
        .merge(verto::routes())
        .merge(extensions::routes())
        .merge(events::routes())
        .merge(me::routes())
        .merge(api::routes())
        .route_layer(middleware::from_fn_with_state(app.clone(), csrf::check));
    Ok(Router::new()
        .merge(checked)
        .merge(protected.routes())
        .fallback(problem::missing)
        .layer(middleware::from_fn(only_protected))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIME))
        .layer(middleware::from_fn_with_state(app.clone(), host_check::check))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(middleware::from_fn(headers::add))
        .layer(middleware::from_fn(problem::shape))
        .with_state(app))
}

/// The local listener has the protected paths and no other: sign-in pages are for the public one.
async fn local(paths: Arc<[&'static str]>, request: Request, next: Next) -> Response {
    let is_local = request
        .extensions()
        .get::<Via>()
        .is_some_and(|via| via.door == Door::Local);
    if is_local && !paths.contains(&request.uri().path()) {
        return problem::Problem::not_found().into_response();
    }
    next.run(request).await
}
