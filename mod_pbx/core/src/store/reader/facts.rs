//! What is no configuration: calls, bans, mail, and who is signed in.

use uuid::Uuid;

use super::Reader;
use crate::store::bans::{self, Ban, Friend};
use crate::store::clients::{self, Client};
use crate::store::error::on;
use crate::store::mail::{self, Counts, Mail, Part, State};
use crate::store::people::{self, SignIn, SignInEvent};
use crate::store::{StoreError, call_pages, calls};

impl Reader<'_> {
    /// Every ban that is stored, those that have ended included.
    pub fn bans(&self) -> Result<Vec<Ban>, StoreError> {
        bans::all(self.conn).map_err(on(self.conn, "reading bans"))
    }

    /// From where lines have registered, no more than `most`, the latest first.
    pub fn friends(&self, most: usize) -> Result<Vec<Friend>, StoreError> {
        bans::friends(self.conn, most).map_err(on(self.conn, "reading from where lines registered"))
    }

    /// The calls that pass the filter, newest first, at most [`calls::MOST`]. A person's own are those of the channels
    /// of their extensions.
    pub fn calls(&self, filter: &calls::Filter, limit: u32) -> Result<Vec<calls::Call>, StoreError> {
        calls::list(self.conn, filter, limit).map_err(on(self.conn, "reading calls"))
    }

    /// A page of the calls that pass; how many are looked at is bounded.
    pub fn calls_page(
        &self,
        wanted: &call_pages::Wanted,
        skip: u64,
        size: u32,
    ) -> Result<call_pages::Found, StoreError> {
        call_pages::page(self.conn, wanted, (skip, size), call_pages::WINDOW)
            .map_err(on(self.conn, "reading calls"))
    }

    /// One call; of this domain, if one is named.
    pub fn call(&self, id: Uuid, domain: Option<Uuid>) -> Result<Option<calls::Call>, StoreError> {
        call_pages::one(self.conn, id, domain).map_err(on(self.conn, "reading calls"))
    }

    /// The legs of a call.
    pub fn legs_of_call(&self, call: Uuid) -> Result<Vec<calls::Leg>, StoreError> {
        calls::legs(self.conn, call).map_err(on(self.conn, "reading calls"))
    }

    /// Every browser client that is stored, those that have expired included.
    pub fn clients(&self) -> Result<Vec<Client>, StoreError> {
        clients::all(self.conn).map_err(on(self.conn, "reading browser clients"))
    }

    /// Every session that is stored.
    pub fn sign_ins(&self) -> Result<Vec<SignIn>, StoreError> {
        people::all(self.conn).map_err(on(self.conn, "reading sign-ins"))
    }

    /// The newest `most` events of sign-ins, of one kind or of all.
    pub fn sign_in_events(&self, what: Option<&str>, most: u32) -> Result<Vec<SignInEvent>, StoreError> {
        people::events(self.conn, what, most).map_err(on(self.conn, "reading sign-ins"))
    }

    /// The key that browsers' tokens are signed with, hex.
    pub fn web_key(&self) -> Result<Option<String>, StoreError> {
        people::key(self.conn).map_err(on(self.conn, "reading the web server's key"))
    }

    /// Mail in these states that is due by then (RFC 3339 in UTC), that which is due first at the top.
    pub fn mail(
        &self,
        states: [State; 2],
        by: &str,
        limit: u32,
        part: Part,
    ) -> Result<Vec<Mail>, StoreError> {
        mail::rows(self.conn, states, by, limit, part).map_err(on(self.conn, "reading mail"))
    }

    /// How much mail waits or was given up.
    pub fn mail_counts(&self, part: Part) -> Result<Counts, StoreError> {
        mail::counts(self.conn, part).map_err(on(self.conn, "reading mail"))
    }

    /// Up to when voicemail messages have been looked at, in seconds since 1970; none: never.
    pub fn voicemail_seen(&self) -> Result<Option<i64>, StoreError> {
        mail::seen(self.conn).map_err(on(self.conn, "reading what was seen of voicemail"))
    }
}
