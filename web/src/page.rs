//! The pages: made by build.rs out of web/ui, and embedded with their compressed twins.
//!
//! Every file under `/assets` has its content in its name and is kept by browsers for ever; the one page is asked
//! for again each time. Which page a person sees is decided in the browser; what they may know, by the API.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::HEXLOWER;
use rust_embed::{Embed, EmbeddedFile};
use uuid::Uuid;

use crate::app::App;
use crate::extensions::is_theirs;
use crate::problem::{Problem, Whole};
use crate::session::SignedInAtAll;

#[derive(Embed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// The one page.
const INDEX: &str = "index.html";

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// Its routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(index))
        .route("/password", get(index))
        .route("/forwards", get(index))
        .route("/calls", get(index))
        .route("/lines", get(index))
        .route("/voicemail", get(index))
        .route("/admin", get(index))
        .route("/admin/{*page}", get(index))
        .route("/extensions/{channel}", get(extension))
        .route("/assets/{file}", get(asset))
}

/// Where the style sheet is, for pages that are not made in the browser.
pub(crate) fn style_sheet() -> String {
    asset_that_ends(".css")
}

/// Where the icon is: a page that names none makes browsers ask for `/favicon.ico`.
pub(crate) fn icon() -> String {
    asset_that_ends(".svg")
}

fn asset_that_ends(ending: &str) -> String {
    let named = Files::iter().find(|name| name.starts_with("assets/") && name.ends_with(ending));
    named.map_or_else(String::new, |name| format!("/{name}"))
}

async fn index(headers: HeaderMap) -> Response {
    page(&headers, StatusCode::OK)
}

/// The page of an extension: 404 for everybody but its owner, with the same bytes, since the page itself is no
/// secret and lets people sign in.
async fn extension(
    State(app): State<App>,
    Path(channel): Path<String>,
    person: Result<SignedInAtAll, Problem>,
    headers: HeaderMap,
) -> Response {
    let status = match (person, channel.parse::<Uuid>()) {
        (Ok(SignedInAtAll(signed_in)), Ok(channel)) => {
            match is_theirs(&app, channel, signed_in.person.id).await {
                Ok(true) => StatusCode::OK,
                Ok(false) => StatusCode::NOT_FOUND,
                Err(problem) => return problem.into_response(),
            }
        }
        _ => StatusCode::NOT_FOUND,
    };
    page(&headers, status)
}

fn page(headers: &HeaderMap, status: StatusCode) -> Response {
    let mut response = file(INDEX, headers, ASK_AGAIN);
    if status != StatusCode::OK {
        *response.status_mut() = status;
        response.extensions_mut().insert(Whole);
    }
    response
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    // The twins are not files of their own.
    if name.ends_with(".br") || name.ends_with(".gz") {
        return Problem::not_found().into_response();
    }
    file(&format!("assets/{name}"), &headers, FOR_EVER)
}

fn file(name: &str, headers: &HeaderMap, keep: &'static str) -> Response {
    let Some((file, encoding)) = best(name, headers) else {
        return Problem::not_found().into_response();
    };
    let etag = format!("\"{}\"", HEXLOWER.encode(&file.metadata.sha256_hash()[..12]));
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known.is_some_and(|known| known.split(',').any(|one| one.trim() == etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_response()
    };
    let answer = response.headers_mut();
    let mut add = |header: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.insert(header, value);
        }
    };
    add(CONTENT_TYPE, kind(name));
    add(CACHE_CONTROL, keep);
    add(VARY, "Accept-Encoding");
    add(ETAG, &etag);
    if let Some(encoding) = encoding {
        add(CONTENT_ENCODING, encoding);
    }
    response
}

/// The file as small as the browser takes it.
fn best(name: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepts = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let twins = [("br", "br"), ("gzip", "gz")];
    let wanted = twins.iter().filter(|(encoding, _)| takes(accepts, encoding));
    wanted
        .filter_map(|(encoding, ending)| Some((Files::get(&format!("{name}.{ending}"))?, Some(*encoding))))
        .next()
        .or_else(|| Some((Files::get(name)?, None)))
}

/// Whether `Accept-Encoding` names an encoding, and not to refuse it (RFC 9110 12.5.3).
fn takes(accepts: &str, encoding: &str) -> bool {
    accepts.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.and_then(|q| q.parse::<f32>().ok()) == Some(0.0)
        });
        named && !refused
    })
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_files_that_are_there_each_with_its_twins() {
        let index = Files::get(INDEX).unwrap();
        let index = String::from_utf8(index.data.into_owned()).unwrap();
        let named: Vec<_> = index
            .split('"')
            .filter_map(|text| text.strip_prefix('/'))
            .collect();
        assert_eq!(named.len(), 3, "{index}");
        for name in named {
            for twin in ["", ".br", ".gz"] {
                assert!(Files::get(&format!("{name}{twin}")).is_some(), "{name}{twin}");
            }
        }
        assert!(style_sheet().starts_with("/assets/style-"));
    }

    #[test]
    fn an_encoding_is_taken_where_it_is_named_and_not_refused() {
        assert!(takes("gzip, deflate, br", "br"));
        assert!(takes("GZIP;q=0.5", "gzip"));
        assert!(!takes("gzip;q=0, br;q=0.0", "gzip"));
        assert!(!takes("gzip;q=0, br;q=0.0", "br"));
        assert!(!takes("", "br"));
        assert!(!takes("brotli", "br"));
    }
}
