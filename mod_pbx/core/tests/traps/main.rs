//! The traps that FreeSWITCH's source holds for whoever answers its lookups: a test each.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "../common/mod.rs"]
mod common;

mod calls;
mod digests;
mod hostile;
mod phones;
mod users;

use common::World;

/// Every reason that FreeSWITCH has to ask for one user, as parameters.
fn reasons() -> Vec<Vec<(&'static str, &'static str)>> {
    vec![
        vec![],
        vec![("action", "sip_auth"), ("sip_auth_method", "REGISTER")],
        vec![("action", "sip_auth"), ("sip_auth_method", "INVITE")],
        vec![("action", "user_call"), ("as_channel", "true")],
        vec![("action", "voicemail-lookup")],
        vec![("action", "message-count")],
        vec![("action", "web-vm")],
        vec![("action", "group_call")],
        vec![("action", "jsonrpc-authenticate")],
        vec![("action", "event_socket_auth")],
        vec![("action", "reverse-auth-lookup")],
        vec![("action", "skinny-auth")],
        vec![("action", "something-new")],
        vec![("number_alias", "check")],
        vec![("VM-Action", "change-password")],
        vec![
            ("Event-Calling-Function", "voicemail_inject"),
            ("purpose", "publish-vm"),
        ],
        vec![("Event-Calling-Function", "vm_fsdb_auth_login_function")],
        vec![("Event-Calling-Function", "user_data_function")],
    ]
}

/// The documents for a name, whatever the reason.
fn documents<'a>(world: &World, domain: &'a str, name: &'a str) -> Vec<String> {
    reasons()
        .into_iter()
        .map(|mut pairs: Vec<(&'a str, &'a str)>| {
            pairs.extend([
                ("key_value", domain),
                ("key", "id"),
                ("user", name),
                ("domain", domain),
            ]);
            world.document("directory", pairs)
        })
        .collect()
}

const NAMES: [&str; 10] = [
    "alice", "1001", "bob", "1002", "bob-desk", "1003", "1004", "dave", "1005", "nobody",
];

fn hex(bytes: &[u8; 16]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
