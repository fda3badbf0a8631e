//! What `pbx status` says of the SIP ports: TLS without a certificate, phones behind NAT, a firewall that does not follow.

use std::net::IpAddr;
use std::path::Path;

use crate::commands::desk::Desk;
use crate::network;
use crate::presence::contact::{Contact, Host as ContactHost};
use crate::presence::view::{Registration, View};
use crate::store::settings::{self, Settings};

/// What needs attention.
pub(super) fn warnings(desk: &Desk<'_>) -> Vec<String> {
    let snapshot = desk.pbx.store().snapshot();
    let settings = &snapshot.settings;
    let host = desk.pbx.host();
    let variable = |name: &str| host.variable(name).unwrap_or_default();
    let mut all: Vec<String> = desk.pbx.bans().firewall_trouble().into_iter().collect();
    // Refused when it is set; an older program, or another, may have left it so.
    all.extend(settings.port_clash());
    if settings.flag(&settings::SIP_TLS) {
        let set = settings.get(&settings::SIP_TLS_DIRECTORY);
        let folder = if set.is_empty() {
            variable("certs_dir")
        } else {
            set.to_owned()
        };
        all.extend(certificate(Path::new(&folder)));
    }
    let own = settings
        .address(&settings::SIP_ADDRESS)
        .or_else(|| variable("local_ip_v4").parse().ok());
    all.extend(nat(&desk.pbx.presence().view(), settings, own));
    all
}

/// Why the switch finds no certificate and key in `folder` (`agent.pem`, tport_tls's one file for both).
fn certificate(folder: &Path) -> Option<String> {
    let file = folder.join("agent.pem");
    let lacks = match std::fs::read_to_string(&file) {
        Err(error) => format!("{} cannot be read ({error})", file.display()),
        Ok(text) if !text.contains("-----BEGIN CERTIFICATE-----") => {
            format!("there is no certificate in {}", file.display())
        }
        Ok(text) if !text.contains("PRIVATE KEY-----") => {
            format!("there is no private key in {}", file.display())
        }
        Ok(_) => return None,
    };
    Some(format!(
        "sip-tls is on, but {lacks}: put the certificate and its key into that file, then \
         sofia profile internal restart; phones that use TLS cannot register"
    ))
}

/// Phones that are behind NAT as seen from a switch that may be behind one itself.
fn nat(view: &View, settings: &Settings, own: Option<IpAddr>) -> Option<String> {
    if settings.address(&settings::EXTERNAL_ADDRESS).is_some() || own.is_some_and(is_global) {
        return None;
    }
    let is_local = |address| network::one_holds(settings.each(&settings::LOCAL_NETWORKS), address);
    let mut phones = view
        .each_registration()
        .filter_map(|(domain, username, registration)| {
            let (says, source) = claimed(registration)?;
            (says != source && !is_local(source))
                .then(|| format!("{username}@{domain} (says {says}, comes from {source})"))
        });
    let first = phones.next()?;
    let further = match phones.count() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    Some(format!(
        "behind NAT: {first}{further}. If the switch is behind one too, they hear nothing until \
         pbx setting set external-address ADDRESS; if their network is one of yours, \
         pbx setting set local-networks NETWORKS"
    ))
}

/// The address in a registration's Contact, and the one it came from.
fn claimed(registration: &Registration) -> Option<(IpAddr, IpAddr)> {
    let source = registration.source?.ip().to_canonical();
    match Contact::parse(&registration.contact).ok()?.host {
        ContactHost::Ip(says) => Some((says, source)),
        ContactHost::Name(_) => None,
    }
}

/// Whether the whole internet reaches an address as it is (RFC 1918, 6598, 4193, 3927, 4291).
fn is_global(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || shared)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inside_address_is_told_from_one_of_the_internet() {
        for (address, expected) in [
            ("192.168.1.5", false),
            ("10.0.0.1", false),
            ("100.64.0.1", false),
            ("100.128.0.1", true),
            ("127.0.0.1", false),
            ("203.0.113.5", true),
            ("::ffff:10.0.0.1", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("2001:db8::1", true),
        ] {
            assert_eq!(is_global(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_file_without_both_certificate_and_key_is_no_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let says = |text: &str| {
            std::fs::write(folder.path().join("agent.pem"), text).unwrap();
            certificate(folder.path()).unwrap_or_default()
        };
        assert!(says("").contains("no certificate"));
        let own = "-----BEGIN CERTIFICATE-----\n";
        assert!(says(own).contains("no private key"));
        assert_eq!(says(&format!("{own}-----BEGIN EC PRIVATE KEY-----\n")), "");
        assert!(
            certificate(Path::new("/nowhere"))
                .unwrap()
                .contains("/nowhere/agent.pem")
        );
    }
}
