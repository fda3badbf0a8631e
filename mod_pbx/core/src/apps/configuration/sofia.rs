//! `sofia.conf`: the operator's profiles, `internal`, which is the lines', and `external`, which is the gateways'.
//!
//! mod_sofia asks for it at load (no parameters), when a profile starts (`profile`, twice: settings, then
//! gateways), at a rescan (`reconfig`) and for one gateway (`gateway`). It reads the profile it wants out
//! of whatever it is given (`config_sofia`, `launch_sofia_worker_thread`), so the answer is the same.

use super::{acl, external, keep};
use crate::apps::dialplan::LINES_CONTEXT;
use crate::gateways;
use crate::registry::View;
use crate::store::settings::{self, Definition};
use crate::xml::tree::Element;
use crate::xml::{Document, Value};

/// The lines' profile.
pub(crate) const PROFILE: &str = "internal";

pub(super) fn write(doc: &mut Document, view: &View<'_>, operators: &Element) {
    match operators.child("global_settings") {
        Some(global) => doc.element(global),
        None => doc.start("global_settings").end(),
    };
    doc.start("profiles");
    let ours: &[&str] = if external::exists(view) {
        &[PROFILE, gateways::PROFILE]
    } else {
        &[PROFILE]
    };
    keep(doc, operators.child("profiles"), "profile", ours);
    doc.start("profile").attr("name", PROFILE).start("settings");
    let mut settings = Settings { doc, view };
    let values = &view.snapshot.settings;
    let address = values.get(&settings::SIP_ADDRESS);
    addresses(&mut settings, address, values.number(&settings::SIP_PORT));
    // Who is behind NAT is known by what is compared with `sip-ip`, which goes before.
    settings.param("apply-nat-acl", "nat.auto");
    settings.tls(&settings::SIP_TLS, &settings::SIP_TLS_PORT);
    settings.security();
    settings.realm();
    settings.registrations();
    media(&mut settings);
    doc.end().end();
    if external::exists(view) {
        external::write(doc, view);
    }
}

/// The settings of a profile, as they are written.
pub(super) struct Settings<'d, 'v> {
    pub(super) doc: &'d mut Document,
    pub(super) view: &'d View<'v>,
}

/// Where a profile listens, and what address others see.
pub(super) fn addresses(settings: &mut Settings<'_, '_>, address: &str, port: u64) {
    settings.param("sip-ip", address);
    settings.param("rtp-ip", address);
    settings.param("sip-port", &port);
    let values = &settings.view.snapshot.settings;
    if let Some(external) = values.address(&settings::EXTERNAL_ADDRESS) {
        let external = external.to_string();
        settings.param("ext-sip-ip", &external);
        settings.param("ext-rtp-ip", &external);
    }
    if settings.view.config.serves("acl.conf") {
        settings.param("local-network-acl", acl::LOCAL_NETWORKS);
    }
}

/// No `enable-3pcc`: an offer that comes late escapes what is demanded of media.
pub(super) fn media(settings: &mut Settings<'_, '_>) {
    settings.param("codec-prefs", "OPUS,G722,PCMU,PCMA");
    settings.param("inbound-codec-negotiation", "generous");
    settings.param("inbound-late-negotiation", &true);
    settings.param("rtp-timer-name", "soft");
    settings.param("dtmf-type", "rfc2833");
}

impl Settings<'_, '_> {
    pub(super) fn param<V: Value + ?Sized>(&mut self, name: &'static str, value: &V) {
        self.doc.pair("param", name, value);
    }

    /// TLS, if it is on.
    pub(super) fn tls(&mut self, on: &'static Definition, port: &'static Definition) {
        let values = &self.view.snapshot.settings;
        let tls = values.flag(on);
        self.param("tls", &tls);
        if tls {
            self.param("tls-sip-port", &values.number(port));
            self.param("tls-version", "tlsv1.2,tlsv1.3");
            let directory = values.get(&settings::SIP_TLS_DIRECTORY);
            if !directory.is_empty() {
                self.param("tls-cert-dir", directory);
            }
        }
    }

    /// Who is not known is asked for a digest, whatever they want. No `apply-inbound-acl`: with
    /// `auth-calls` a match would be let in without one.
    fn security(&mut self) {
        self.param("context", LINES_CONTEXT);
        self.param("dialplan", "XML");
        self.param("user-agent-string", "FreeSWITCH");
        for name in [
            "auth-calls",
            "auth-messages",
            "auth-subscriptions",
            "inbound-reg-force-matching-username",
            "log-auth-failures",
            // A phone that forwards (302) gets the number routed for the caller, not a call to its own
            // idea of a host.
            "manual-redirect",
            // Who transfers to a call that is not here would have its own idea of a host called (`apps/transfers`).
            "channel-xml-fetch-on-nightmare-transfer",
        ] {
            self.param(name, &true);
        }
        for name in ["accept-blind-reg", "accept-blind-auth", "full-id-in-dialplan"] {
            self.param(name, &false);
        }
        self.param("nonce-ttl", &60);
    }

    /// With one domain the realm is fixed, so that phones may be pointed at an address; with several it
    /// follows the To host. The empty values undo the others at a rescan.
    fn realm(&mut self) {
        let mut domains = self.view.snapshot.domains.keys();
        let only = match (domains.next(), domains.next()) {
            (Some(domain), None) => Some(domain.as_str()),
            _ => None,
        };
        self.param("challenge-realm", only.unwrap_or("auto_to"));
        self.param("force-register-domain", only.unwrap_or_default());
        self.param("force-register-db-domain", only.unwrap_or_default());
    }

    fn registrations(&mut self) {
        let seconds = self
            .view
            .snapshot
            .settings
            .number(&settings::REGISTRATION_SECONDS);
        self.param("multiple-registrations", "contact");
        self.param("sip-force-expires-min", &60);
        self.param("sip-force-expires-max", &seconds);
        // A phone whose connection closed is not there any more.
        self.param("tcp-unreg-on-socket-close", &true);
        // Keeps the NAT open in front of a phone behind one, and notices when the phone is gone.
        self.param("nat-options-ping", &true);
        let lamps = self.view.snapshot.settings.flag(&settings::SIP_LAMPS);
        self.param("manage-presence", &lamps);
        // With it comes PUBLISH from anybody: what they write does not stay.
        self.param("force-publish-expires", &60);
    }
}
