//! How often a call is sent on.

use super::{call, has, office};

/// Whatever a channel brings along, each answer sends it on with a higher number, or not at all.
#[test]
fn a_call_is_sent_on_so_often_and_no_more() {
    let desk = office();
    let hops = |before: &str| {
        let document = call(&desk, "1002", &format!("'variable_pbx_hops={before}'"));
        let (_, rest) = document.split_once("pbx_hops=")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok()
    };
    for before in 0..16_u64 {
        assert_eq!(hops(&before.to_string()), Some(before + 1));
    }
    for before in [
        "16",
        "17",
        "255",
        "256",
        "-1",
        "-100",
        "99999999999",
        "x",
        "",
        "0x0",
        "1.0",
        " 0",
        "${x}",
    ] {
        let document = call(&desk, "1002", &format!("'variable_pbx_hops={before}'"));
        has(&document, &["482"]);
        assert!(
            !document.contains("application=\"bridge\""),
            "{before:?}: {document}"
        );
    }
    // Every way out carries it: forwarded at once, after ringing, to codes.
    desk.ok("forward 1002 always 1003");
    has(
        &call(&desk, "1002", "variable_pbx_hops=14"),
        &["pbx_hops=16:", ",pbx_hops=16,"],
    );
    has(&call(&desk, "1002", "variable_pbx_hops=15"), &["482"]);
    has(&call(&desk, "*43", "variable_pbx_hops=15"), &["pbx_hops=16:"]);
    has(&call(&desk, "*43", "variable_pbx_hops=17"), &["482"]);
}
