//! Rows about who is inside: domains, their people and their phones.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::forward::Forwards;
use crate::names::{DomainName, Number, Username};

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
    /// How long its phones ring, in seconds ([`Extension::RING_SECONDS`]).
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

impl Extension {
    /// What `ring_seconds` may be.
    pub const RING_SECONDS: RangeInclusive<u32> = 5..=600;
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
