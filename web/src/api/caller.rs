//! Who asks.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use pbx_core::admin::Grant;

use crate::app::App;
use crate::problem::Problem;
use crate::session::SignedIn;

/// Somebody who asks, and what they may do.
pub(super) struct Caller {
    pub(super) grant: Grant,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let signed_in = SignedIn::from_request_parts(parts, app).await?;
        Ok(Self {
            grant: Grant::of(&signed_in.person),
        })
    }
}
