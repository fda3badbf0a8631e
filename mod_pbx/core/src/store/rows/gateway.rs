//! Rows about gateways.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::{DomainName, GatewayName, SipHost};

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
    /// In which country's way it writes numbers, by its calling code; none: as its domain's plan says.
    pub country_code: Option<String>,
    /// The revision that wrote this row.
    #[serde(default)]
    pub row_rev: u64,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub updated_at: String,
}
