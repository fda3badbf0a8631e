//! Requests that change something come from our own pages.
//!
//! Twice over: the browser says where the request comes from (`Sec-Fetch-Site`, else `Origin`), and the page shows
//! a token that only it can read, since no other origin may read `GET /api/me`. No script needs to read a cookie
//! for that. Nothing here is asked of `/fsapi`, which no browser reaches.

use axum::extract::{Request, State};
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;

use crate::app::App;
use crate::host_check::Origin;
use crate::problem::Problem;
use crate::session::{cookie, has_key};

/// Where the token is.
const TOKEN: &str = "x-csrf-token";

/// The one path where nobody has a token yet.
const SIGN_IN: &str = "/api/sign-in";

/// Lets a request through that changes nothing, or comes from a page of ours. Who holds no cookie has no token
/// either: what needs a session refuses them.
pub(crate) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let headers = request.headers();
    // No browser adds a key by itself, and with one no cookie counts (`session`).
    if has_key(headers) {
        return next.run(request).await;
    }
    if !same_origin(headers, request.extensions().get::<Origin>()) {
        return refuse(
            "cross-origin",
            "This request does not come from a page of this PBX.",
        );
    }
    if request.uri().path() != SIGN_IN
        && let Some(cookie) = cookie(&CookieJar::from_headers(headers))
    {
        let shown = headers.get(TOKEN).and_then(|value| value.to_str().ok());
        if !shown.is_some_and(|shown| app.pbx.people().csrf_is(&cookie, shown)) {
            return refuse(
                "csrf",
                "X-CSRF-Token is missing or old: take it from GET /api/me, then try again.",
            );
        }
    }
    next.run(request).await
}

/// Whether the browser says that the request comes from the origin it is for. Who says nothing is refused.
fn same_origin(headers: &HeaderMap, own: Option<&Origin>) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => is_own(headers, own),
    }
}

/// Whether `Origin` is exactly ours: for a websocket's handshake, which browsers send no `Sec-Fetch-Site` with.
/// `own` is an extension of every request.
pub fn is_own(headers: &HeaderMap, own: Option<&Origin>) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return false;
    };
    let named = origin.to_str().ok().and_then(Origin::parse);
    named.is_some() && named.as_ref() == own
}

fn refuse(kind: &'static str, detail: &str) -> Response {
    Problem::new(StatusCode::FORBIDDEN, kind, detail).into_response()
}
