//! `POST /fsapi`: the registries of the module over HTTP, in mod_xml_curl's form encoding, so that a switch
//! without the module can use this one.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use pbx_core::reply::{NOT_FOUND_FRAGMENT, refusal};
use pbx_core::request::Request;

use crate::app::App;
use crate::protected::Protected;
use crate::server::StartError;

/// A dialplan lookup brings every variable of its channel along; some are session descriptions.
const BODY: usize = 1024 * 1024;

/// Nothing a switch asks has more.
const FIELDS: usize = 4096;

/// What `xml_url_fetch` posts before the lookup's parameters, in this order.
const OWN: [&str; 5] = ["hostname", "section", "tag_name", "key_name", "key_value"];

/// Registers the path.
pub(crate) fn register(protected: &mut Protected) -> Result<(), StartError> {
    let handler = post(answer).layer(DefaultBodyLimit::max(BODY));
    protected.add("fsapi", "/fsapi", handler)
}

/// No CSRF token: nobody is signed in here, and no page of a browser's gets here (`protected`).
async fn answer(State(app): State<App>, body: Bytes) -> Response {
    let (own, params) = fields(&body);
    let [_hostname, section, tag_name, key_name, key_value] = &own;
    let request = Request {
        section,
        tag_name,
        key_name,
        key_value,
        params: &params,
    };
    // Answered from memory, as the switch's own lookups are: nothing here waits. One that fails is refused, as it
    // is in-process; the panic's own hook has written it to the log.
    let text = match catch_unwind(AssertUnwindSafe(|| app.pbx.lookup(&request))) {
        Ok(reply) => reply.as_text().to_owned(),
        Err(_) => refusal(&request).unwrap_or_else(|| NOT_FOUND_FRAGMENT.to_owned()),
    };
    ([(CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
}

/// The lookup's own fields, and its parameters in order. The first of a name is the lookup's own: a parameter
/// that a caller chose cannot take its place, since the switch puts them last. Bytes that are not UTF-8 read as
/// in-process.
fn fields(body: &[u8]) -> ([String; 5], Vec<(String, String)>) {
    let mut own: [Option<String>; 5] = Default::default();
    let mut params = Vec::new();
    for (name, value) in form_urlencoded::parse(body).take(FIELDS) {
        match OWN.iter().position(|known| *known == name) {
            Some(place) if own[place].is_none() => own[place] = Some(value.into_owned()),
            _ => params.push((Cow::into_owned(name), value.into_owned())),
        }
    }
    (own.map(Option::unwrap_or_default), params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_cannot_take_the_place_of_a_field() {
        let body = b"hostname=a&section=directory&tag_name=domain&key_name=name&key_value=pbx.test\
            &user=al%20i+ce%2B&section=dialplan&key_value=evil.test&x=%FF";
        let (own, params) = fields(body);
        assert_eq!(own, ["a", "directory", "domain", "name", "pbx.test"]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            params,
            [
                pair("user", "al i ce+"),
                pair("section", "dialplan"),
                pair("key_value", "evil.test"),
                pair("x", "\u{fffd}")
            ]
        );
    }
}
