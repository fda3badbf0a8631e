//! `verto.conf`: the operator's profiles, and `pbx`, which browsers reach through the sidecar's proxy.

use super::{keep, media_address};
use crate::clients::view::{PROFILE, REALM};
use crate::registry::View;
use crate::store::settings;
use crate::xml::Document;
use crate::xml::tree::Element;

/// What browsers may speak, the best first. Opus stands what the Internet does to a call, and is every browser's first
/// choice; mod_verto takes the order of who offers. The others are those of phones and carriers (`codec-prefs` of
/// [`super::sofia`]), and every browser has the two of G.711 (RFC 7874, 3): a client without opus is understood, and
/// somebody who speaks one of them already and is transferred to a browser is not recoded into a narrower one.
const CODECS: &str = "opus,G722,PCMU,PCMA";

pub(super) fn write(doc: &mut Document, view: &View<'_>, operators: &Element) {
    match operators.child("settings") {
        Some(settings) => doc.element(settings),
        None => doc.start("settings").end(),
    };
    doc.start("profiles");
    keep(doc, operators.child("profiles"), "profile", &[PROFILE]);
    doc.start("profile").attr("name", PROFILE);
    let values = &view.snapshot.settings;
    doc.pair("param", "bind-local", &binding(view))
        // Whatever domain a client names, it is looked up in the realm of browser clients.
        .pair("param", "force-register-domain", REALM)
        .pair("param", "userauth", &true)
        .pair("param", "blind-reg", &false)
        .pair("param", "context", REALM)
        .pair("param", "dialplan", "XML")
        .pair("param", "rtp-ip", &media_address(view));
    if let Some(folder) = view.host.variable("certs_dir") {
        // We listen in the clear, behind a proxy, but without a certificate `verto_init_ssl` logs an error.
        // This one the core makes at its start (switch_msrp.c).
        doc.pair("param", "secure-combined", &format!("{folder}/wss.pem"));
    }
    if let Some(external) = values.address(&settings::EXTERNAL_ADDRESS) {
        doc.pair("param", "ext-rtp-ip", &external.to_string());
    }
    if view.config.serves("acl.conf") {
        doc.pair("param", "local-network", super::acl::LOCAL_NETWORKS);
    }
    doc.pair("param", "inbound-codec-string", CODECS)
        .pair("param", "outbound-codec-string", CODECS);
    // Without these four a client on the same network is refused (`switch_core_media`'s ICE check).
    for list in ["localnet.auto", "wan_v4.auto", "rfc1918.auto", "any_v4.auto"] {
        doc.pair("param", "apply-candidate-acl", list);
    }
    doc.pair("param", "timer-name", "soft");
}

/// Address and port; `parse_ip` wants brackets around IPv6.
fn binding(view: &View<'_>) -> String {
    let values = &view.snapshot.settings;
    let port = values.number(&settings::VERTO_PORT);
    match values.address(&settings::VERTO_ADDRESS) {
        Some(std::net::IpAddr::V6(address)) => format!("[{address}]:{port}"),
        Some(std::net::IpAddr::V4(address)) => format!("{address}:{port}"),
        None => format!("{}:{port}", media_address(view)),
    }
}
