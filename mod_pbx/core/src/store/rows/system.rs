//! Rows about the PBX itself.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
