//! `pbx did`: what is made, what is refused, and what lookups then know.

mod callers;
mod carriers;
mod typed;

use crate::support::Desk;

fn office() -> Desk {
    let desk = Desk::small();
    desk.ok("extension add 1002 --user bob --name Bob --line");
    desk.ok("extension add 1003 --user carol --name Carol --line --voicemail no");
    desk
}

/// What the switch is told of a call to this number by the carrier at 192.0.2.77.
fn comes(desk: &Desk, context: &str, number: &str, more: &str) -> String {
    desk.say(&format!(
        "lookup dialplan Hunt-Context={context} 'Hunt-Destination-Number={number}' Call-Direction=inbound \
         variable_sofia_profile_name=external variable_sip_acl_authed_by=pbx_gateways \
         Caller-Channel-Name=sofia/external/x variable_sip_network_ip=192.0.2.77 \
         Caller-Caller-ID-Number=+442071234567 'Caller-Caller-ID-Name=Eve ${{system(x)}}, Inc' {more}"
    ))
}

fn has(document: &str, all: &[&str]) {
    for text in all {
        assert!(document.contains(text), "{text} in {document}");
    }
}

fn carrier() -> Desk {
    let desk = office();
    desk.ok("gateway add carrier --proxy 192.0.2.77 --register no");
    desk
}
