//! Networks in CIDR notation (RFC 4632, RFC 4291), as addresses are looked for in them. This is the only place that reads
//! them: what is taken when it is typed holds what it is taken for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A network; an address alone is one of a single host. Bits behind the prefix are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

/// It is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoNetwork;

impl Network {
    /// The network with this many bits of prefix that `address` is in; none: it has not so many bits. An IPv4
    /// address that came over an IPv6 socket (`::ffff:…`) is an IPv4 address.
    pub fn around(address: IpAddr, bits: u8) -> Option<Self> {
        let base = match address.to_canonical() {
            IpAddr::V4(v4) => {
                let mask = u32::MAX
                    .checked_shl(32_u32.checked_sub(bits.into())?)
                    .unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX
                    .checked_shl(128_u32.checked_sub(bits.into())?)
                    .unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
            }
        };
        Some(Self { base, bits })
    }

    /// Whether it is the network of this address. One of an IPv4 address is never one of IPv6's.
    pub fn holds(self, address: IpAddr) -> bool {
        Self::around(address, self.bits) == Some(self)
    }

    /// How many bits its prefix has.
    pub fn bits(self) -> u8 {
        self.bits
    }

    /// Whether its addresses are IPv4's.
    pub fn is_ipv4(self) -> bool {
        self.base.is_ipv4()
    }
}

/// Whether `text` is a network, or one address.
pub fn is_network(text: &str) -> bool {
    text.parse::<Network>().is_ok()
}

/// Whether the address is in one of these networks; what is none holds none.
pub fn one_holds<'n>(networks: impl Iterator<Item = &'n str>, address: IpAddr) -> bool {
    let mut networks = networks.filter_map(|text| text.parse::<Network>().ok());
    networks.any(|network| network.holds(address))
}

impl FromStr for Network {
    type Err = NoNetwork;
    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = bits.map_or(Ok(widest), str::parse).map_err(|_| NoNetwork)?;
        // `::ffff:192.0.2.0/120`, as people hardly ever write it.
        let mapped = if address.to_canonical().is_ipv4() {
            widest - 32
        } else {
            0
        };
        Self::around(address, bits.checked_sub(mapped).ok_or(NoNetwork)?).ok_or(NoNetwork)
    }
}

/// Always with its prefix, as `switch_network_list_add_cidr` wants it.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_one_spelling_and_holds_its_addresses() {
        for (text, spelled) in [
            ("192.0.2.7", "192.0.2.7/32"),
            ("192.0.2.7/24", "192.0.2.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), spelled, "{text}");
        }
        for bad in [
            "",
            "a",
            "192.0.2.0/33",
            "192.0.2.0/",
            "::/129",
            "::ffff:1.2.3.4/90",
            "1.2.3.4/-1",
        ] {
            assert_eq!(bad.parse::<Network>(), Err(NoNetwork), "{bad}");
        }
        let around = |text: &str, bits| Network::around(text.parse().unwrap(), bits);
        assert_eq!(around("::ffff:192.0.2.9", 24), "192.0.2.0/24".parse().ok());
        assert_eq!(around("192.0.2.9", 33), None);
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let holds = |network: &str, address: &str| one_holds([network].into_iter(), address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1") && holds("10.9.9.9/8", "10.255.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("10.1.2.3", "10.1.2.3") && !holds("10.1.2.3", "10.1.2.2"));
        assert!(holds("10.1.2.3/32", "::ffff:10.1.2.3") && holds("::ffff:10.0.0.0/104", "10.1.2.3"));
        assert!(holds("0.0.0.0/0", "1.2.3.4") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::"));
        assert!(!holds("::/0", "1.2.3.4") && holds("::/0", "::1"));
        for none in ["10.0.0.0/33", "x", "10.0.0.0/x", ""] {
            assert!(!holds(none, "10.0.0.0") && !is_network(none), "{none}");
        }
        assert!(one_holds(
            "10.0.0.0/8 192.0.2.0/24".split(' '),
            "192.0.2.9".parse().unwrap()
        ));
    }
}
