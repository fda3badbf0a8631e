//! Which gateway a call came in by.

use std::net::IpAddr;
use std::sync::Arc;

use super::{ACL, PROFILE};
use crate::registry::View;
use crate::request::Request;
use crate::store::gateways::Gateway;

/// The gateway that a call came in by, known by its sofia profile and the address that the INVITE came from; none: by no
/// gateway.
///
/// Context, Request-URI (`gw+X`, `;gw=X`) and headers are the caller's choice, on the lines' profile as well, and prove
/// nothing. mod_sofia writes the profile's name, the address and the ACL that let the call in where no SIP message
/// and no login reaches (`sofia_handle_sip_i_invite`); a call that the switch made itself, or a browser, has none of
/// them. Where several gateways share an address, as several accounts at one carrier do, what the Request-URI
/// names picks one of these.
pub fn of_call<'a>(rq: &Request<'_>, view: &View<'a>) -> Option<&'a Arc<Gateway>> {
    let is = |name: &str, text: &str| rq.param(name).is_some_and(|value| value == text);
    let came_in = is("Call-Direction", "inbound")
        && is("variable_sofia_profile_name", PROFILE)
        && is("variable_sip_acl_authed_by", ACL)
        && rq
            .param("Caller-Channel-Name")
            .is_some_and(|name| name.strip_prefix("sofia/external/").is_some());
    if !came_in {
        return None;
    }
    let address: IpAddr = rq.param("variable_sip_network_ip")?.parse().ok()?;
    let mut all = view.snapshot.gateways.by_source(address);
    let first = all.next()?;
    let named = rq.param("variable_sip_gateway").unwrap_or_default();
    if first.name.as_str() == named {
        return Some(first);
    }
    Some(
        all.find(|gateway| gateway.name.as_str() == named)
            .unwrap_or(first),
    )
}
