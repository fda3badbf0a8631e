//! Whom a ban is for.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::names::{DomainName, Username};
use crate::store::snapshot::Snapshot;

/// Where failures come from: one IPv4 address, or the IPv6 network of 64 bits that one customer has at
/// least (RFC 6177), within which addresses cost nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Net(IpAddr);

impl From<IpAddr> for Net {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
            v4 => v4,
        })
    }
}

impl Net {
    /// An address in it.
    pub fn address(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => write!(f, "{v4}"),
            IpAddr::V6(v6) => write!(f, "{v6}/64"),
        }
    }
}

impl FromStr for Net {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.strip_suffix("/64").unwrap_or(text).parse::<IpAddr>();
        match address {
            Ok(address) if address.is_ipv6() || !text.contains('/') => Ok(address.into()),
            _ => {
                let text: String = text.chars().take(64).collect();
                Err(format!(
                    "{text:?} is not an address: pbx ban list shows those that are banned"
                ))
            }
        }
    }
}

/// A line, by its stored names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// The domain.
    pub domain: DomainName,
    /// The digest's username.
    pub username: Username,
}

impl Account {
    /// The line that a REGISTER's To names, if there is one: what strangers invent takes no memory. With
    /// one domain phones may be pointed at an address, as in the directory.
    pub(super) fn named(snapshot: &Snapshot, user: &str, host: &str) -> Option<Self> {
        let domain = match snapshot.domains.len() {
            1 => snapshot.domains.values().next(),
            _ => snapshot.domain(host),
        }?;
        let line = domain.find(user)?.line(user)?;
        Some(Self {
            domain: domain.name.clone(),
            username: line.username.clone(),
        })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.username, self.domain)
    }
}

impl FromStr for Account {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.rsplit_once('@').and_then(|(username, domain)| {
            let (username, domain) = (username.parse().ok()?, domain.parse().ok()?);
            Some(Self { domain, username })
        });
        names.ok_or_else(|| {
            let text: String = text.chars().take(64).collect();
            format!("{text:?} is not a line: write USERNAME@DOMAIN")
        })
    }
}

/// Whom a ban is for: a line from one place, or whatever comes from there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Culprit {
    /// Where from.
    pub net: Net,
    /// Which line; none: any.
    pub account: Option<Account>,
}

impl From<Net> for Culprit {
    fn from(net: Net) -> Self {
        Self { net, account: None }
    }
}

impl fmt::Display for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.account {
            Some(account) => write!(f, "{account} from {}", self.net),
            None => write!(f, "{}", self.net),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_is_one_net() {
        let net = |text: &str| Net::from(text.parse::<IpAddr>().unwrap()).to_string();
        assert_eq!(net("192.0.2.1"), "192.0.2.1");
        assert_eq!(net("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(net("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        for text in ["192.0.2.1", "2001:db8:1:2::/64"] {
            assert_eq!(text.parse::<Net>().unwrap().to_string(), text);
        }
        for bad in ["192.0.2.1/64", "192.0.2", "", "2001:db8::/48", "x"] {
            assert!(bad.parse::<Net>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_account_is_written_as_a_sip_address() {
        let account: Account = "Alice@PBX.test".parse().unwrap();
        assert_eq!(account.to_string(), "alice@pbx.test");
        for bad in ["alice", "@pbx.test", "alice@", "a b@pbx.test"] {
            assert!(bad.parse::<Account>().is_err(), "{bad}");
        }
    }
}
