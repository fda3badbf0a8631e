//! The settings: every one with a type, a default and a description, and the values in force.
//!
//! What must be known before the database opens is not here but in `pbx.conf`.

mod catalogue;
mod kind;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::IpAddr;

pub use catalogue::*;
pub use kind::{Definition, Kind};

/// What says where SIP is heard.
pub static SIP_SOCKETS: [&Definition; 8] = [
    &SIP_ADDRESS,
    &SIP_PORT,
    &SIP_TLS,
    &SIP_TLS_PORT,
    &GATEWAY_ADDRESS,
    &GATEWAY_PORT,
    &GATEWAY_TLS,
    &GATEWAY_TLS_PORT,
];

/// The values in force.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    set: HashMap<&'static str, String>,
}

/// The setting called `name`.
pub fn definition(name: &str) -> Option<&'static Definition> {
    CATALOGUE.iter().copied().find(|d| d.name == name)
}

impl Settings {
    /// The settings with these values set; names that are not in the catalogue are left out (a newer
    /// program may have written them).
    pub fn new<'a>(set: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let set = set
            .into_iter()
            .filter_map(|(name, value)| definition(name).map(|d| (d.name, value.to_owned())))
            .collect();
        Self { set }
    }

    /// The value in force.
    pub fn get(&self, definition: &'static Definition) -> &str {
        self.set
            .get(definition.name)
            .map_or(definition.default, String::as_str)
    }

    /// The value of a [`Kind::Flag`].
    pub fn flag(&self, definition: &'static Definition) -> bool {
        self.get(definition) == "yes"
    }

    /// The value of a [`Kind::Number`] or [`Kind::Port`].
    pub fn number(&self, definition: &'static Definition) -> u64 {
        // Both what is stored and what is the default went through `parse`.
        self.get(definition).parse().unwrap_or(0)
    }

    /// The values of a [`Kind::Networks`] or [`Kind::Numbers`].
    pub fn each(&self, definition: &'static Definition) -> impl Iterator<Item = &str> {
        self.get(definition).split_ascii_whitespace()
    }

    /// Two ports for SIP that are the same where the switch listens on both, in words; none: each has its own.
    pub fn port_clash(&self) -> Option<String> {
        let of_gateways = match self.get(&GATEWAY_ADDRESS) {
            "auto" => self.get(&SIP_ADDRESS),
            address => address,
        };
        let apart = of_gateways != self.get(&SIP_ADDRESS);
        let tls = |flag: &'static Definition, port: &'static Definition| self.flag(flag).then_some(port);
        let lines = [Some(&SIP_PORT), tls(&SIP_TLS, &SIP_TLS_PORT)];
        let gateways = [Some(&GATEWAY_PORT), tls(&GATEWAY_TLS, &GATEWAY_TLS_PORT)];
        let lines = || lines.iter().copied().flatten();
        let gateways = || gateways.iter().copied().flatten();
        let own = |one: &'static Definition, other: &'static Definition| {
            (one.name != other.name && self.get(one) == self.get(other)).then_some((one, other))
        };
        let between = || lines().find_map(|one| gateways().find_map(|other| own(one, other)));
        let (one, other) = lines()
            .find_map(|one| lines().find_map(|other| own(one, other)))
            .or_else(|| gateways().find_map(|one| gateways().find_map(|other| own(one, other))))
            .or_else(|| if apart { None } else { between() })?;
        Some(format!(
            "{} and {} are both {}, and the switch can listen there only once: give one of them another port (pbx \
             setting set {} PORT)",
            one.name,
            other.name,
            self.get(one),
            other.name
        ))
    }

    /// The value of a [`Kind::Address`]; none for `auto`.
    pub fn address(&self, definition: &'static Definition) -> Option<IpAddr> {
        self.get(definition).parse().ok()
    }
}

/// Whether `text` is an e-mail address that mail can be sent to.
pub fn is_mail_address(text: &str) -> bool {
    text.len() <= 254 && text.parse::<lettre::Address>().is_ok()
}
