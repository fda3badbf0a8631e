//! Which digests a line's credential is given out for.

use std::net::IpAddr;

use crate::gateways;
use crate::network;
use crate::registry::View;
use crate::request::Request;
use crate::secret;
use crate::store::snapshot::{Domain, Line};

/// What a digest is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digest {
    /// To register. No channel comes of it.
    Register,
    /// To call, subscribe, send a message, …
    Other,
    /// To call for help, from where the line may not call otherwise.
    Help,
}

/// What the request may have this line's credential for; none: the line does not exist, which the other
/// side cannot tell from a wrong password (`sofia_reg_parse_auth`: 403 for both).
///
/// The realm is the client's to choose; it must be the domain. With one domain the profile forces the
/// domain, and phones may be pointed at an address; with several, whom the request is from must agree
/// too, and the one who registers must spell name and domain as we do, for mod_sofia looks them up with
/// regard to case (`sofia_reg_find_reg_url`). A field that mod_sofia did not send says nothing against it.
///
/// Who registers with the Contact of another line's phone, from elsewhere, would have mod_sofia delete that
/// phone's registration without a word (`multiple-registrations=contact`), and is not let in. Phones behind two NATs may
/// have the same address within, and more of the Contact we are not told: who has the right password is not banned for
/// it, nor for a line that is registered as often as it may be, which mod_sofia refuses in the same words before it looks
/// at the digest (`sofia_reg_parse_auth`).
///
/// Of a call for help (`for_help`) nothing but the realm has to agree, and it may come from anywhere: what a phone says of
/// itself keeps nobody from being helped.
pub(super) fn admits(
    rq: &Request<'_>,
    view: &View<'_>,
    domain: &Domain,
    line: &Line,
    for_help: impl Fn() -> bool,
) -> Option<Digest> {
    let several = view.snapshot.domains.len() > 1;
    let name = domain.name.as_str();
    let is = |field: &str, text: &str| rq.param(field).is_none_or(|value| value == text);
    let like = |field: &str, text: &str| {
        rq.param(field)
            .is_none_or(|value| value.eq_ignore_ascii_case(text))
    };
    let method = rq.param("sip_auth_method");
    let register = method.as_deref() == Some("REGISTER");
    let agrees = match (register, several) {
        (true, false) => is("sip_to_user", line.username.as_str()),
        (true, true) => {
            is("sip_to_user", line.username.as_str())
                && is("sip_to_host", name)
                && like("sip_from_host", name)
        }
        (false, false) => true,
        // What phones of another domain do is nobody's business.
        (false, true) if method.as_deref() == Some("SUBSCRIBE") => {
            like("sip_from_host", name) && like("sip_to_host", name)
        }
        // RFC 3323: a caller who withholds their name is From anonymous.invalid.
        (false, true) => like("sip_from_host", name) || like("sip_from_host", "anonymous.invalid"),
    };
    // No line is known where gateways are: nobody tries passwords there.
    let at_home = || {
        register
            || rq
                .param("sip_profile")
                .is_none_or(|profile| profile != gateways::PROFILE)
    };
    let trusted = agrees
        && is_for_one_use(rq)
        && line
            .source_acl
            .as_deref()
            .is_none_or(|networks| comes_from(rq, networks));
    let welcome = like("sip_auth_realm", name) && at_home() && (trusted || for_help());
    if !(welcome && register) {
        let digest = if trusted { Digest::Other } else { Digest::Help };
        return welcome.then_some(digest);
    }
    let anothers = names_another_phone(rq, view, domain, line);
    if (anothers || is_full(rq, view, domain, line)) && is_right(rq, line) {
        view.bans.excuse(rq, name, line.username.as_str());
    }
    (!anothers).then_some(Digest::Register)
}

/// Whether as many other phones are registered as may be.
fn is_full(rq: &Request<'_>, view: &View<'_>, domain: &Domain, line: &Line) -> bool {
    let most = usize::from(line.max_registrations);
    let seen = view.presence.line(domain.name.as_str(), line.username.as_str());
    let Some(seen) = seen.filter(|seen| seen.registrations.len() >= most) else {
        return false;
    };
    let call = rq.param("sip_call_id");
    let others = seen.registrations.iter();
    others
        .filter(|other| call.as_deref() != Some(&*other.call_id))
        .count()
        >= most
}

/// Whether the digest is right, as `sofia_reg_parse_auth` computes it.
pub(super) fn is_right(rq: &Request<'_>, line: &Line) -> bool {
    let field = |name| rq.param(name).unwrap_or_default();
    let (method, uri) = (field("sip_auth_method"), field("sip_auth_uri"));
    let counted = ["sip_auth_nc", "sip_auth_cnonce", "sip_auth_qop"].map(|name| rq.param(name));
    let counted = match &counted {
        [Some(nc), Some(cnonce), Some(qop)] => Some([&**nc, &**cnonce, &**qop]),
        _ => None,
    };
    let right = secret::response(&line.a1, (&method, &uri), &field("sip_auth_nonce"), counted);
    secret::hex(&right).eq_ignore_ascii_case(&field("sip_auth_response"))
}

/// Whether the digest counts its uses (RFC 2617, 3.2.2), as the challenge asks for. Without, mod_sofia takes
/// the same digest again from anybody, with any count that they write beside it (`sofia_reg_parse_auth`).
fn is_for_one_use(rq: &Request<'_>) -> bool {
    rq.param("sip_auth_response").is_none()
        || ["sip_auth_qop", "sip_auth_cnonce", "sip_auth_nc"]
            .into_iter()
            .all(|field| rq.param(field).is_some_and(|value| !value.is_empty()))
}

/// Whether the Contact is where another line's phone is, and the request comes from another host.
fn names_another_phone(rq: &Request<'_>, view: &View<'_>, domain: &Domain, line: &Line) -> bool {
    let ip = |text: &str| {
        text.trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .ok()
            .map(|ip| ip.to_canonical())
    };
    let contact = rq.param("sip_contact_host").and_then(|host| ip(&host));
    let source = rq.param("ip").and_then(|text| ip(&text));
    let Some(contact) = contact.filter(|contact| source != Some(*contact)) else {
        return false;
    };
    let user = rq.param("sip_contact_user").unwrap_or_default();
    let (domain, username) = (domain.name.as_str(), line.username.as_str());
    view.presence.is_anothers(&user, contact, domain, username)
}

/// Whether the request comes from one of these networks. `ip` is set by `switch_xml_locate_user` itself.
///
/// We check it here instead of in an `auth-acl`: `switch_check_network_list_ip` compares an IPv4 address
/// with the first bytes of an IPv6 network, and `::/0` would let every IPv4 address in.
fn comes_from(rq: &Request<'_>, networks: &str) -> bool {
    let Some(address) = rq.param("ip").and_then(|ip| ip.parse::<IpAddr>().ok()) else {
        return false;
    };
    network::one_holds(networks.split_ascii_whitespace(), address)
}
