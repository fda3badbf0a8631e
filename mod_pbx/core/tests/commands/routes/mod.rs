//! Calls out: `pbx plan`, `group`, `caller-id`, `route`, `block`, `cap`, and `pbx explain`.

mod checks;
mod explain;
mod help;
mod nouns;

use crate::support::Desk;

/// Two extensions and a gateway; 1001 may call Germany.
fn desk() -> Desk {
    let desk = Desk::small();
    desk.ok("extension add 1002 --user alice");
    desk.ok("gateway add carrier --proxy sip.example.com --source-acl 198.51.100.0/24");
    desk.ok("gateway add spare --proxy sip.example.net --source-acl 203.0.113.0/24");
    desk.ok("plan set --country-code 49 --area-code 30");
    desk.ok("group add staff --member 1001");
    desk.ok("caller-id add +4930100 --name 'Example Ltd'");
    desk.ok("route add germany --pattern +49* --gateway carrier --gateway spare --group staff --caller-id +4930100");
    desk
}
