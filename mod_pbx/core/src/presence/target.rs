//! Where a call to a registration goes: the address the REGISTER came from, and nowhere else.
//!
//! A Contact is what a phone claims. A phone whose password somebody knows could name the switch itself
//! (the call would come back in as one of the switch's own), a machine on the inside, or a victim. The
//! REGISTER, however, carried a right digest and came from `network-ip`:`network-port`; so the Contact
//! only says how the phone wants to be addressed, and the next hop is that host.

use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::contact::{Contact, Host, Refusal, Transport};

/// What is known of the switch's own addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnAddresses {
    /// Every address and port that the switch's SIP profiles listen on.
    pub sockets: Vec<SocketAddr>,
    /// Its address as seen from outside, and others that it has without an interface.
    pub others: Vec<IpAddr>,
}

impl OwnAddresses {
    fn listens_on(&self, ip: IpAddr, port: u16) -> bool {
        let same = |own: &SocketAddr| own.ip() == ip || own.ip().is_unspecified();
        self.sockets.iter().any(|own| own.port() == port && same(own))
    }

    /// Whether `ip` is an address of this machine. Asks the kernel: only its own addresses can be bound.
    fn is_of_this_machine(&self, ip: IpAddr) -> bool {
        ip.is_loopback()
            || self.others.contains(&ip)
            || self.sockets.iter().any(|own| own.ip() == ip)
            || (can_bind(ip) && !can_bind(NOBODYS))
    }

    fn is_host(ip: IpAddr) -> bool {
        let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
        !ip.is_unspecified() && !ip.is_multicast() && !broadcast
    }
}

/// An address that no machine has (RFC 1112, 4: class E): if it can be bound, `ip_nonlocal_bind` is on, and so can any.
const NOBODYS: IpAddr = IpAddr::V4(Ipv4Addr::new(240, 0, 0, 1));

fn can_bind(ip: IpAddr) -> bool {
    std::net::UdpSocket::bind((ip, 0)).is_ok()
}

/// One leg of a dial string: `sofia/<profile>/<address>`.
///
/// Only letters, digits and `-_.!~*+=&%@:;[]/` occur in it: nothing that separates legs, opens a variable
/// block or is expanded, so it is one leg whatever a phone registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(Box<str>);

impl Target {
    /// The phone that registered `contact` with `profile` from `source`.
    ///
    /// # Errors
    /// Why it is not called.
    pub fn new(
        profile: &str,
        contact: &Contact,
        source: SocketAddr,
        own: &OwnAddresses,
    ) -> Result<Self, Refusal> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if profile.is_empty() || profile.len() > 64 || !profile.bytes().all(plain) {
            return Err(Refusal::Profile);
        }
        let source = SocketAddr::new(source.ip().to_canonical(), source.port());
        if !OwnAddresses::is_host(source.ip()) || source.port() == 0 {
            return Err(Refusal::Source);
        }
        if own.listens_on(source.ip(), source.port()) {
            return Err(Refusal::Own);
        }
        let direct = match contact.host {
            Host::Name(_) => false,
            Host::Ip(ip) if !OwnAddresses::is_host(ip) => return Err(Refusal::Host),
            Host::Ip(ip) if own.listens_on(ip, contact.port()) => return Err(Refusal::Own),
            Host::Ip(ip) if ip == source.ip() => true,
            Host::Ip(ip) if own.is_of_this_machine(ip) => return Err(Refusal::Own),
            Host::Ip(_) => false,
        };
        let transport = contact.transport();
        let on_a_connection = transport.is_some_and(Transport::is_stream);
        let via = (!direct || on_a_connection).then_some(source);
        let leg = format!("sofia/{profile}/{}", write(contact, transport, via, !direct));
        Ok(Self(leg.into_boxed_str()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn write(contact: &Contact, transport: Option<Transport>, via: Option<SocketAddr>, nat: bool) -> String {
    let mut uri = String::with_capacity(128);
    // Writing to a String cannot fail.
    let _ = write!(uri, "{}", if contact.secure { "sips:" } else { "sip:" });
    if let Some(user) = &contact.user {
        let _ = write!(uri, "{user}@");
    }
    let _ = write!(uri, "{}", contact.host);
    if let Some(port) = contact.port {
        let _ = write!(uri, ":{port}");
    }
    if let Some(transport) = contact.claimed {
        let _ = write!(uri, ";transport={}", transport.as_str());
    }
    uri.push_str(&contact.parameters);
    if let Some(via) = via {
        if nat {
            // Tells mod_sofia to keep to this path for the rest of the call (TFLAG_NAT).
            uri.push_str(";fs_nat=yes");
        }
        uri.push_str(";fs_path=");
        // As a Path header's value, since it becomes a Route header as it is. Without a user part mod_sofia
        // would not find the host in it, by which it tells who is behind NAT (switch_split_user_domain).
        let user = contact.user.as_deref().unwrap_or("phone");
        let mut path = format!("<sip:{user}@{via};lr");
        if let Some(transport) = transport {
            let _ = write!(path, ";transport={}", transport.as_str());
        }
        path.push('>');
        percent_encode(&path, &mut uri);
    }
    uri
}

/// As `switch_url_encode` does, but of everything that is not a letter, a digit or one of `-_.`.
fn percent_encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            into.push(char::from(byte));
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
