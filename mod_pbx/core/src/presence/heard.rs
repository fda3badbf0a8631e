//! A registration as an event or mod_sofia's list tells of it, and what becomes of it in the view.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::contact::{Contact, Host, Refusal, Transport};
use super::target::{OwnAddresses, Target};
use super::view::{Moment, Registration};

/// How much of a User-Agent is kept, in characters.
const USER_AGENT: usize = 100;

/// What is told of one registration.
pub(super) struct Heard<'a> {
    pub(super) profile: &'a str,
    pub(super) call_id: &'a str,
    pub(super) contact: &'a str,
    pub(super) user_agent: &'a str,
    pub(super) source: Option<SocketAddr>,
    pub(super) deadline: Moment,
}

impl Heard<'_> {
    /// Whether it tells of this registration.
    pub(super) fn is(&self, known: &Registration) -> bool {
        *known.profile == *self.profile && *known.call_id == *self.call_id
    }

    /// Whether it takes this registration's place: the same phone, or the same Contact.
    pub(super) fn replaces(&self, known: &Registration) -> bool {
        self.is(known) || (*known.profile == *self.profile && *known.contact == *self.contact)
    }

    /// Whether it is a mere refresh of this registration.
    pub(super) fn says_nothing_new(&self, known: &Registration) -> bool {
        *known.contact == *self.contact && known.source == self.source && known.reachable
    }

    /// Whether this registration has the same Contact and came from the same place: what follows from these two
    /// is known.
    fn is_alike(&self, known: &Registration) -> bool {
        *known.profile == *self.profile && *known.contact == *self.contact && known.source == self.source
    }

    /// The registration: the next one with its Call-ID after `before`, on a line that has `others`.
    pub(super) fn registration(
        &self,
        own: &OwnAddresses,
        before: Option<&Registration>,
        others: &[Arc<Registration>],
        now: Moment,
    ) -> Registration {
        let printable = |c: &char| !c.is_control();
        let (target, at, on_a_connection) = match others.iter().find(|known| self.is_alike(known)) {
            Some(known) => (known.target.clone(), known.at.clone(), known.on_a_connection),
            None => (
                target(self.contact, self.profile, self.source, own),
                at(self.contact, self.source),
                is_on_a_connection(self.contact),
            ),
        };
        Registration {
            profile: self.profile.into(),
            call_id: self.call_id.into(),
            contact: self.contact.into(),
            target,
            source: self.source,
            at,
            user_agent: self
                .user_agent
                .chars()
                .filter(printable)
                .take(USER_AGENT)
                .collect(),
            since: before.map_or(now, |before| before.since),
            on_a_connection,
            moved: before.is_some_and(|before| before.source != self.source),
            reachable: true,
            deadline: AtomicU64::new(self.deadline.0),
        }
    }
}

/// Where a call to a registration goes, or why none does.
pub(super) fn target(
    contact: &str,
    profile: &str,
    source: Option<SocketAddr>,
    own: &OwnAddresses,
) -> Result<Target, Refusal> {
    Target::new(
        profile,
        &Contact::parse(contact)?,
        source.ok_or(Refusal::Source)?,
        own,
    )
}

/// `user@ip` of a Contact whose host is the one that the REGISTER came from.
fn at(contact: &str, source: Option<SocketAddr>) -> Option<Box<str>> {
    let contact = Contact::parse(contact).ok()?;
    let source = source?.ip().to_canonical();
    let user = contact.user.as_deref().unwrap_or_default();
    (contact.host == Host::Ip(source)).then(|| format!("{user}@{source}").into_boxed_str())
}

/// Whether a registration with this Contact lives on one connection.
pub(super) fn is_on_a_connection(contact: &str) -> bool {
    Contact::parse(contact).is_ok_and(|contact| contact.transport().is_some_and(Transport::is_stream))
}

/// `network-ip` and `network-port`.
pub(super) fn source(ip: &str, port: &str) -> Option<SocketAddr> {
    Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?))
}
