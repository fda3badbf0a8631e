//! Which digests a line's credential is given out for.

use std::net::IpAddr;

use crate::request::Request;
use crate::store::settings;
use crate::store::snapshot::{Domain, Line};

/// Whether the request may be checked against this line's credential. If not, the line does not exist,
/// which the other side cannot tell from a wrong password (`sofia_reg_parse_auth`: 403 for both).
///
/// The realm is the client's to choose; it must be the domain. With one domain the profile forces the
/// domain, and phones may be pointed at an address; with several, whom the request is from must agree
/// too, and the one who registers must spell name and domain as we do, for mod_sofia looks them up with
/// regard to case (`sofia_reg_find_reg_url`).
pub(super) fn admits(rq: &Request<'_>, domain: &Domain, line: &Line, several: bool) -> bool {
    let name = domain.name.as_str();
    let is = |field: &str, text: &str| rq.param(field).is_some_and(|value| value == text);
    let like = |field: &str, text: &str| {
        rq.param(field)
            .is_some_and(|value| value.eq_ignore_ascii_case(text))
    };
    if !like("sip_auth_realm", name) {
        return false;
    }
    if like("sip_auth_method", "REGISTER") {
        if !is("sip_to_user", line.username.as_str()) {
            return false;
        }
        if several && !(is("sip_to_host", name) && like("sip_from_host", name)) {
            return false;
        }
    } else if several && !(like("sip_from_host", name) || like("sip_from_host", "anonymous.invalid")) {
        // RFC 3323: a caller who withholds their name is From anonymous.invalid.
        return false;
    }
    line.source_acl
        .as_deref()
        .is_none_or(|networks| comes_from(rq, networks))
}

/// Whether the request comes from one of these networks. `ip` is set by `switch_xml_locate_user` itself.
///
/// We check it here instead of in an `auth-acl`: `switch_check_network_list_ip` compares an IPv4 address
/// with the first bytes of an IPv6 network, and `::/0` would let every IPv4 address in.
fn comes_from(rq: &Request<'_>, networks: &str) -> bool {
    let Some(address) = rq.param("ip").and_then(|ip| ip.parse::<IpAddr>().ok()) else {
        return false;
    };
    networks
        .split_ascii_whitespace()
        .any(|network| settings::network_holds(network, address))
}
