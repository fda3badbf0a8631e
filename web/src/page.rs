//! The page to sign in with. The rest of the pages is still to come, and this one says so.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::compression::CompressionLayer;

use crate::app::App;

const FILES: [(&str, &str, &str); 3] = [
    ("/", "text/html; charset=utf-8", include_str!("page/index.html")),
    (
        "/assets/app.js",
        "text/javascript; charset=utf-8",
        include_str!("page/app.js"),
    ),
    (
        "/assets/style.css",
        "text/css; charset=utf-8",
        include_str!("page/style.css"),
    ),
];

/// Its routes. Nothing secret is in these files, so they may be compressed (answers with a token are not: BREACH).
pub(crate) fn routes() -> Router<App> {
    let mut router = Router::new();
    for (path, kind, text) in FILES {
        router = router.route(path, get(move || file(kind, text)));
    }
    router.layer(CompressionLayer::new())
}

async fn file(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], text).into_response()
}
