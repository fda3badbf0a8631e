//! Names that go into documents, dial strings and digests: parsed once, then known to be harmless.
//!
//! All are lower case: FreeSWITCH compares them without regard to case (`strcasecmp`), and an A1 hash
//! contains them, so one spelling is kept. No character that means anything in XML, in a dialplan
//! action or in a dial string (`$ { } < > [ ] , | ' " \ & ; : @ %` and blanks) can occur.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a name was refused, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadName(pub String);

macro_rules! name_type {
    ($(#[$doc:meta])* $type:ident, $parse:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(Box<str>);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                $parse(text).map(|name| Self(name.into_boxed_str()))
            }
        }

        impl TryFrom<String> for $type {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0.into_string()
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type!(
    /// A SIP domain, which is also the name of the tenant: a host name (RFC 1123) or an IPv4 address.
    DomainName, parse_domain
);
name_type!(
    /// A SIP user name (the digest's username): 2 to 64 of `a-z 0-9 . _ -`, starting with a letter or digit.
    Username, parse_username
);
name_type!(
    /// A number of the outside world: 1 to 18 digits, without the `+` or `00` that may be typed before them, nor blanks,
    /// brackets and dashes between them.
    DidNumber, parse_did
);
name_type!(
    /// What people call a thing of the PBX, such as a schedule: 1 to 32 of `a-z 0-9 . _ -`, starting with a letter or
    /// digit.
    Slug, parse_slug
);
name_type!(
    /// An extension's number: 2 to 15 digits (E.164's longest), not a possible feature code.
    Number, parse_number
);

name_type!(
    /// What somebody dials or types as a number, of whatever kind: 2 to 32 digits, with a `+` before them perhaps.
    Dialled, parse_dialled
);

name_type!(
    /// A telephone number as the whole world spells it (E.164): `+`, then 7 to 15 digits of which the first is no 0.
    E164, parse_e164
);
name_type!(
    /// A gateway's name: 2 to 32 of `a-z 0-9 . _ -`, starting with a letter or digit. mod_sofia takes no other
    /// characters, and `_all_` for every gateway there is.
    GatewayName, parse_gateway
);
name_type!(
    /// Where SIP is sent to: a host name, an IPv4 address, or an IPv6 address in brackets; a port may follow.
    SipHost, parse_sip_host
);

fn parse_gateway(text: &str) -> Result<String, BadName> {
    match parse_username(text) {
        Ok(name) if name.len() <= 32 => Ok(name),
        _ => Err(BadName(format!(
            "{:?} is not a gateway's name: use 2 to 32 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit",
            clip(text)
        ))),
    }
}

fn parse_sip_host(text: &str) -> Result<String, BadName> {
    let bad = || {
        BadName(format!(
            "{:?} is not where SIP can be sent to: use a host name or IP address, with or without a port, such as \
             sip.example.com, 192.0.2.1:5080 or [2001:db8::1]",
            clip(text)
        ))
    };
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or_else(bad)?;
            let address: std::net::Ipv6Addr = address.parse().map_err(|_| bad())?;
            (format!("[{address}]"), port)
        }
        None => {
            let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (parse_domain(host).map_err(|_| bad())?, port)
        }
    };
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok(host),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => match digits.parse::<u16>() {
            Ok(port) if port > 0 => Ok(format!("{host}:{port}")),
            _ => Err(bad()),
        },
        _ => Err(bad()),
    }
}

impl SipHost {
    /// Its address, if it is one.
    pub fn address(&self) -> Option<std::net::IpAddr> {
        if let Ok(socket) = self.0.parse::<std::net::SocketAddr>() {
            return Some(socket.ip());
        }
        self.0.trim_matches(['[', ']']).parse().ok()
    }
}

fn parse_domain(text: &str) -> Result<String, BadName> {
    let name = text.to_ascii_lowercase();
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return Err(BadName(format!(
            "{:?} is not a domain: use a host name such as pbx.example.com (letters, digits, '-' and '.')",
            clip(text)
        )));
    }
    Ok(name)
}

fn parse_username(text: &str) -> Result<String, BadName> {
    let name = text.to_ascii_lowercase();
    let good = (2..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && name.as_bytes()[0].is_ascii_alphanumeric();
    if good {
        Ok(name)
    } else {
        Err(BadName(format!(
            "{:?} is not a username: use 2 to 64 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit",
            clip(text)
        )))
    }
}

fn parse_did(text: &str) -> Result<String, BadName> {
    let text: String = text.chars().filter(|c| !" -()/.".contains(*c)).collect();
    let digits = text
        .strip_prefix('+')
        .or_else(|| text.strip_prefix("00"))
        .unwrap_or(&text);
    if (1..=18).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        Ok(digits.to_owned())
    } else {
        Err(BadName(format!(
            "{:?} is not a number of the outside world: use digits with their country code, such as +4930123456",
            clip(&text)
        )))
    }
}

fn parse_slug(text: &str) -> Result<String, BadName> {
    let name = text.to_ascii_lowercase();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let good = (1..=32).contains(&name.len())
        && name.bytes().all(plain)
        && name.as_bytes()[0].is_ascii_alphanumeric();
    if good {
        Ok(name)
    } else {
        Err(BadName(format!(
            "{:?} is not a name: use 1 to 32 of a-z, 0-9, '.', '_' and '-', starting with a letter or digit",
            clip(text)
        )))
    }
}

fn parse_number(text: &str) -> Result<String, BadName> {
    if (2..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err(BadName(format!(
            "{:?} is not an extension number: use 2 to 15 digits",
            clip(text)
        )))
    }
}

fn parse_dialled(text: &str) -> Result<String, BadName> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if (2..=32).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err(BadName(format!(
            "{:?} is not a number: use 2 to 32 digits, with + before them or not",
            clip(text)
        )))
    }
}

fn parse_e164(text: &str) -> Result<String, BadName> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let good = (7..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    if good {
        Ok(text.to_owned())
    } else {
        Err(BadName(format!(
            "{:?} is not a number with its country code: write + and 7 to 15 digits, such as +4930123456",
            clip(text)
        )))
    }
}

/// At most 64 characters of what a stranger typed.
fn clip(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_to_lower_case() {
        assert_eq!("PBX.Test".parse::<DomainName>().unwrap().as_str(), "pbx.test");
        assert_eq!("Alice".parse::<Username>().unwrap().as_str(), "alice");
    }

    #[test]
    fn a_gateway_is_sent_to_a_host() {
        for (text, spelled, address) in [
            ("SIP.Example.com", "sip.example.com", None),
            ("sip.example.com:05080", "sip.example.com:5080", None),
            ("192.0.2.1", "192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1:5080", "192.0.2.1:5080", Some("192.0.2.1")),
            ("[2001:DB8::1]", "[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:5080", "[2001:db8::1]:5080", Some("2001:db8::1")),
        ] {
            let host: SipHost = text.parse().unwrap();
            assert_eq!(host.as_str(), spelled);
            assert_eq!(host.address(), address.map(|address| address.parse().unwrap()));
        }
        for bad in [
            "",
            "a b",
            "a@b",
            "a:",
            "a:0",
            "a:65536",
            "a:+1",
            "a:1:2",
            "2001:db8::1",
            "[::1",
            "[::1]x",
            "a;b",
            "a>b",
            "sip:a",
            "a/b",
            "${a}",
        ] {
            assert!(bad.parse::<SipHost>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn nothing_with_a_meaning_elsewhere_gets_in() {
        for bad in [
            "a${b}", "a,b", "a b", "a|b", "a@b", "a%b", "<a>", "a;b", "a&b", "ä1", "a\nb", "", "-ab", "a'b",
            "a\\b",
        ] {
            assert!(bad.parse::<Username>().is_err(), "{bad:?}");
            assert!(bad.parse::<DomainName>().is_err(), "{bad:?}");
            assert!(bad.parse::<Number>().is_err(), "{bad:?}");
            assert!(bad.parse::<Slug>().is_err(), "{bad:?}");
            assert!(bad.parse::<GatewayName>().is_err(), "{bad:?}");
        }
        assert!("_all_".parse::<GatewayName>().is_err());
        for (typed, kept) in [
            ("+49 (30) 123-456", "4930123456"),
            ("004930", "4930"),
            ("030/1", "0301"),
            ("4", "4"),
        ] {
            assert_eq!(typed.parse::<DidNumber>().unwrap().as_str(), kept);
        }
        for bad in [
            "",
            "+",
            "00",
            "++49",
            "49x",
            "${x}",
            "1234567890123456789",
            "+49;x=y",
        ] {
            assert!(bad.parse::<DidNumber>().is_err(), "{bad:?}");
        }
        assert!("1".parse::<Number>().is_err());
        assert!("+4930".parse::<Number>().is_err());
        assert!("pbx..test".parse::<DomainName>().is_err());
    }
}
