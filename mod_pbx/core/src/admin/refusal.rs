//! Why nothing was done, for programs: which field, and which row is in the way.

use crate::store::{Image, StoreError};

/// Why nothing was done.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// What was sent cannot be; each fault names its field if it has one.
    Invalid(Vec<Fault>),
    /// There is no such thing, or none for this person: the two are alike.
    Missing,
    /// There is such a thing, and this person or key may not do it.
    Forbidden(String),
    /// It was changed, or deleted, since it was read.
    Stale {
        /// Says so.
        why: String,
        /// As it is now; none: it is gone.
        current: Option<Image>,
    },
    /// Something else is in the way.
    Conflict(String),
    /// It breaks these route tests; it can be made all the same ([`super::Request::forced`]).
    Broken(Vec<String>),
    /// The database, or a worker, cannot do it now.
    Store(StoreError),
    /// Something failed inside; the log says what.
    Unavailable(String),
}

/// What is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// The field; none: the whole.
    pub field: Option<String>,
    /// A sentence for people.
    pub detail: String,
}

impl Refusal {
    /// One field is wrong.
    pub fn field(field: &str, why: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault {
            field: Some(field.to_owned()),
            detail: why.into(),
        }])
    }

    /// The whole is wrong.
    pub fn whole(why: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault {
            field: None,
            detail: why.into(),
        }])
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Invalid { message, field, .. } => Self::Invalid(vec![Fault {
                field: field.map(str::to_owned),
                detail: message,
            }]),
            StoreError::Broken(tests) => Self::Broken(tests),
            StoreError::Conflict(conflict) => Self::Stale {
                why: conflict.to_string(),
                current: None,
            },
            other => Self::Store(other),
        }
    }
}

impl From<getrandom::Error> for Refusal {
    fn from(error: getrandom::Error) -> Self {
        Self::Unavailable(format!(
            "the kernel gives no random numbers ({error}); nothing was saved"
        ))
    }
}
