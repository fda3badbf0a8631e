//! Attended transfers to calls that are not here, as mod_sofia asks about them: what it may dial instead, and whose call is
//! ended before it dials.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use common::World;
use pbx_core::reply::Reply;
use pbx_core::request::Request;

const LEG: &str = "6d3c4d2c-1111-4a52-9d8e-0d2b2f2f1a01";

/// What the switch asks for this Refer-To (`sofia_handle_sip_i_refer`), and what it is told.
fn asked(world: &World, parameters: &str, headers: &str, is_live: bool) -> String {
    let params = [
        ("purpose", "nightmare_xfer"),
        ("profile", "internal"),
        ("refer-to-user", "1900"),
        ("refer-to-host", "192.0.2.9"),
        ("refer-to-params", parameters),
        ("refer-to-headers", headers),
        ("replaces-call-id", "nothing"),
        ("refer-from-channel-id", LEG),
        ("refer-for-channel-id", "6d3c4d2c-2222-4a52-9d8e-0d2b2f2f1a01"),
    ];
    let params: Vec<(String, String)> = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let rq = Request {
        section: "channels",
        tag_name: "",
        key_name: "",
        key_value: "",
        params: &params,
    };
    let reply = if is_live {
        world.look_live(|view| world.registries.answer(&rq, view))
    } else {
        world.look(|view| world.registries.answer(&rq, view))
    };
    match reply {
        Reply::Document(text) => text,
        Reply::NotOurs | Reply::Text(_) => panic!("no document"),
    }
}

fn hung_up(world: &World) -> Vec<String> {
    std::mem::take(&mut *world.host.hung_up.lock().unwrap())
}

#[test]
fn a_transfer_to_a_call_that_is_not_here_dials_nothing() {
    let world = World::named("two");
    let answer = asked(&world, "", "Replaces=nothing%40here%3Bto-tag%3Da", true);
    assert!(
        answer.contains("value=\"error/\"") && answer.contains("value=\"CALL_REJECTED\""),
        "{answer}"
    );
    assert!(
        !answer.contains("1900") && !answer.contains("192.0.2.9"),
        "{answer}"
    );
    assert!(hung_up(&world).is_empty(), "who errs speaks on");
}

#[test]
fn who_writes_a_dial_string_into_it_is_hung_up() {
    let world = World::named("two");
    for (parameters, headers) in [
        ("a}sofia/gateway/external::x/1900,b", "Replaces=nothing"),
        ("a:_:sofia/gateway/external::x/1900:_:b", "Replaces=nothing"),
        ("", "Replaces=nothing&a=b}loopback/1900"),
        ("", "Replaces=nothing%0d%0aX-Evil:1"),
    ] {
        let answer = asked(&world, parameters, headers, true);
        assert_eq!(hung_up(&world), [LEG], "{parameters} {headers}");
        assert!(!answer.contains("1900"), "{answer}");
        // Who only looks ends nobody's call: `pbx lookup`.
        asked(&world, parameters, headers, false);
        assert!(hung_up(&world).is_empty());
    }
}
