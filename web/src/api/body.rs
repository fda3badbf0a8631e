//! What a request carries: a JSON object, the revision it is based on, and its name.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request as HttpRequest};
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::IntoResponse;
use pbx_core::admin::{Grant, Request};
use serde_json::{Map, Value};

use super::strict;
use crate::app::App;
use crate::problem::Problem;

/// The name of a request, by which a retry of it is known.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The longest of them, in bytes.
const LONGEST_KEY: usize = 128;

/// A body that is not looked at before it is certain who sent it.
pub(super) struct Sent {
    json: bool,
    body: Bytes,
}

impl FromRequest<App> for Sent {
    type Rejection = Problem;

    async fn from_request(request: HttpRequest, app: &App) -> Result<Self, Problem> {
        let json = is_json(request.headers());
        let body = Bytes::from_request(request, app).await.map_err(|rejection| {
            let status = rejection.into_response().status();
            match status {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Problem::new(status, "too-large", "That is more than is taken at once.")
                }
                status => Problem::new(status, "bad-request", "The body could not be read."),
            }
        })?;
        Ok(Self { json, body })
    }
}

impl Sent {
    /// The object that it is.
    pub(super) fn object(self) -> Result<Map<String, Value>, Problem> {
        if !self.json {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "Send JSON, with Content-Type: application/json.",
            ));
        }
        let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "bad-request", detail);
        match strict::parse(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(bad("Send a JSON object.".to_owned())),
            Err(error) => Err(bad(format!("That is no JSON that is taken: {error}."))),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || kind == "application/merge-patch+json"
}

/// `If-Match`: the ETag of what a change is based on.
pub(super) struct Base(Option<u64>);

impl FromRequestParts<App> for Base {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let mut tags = parts.headers.get_all(IF_MATCH).iter();
        let (tag, more) = (tags.next(), tags.next());
        let Some(tag) = tag else {
            return Ok(Self(None));
        };
        // A proxy that compresses makes a tag a weak one; it names the same revision.
        let text = tag.to_str().unwrap_or_default().trim();
        let text = text.strip_prefix("W/").unwrap_or(text);
        let rev = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match (rev.and_then(|rev| rev.parse().ok()), more) {
            (Some(rev), None) => Ok(Self(Some(rev))),
            _ => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "bad-request",
                "If-Match takes one ETag as it was given, such as \"17\".",
            )),
        }
    }
}

impl Base {
    /// The revision, which a change must name.
    pub(super) fn needed(&self) -> Result<u64, Problem> {
        self.0.ok_or_else(|| {
            Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "revision-required",
                "Say with If-Match which revision you have seen: the ETag, or row_rev in quotes.",
            )
        })
    }
}

/// `Idempotency-Key`: what its sender calls a request, if anything.
pub(super) struct Key(Option<String>);

impl FromRequestParts<App> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let mut keys = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let (key, more) = (keys.next(), keys.next());
        let Some(key) = key else {
            return Ok(Self(None));
        };
        match (key.to_str(), more) {
            (Ok(key), None) if (1..=LONGEST_KEY).contains(&key.len()) => Ok(Self(Some(key.to_owned()))),
            _ => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "bad-request",
                format!("Idempotency-Key takes 1 to {LONGEST_KEY} printable characters, such as a UUID."),
            )),
        }
    }
}

impl Key {
    /// The request.
    pub(super) fn request(&self, grant: &Grant, path: &str) -> Request {
        match &self.0 {
            Some(key) => Request::named(grant, path, key),
            None => Request::fresh(),
        }
    }
}

/// How a change is to be made, as its query says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct How {
    /// What belongs to a thing goes with it: `with_everything=true`.
    pub(super) everything: bool,
    /// It is made though it breaks a route test: `force=true`.
    pub(super) force: bool,
}

impl FromRequestParts<App> for How {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let mut how = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            let flag = match &*value {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            };
            let deletes = parts.method == Method::DELETE;
            match (&*name, flag) {
                _ if seen.iter().any(|known| *known == name) => return Err(unknown(deletes)),
                ("force", Some(flag)) => how.force = flag,
                ("with_everything", Some(flag)) if deletes => how.everything = flag,
                _ => return Err(unknown(deletes)),
            }
            seen.push(name.into_owned());
        }
        Ok(how)
    }
}

fn unknown(deletes: bool) -> Problem {
    let detail = match deletes {
        true => "All that can be asked for here is with_everything=true and force=true, each once.",
        false => "All that can be asked for here is force=true, once.",
    };
    Problem::new(StatusCode::BAD_REQUEST, "bad-request", detail)
}
