//! The profile `external` in `sofia.conf`: the gateways', which is there when there is a gateway.
//!
//! Who is in no gateway's network gets 403, without a challenge and without a dialplan lookup: `auth-calls` with
//! `auth-calls-acl-only`. The other way to say so, `auth-calls=false`, would let everybody in while a `rescan` has
//! emptied the list of ACLs.

use super::sofia::{Settings, addresses, media};
use crate::gateways::{ACL, PROFILE, PROFILE_CONTEXT, context};
use crate::registry::View;
use crate::store::gateways::Gateway;
use crate::store::rows::CallerIdStyle;
use crate::store::settings;
use crate::xml::Document;

/// Whether the profile is served: a port is not opened for nothing.
pub(super) fn exists(view: &View<'_>) -> bool {
    view.snapshot.gateways.enabled().next().is_some()
}

pub(super) fn write(doc: &mut Document, view: &View<'_>) {
    doc.start("profile").attr("name", PROFILE).start("settings");
    let mut settings = Settings { doc, view };
    let values = &view.snapshot.settings;
    let address = match values.get(&settings::GATEWAY_ADDRESS) {
        "auto" => values.get(&settings::SIP_ADDRESS),
        address => address,
    };
    addresses(&mut settings, address, values.number(&settings::GATEWAY_PORT));
    settings.tls(&settings::GATEWAY_TLS, &settings::GATEWAY_TLS_PORT);
    security(&mut settings);
    // A gateway that does not answer is given up after this many milliseconds instead of 32 seconds (RFC 3261, 17.1.1.2),
    // and the next one tried.
    settings.param("timer-T1X64", &10_000);
    media(&mut settings);
    doc.end().start("gateways");
    for gateway in view.snapshot.gateways.enabled() {
        one(doc, view, gateway);
    }
    doc.end().end();
}

fn security(settings: &mut Settings<'_, '_>) {
    settings.param("context", PROFILE_CONTEXT);
    settings.param("dialplan", "XML");
    settings.param("user-agent-string", "FreeSWITCH");
    settings.param("auth-calls", &true);
    settings.param("apply-inbound-acl", ACL);
    settings.param("auth-calls-acl-only", &true);
    for name in [
        "disable-register",
        // A carrier's REFER or redirect would have us call whom it names, and pay.
        "disable-transfer",
        "manual-redirect",
        "auth-messages",
        "auth-subscriptions",
        "log-auth-failures",
    ] {
        settings.param(name, &true);
    }
    for name in [
        "accept-blind-reg",
        "accept-blind-auth",
        "full-id-in-dialplan",
        "manage-presence",
        "enable-chat",
    ] {
        settings.param(name, &false);
    }
}

/// One that registers is left out while its password is not open: mod_sofia would log an error.
fn one(doc: &mut Document, view: &View<'_>, gateway: &Gateway) {
    let password = view.gateways.password(gateway);
    if gateway.register && password.is_none() {
        return;
    }
    doc.start("gateway").attr("name", &gateway.name);
    doc.pair("param", "proxy", &gateway.proxy)
        .pair("param", "register", &gateway.register)
        .pair("param", "register-transport", gateway.transport.as_str())
        .pair("param", "context", &context(gateway));
    let of_the_proxy = gateway.proxy.as_str();
    let realm = gateway
        .realm
        .as_ref()
        .map_or(of_the_proxy, |realm| realm.as_str());
    doc.pair("param", "realm", realm);
    if let Some(username) = gateway.username.as_deref() {
        doc.pair("param", "username", username);
    }
    if let Some(password) = password {
        doc.pair("param", "password", password);
    }
    if let Some(domain) = &gateway.from_domain {
        doc.pair("param", "from-domain", domain);
    }
    let in_from = gateway.caller_id_style == CallerIdStyle::From;
    doc.pair("param", "caller-id-in-from", &in_from)
        // A carrier that calls our Contact as it is says in To whom it calls (`sofia_handle_sip_i_invite`).
        .pair("param", "extension", "auto");
    if gateway.ping_seconds > 0 {
        doc.pair("param", "ping", &u64::from(gateway.ping_seconds));
    }
    doc.end();
}
