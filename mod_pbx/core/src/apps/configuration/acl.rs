//! `acl.conf`: the operator's lists, and ours: local networks, and those that gateways call from.

use super::keep;
use crate::gateways::ACL;
use crate::registry::View;
use crate::store::settings;
use crate::xml::Document;
use crate::xml::tree::Element;

/// The networks that reach the switch without NAT.
pub(super) const LOCAL_NETWORKS: &str = "pbx_local_networks";

pub(super) fn write(doc: &mut Document, view: &View<'_>, operators: &Element) {
    doc.start("network-lists");
    let gateways = view.snapshot.gateways.networks();
    let ours: &[&str] = if gateways.is_empty() {
        &[LOCAL_NETWORKS]
    } else {
        &[LOCAL_NETWORKS, ACL]
    };
    keep(doc, operators.child("network-lists"), "list", ours);
    doc.start("list")
        .attr("name", LOCAL_NETWORKS)
        .attr("default", "deny");
    for network in view
        .snapshot
        .settings
        .get(&settings::LOCAL_NETWORKS)
        .split_ascii_whitespace()
    {
        doc.start("node")
            .attr("type", "allow")
            .attr("cidr", &with_prefix(network))
            .end();
    }
    doc.end();
    if gateways.is_empty() {
        return;
    }
    // Whoever is in it may call: `auth-calls-acl-only` of the gateways' profile.
    doc.start("list").attr("name", ACL).attr("default", "deny");
    for network in gateways {
        let cidr = network.to_string();
        doc.start("node").attr("type", "allow").attr("cidr", &cidr).end();
    }
}

/// A lone address as a network: `switch_network_list_add_cidr` wants a prefix.
fn with_prefix(network: &str) -> String {
    match network {
        network if network.contains('/') => network.to_owned(),
        network if network.contains(':') => format!("{network}/128"),
        network => format!("{network}/32"),
    }
}
