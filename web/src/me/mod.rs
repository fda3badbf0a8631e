//! `/api/me/…`: what a signed-in person does with what is theirs. Whose it is, is asked by `pbx_core::own`; here it
//! becomes HTTP.

mod calls;
mod forwards;
mod lines;
mod mailbox;
mod provisioning;
mod qr;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use pbx_core::own::{Owner, Refusal};
use pbx_core::pbx::Pbx;
use pbx_core::store::StoreError;

use crate::app::App;
use crate::problem::Problem;
use crate::session::{SignedIn, unreadable};

/// Its routes.
pub(crate) fn routes() -> Router<App> {
    let offers = Arc::default();
    forwards::routes()
        .merge(lines::routes(Arc::clone(&offers)))
        .merge(provisioning::routes(offers))
        .merge(mailbox::routes())
        .merge(calls::routes())
}

/// Changes that one person may make in a minute: each is a revision.
const CHANGES: usize = 60;

/// Counts a change.
fn changes(app: &App, signed_in: &SignedIn) -> Result<(), Problem> {
    app.limits.take("own", signed_in.person.id, CHANGES)
}

/// Runs what waits for the database or the switch where that holds up nobody.
async fn theirs<T: Send + 'static>(
    app: &App,
    signed_in: &SignedIn,
    work: impl FnOnce(&Pbx, Owner<'_>) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Problem> {
    let (pbx, person) = (Arc::clone(&app.pbx), Arc::clone(&signed_in.person));
    let work = move || {
        let owner = Owner {
            id: person.id,
            name: &person.name,
        };
        work(&pbx, owner)
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Problem::internal())?.map_err(refused)
}

fn refused(why: Refusal) -> Problem {
    match why {
        Refusal::Missing => Problem::not_found(),
        Refusal::Invalid(about, text) => {
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", sentence(&text));
            problem.with("about", about.as_str().into())
        }
        Refusal::Full(text) => Problem::new(StatusCode::CONFLICT, "full", sentence(&text)),
        Refusal::Switch(text) => Problem::unavailable(sentence(&text)),
        Refusal::Store(StoreError::Conflict(conflict)) => {
            Problem::new(StatusCode::CONFLICT, "conflict", sentence(&conflict.to_string()))
        }
        Refusal::Store(error) => unreadable(error),
        _ => Problem::internal(),
    }
}

/// As the commands say it, with the stop that they leave out.
fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

fn bad_body(rejection: JsonRejection) -> Problem {
    Problem::new(rejection.status(), "bad-request", rejection.body_text())
}
