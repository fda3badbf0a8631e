//! The rows of the configuration, one type a table, field for field what `sql/` declares.
//!
//! Serialised to JSON they are also the row images of the revision log. `row_rev` and `updated_at` are
//! set by the writer; what a caller puts there is not looked at (the revision it was based on goes
//! beside the row, not into it).

mod outside;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dids::{Kind, Strategy};
use crate::forward::Forwards;
use crate::names::{DidNumber, DomainName, GatewayName, Number, SipHost, Slug, Username};
use crate::schedules::{Holidays, Hours, Override};

pub use outside::{
    Block, CallerId, CallerIdUse, Cap, ExtensionGroup, GroupMember, NumberPlan, Route, RouteGateway,
    RouteGrant, RouteTest,
};

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything, in every domain.
    Administrator,
    /// Everything in their own domain.
    DomainAdministrator,
    /// Their own lines, voicemail and forwards.
    User,
}

/// A tenant and SIP domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The SIP domain.
    pub name: DomainName,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain they belong to; none for an administrator of the whole PBX.
    pub domain_id: Option<Uuid>,
    /// What they sign in with.
    pub name: Username,
    /// What other people see.
    pub display_name: String,
    /// Where mail goes.
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// argon2id as a PHC string; none: they cannot sign in.
    pub password_hash: Option<String>,
    /// Off: cannot sign in.
    pub enabled: bool,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// The page a browser client logs in to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// Its name, unique in the domain.
    pub name: String,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// A number that rings somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extension {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// Its number, unique in the domain.
    pub number: Number,
    /// Whose it is.
    pub user_id: Uuid,
    /// The page of its browser clients.
    pub channel_id: Uuid,
    /// The name others see when it calls.
    pub caller_id_name: String,
    /// How long its phones ring, in seconds (5 to 600).
    pub ring_seconds: u32,
    /// Whether it has a mailbox.
    pub voicemail: bool,
    /// The mailbox's PIN, digits.
    pub voicemail_pin: Option<String>,
    /// Do not disturb, and where calls are forwarded to. Images from before there were any have none.
    #[serde(flatten)]
    pub forwards: Box<Forwards>,
    /// Off: does not exist for the switch.
    pub enabled: bool,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// Whether a line's calls are encrypted (RFC 3711).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Srtp {
    /// If the phone offers it.
    #[default]
    Optional,
    /// Or there is no call.
    Required,
}

/// A phone's credential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// What it rings for and calls as.
    pub extension_id: Uuid,
    /// Whose phone it is.
    pub user_id: Uuid,
    /// The digest's username, unique in the domain.
    pub username: Username,
    /// MD5(username:domain:password) in hex.
    pub a1: String,
    /// How many phones may register it at once (1 to 32).
    pub max_registrations: u32,
    /// CIDRs it may come from, blank separated; none: anywhere.
    pub source_acl: Option<String>,
    /// Whether its calls must be encrypted. Revisions from before version 3 of the schema do not say.
    #[serde(default)]
    pub srtp: Srtp,
    /// Off: does not exist for the switch.
    pub enabled: bool,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

impl Line {
    /// How many phones may register a new line at once, unless somebody says otherwise.
    pub const MAX_REGISTRATIONS: u32 = 5;

    /// A new line of an extension, as it is unless somebody says otherwise.
    pub fn new(extension: &Extension, user_id: Uuid, username: Username, a1: String) -> Self {
        Self {
            id: Uuid::now_v7(),
            domain_id: extension.domain_id,
            extension_id: extension.id,
            user_id,
            username,
            a1,
            max_registrations: Self::MAX_REGISTRATIONS,
            source_acl: None,
            srtp: Srtp::default(),
            enabled: true,
            row_rev: 0,
            updated_at: String::new(),
        }
    }
}

/// What a program shows instead of a password.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// Its person's domain; none: the whole PBX.
    pub domain_id: Option<Uuid>,
    /// Whose it is: it may do at most what they may.
    pub user_id: Uuid,
    /// What it is for, unique among its person's.
    pub name: String,
    /// SHA-256 of it, hex.
    pub token_hash: String,
    /// What it may do, blank separated: `users:read lines:write`.
    pub scopes: String,
    /// Until when it is good, RFC 3339 in UTC; none: for ever.
    pub expires_at: Option<String>,
    /// Off: it opens nothing.
    pub enabled: bool,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// A setting that differs from its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// Its name in the catalogue.
    pub name: String,
    /// Its value as text.
    pub value: String,
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

/// How SIP travels to a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// In datagrams.
    #[default]
    Udp,
    /// Over TCP.
    Tcp,
    /// Over TLS.
    Tls,
}

impl Transport {
    /// As it is stored, and as mod_sofia calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }
}

/// Where a gateway looks for who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallerIdStyle {
    /// In From.
    From,
    /// In P-Asserted-Identity (RFC 3325); From says whose account it is.
    #[default]
    Pai,
    /// In Remote-Party-ID; From says whose account it is.
    Rpid,
}

impl CallerIdStyle {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::Pai => "pai",
            Self::Rpid => "rpid",
        }
    }
}

/// A carrier's trunk, or another switch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gateway {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to; none: every domain may use it.
    pub domain_id: Option<Uuid>,
    /// What it is called, here and in mod_sofia.
    pub name: GatewayName,
    /// Where its calls go.
    pub proxy: SipHost,
    /// How.
    pub transport: Transport,
    /// The realm it challenges with; none: the proxy's name.
    pub realm: Option<DomainName>,
    /// The account there.
    pub username: Option<String>,
    /// The account's password, sealed for [`crate::gateways::purpose`].
    pub password: Option<String>,
    /// Whether the switch registers there.
    pub register: bool,
    /// The domain in From; none: the proxy's name.
    pub from_domain: Option<DomainName>,
    /// CIDRs its calls come from, blank separated; none: no call comes from it.
    pub source_acl: Option<String>,
    /// How many calls it carries at once, in and out; 0: no limit.
    pub max_calls: u32,
    /// Where it looks for who calls.
    pub caller_id_style: CallerIdStyle,
    /// Seconds between two OPTIONS that ask whether it is there (5 to 3600); 0: it is not asked.
    pub ping_seconds: u32,
    /// Off: does not exist for the switch.
    pub enabled: bool,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}

/// A number that the outside world dials, and where its calls go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Did {
    /// Primary key, UUIDv7.
    pub id: Uuid,
    /// The domain it belongs to.
    pub domain_id: Uuid,
    /// Its digits. No two DIDs have number, prefix and caller alike, in whatever domain.
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
    /// Who rings.
    pub extension_id: Uuid,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}
