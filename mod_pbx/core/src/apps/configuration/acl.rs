//! `acl.conf`: the operator's lists, and ours: local networks, and those that gateways call from.

use super::keep;
use crate::gateways::ACL;
use crate::network::Network;
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
    let local = view.snapshot.settings.each(&settings::LOCAL_NETWORKS);
    for network in local.filter_map(|text| text.parse::<Network>().ok()) {
        allow(doc, network);
    }
    doc.end();
    if gateways.is_empty() {
        return;
    }
    // Whoever is in it may call: `auth-calls-acl-only` of the gateways' profile.
    doc.start("list").attr("name", ACL).attr("default", "deny");
    for network in gateways {
        allow(doc, network);
    }
}

fn allow(doc: &mut Document, network: Network) {
    let cidr = network.to_string();
    doc.start("node").attr("type", "allow").attr("cidr", &cidr).end();
}
