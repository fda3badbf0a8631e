//! `acl.conf`: the operator's lists, and one of ours.

use super::keep;
use crate::registry::View;
use crate::store::settings;
use crate::xml::Document;
use crate::xml::tree::Element;

/// The networks that reach the switch without NAT.
pub(super) const LOCAL_NETWORKS: &str = "pbx_local_networks";

pub(super) fn write(doc: &mut Document, view: &View<'_>, operators: &Element) {
    doc.start("network-lists");
    keep(doc, operators.child("network-lists"), "list", LOCAL_NETWORKS);
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
}

/// A lone address as a network: `switch_network_list_add_cidr` wants a prefix.
fn with_prefix(network: &str) -> String {
    match network {
        network if network.contains('/') => network.to_owned(),
        network if network.contains(':') => format!("{network}/128"),
        network => format!("{network}/32"),
    }
}
