//! `sofia.conf`: the operator's profiles, and `internal`, which is the lines'.
//!
//! mod_sofia asks for it at load (no parameters), when a profile starts (`profile`, twice: settings, then
//! gateways), at a rescan (`reconfig`) and for one gateway (`gateway`). It reads the profile it wants out
//! of whatever it is given (`config_sofia`, `launch_sofia_worker_thread`), so the answer is the same.

use super::{acl, keep};
use crate::apps::dialplan::LINES_CONTEXT;
use crate::registry::View;
use crate::store::settings;
use crate::xml::tree::Element;
use crate::xml::{Document, Value};

/// The lines' profile.
const PROFILE: &str = "internal";

pub(super) fn write(doc: &mut Document, view: &View<'_>, operators: &Element) {
    match operators.child("global_settings") {
        Some(global) => doc.element(global),
        None => doc.start("global_settings").end(),
    };
    doc.start("profiles");
    keep(doc, operators.child("profiles"), "profile", PROFILE);
    doc.start("profile").attr("name", PROFILE).start("settings");
    let mut settings = Settings { doc, view };
    settings.addresses();
    settings.security();
    settings.realm();
    settings.registrations();
    settings.media();
}

struct Settings<'d, 'v> {
    doc: &'d mut Document,
    view: &'d View<'v>,
}

impl Settings<'_, '_> {
    fn param<V: Value + ?Sized>(&mut self, name: &'static str, value: &V) {
        self.doc.pair("param", name, value);
    }

    /// `sip-ip` goes before what is compared with it (`apply-nat-acl`).
    fn addresses(&mut self) {
        let settings = &self.view.snapshot.settings;
        let address = settings.get(&settings::SIP_ADDRESS);
        self.param("sip-ip", address);
        self.param("rtp-ip", address);
        self.param("sip-port", &settings.number(&settings::SIP_PORT));
        if let Some(external) = settings.address(&settings::EXTERNAL_ADDRESS) {
            let external = external.to_string();
            self.param("ext-sip-ip", &external);
            self.param("ext-rtp-ip", &external);
        }
        if self.view.config.serves("acl.conf") {
            self.param("local-network-acl", acl::LOCAL_NETWORKS);
        }
        self.param("apply-nat-acl", "nat.auto");
        let tls = settings.flag(&settings::SIP_TLS);
        self.param("tls", &tls);
        if tls {
            self.param("tls-sip-port", &settings.number(&settings::SIP_TLS_PORT));
            self.param("tls-version", "tlsv1.2,tlsv1.3");
            let directory = settings.get(&settings::SIP_TLS_DIRECTORY);
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

    /// No `enable-3pcc`: an offer that comes late escapes what is demanded of media.
    fn media(&mut self) {
        self.param("codec-prefs", "OPUS,G722,PCMU,PCMA");
        self.param("inbound-codec-negotiation", "generous");
        self.param("inbound-late-negotiation", &true);
        self.param("rtp-timer-name", "soft");
        self.param("dtmf-type", "rfc2833");
    }
}
