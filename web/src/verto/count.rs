//! Counts of what the proxy let pass and what it did not.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Why something did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Larger than a message may be.
    Size,
    /// More messages than a person's browser sends.
    Rate,
    /// No JSON-RPC request: a speed test, a batch, a binary frame.
    NoObject,
    /// A method that no call needs.
    Method,
    /// A request before the login.
    NotLoggedIn,
    /// A field that is missing, or holds what it must not.
    Field,
    /// A call of somebody else.
    Call,
    /// A login as a client that is not this browser's, has expired, or with a wrong password.
    Client,
    /// A login with a session id that is not the client's.
    Session,
    /// A handshake from another site.
    Origin,
    /// A handshake of somebody who is not signed in or has no client.
    Stranger,
    /// A message of the switch that is not for browsers.
    Downstream,
}

/// All of them, with the names that `/metrics` has.
pub(super) const REASONS: [(Reason, &str); 12] = [
    (Reason::Size, "size"),
    (Reason::Rate, "rate"),
    (Reason::NoObject, "no-object"),
    (Reason::Method, "method"),
    (Reason::NotLoggedIn, "not-logged-in"),
    (Reason::Field, "field"),
    (Reason::Call, "call"),
    (Reason::Client, "client"),
    (Reason::Session, "session"),
    (Reason::Origin, "origin"),
    (Reason::Stranger, "stranger"),
    (Reason::Downstream, "downstream"),
];

impl Reason {
    /// Its name.
    pub fn name(self) -> &'static str {
        let found = REASONS.iter().find(|(reason, _)| *reason == self);
        found.map_or("other", |(_, name)| name)
    }
}

/// Counts since the server started.
#[derive(Debug, Default)]
pub struct Counts {
    refused: [AtomicU64; REASONS.len()],
    /// Messages of browsers that passed.
    pub up: AtomicU64,
    /// Messages of the switch that passed.
    pub down: AtomicU64,
    /// Logins that the switch took.
    pub logins: AtomicU64,
    /// Sockets that were closed because their session had to end.
    pub punts: AtomicU64,
}

impl Counts {
    /// Counts something that did not pass.
    pub fn refuse(&self, reason: Reason) {
        if let Some(place) = REASONS.iter().position(|(known, _)| *known == reason) {
            self.refused[place].fetch_add(1, Relaxed);
        }
    }

    /// How much did not pass, by reason.
    pub fn refused(&self) -> [(&'static str, u64); REASONS.len()] {
        std::array::from_fn(|place| (REASONS[place].1, self.refused[place].load(Relaxed)))
    }
}
