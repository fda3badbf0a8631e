//! Who asks: somebody who is signed in, or a program with a key.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use pbx_core::admin::Grant;
use pbx_core::people::keys::BadKey;

use crate::app::App;
use crate::client_address::ClientAddress;
use crate::problem::Problem;
use crate::session::{self, SignedIn, unreadable};

/// Somebody who asks, and what they may do.
pub(super) struct Caller {
    pub(super) grant: Grant,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if !session::has_key(&parts.headers) {
            let signed_in = SignedIn::from_request_parts(parts, app).await?;
            return Ok(Self {
                grant: Grant::of(&signed_in.person),
            });
        }
        let address = ClientAddress::from_request_parts(parts, app).await?.0;
        let key = session::key(&parts.headers).unwrap_or_default().to_owned();
        let pbx = Arc::clone(&app.pbx);
        let held = tokio::task::spawn_blocking(move || pbx.people().bearer(&key, address)).await;
        let holder = held.map_err(|_| Problem::internal())?.map_err(refused)?;
        Ok(Self {
            grant: Grant::of_key(&holder),
        })
    }
}

fn refused(why: BadKey) -> Problem {
    match why {
        BadKey::Wait(seconds) => {
            let text = "Too many wrong keys come from this address: wait, then try again.";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-tries", text).after(seconds + 1)
        }
        BadKey::Store(error) => unreadable(error),
        _ => {
            let text = "This key opens nothing: it is wrong, has expired or was revoked.";
            Problem::new(StatusCode::UNAUTHORIZED, "wrong-key", text)
        }
    }
}
