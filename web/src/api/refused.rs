//! A refusal as HTTP says it.

use axum::http::StatusCode;
use pbx_core::admin::{Fault, Refusal};
use pbx_core::store::StoreError;
use serde_json::json;

use crate::problem::Problem;
use crate::session::unreadable;

/// A refusal of what was to be done.
pub(super) fn problem(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Invalid(faults) => wrong(StatusCode::UNPROCESSABLE_ENTITY, "invalid", faults),
        Refusal::Missing | Refusal::Store(StoreError::NotFound(_)) => Problem::not_found(),
        Refusal::Forbidden(why) => Problem::new(StatusCode::FORBIDDEN, "forbidden", sentence(&why)),
        Refusal::Stale { why, current } => {
            Problem::new(StatusCode::PRECONDITION_FAILED, "changed", sentence(&why))
                .with("current", json!(current))
        }
        Refusal::Conflict(why) => Problem::new(StatusCode::CONFLICT, "conflict", sentence(&why)),
        Refusal::Broken(tests) => broken(tests),
        Refusal::Store(error) => unreadable(error),
        Refusal::Unavailable(why) => Problem::unavailable(sentence(&why)),
        _ => Problem::internal(),
    }
}

/// A change that breaks route tests.
fn broken(tests: Vec<String>) -> Problem {
    let why = StoreError::Broken(tests.clone());
    let detail = format!("{why}; send the same with force=true to save it all the same, or change the test");
    Problem::new(StatusCode::CONFLICT, "breaks-tests", sentence(&detail)).with("tests", json!(tests))
}

/// The same where only the question was wrong.
pub(super) fn question(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Invalid(faults) => wrong(StatusCode::BAD_REQUEST, "bad-request", faults),
        other => problem(other),
    }
}

fn wrong(status: StatusCode, kind: &'static str, faults: Vec<Fault>) -> Problem {
    let all: Vec<&str> = faults.iter().map(|fault| fault.detail.as_str()).collect();
    Problem::new(status, kind, sentence(&all.join("; "))).with("errors", json!(faults))
}

/// As a sentence for people.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}
