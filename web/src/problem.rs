//! Errors as RFC 9457 has them (`application/problem+json`), for every path that programs ask; a person who
//! follows a wrong link gets a page.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::page;

const JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Why a request was refused, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// What programs tell it by: `urn:pbx:` and this.
    pub kind: &'static str,
    /// A sentence for people: what is wrong and what to do.
    pub detail: String,
    /// Seconds after which it may go better.
    pub retry_after: Option<u64>,
    /// What else programs are told, such as which field is wrong.
    pub more: Option<Box<Map<String, Value>>>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            detail: detail.into(),
            retry_after: None,
            more: None,
        }
    }

    /// With something else for programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.more.get_or_insert_default().insert(name.to_owned(), value);
        self
    }

    /// With the seconds after which it may go better (`Retry-After`).
    #[must_use]
    pub fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// There is nothing here, or nothing for this person: the two look alike.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here.")
    }

    /// Something failed inside; the log says what.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something failed inside the PBX; the switch's log says what.",
        )
    }

    /// The database or a worker cannot do it now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).after(5)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": format!("urn:pbx:{}", self.kind),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let (Some(body), Some(more)) = (body.as_object_mut(), self.more) {
            body.extend(*more);
        }
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(Said(self.detail));
        response
    }
}

/// An extension of an answer of ours: the sentence for people.
#[derive(Debug, Clone)]
struct Said(String);

/// An extension of an answer that is an error and a page of its own: [`shape`] leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole;

/// A path that nobody has.
pub(crate) async fn missing() -> Problem {
    Problem::not_found()
}

/// What a handler that panicked answers; the panic itself is in the log.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Problem::internal().into_response()
}

/// Gives the errors of the layers and extractors that we use the same shape as ours, and people who look at a
/// page HTML.
pub(crate) async fn shape(request: Request, next: Next) -> Response {
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok());
    let person = request.method() == Method::GET
        && !request.uri().path().starts_with("/api/")
        && accept.is_some_and(|accept| accept.contains("text/html"));
    let response = next.run(request).await;
    let status = response.status();
    let whole = response.extensions().get::<Whole>().is_some();
    if whole || !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let ours = response.headers().get(CONTENT_TYPE) == Some(&JSON);
    if ours && !person {
        return response;
    }
    let reason = status.canonical_reason().unwrap_or("Error");
    let (kind, text) = if person {
        let said = response.extensions().get::<Said>();
        let page = for_people(status, reason, said.map_or("", |Said(text)| text));
        (HTML, page)
    } else {
        let body = json!({"type": "about:blank", "title": reason, "status": status.as_u16()});
        (JSON, body.to_string())
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(CONTENT_TYPE, kind);
    parts
        .headers
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(text))
}

/// The page of an error.
fn for_people(status: StatusCode, reason: &str, detail: &str) -> String {
    let detail = detail
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    // By a name that is not ours nothing else is served either.
    let links = if status == StatusCode::MISDIRECTED_REQUEST {
        "<link rel=\"icon\" href=\"data:,\">".to_owned()
    } else {
        format!(
            "<meta name=\"color-scheme\" content=\"light dark\">\
             <link rel=\"icon\" href=\"{}\"><link rel=\"stylesheet\" href=\"{}\">",
            page::icon(),
            page::style_sheet()
        )
    };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{reason}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         {links}</head>\
         <body><main class=\"narrow\"><h1>{reason}</h1><p>{detail}</p>\
         <p><a href=\"/\">To the start</a></p></main></body></html>"
    )
}
