//! What a setting takes, and the one spelling of it.

use std::net::IpAddr;

use super::is_mail_address;
use crate::network::is_network;

/// What kind of value a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An IP address, or `auto` for the switch's own choice.
    Address,
    /// A TCP or UDP port, 1 to 65535.
    Port,
    /// A whole number from the first to the second, both included.
    Number(u64, u64),
    /// `yes` or `no`.
    Flag,
    /// Networks in CIDR notation, blank separated; may be empty.
    Networks,
    /// Numbers that can be dialled, blank separated; may be empty.
    Numbers,
    /// An absolute path; may be empty.
    Path,
    /// A feature code, `*` and up to five digits; empty: there is none.
    Code,
    /// An nftables set: family, table and name, blank separated; may be empty.
    NftablesSet,
    /// A host's name or IP address; may be empty.
    Host,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Printable characters, no blanks; may be empty.
    Word,
    /// An e-mail address; may be empty.
    Mail,
    /// A secret: what is stored is sealed ([`crate::seal`]); may be empty.
    Secret,
}

/// One setting.
#[derive(Debug)]
pub struct Definition {
    /// What it is called.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is unless set.
    pub default: &'static str,
    /// What it does, with its unit, in a sentence.
    pub description: &'static str,
}

impl Definition {
    /// Checks a value and gives its one spelling.
    ///
    /// # Errors
    /// What this setting takes, in words for the person who typed the value.
    pub fn parse(&self, value: &str) -> Result<String, String> {
        let value = value.trim();
        let refuse = |takes: &str| Err(format!("{} takes {takes}, not {value:?}", self.name));
        match self.kind {
            Kind::Address if value == "auto" => Ok(value.to_owned()),
            Kind::Address => match value.parse::<IpAddr>() {
                Ok(address) => Ok(address.to_string()),
                Err(_) => refuse("an IP address or auto"),
            },
            Kind::Port => match value.parse::<u16>() {
                Ok(port) if port > 0 => Ok(port.to_string()),
                _ => refuse("a port from 1 to 65535"),
            },
            Kind::Number(low, high) => match value.parse::<u64>() {
                Ok(number) if (low..=high).contains(&number) => Ok(number.to_string()),
                _ => refuse(&format!("a whole number from {low} to {high}")),
            },
            Kind::Flag => match value {
                "yes" | "true" | "on" => Ok("yes".to_owned()),
                "no" | "false" | "off" => Ok("no".to_owned()),
                _ => refuse("yes or no"),
            },
            Kind::Networks => {
                let networks: Vec<&str> = value.split([' ', ',']).filter(|n| !n.is_empty()).collect();
                match networks.iter().find(|n| !is_network(n)) {
                    Some(bad) => Err(format!(
                        "{} takes networks such as 192.168.0.0/16, not {bad:?}",
                        self.name
                    )),
                    None => Ok(networks.join(" ")),
                }
            }
            Kind::Numbers => {
                let numbers: Vec<&str> = value.split([' ', ',']).filter(|n| !n.is_empty()).collect();
                let dialled = |n: &str| n.len() <= 15 && n.bytes().all(|b| b.is_ascii_digit());
                match numbers.iter().find(|n| !dialled(n)) {
                    Some(bad) => Err(format!(
                        "{} takes numbers of up to 15 digits such as 112, not {bad:?}",
                        self.name
                    )),
                    None => Ok(numbers.join(" ")),
                }
            }
            Kind::Code => {
                let digits = value.strip_prefix('*').unwrap_or("x");
                let good = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
                if good || value.is_empty() {
                    Ok(value.to_owned())
                } else {
                    refuse("* and 1 to 5 digits, such as *97, or nothing")
                }
            }
            Kind::NftablesSet => {
                let words: Vec<&str> = value.split_ascii_whitespace().collect();
                let families = ["inet", "ip", "netdev", "bridge"];
                let name = |word: &str| {
                    word.len() <= 64
                        && word.starts_with(|c: char| c.is_ascii_alphabetic())
                        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                };
                match words.as_slice() {
                    [] => Ok(String::new()),
                    [family, table, set] if families.contains(family) && name(table) && name(set) => {
                        Ok(words.join(" "))
                    }
                    _ => refuse("FAMILY TABLE SET, such as inet filter pbx_banned"),
                }
            }
            Kind::Host => {
                let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
                if value.len() <= 253 && value.chars().all(plain) {
                    Ok(value.to_ascii_lowercase())
                } else {
                    refuse("a host's name or IP address, or empty")
                }
            }
            Kind::Choice(words) => match words.iter().find(|word| value.eq_ignore_ascii_case(word)) {
                Some(word) => Ok((*word).to_owned()),
                None => refuse(&words.join(" or ")),
            },
            Kind::Word
                if value.len() <= 256 && value.chars().all(|c| !c.is_control() && !c.is_whitespace()) =>
            {
                Ok(value.to_owned())
            }
            Kind::Word => refuse("printable characters without blanks, or empty"),
            Kind::Mail if value.is_empty() || is_mail_address(value) => Ok(value.to_owned()),
            Kind::Mail => refuse("an address such as pbx@example.com, or empty"),
            Kind::Secret if value.is_empty() || crate::seal::is_sealed(value) => Ok(value.to_owned()),
            // The value is not repeated.
            Kind::Secret => Err(format!("{} is stored sealed only", self.name)),
            Kind::Path => {
                let plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
                if value.is_empty() || (value.starts_with('/') && value.chars().all(plain)) {
                    Ok(value.to_owned())
                } else {
                    refuse("an absolute path of letters, digits and . _ - +")
                }
            }
        }
    }
}
