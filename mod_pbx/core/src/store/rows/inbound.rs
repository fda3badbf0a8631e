//! Rows about calls that come in: for whom, and when.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dids::{Kind, Strategy};
use crate::names::{DidNumber, E164, Slug};
use crate::schedules::{Holidays, Hours, Override};

/// A number that the outside world dials, and where its calls go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Did {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// Its digits. No two DIDs have number, prefix, caller and gateway alike, in whatever domain.
    pub number: DidNumber,
    /// Whether every number is meant that begins so.
    pub prefix: bool,
    /// Only callers whose numbers begin so.
    pub caller: Option<DidNumber>,
    /// In which order its members ring.
    pub strategy: Strategy,
    /// For how long, in seconds (5 to 600); none: each extension's own ring time.
    pub ring_seconds: Option<u32>,
    /// When they ring; none: always.
    pub schedule_id: Option<Uuid>,
    /// Where a call goes that nobody took; what it names is in one of the three below.
    pub then_kind: Kind,
    /// Whose mailbox.
    pub then_extension_id: Option<Uuid>,
    /// Which other DID's members.
    pub then_did_id: Option<Uuid>,
    /// Which announcement.
    pub then_announcement: Option<Slug>,
    /// Where a call goes outside of the schedule; none: as one that nobody took.
    pub closed_kind: Option<Kind>,
    /// Whose mailbox.
    pub closed_extension_id: Option<Uuid>,
    /// Which other DID's members.
    pub closed_did_id: Option<Uuid>,
    /// Which announcement.
    pub closed_announcement: Option<Slug>,
    /// Only calls that this gateway brings; none: whichever does.
    pub gateway_id: Option<Uuid>,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// Who rings for a DID.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DidMember {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain of both.
    pub domain_id: Uuid,
    /// The DID.
    pub did_id: Uuid,
    /// Its place in the order, from 0.
    pub position: u32,
    /// Who rings, or whose call it is if a number outside does.
    pub extension_id: Uuid,
    /// The number outside that rings. Images from before there were any have none.
    #[serde(default)]
    pub outside: Option<E164>,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// When something is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// What it is called, unique in the domain.
    pub name: Slug,
    /// Where the hours are meant: a name of the tz database.
    pub time_zone: String,
    /// The weekly hours.
    pub hours: Hours,
    /// The days on which they do not count, a line each.
    pub holidays: Holidays,
    /// What somebody has said for now.
    pub forced: Override,
    /// What is dialled behind the feature code to switch it (1 to 999), unique in the domain; none: no phone can.
    pub code: Option<u16>,
    /// The numbers of the extensions that may, blank separated.
    pub keys: String,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}
