//! Reads what mod_sofia prints: `sofia xmlstatus …`.
//!
//! It looks like XML, but mod_sofia escapes only the Contact and the User-Agent (show_reg_callback_xml):
//! a phone that registers with the Call-ID `x</call-id></registration><registration>…` would write a
//! registration of somebody else's line into it. What no phone can write is the end of a line. So each
//! value is what stands on its own line between the tags that belong there, and a registration whose
//! lines are not exactly those is left out.

use std::net::{IpAddr, SocketAddr};

/// One registration as mod_sofia's database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The REGISTER's Call-ID.
    pub(super) call_id: String,
    /// The line's username.
    pub(super) user: String,
    /// The line's domain.
    pub(super) host: String,
    /// The Contact.
    pub(super) contact: String,
    /// What the phone calls itself.
    pub(super) user_agent: String,
    /// For how many seconds more mod_sofia keeps it, its margin for late refreshes included.
    pub(super) seconds: u64,
    /// Where the REGISTER came from.
    pub(super) source: Option<SocketAddr>,
}

/// The lines of one registration, in order.
const TAGS: [&str; 13] = [
    "call-id",
    "user",
    "contact",
    "agent",
    "status",
    "ping-status",
    "ping-time",
    "host",
    "network-ip",
    "network-port",
    "sip-auth-user",
    "sip-auth-realm",
    "mwi-account",
];

/// The registrations in `sofia xmlstatus profile <name> reg`; none: there is no such profile (yet).
pub(super) fn registrations(text: &str) -> Option<Vec<Row>> {
    let mut lines = text.lines();
    if !lines.any(|line| line == "<profile>") {
        return None;
    }
    let mut rows = Vec::new();
    while lines.any(|line| line == "    <registration>") {
        let mut ahead = lines.clone();
        if let Some(row) = row(&mut ahead) {
            rows.push(row);
            lines = ahead;
        }
    }
    Some(rows)
}

fn row<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Option<Row> {
    let mut values = [""; TAGS.len()];
    for (tag, value) in TAGS.iter().zip(&mut values) {
        let rest = lines.next()?.strip_prefix("        <")?;
        *value = rest
            .strip_prefix(tag)?
            .strip_prefix('>')?
            .strip_suffix('>')?
            .strip_suffix(tag)?
            .strip_suffix("</")?;
    }
    if lines.next()? != "    </registration>" {
        return None;
    }
    let [call_id, line, contact, agent, status, _, _, _, ip, port, ..] = values;
    let (user, host) = line.split_once('@')?;
    // "Registered(UDP)(unknown) exp(2026-11-21 20:00:00) expsecs(123)"; less than zero: not swept yet.
    let seconds: i64 = status
        .rsplit_once("expsecs(")?
        .1
        .strip_suffix(')')?
        .parse()
        .ok()?;
    let ip = ip.parse().ok();
    let port = port.parse().ok();
    Some(Row {
        call_id: call_id.to_owned(),
        user: user.to_owned(),
        host: host.to_owned(),
        contact: unescape(contact),
        user_agent: unescape(agent),
        seconds: seconds.max(0).unsigned_abs(),
        source: ip
            .zip(port)
            .map(|(ip, port): (IpAddr, u16)| SocketAddr::new(ip, port)),
    })
}

/// Undoes `switch_amp_encode`.
fn unescape(text: &str) -> String {
    let named = [("&quot;", "\""), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">")];
    let text = named
        .iter()
        .fold(text.to_owned(), |text, (name, sign)| text.replace(name, sign));
    text.replace("&amp;", "&")
}

/// The names of the running profiles in `sofia xmlstatus`.
pub(crate) fn profiles(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut lines = text.lines();
    while lines.any(|line| line == "<profile>") {
        let name = lines.clone().next().and_then(|line| between(line, "name"));
        // A profile is listed once for every kind of listener that it has.
        if let Some(name) = name.filter(|name| !names.iter().any(|known| known == name)) {
            names.push(name.to_owned());
        }
    }
    names
}

/// What a profile listens on, from `sofia xmlstatus profile <name>`: every `…url` in it, as
/// `sip:mod_sofia@<public address>:<port>;maddr=<real address>;transport=udp,tcp`.
pub(super) fn listeners(text: &str) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    for line in text.lines().filter(|line| line.contains("url>")) {
        let Some((_, address)) = line.split_once('@') else {
            continue;
        };
        let mut parts = address.split(['<', ';']);
        let Some((ip, port)) = parts.next().and_then(|hostport| hostport.rsplit_once(':')) else {
            continue;
        };
        let Ok(port) = port.parse() else { continue };
        let real = parts.filter_map(|part| part.strip_prefix("maddr="));
        let ips = real
            .chain([ip])
            .filter_map(|ip| ip.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        for socket in ips.map(|ip| SocketAddr::new(ip, port)) {
            if !found.contains(&socket) {
                found.push(socket);
            }
        }
    }
    found
}

fn between<'a>(line: &'a str, tag: &str) -> Option<&'a str> {
    let rest = line.strip_prefix('<')?.strip_prefix(tag)?.strip_prefix('>')?;
    rest.strip_suffix('>')?.strip_suffix(tag)?.strip_suffix("</")
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
