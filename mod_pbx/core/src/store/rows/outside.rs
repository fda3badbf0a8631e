//! Rows about calls out: who may, by what way, and as whom.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::{E164, GatewayName, Slug};
use crate::routing::Class;
use crate::routing::expect::{Expected, Origin};
use crate::routing::pattern::Pattern;
use crate::routing::plan::Plan;

/// How numbers are dialled in a domain, and who is told of calls for help.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumberPlan {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// How numbers are dialled.
    #[serde(flatten)]
    pub plan: Box<Plan>,
    /// Who gets mail about a call for help.
    pub notify_email: Option<String>,
    /// Where a call for help is posted to, as JSON.
    pub notify_url: Option<String>,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// Extensions that share a grant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtensionGroup {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// Its name, unique in the domain.
    pub name: Slug,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// An extension in a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupMember {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// The group.
    pub group_id: Uuid,
    /// The extension.
    pub extension_id: Uuid,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// A number that a domain owns, so that it may call as it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallerId {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// The number: no two domains have the same.
    pub number: E164,
    /// The name beside it, where the carrier passes one on; may be empty.
    pub name: String,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// As whom an extension, or one of its lines, calls out. Exactly one of the two is named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallerIdUse {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// The extension.
    pub extension_id: Option<Uuid>,
    /// The line.
    pub line_id: Option<Uuid>,
    /// The [`CallerId`] of its calls; none: as if this row said nothing of them.
    pub caller_id: Option<Uuid>,
    /// The [`CallerId`] of its calls for help; none: likewise.
    pub emergency_caller_id: Option<Uuid>,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// A way out for some numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// Its name, unique in the domain.
    pub name: Slug,
    /// The lowest is tried first (0 to 100000); of equal ones the first by name.
    pub priority: u32,
    /// Its numbers, as [`Pattern`] reads them; of an emergency route exact numbers, blank separated.
    pub pattern: String,
    /// How many characters of the number, with its `+`, are left out for the gateway (0 to 20).
    pub strip: u32,
    /// What is put before what is left: an optional `+` and digits.
    pub prepend: String,
    /// For calls for help: exact numbers, everybody may, nothing is counted.
    pub emergency: bool,
    /// What its calls are counted as; none: by the number.
    pub class: Option<Class>,
    /// The [`CallerId`] of its calls, where neither line nor extension has one.
    pub caller_id: Option<Uuid>,
    /// The [`super::Schedule`] while which is open it is there; none: always.
    pub schedule_id: Option<Uuid>,
    /// Off: as if it were not there.
    pub enabled: bool,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// A gateway of a route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteGateway {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// The route.
    pub route_id: Uuid,
    /// The gateway.
    pub gateway_id: Uuid,
    /// The lowest is tried first (0 to 99).
    pub position: u32,
    /// The [`CallerId`] of its calls, where neither line, extension nor route has one.
    pub caller_id: Option<Uuid>,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// Who may take a route: an extension, or the extensions of a group. Exactly one of the two is named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteGrant {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// The route.
    pub route_id: Uuid,
    /// The extension.
    pub extension_id: Option<Uuid>,
    /// The group.
    pub group_id: Option<Uuid>,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// Numbers that nobody in a domain may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// The numbers.
    pub pattern: Pattern,
    /// Why; may be empty.
    pub note: String,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// How much may be called out. None in a field: what the domain's own row says; and if that says nothing either, no
/// limit, but no premium number at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cap {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// Whose calls; none: those of each extension of the domain that says nothing else.
    pub extension_id: Option<Uuid>,
    /// Calls at once.
    pub concurrent: Option<u32>,
    /// Calls begun in one hour of the clock.
    pub per_hour: Option<u32>,
    /// Calls begun in one day of the switch's time zone.
    pub per_day: Option<u32>,
    /// And of these, local ones.
    pub local_per_day: Option<u32>,
    /// And of these, national ones.
    pub national_per_day: Option<u32>,
    /// And of these, mobile ones.
    pub mobile_per_day: Option<u32>,
    /// And of these, international ones.
    pub international_per_day: Option<u32>,
    /// And of these, premium ones.
    pub premium_per_day: Option<u32>,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// What a call out is expected to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteTest {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// Who calls.
    pub number: Origin,
    /// What is dialled.
    pub dialled: String,
    /// The number of a caller outside; none: it gives none.
    pub caller: Option<String>,
    /// When, RFC 3339; empty: whenever it is asked.
    pub at_time: String,
    /// What is to happen.
    pub expect: Expected,
    /// Who rings, blank separated; whose mailbox answers; what is played.
    pub target: Option<String>,
    /// By which gateway it goes out first; none: by any.
    pub gateway: Option<GatewayName>,
    /// As whom; none: as anybody.
    pub caller_id: Option<E164>,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}
