//! DIDs: numbers that the outside world dials, and whom they ring.
//!
//! Whose phones ring for a member is told by [`crate::resolve`] and [`crate::follow`], as for any other call. A call
//! that nobody takes goes on to the DID's destination, which may be another DID; such chains never come back,
//! which is made sure of when they are saved.

mod decide;
mod index;
mod pieces;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::{DidNumber, DomainName, E164, Number, Slug};

pub use decide::{Away, Decision, End, Inbound, Ringing, Rung, Via, after, decide};
pub use index::Dids;

/// In which order members ring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// All at once.
    #[default]
    All,
    /// One after the other, from the first.
    Order,
    /// One after the other, from the one behind whom the last call began with.
    RoundRobin,
}

impl Strategy {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::All, Self::Order, Self::RoundRobin];

    /// As it is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Order => "order",
            Self::RoundRobin => "round-robin",
        }
    }
}

/// Where a call goes that nobody took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// It ends.
    HangUp,
    /// The mailbox of the extension with this number.
    Voicemail(Number),
    /// What another DID rings.
    Did(Uuid),
    /// A recording is played, and it ends.
    Announcement(Slug),
}

/// The kinds of destinations, as rows have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// [`Destination::HangUp`]
    HangUp,
    /// [`Destination::Voicemail`]
    Voicemail,
    /// [`Destination::Did`]
    Did,
    /// [`Destination::Announcement`]
    Announcement,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::HangUp, Self::Voicemail, Self::Did, Self::Announcement];

    /// As it is typed and stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HangUp => "hangup",
            Self::Voicemail => "voicemail",
            Self::Did => "did",
            Self::Announcement => "announcement",
        }
    }
}

/// Who rings for a DID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// The extension with this number.
    Extension(Number),
    /// A number outside.
    Outside(Box<Outside>),
}

/// A number outside that rings for a DID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// The number.
    pub number: E164,
    /// The extension whose call it is: by its grants, caps and caller IDs.
    pub payer: Number,
}

/// As it is typed: `1001`, `+491711234567/1001`.
impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension(number) => number.fmt(f),
            Self::Outside(outside) => write!(f, "{}/{}", outside.number, outside.payer),
        }
    }
}

/// A DID as lookups read it.
#[derive(Debug, PartialEq)]
pub struct Did {
    /// Its row.
    pub id: Uuid,
    /// Its digits, or those that its numbers begin with.
    pub number: DidNumber,
    /// Whether numbers only begin so.
    pub is_prefix: bool,
    /// In which order the members ring.
    pub strategy: Strategy,
    /// For how long, in seconds; none: as long as each extension's ring time says.
    pub ring_seconds: Option<u16>,
    /// Whose it is.
    pub domain: Arc<DomainName>,
    /// Who rings, in order.
    pub members: Box<[Member]>,
    /// Where a call goes that nobody took.
    pub then: Destination,
    /// What hardly any has.
    pub rare: Option<Box<Rare>>,
    /// Who begins next.
    pub turn: Turn,
}

/// Conditions of a DID.
#[derive(Debug, Default, PartialEq)]
pub struct Rare {
    /// Only callers whose numbers begin so.
    pub caller: Option<DidNumber>,
    /// When its members ring.
    pub schedule: Option<Uuid>,
    /// Where a call goes when they do not; none: as one that nobody took.
    pub closed: Option<Destination>,
    /// Only calls that this gateway brings.
    pub gateway: Option<Uuid>,
}

impl Did {
    /// Only for callers whose numbers begin so.
    pub fn caller(&self) -> Option<&DidNumber> {
        self.rare.as_ref()?.caller.as_ref()
    }

    /// Only for calls that this gateway brings.
    pub fn gateway(&self) -> Option<Uuid> {
        self.rare.as_ref()?.gateway
    }

    /// When its members ring; none: always.
    pub fn schedule(&self) -> Option<Uuid> {
        self.rare.as_ref()?.schedule
    }

    /// Where a call goes outside of its schedule.
    pub fn closed(&self) -> &Destination {
        let own = self.rare.as_ref().and_then(|rare| rare.closed.as_ref());
        own.unwrap_or(&self.then)
    }
}

/// Whose turn it is to ring first. A count that is not configuration: it starts anew with each change of the DID.
#[derive(Debug, Default)]
pub struct Turn(AtomicU32);

impl PartialEq for Turn {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Turn {
    /// Which of so many; `take`: the next call is the next one's.
    fn of(&self, count: usize, take: bool) -> usize {
        let turn = if take {
            self.0.fetch_add(1, Relaxed)
        } else {
            self.0.load(Relaxed)
        };
        turn as usize % count.max(1)
    }
}

/// The digits of a number as a carrier, or whoever gives a caller's number, writes it: without `+` or `00`. None: it is
/// no number. What a country writes in its own way, [`Plan::of_carrier`] reads.
///
/// [`Plan::of_carrier`]: crate::routing::plan::Plan::of_carrier
pub fn digits(text: &str) -> Option<&str> {
    let digits = text
        .strip_prefix('+')
        .or_else(|| text.strip_prefix("00"))
        .unwrap_or(text);
    index::key(digits).map(|_| digits)
}
