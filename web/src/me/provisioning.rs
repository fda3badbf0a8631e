//! `GET /provisioning/<token>`: an account for the phone that scanned the code with this address, once, for a short
//! time. The phone has no session: the 256 random bits in the address are all that opens it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Path;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use pbx_core::people::{Token, token};
use pbx_core::secret;

use crate::app::App;
use crate::problem::Problem;

/// For how long an account can be fetched.
pub(super) const TIME: Duration = Duration::from_secs(600);
/// How many wait at most; beyond that the oldest is gone.
const MOST: usize = 1000;

/// Accounts that wait for their phones.
#[derive(Debug, Default)]
pub(super) struct Offers(Mutex<HashMap<Token, Offer>>);

#[derive(Debug)]
struct Offer {
    until: Instant,
    document: String,
}

impl Offers {
    /// Keeps a document; gives back what fetches it. None: the kernel gives no random numbers.
    pub(super) fn add(&self, document: String) -> Option<String> {
        let secret = secret::token().ok()?;
        let now = Instant::now();
        let mut all = self.lock();
        all.retain(|_, offer| offer.until > now);
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, offer)| offer.until);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                all.remove(&oldest);
            }
        }
        let until = now + TIME;
        all.insert(token(&secret), Offer { until, document });
        Some(secret)
    }

    /// The document, which is gone then.
    fn take(&self, secret: &str) -> Option<String> {
        // By a hash of it: how long the search takes says nothing of the bits.
        let offer = self.lock().remove(&token(secret))?;
        (offer.until > Instant::now()).then_some(offer.document)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Token, Offer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn routes(offers: Arc<Offers>) -> Router<App> {
    let fetch = move |method: Method, Path(secret): Path<String>, headers: HeaderMap| {
        let offers = Arc::clone(&offers);
        async move { give(&offers, &method, &secret, &headers) }
    };
    Router::new().route("/provisioning/{token}", get(fetch))
}

fn give(offers: &Offers, method: &Method, secret: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    // Whoever only looks at the address (a camera that opens a browser, a preview) does not use it up.
    if *method != Method::GET || accept.is_some_and(|accept| accept.contains("text/html")) {
        let detail = "This address is for a phone: scan the code with the phone's own app.";
        return Err(Problem::new(StatusCode::NOT_ACCEPTABLE, "for-a-phone", detail));
    }
    let document = offers.take(secret).ok_or_else(Problem::not_found)?;
    Ok(([(CONTENT_TYPE, "application/xml; charset=utf-8")], document).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_good_once_and_the_oldest_makes_room() {
        let offers = Offers::default();
        let first = offers.add("first".to_owned()).unwrap();
        let second = offers.add("second".to_owned()).unwrap();
        assert_ne!(first, second);
        assert_eq!(offers.take(&second).as_deref(), Some("second"));
        assert_eq!(offers.take(&second), None);
        for n in 0..MOST {
            offers.add(n.to_string()).unwrap();
        }
        assert_eq!(offers.take(&first), None);
        assert_eq!(offers.lock().len(), MOST);
    }

    #[test]
    fn an_offer_ends() {
        let offers = Offers::default();
        let secret = offers.add("x".to_owned()).unwrap();
        for offer in offers.lock().values_mut() {
            offer.until = Instant::now();
        }
        assert_eq!(offers.take(&secret), None);
    }
}
