//! Who is signed in: the cookie, and the extractors that handlers ask for it with.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use pbx_core::people::{Person, Seen, Session};
use std::sync::Arc;
use uuid::Uuid;

use crate::app::App;
use crate::client_address::ClientAddress;
use crate::problem::Problem;

/// The session's cookie. `__Host-`: a browser takes it from this host alone, for every path, and only if it is
/// `Secure` (RFC 6265bis 4.1.3.2).
pub const COOKIE: &str = "__Host-pbx";

/// What a browser shows to be counted by itself at the next sign-in.
pub(crate) const KNOWN: &str = "__Host-pbx-known";

/// Somebody who is signed in and may do things. A handler that asks for it refuses everybody else: 401 who is
/// not signed in, 403 who has to change a one-time password first.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who: id, name, domain, role.
    pub person: Arc<Person>,
    /// Which of their sign-ins: what belongs to it ends with it.
    pub sign_in: Uuid,
    /// The session.
    pub session: Session,
}

/// Somebody who is signed in, if only to change their password.
#[derive(Debug, Clone)]
pub struct SignedInAtAll(pub SignedIn);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let SignedInAtAll(signed_in) = SignedInAtAll::from_request_parts(parts, app).await?;
        if signed_in.person.must_change {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "password-must-be-changed",
                "This password is good for signing in once: choose another first.",
            ));
        }
        Ok(signed_in)
    }
}

impl FromRequestParts<App> for SignedInAtAll {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let address = ClientAddress::from_request_parts(parts, app).await?.0;
        let nobody = || Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Sign in first.");
        // Where there is a key, a cookie counts for nothing: nothing here asked where the request comes from.
        if has_key(&parts.headers) {
            return Err(nobody());
        }
        let cookie = cookie(&CookieJar::from_headers(&parts.headers)).ok_or_else(nobody)?;
        let seen = match app.pbx.people().seen(&cookie, address) {
            Seen::Stale => {
                let pbx = Arc::clone(&app.pbx);
                let looked =
                    tokio::task::spawn_blocking(move || pbx.people().look_up(&cookie, address)).await;
                looked.map_err(|_| Problem::internal())?.map_err(unreadable)?
            }
            known => known,
        };
        let Seen::Is(session) = seen else {
            return Err(nobody());
        };
        let person = session.person.clone().ok_or_else(nobody)?;
        Ok(Self(SignedIn {
            person,
            sign_in: session.id,
            session,
        }))
    }
}

/// The database cannot be read: who is signed in is not signed out for it.
pub(crate) fn unreadable(error: pbx_core::store::StoreError) -> Problem {
    tracing::error!("a request could not be answered: {error}");
    Problem::unavailable("The database cannot be read now; pbx status says why.")
}

/// Whether a request shows an API key, if only a wrong one.
pub(crate) fn has_key(headers: &HeaderMap) -> bool {
    headers
        .get_all(AUTHORIZATION)
        .iter()
        .any(|value| scheme(value.as_bytes()))
}

/// The API key that a request shows; none: it shows none, or two.
pub(crate) fn key(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (one, None) = (all.next()?, all.next()) else {
        return None;
    };
    let text = one.to_str().ok().filter(|text| scheme(text.as_bytes()))?;
    Some(text[BEARER.len()..].trim_matches(' '))
}

const BEARER: &str = "bearer";

fn scheme(value: &[u8]) -> bool {
    let named = value
        .get(..BEARER.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(BEARER.as_bytes()));
    named && value.get(BEARER.len()).is_none_or(|next| *next == b' ')
}

/// The value of the session's cookie.
pub(crate) fn cookie(jar: &CookieJar) -> Option<String> {
    jar.get(COOKIE).map(|cookie| cookie.value().to_owned())
}

/// The session's cookie: gone when the browser closes, or the session ends.
pub(crate) fn session_cookie(value: String) -> Cookie<'static> {
    ours(COOKIE, value)
}

/// What the browser keeps for as long as it keeps any. It opens nothing.
pub(crate) fn known_cookie(value: String) -> Cookie<'static> {
    let mut cookie = ours(KNOWN, value);
    cookie.make_permanent();
    cookie
}

/// Takes a cookie from the browser.
pub(crate) fn no_cookie(name: &'static str) -> Cookie<'static> {
    let mut cookie = ours(name, String::new());
    cookie.make_removal();
    cookie
}

fn ours(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .build()
}
