//! `pbx forward`, `pbx dnd` and feature codes, and where calls then go.

mod codes;
mod hops;
mod typed;
mod ways;

use crate::support::Desk;

/// 1001 to 1005 with a phone each that is on; 1006 has none, nor a mailbox.
fn office() -> Desk {
    let desk = Desk::new();
    desk.ok("domain add pbx.test");
    for (user, number) in [
        ("alice", "1001"),
        ("bob", "1002"),
        ("carol", "1003"),
        ("dave", "1004"),
        ("eve", "1005"),
    ] {
        desk.ok(&format!(
            "extension add {number} --user {user} --name {user} --line {user}"
        ));
        desk.registers(user, &format!("<sip:{user}@192.0.2.7:5062>"), "192.0.2.7");
    }
    desk.ok("extension add 1006 --user alice --voicemail no");
    desk
}

/// What happens to a call by alice, with these further parameters.
fn call(desk: &Desk, number: &str, further: &str) -> String {
    desk.say(&format!(
        "lookup dialplan Hunt-Context=pbx.test 'Hunt-Destination-Number={number}' \
         variable_pbx_identity=alice@pbx.test {further}"
    ))
}

/// The same after the phones of `number` did not take it.
fn after(desk: &Desk, number: &str, cause: &str) -> String {
    desk.say(&format!(
        "lookup dialplan Hunt-Context=pbx_unanswered Hunt-Destination-Number={number} \
         variable_pbx_identity=alice@pbx.test variable_originate_disposition={cause} variable_pbx_hops=1"
    ))
}

#[track_caller]
fn rings(document: &str, username: &str) {
    let leg = format!("pbx_identity={username}@pbx.test");
    assert!(document.contains(&leg), "{username}: {document}");
    assert_eq!(document.matches("pbx_identity=").count(), 1, "{document}");
}

#[track_caller]
fn has(document: &str, parts: &[&str]) {
    for part in parts {
        assert!(document.contains(part), "{part}: {document}");
    }
}
