//! Gateways as lookups see them: found by name, by id, and by the address that a call comes from.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::load::{odd, parsed};
use super::log::uuid;
use super::rows::{self, CallerIdStyle, Transport};
use super::text::quote;
use crate::names::{DomainName, GatewayName, SipHost};
use crate::network::Network;
use crate::routing::countries;
use crate::routing::plan::Plan;
use crate::seal;

const ALL: &str = include_str!("../../../../sql/load_gateways.sql");

/// More networks than this of one gateway are a mistake.
const MOST_NETWORKS: usize = 32;

/// Wider networks than these prefixes have are whole countries: nobody's gateway calls from there.
const WIDEST: (u8, u8) = (8, 16);

/// A gateway, enabled or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Gateway {
    /// Its row's id.
    pub id: Uuid,
    /// The domain it belongs to; none: every domain may use it.
    pub domain: Option<DomainName>,
    /// What it is called, here and in mod_sofia.
    pub name: GatewayName,
    /// Where its calls go.
    pub proxy: SipHost,
    /// How.
    pub transport: Transport,
    /// The realm it challenges with; none: the proxy's name.
    pub realm: Option<DomainName>,
    /// The account there.
    pub username: Option<Box<str>>,
    /// The account's password, sealed; [`crate::gateways`] has it open.
    pub password: Option<Box<str>>,
    /// Whether the switch registers there.
    pub register: bool,
    /// The domain in From; none: the proxy's name.
    pub from_domain: Option<DomainName>,
    /// The networks its calls come from; none: no call comes from it.
    pub sources: Box<[Network]>,
    /// How many calls it carries at once, in and out; 0: no limit.
    pub max_calls: u32,
    /// Where it looks for who calls.
    pub caller_id_style: CallerIdStyle,
    /// Seconds between two OPTIONS; 0: none.
    pub ping_seconds: u32,
    /// Off: does not exist for the switch, and no call is its.
    pub enabled: bool,
    /// How it writes numbers of its own country; none: as its domain does.
    pub country: Option<Box<Plan>>,
}

impl Gateway {
    /// Whether calls of this domain may go out by it.
    pub fn serves(&self, domain: &DomainName) -> bool {
        self.domain.as_ref().is_none_or(|own| own == domain)
    }
}

/// All gateways.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gateways {
    /// By name, in order.
    all: Box<[Arc<Gateway>]>,
    ids: HashMap<Uuid, usize>,
    /// The enabled ones by the networks that their calls come from.
    sources: HashMap<Network, Vec<usize>>,
    /// The lengths of these networks' prefixes, longest first.
    widths: Box<[u8]>,
}

impl Gateways {
    /// These gateways.
    pub fn new(all: impl IntoIterator<Item = Gateway>) -> Self {
        let mut all: Vec<Arc<Gateway>> = all.into_iter().map(Arc::new).collect();
        all.sort_by(|one, two| one.name.cmp(&two.name));
        let ids = all
            .iter()
            .enumerate()
            .map(|(index, gateway)| (gateway.id, index))
            .collect();
        let mut sources: HashMap<Network, Vec<usize>> = HashMap::new();
        for (index, gateway) in all.iter().enumerate().filter(|(_, gateway)| gateway.enabled) {
            for network in &gateway.sources {
                sources.entry(*network).or_default().push(index);
            }
        }
        let mut widths: Vec<u8> = sources.keys().map(|network| network.bits()).collect();
        widths.sort_unstable_by(|one, two| two.cmp(one));
        widths.dedup();
        Self {
            all: all.into(),
            ids,
            sources,
            widths: widths.into(),
        }
    }

    /// The gateway called `name`, without regard to case.
    pub fn by_name(&self, name: &str) -> Option<&Arc<Gateway>> {
        let lower = name.to_ascii_lowercase();
        let found = self.all.binary_search_by(|one| one.name.as_str().cmp(&lower));
        found.ok().and_then(|index| self.all.get(index))
    }

    /// The gateway with this id.
    pub fn by_id(&self, id: Uuid) -> Option<&Arc<Gateway>> {
        self.all.get(*self.ids.get(&id)?)
    }

    /// The enabled gateways whose calls come from there, by name: of several networks that hold the address, the
    /// narrowest counts. Several accounts at one carrier share its addresses.
    pub fn by_source(&self, address: IpAddr) -> impl Iterator<Item = &Arc<Gateway>> {
        let narrowest = self
            .widths
            .iter()
            .find_map(|bits| self.sources.get(&Network::around(address, *bits)?));
        let indices = narrowest.map(Vec::as_slice).unwrap_or_default();
        indices.iter().filter_map(|index| self.all.get(*index))
    }

    /// Every gateway, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Gateway>> {
        self.all.iter()
    }

    /// Every gateway that exists for the switch, by name.
    pub fn enabled(&self) -> impl Iterator<Item = &Arc<Gateway>> {
        self.all.iter().filter(|gateway| gateway.enabled)
    }

    /// The networks that calls come from, in order.
    pub fn networks(&self) -> Vec<Network> {
        let mut all: Vec<Network> = self.sources.keys().copied().collect();
        all.sort_unstable();
        all
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// Reads them all.
pub(super) fn load(conn: &Connection) -> rusqlite::Result<Gateways> {
    let all = conn
        .prepare_cached(ALL)?
        .query_map([], gateway)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(Gateways::new(all))
}

fn gateway(row: &Row<'_>) -> rusqlite::Result<Gateway> {
    let name: GatewayName = parsed(row, 2)?;
    let of = |what: &str| odd(format!("gateway {name}: bad {what}"));
    let optional = |index: usize| -> rusqlite::Result<Option<DomainName>> {
        match row.get_ref(index)? {
            ValueRef::Null => Ok(None),
            _ => parsed(row, index).map(Some),
        }
    };
    let sources: Option<String> = row.get(10)?;
    let sources = sources.unwrap_or_default();
    let sources = sources.split_ascii_whitespace().map(str::parse);
    let transport = match row.get_ref(4)?.as_str()? {
        "tcp" => Transport::Tcp,
        "tls" => Transport::Tls,
        _ => Transport::Udp,
    };
    let caller_id_style = match row.get_ref(12)?.as_str()? {
        "from" => CallerIdStyle::From,
        "rpid" => CallerIdStyle::Rpid,
        _ => CallerIdStyle::Pai,
    };
    Ok(Gateway {
        id: uuid(row, 0)?,
        domain: optional(1)?,
        proxy: parsed(row, 3)?,
        transport,
        realm: optional(5)?,
        username: row.get(6)?,
        password: row.get(7)?,
        register: row.get(8)?,
        from_domain: optional(9)?,
        sources: sources.collect::<Result<_, _>>().map_err(|_| of("source_acl"))?,
        max_calls: row.get(11)?,
        caller_id_style,
        ping_seconds: row.get(13)?,
        enabled: row.get(14)?,
        country: row
            .get::<_, Option<String>>(15)?
            .map(|code| Box::new(countries::plan(&code))),
        name,
    })
}

/// What a row must be like by itself, and the one spelling of its networks.
pub(super) fn check(gateway: &mut rows::Gateway) -> Result<(), String> {
    let name = &gateway.name;
    if let Some(username) = &gateway.username
        && !is_account(username)
    {
        return Err(format!(
            "{} is not a username at a carrier: use up to 64 letters, digits and . _ + = ~ ! * -",
            quote(username)
        ));
    }
    if gateway
        .password
        .as_deref()
        .is_some_and(|text| !seal::is_sealed(text))
    {
        // The value is not repeated.
        return Err(format!("the password of gateway {name} is stored sealed only"));
    }
    if gateway.password.is_some() && gateway.username.is_none() {
        return Err(format!(
            "gateway {name} has a password, but no username that it belongs to"
        ));
    }
    if gateway.register && gateway.password.is_none() {
        return Err(format!(
            "gateway {name} cannot register without a username and a password: give both, or do not have it register"
        ));
    }
    if gateway.max_calls > 10_000 {
        return Err(format!(
            "max-calls takes 0 (no limit) to 10000, not {}",
            gateway.max_calls
        ));
    }
    if gateway.ping_seconds != 0 && !(5..=3600).contains(&gateway.ping_seconds) {
        return Err(format!(
            "ping-seconds takes 5 to 3600, or 0 for never, not {}",
            gateway.ping_seconds
        ));
    }
    if let Some(code) = &gateway.country_code {
        let good = (1..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit());
        if !good || code.starts_with('0') {
            return Err(format!(
                "country-code is up to 3 digits without zeros before them, such as 49, not {}",
                quote(code)
            ));
        }
    }
    if let Some(acl) = &gateway.source_acl {
        gateway.source_acl = Some(networks(acl)?);
    }
    Ok(())
}

/// What goes into `<sip:…@carrier>` as it is.
fn is_account(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+=~!*-".contains(&b);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

fn networks(acl: &str) -> Result<String, String> {
    let words: Vec<&str> = acl.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    if words.is_empty() || words.len() > MOST_NETWORKS {
        return Err(format!(
            "source-acl takes 1 to {MOST_NETWORKS} networks, not {}: leave it off if no call comes from the gateway",
            words.len()
        ));
    }
    for word in &words {
        let Ok(network) = word.parse::<Network>() else {
            return Err(format!(
                "source-acl takes networks such as 198.51.100.0/24, not {}: a name is not taken, since whoever \
                 answers for it would say who may call",
                quote(word)
            ));
        };
        let widest = if network.is_ipv4() { WIDEST.0 } else { WIDEST.1 };
        if network.bits() < widest {
            return Err(format!(
                "source-acl takes networks of /{} and narrower (IPv6: /{}), not {word}: whoever is in one may call",
                WIDEST.0, WIDEST.1
            ));
        }
    }
    Ok(words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(name: &str, sources: &[&str], enabled: bool) -> Gateway {
        Gateway {
            id: Uuid::now_v7(),
            domain: None,
            name: name.parse().unwrap(),
            proxy: "sip.example.com".parse().unwrap(),
            transport: Transport::Udp,
            realm: None,
            username: None,
            password: None,
            register: false,
            from_domain: None,
            sources: sources.iter().map(|text| text.parse().unwrap()).collect(),
            max_calls: 0,
            caller_id_style: CallerIdStyle::Pai,
            ping_seconds: 0,
            enabled,
            country: None,
        }
    }

    #[test]
    fn a_gateway_is_found_by_name_id_and_the_narrowest_network() {
        let all = Gateways::new([
            gateway("wide", &["198.51.0.0/16", "2001:db8::/32"], true),
            gateway("second", &["198.51.100.0/24"], true),
            gateway("first", &["198.51.100.0/24", "203.0.113.9"], true),
            gateway("off", &["203.0.113.0/24"], false),
        ]);
        let from = |address: &str| -> Vec<&str> {
            let found = all.by_source(address.parse().unwrap());
            found.map(|gateway| gateway.name.as_str()).collect()
        };
        assert_eq!(from("198.51.100.7"), ["first", "second"]);
        assert_eq!(from("::ffff:198.51.100.7"), ["first", "second"]);
        assert_eq!(from("198.51.7.7"), ["wide"]);
        assert_eq!(from("2001:db8::7"), ["wide"]);
        assert_eq!(from("203.0.113.9"), ["first"]);
        // One that is switched off recognises nobody.
        assert!(from("203.0.113.8").is_empty());
        assert!(from("::1").is_empty() && from("198.52.0.1").is_empty());
        let first = all.by_name("FIRST").unwrap();
        assert_eq!(all.by_id(first.id).unwrap().name.as_str(), "first");
        assert!(all.by_name("nobody").is_none() && all.by_id(Uuid::nil()).is_none());
        assert_eq!((all.len(), all.enabled().count()), (4, 3));
        let networks: Vec<String> = all.networks().iter().map(ToString::to_string).collect();
        assert_eq!(
            networks,
            [
                "198.51.0.0/16",
                "198.51.100.0/24",
                "203.0.113.9/32",
                "2001:db8::/32"
            ]
        );
    }
}
