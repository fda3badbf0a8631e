//! The Contact a phone registered, taken apart into parts that are known to be harmless.
//!
//! mod_sofia keeps a Contact as `"display name" <sip:user@host:port;parameters>`, unescaped, with
//! `;fs_nat=yes;fs_path=…` of its own added (sofia_reg_handle_register_token), and so dials whatever a
//! phone wrote there. We dial only what this module can say in its own words; anything else is refused,
//! and the registration is shown with the reason.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest Contact that is looked at; mod_sofia's own buffer (`contact_str`) holds 1023 bytes.
const LONGEST: usize = 1024;

/// Why no call goes to a Contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not `"name" <uri>` or `uri` (RFC 3261, 20.10), or longer than mod_sofia keeps.
    #[error("the Contact is not a SIP address")]
    Malformed,
    /// `tel:`, `http:`, …
    #[error("the Contact is not a sip: or sips: address")]
    Scheme,
    /// A user part with a character that could mean something in a dial string.
    #[error("the Contact's user part has characters that are not dialled")]
    User,
    /// Neither an IP address nor a host name, or a port that is none.
    #[error("the Contact's host or port is not one")]
    Host,
    /// A parameter that redirects the call or could mean something in a dial string.
    #[error("the Contact has a parameter that is not dialled")]
    Parameter,
    /// The Contact, or where it was registered from, is this switch: the call would come back as its own.
    #[error("the Contact names this switch itself")]
    Own,
    /// It is not known where the registration came from.
    #[error("the registration has no source address")]
    Source,
    /// The name of the SIP profile could mean something in a dial string.
    #[error("the SIP profile's name is not dialled")]
    Profile,
}

/// How SIP travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A TCP connection.
    Tcp,
    /// TLS.
    Tls,
    /// A websocket.
    Ws,
    /// A websocket over TLS.
    Wss,
}

impl Transport {
    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];
        all.into_iter().find(|t| t.as_str().eq_ignore_ascii_case(text))
    }

    /// As the `transport` parameter spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// Whether a registration lives on one connection, and dies with it.
    pub fn is_stream(self) -> bool {
        self != Self::Udp
    }
}

/// The host of a SIP address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// An IP address.
    Ip(IpAddr),
    /// A host name, lower case. Never resolved: browsers register `….invalid` (RFC 7118, 5).
    Name(Box<str>),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A SIP address, every part of which can be written into a dial string as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// `sips:` rather than `sip:`.
    pub secure: bool,
    /// The user part, with its escapes as they came.
    pub user: Option<Box<str>>,
    /// The host.
    pub host: Host,
    /// The port, unless it is the scheme's own.
    pub port: Option<u16>,
    /// The `transport` parameter.
    pub claimed: Option<Transport>,
    /// All other parameters that a phone may want back in a Request-URI, as `;name=value;name`.
    pub parameters: Box<str>,
    /// What mod_sofia added as `fs_path`: the address that the registration came from, or a Path (RFC 3327).
    /// A phone can write one as well, so it is only compared with what is known otherwise.
    pub path: Option<Box<Contact>>,
}

impl Contact {
    /// Takes apart what `sofia::register` and `sofia xmlstatus` call the contact.
    ///
    /// # Errors
    /// Why it cannot be dialled.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > LONGEST || text.bytes().any(|b| b.is_ascii_control()) {
            return Err(Refusal::Malformed);
        }
        parse_uri(inside(text.trim_matches(' ')).ok_or(Refusal::Malformed)?, true)
    }

    /// Whether two Contacts are the same phone: user, host and port agree, whatever the parameters say.
    pub fn is_same_phone(&self, other: &Self) -> bool {
        (&self.user, &self.host, self.port()) == (&other.user, &other.host, other.port())
    }

    /// What the registration came over; none: not said, so UDP. For `transport=ws` over TLS mod_sofia
    /// corrects only the path to `wss`.
    pub fn transport(&self) -> Option<Transport> {
        let corrected = self.path.as_ref().and_then(|path| path.claimed);
        let secure = self.secure.then_some(Transport::Tls);
        match self.claimed {
            Some(Transport::Ws) if corrected == Some(Transport::Wss) => corrected,
            claimed => claimed.or(secure),
        }
    }

    /// The port, or the scheme's own.
    pub fn port(&self) -> u16 {
        let tls = matches!(self.transport(), Some(Transport::Tls | Transport::Wss));
        self.port.unwrap_or(if tls { 5061 } else { 5060 })
    }
}

/// The URI in `"name" <uri>`, `name <uri>`, `<uri>` or `uri`.
fn inside(text: &str) -> Option<&str> {
    let rest = match text.strip_prefix('"') {
        Some(quoted) => quoted[closing_quote(quoted)? + 1..].trim_start_matches(' '),
        None => text,
    };
    match rest.split_once('<') {
        // What follows the '>' (header parameters such as `expires`) mod_sofia does not keep.
        Some((_, after)) => after.strip_suffix('>'),
        None if rest.len() == text.len() => Some(rest),
        None => None,
    }
}

/// Where a quoted-string ends (RFC 3261, 25.1: a backslash takes the next character along).
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    })
}

fn parse_uri(text: &str, outer: bool) -> Result<Contact, Refusal> {
    let (scheme, rest) = text.split_once(':').ok_or(Refusal::Malformed)?;
    let secure = match scheme {
        _ if scheme.eq_ignore_ascii_case("sip") => false,
        _ if scheme.eq_ignore_ascii_case("sips") => true,
        _ => return Err(Refusal::Scheme),
    };
    let (user, rest) = match rest.split_once('@') {
        // mod_sofia prints a Contact without a user part as "(null)@host".
        Some(("(null)", rest)) => (None, rest),
        Some((user, rest)) => (Some(parse_user(user)?), rest),
        None => (None, rest),
    };
    let (hostport, parameters) = rest.split_once(';').unwrap_or((rest, ""));
    let (host, port) = parse_hostport(hostport)?;
    let mut contact = Contact {
        secure,
        user,
        host,
        port,
        claimed: None,
        parameters: Box::default(),
        path: None,
    };
    let mut kept = String::new();
    for parameter in parameters.split(';').filter(|p| !p.is_empty()) {
        parse_parameter(parameter, outer, &mut contact, &mut kept)?;
    }
    contact.parameters = kept.into_boxed_str();
    Ok(contact)
}

fn parse_user(text: &str) -> Result<Box<str>, Refusal> {
    // mod_sofia looks for "port=" (of `transport=`) and "fs_path" anywhere in the address.
    let folded = text.to_ascii_lowercase();
    let good = !text.is_empty() && is_plain(text, b"-_.!~*+=&") && !folded.contains("port=");
    if good && !folded.contains("fs_") {
        Ok(text.into())
    } else {
        Err(Refusal::User)
    }
}

fn parse_hostport(text: &str) -> Result<(Host, Option<u16>), Refusal> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (ip, port) = rest.split_once(']').ok_or(Refusal::Host)?;
            let ip: Ipv6Addr = ip.parse().map_err(|_| Refusal::Host)?;
            (Host::Ip(IpAddr::V6(ip).to_canonical()), port)
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            (parse_host(&text[..end])?, &text[end..])
        }
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(
            digits
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or(Refusal::Host)?,
        ),
        _ => return Err(Refusal::Host),
    };
    Ok((host, port))
}

fn parse_host(text: &str) -> Result<Host, Refusal> {
    if let Ok(ip) = text.parse::<Ipv4Addr>() {
        return Ok(Host::Ip(ip.into()));
    }
    let label = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    // The last label of a host name starts with a letter (RFC 3261, 25.1): 10.1 and 0x7f000001 are not names.
    let last = text.rsplit('.').next().unwrap_or_default();
    let good = text.len() <= 253
        && text.split('.').all(label)
        && last.starts_with(|c: char| c.is_ascii_alphabetic());
    if good {
        Ok(Host::Name(text.to_ascii_lowercase().into_boxed_str()))
    } else {
        Err(Refusal::Host)
    }
}

fn parse_parameter(text: &str, outer: bool, into: &mut Contact, kept: &mut String) -> Result<(), Refusal> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let folded = name.to_ascii_lowercase();
    match (folded.as_str(), value) {
        ("fs_path", Some(encoded)) if outer && into.path.is_none() => {
            into.path = Some(Box::new(parse_path(encoded)?));
            Ok(())
        }
        // A second one: the phone wrote one itself, and mod_sofia would follow the first.
        ("fs_path", _) => Err(Refusal::Parameter),
        ("transport", Some(value)) if into.claimed.is_none() => {
            into.claimed = Some(Transport::parse(value).ok_or(Refusal::Parameter)?);
            Ok(())
        }
        // `maddr` sends the call somewhere else than the host says (RFC 3261, 19.1.1).
        ("transport" | "maddr", _) => Err(Refusal::Parameter),
        // mod_sofia's own, and what would steer its stack rather than the phone.
        ("received" | "ttl" | "comp" | "lr", _) => Ok(()),
        (own, _) if own.starts_with("fs_") => Ok(()),
        // mod_sofia takes the first "port=" in the address for the end of `transport=`.
        (port, Some(_)) if port.ends_with("port") => Ok(()),
        _ => {
            let plain = |text: &str| !text.is_empty() && is_plain(text, b"-_.!~*+:&");
            if !plain(name) || !value.is_none_or(plain) {
                return Err(Refusal::Parameter);
            }
            kept.push(';');
            kept.push_str(text);
            Ok(())
        }
    }
}

/// An `fs_path`: `switch_url_encode` of a SIP address, or of a Path header's `<address>`.
fn parse_path(encoded: &str) -> Result<Contact, Refusal> {
    let decoded = decode(encoded).ok_or(Refusal::Parameter)?;
    let uri = decoded.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    parse_uri(uri.unwrap_or(&decoded), false).map_err(|_| Refusal::Parameter)
}

/// Undoes percent-encoding; none if it is broken or hides a control character.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else {
            return None;
        };
        bytes.push(hex(*high)? << 4 | hex(*low)?);
        rest = after;
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.bytes().any(|b| b.is_ascii_control())).then_some(text)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Letters, digits, `marks`, and escapes of anything but control characters; and never `:_:`, which
/// switch_ivr_originate takes for the end of one dial string and the start of another.
fn is_plain(text: &str, marks: &[u8]) -> bool {
    let literal = |b: u8| b.is_ascii_alphanumeric() || marks.contains(&b) || b == b'%';
    text.bytes().all(literal) && decode(text).is_some() && !text.contains(":_:")
}

#[cfg(test)]
#[path = "contact_tests.rs"]
pub(super) mod tests;
