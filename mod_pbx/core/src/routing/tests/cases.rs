//! Cases that people know.

use uuid::Uuid;

use super::world::{World, berlin, caller_id, extension, gateway, noon, route};
use crate::caps::view::Used;
use crate::gateways::view::State;
use crate::routing::Decision;
use crate::routing::outside::{Block, Identity, Limits, Parts};
use crate::routing::plan::Plan;

#[test]
fn only_who_is_granted_a_route_calls_out_and_by_its_gateways_in_order() {
    let (alice, bob) = (extension("1001"), extension("1002"));
    let (a, b) = (gateway("a", None, true), gateway("b", Some("pbx.test"), true));
    let group = Uuid::new_v4();
    let mut narrow = route("berlin", "+4930*", &[&b], &[alice.channel]);
    narrow.priority = 10;
    (narrow.strip, narrow.prepend) = (3, "0".into());
    let parts = Parts {
        plan: berlin(),
        routes: vec![route("germany", "+49*", &[&a, &b], &[group]), narrow],
        members: [(bob.channel, vec![(group, "staff".parse().unwrap())])].into(),
        blocks: vec![Block {
            pattern: "+49800*".parse().unwrap(),
            note: "".into(),
        }],
        ..Parts::default()
    };
    let foreign = gateway("c", Some("other.test"), true);
    let mut world = World::new(&[alice, bob], vec![a.clone(), b.clone(), foreign], parts);
    assert_eq!(world.out("1001", "030123456"), ["b 030123456"]);
    assert_eq!(world.out("1001", "0891234567"), ["not-granted"]);
    assert_eq!(world.out("1002", "030123456"), ["a +4930123456", "b +4930123456"]);
    assert_eq!(world.out("1002", "0033123456789"), ["not-granted"]);
    assert_eq!(world.out("1002", "08001234567"), ["blocked"]);
    assert_eq!(world.out("1002", "0900123456"), ["premium"]);
    assert_eq!(
        world.out("1002", "+490900123456"),
        ["premium"],
        "however it is dialled"
    );
    for trick in [
        "1000,sofia/gateway/x/1900",
        "{x=y}0301",
        "${x}",
        "gw+a",
        "030123456;gw=a",
        "030 1",
    ] {
        assert_eq!(world.out("1002", trick), ["no-number"], "{trick}");
    }
    world.gateways.pretend(a.id, State::Down, 0);
    assert_eq!(
        world.out("1002", "030123456"),
        ["b +4930123456"],
        "who is down is left out"
    );
    world.gateways.pretend(b.id, State::Down, 0);
    assert_eq!(world.out("1002", "030123456"), ["no-gateway"]);
}

#[test]
fn a_call_for_help_goes_before_everything() {
    let alice = extension("1001");
    let (a, b) = (gateway("a", None, true), gateway("b", None, true));
    let mut help = route("help", "112 110", &[&a, &b], &[]);
    (help.emergency, help.caller_id) = (true, caller_id("+4930100"));
    let mut closed = route("all", "*", &[&b], &[alice.channel]);
    closed.enabled = false;
    let own = Identity {
        caller_id: caller_id("+49301001"),
        emergency: None,
    };
    let channel = alice.channel;
    let parts = Parts {
        plan: Plan {
            access_prefix: "9".to_owned(),
            ..berlin()
        },
        routes: vec![help, closed],
        extensions: [(channel, own)].into(),
        blocks: vec![Block {
            pattern: "*".parse().unwrap(),
            note: "".into(),
        }],
        limits: Limits {
            concurrent: Some(0),
            per_hour: Some(0),
            per_day: Some(0),
            class_per_day: [Some(0); 5],
        },
        ..Parts::default()
    };
    let mut world = World::new(&[alice], vec![a.clone(), b.clone()], parts);
    world.gateways.pretend(a.id, State::Down, 9);
    world.gateways.pretend(b.id, State::Up, 0);
    let Decision::Out(out) = world.ask("1001", "112") else {
        panic!()
    };
    assert!(out.is_emergency() && out.class.is_none());
    assert_eq!(
        world.out("1001", "112"),
        ["b 112", "a 112", "a 112 straight"],
        "one that is down comes last, and then again without asking mod_sofia"
    );
    assert_eq!(out.ways[0].caller_id, caller_id("+4930100"), "the route's own");
    assert_eq!(
        world.out("1001", "9112"),
        ["b 112", "a 112", "a 112 straight"],
        "behind the access prefix"
    );
    for not in ["1120", "91120", "9112110", "0112", "+112", "112 "] {
        assert!(matches!(world.ask("1001", not), Decision::Refused(_)), "{not}");
    }
    // The setting's numbers go by any gateway, where the domain says nothing of them.
    assert_eq!(world.out("1001", "911"), ["b 911", "a 911", "a 911 straight"]);
    world.snapshot.outside = Default::default();
    assert_eq!(world.out("1001", "112"), ["b 112", "a 112", "a 112 straight"]);
    assert_eq!(
        world.out("1001", "9112"),
        ["not-granted"],
        "no number plan, so no access prefix"
    );
}

#[test]
fn a_full_gateway_is_left_out_and_tried_last_for_help() {
    let alice = extension("1001");
    let (mut a, b) = (gateway("a", None, true), gateway("b", None, true));
    a.max_calls = 1;
    let mut help = route("help", "112", &[&a, &b], &[]);
    help.emergency = true;
    let parts = Parts {
        plan: berlin(),
        routes: vec![help, route("all", "*", &[&a, &b], &[alice.channel])],
        ..Parts::default()
    };
    let mut world = World::new(&[alice], vec![a.clone(), b.clone()], parts);
    world.gateways.pretend(b.id, State::Up, 0);
    assert_eq!(world.out("1001", "112"), ["a 112", "b 112"]);
    world.gateways.pretend(a.id, State::Up, 1);
    assert_eq!(world.out("1001", "030123456"), ["b +4930123456"]);
    assert_eq!(world.out("1001", "112"), ["b 112", "a 112"]);
}

#[test]
fn nobody_calls_more_than_the_caps_say() {
    let alice = extension("1001");
    let a = gateway("a", None, true);
    let channel = alice.channel;
    let limits = Limits {
        concurrent: Some(2),
        per_hour: Some(5),
        per_day: Some(10),
        class_per_day: [None, Some(3), None, None, Some(1)],
    };
    let parts = Parts {
        plan: berlin(),
        routes: vec![route("all", "*", &[&a], &[channel])],
        limits,
        own_limits: [(
            channel,
            Limits {
                per_hour: Some(6),
                ..Limits::default()
            },
        )]
        .into(),
        ..Parts::default()
    };
    let mut world = World::new(&[alice], vec![a], parts);
    let national = "0891234567";
    let mut with = |concurrent, hour, day, national_calls, premium, dialled: &str| {
        let used = Used {
            concurrent,
            hour,
            day,
            classes: [0, national_calls, 0, 0, premium],
        };
        world.caps.pretend(channel, noon(), used);
        world.out("1001", dialled).remove(0)
    };
    assert_eq!(with(1, 5, 9, 2, 0, national), "a +49891234567");
    assert_eq!(with(2, 0, 0, 0, 0, national), "cap-concurrent");
    assert_eq!(with(0, 6, 0, 0, 0, national), "cap-hour");
    assert_eq!(with(0, 0, 10, 0, 0, national), "cap-day");
    assert_eq!(with(0, 0, 0, 3, 0, national), "cap-class");
    assert_eq!(with(0, 0, 0, 3, 0, "030123456"), "a +4930123456", "a local one");
    assert_eq!(
        with(0, 0, 0, 0, 0, "0900123456"),
        "a +49900123456",
        "one a day is permitted"
    );
    assert_eq!(with(0, 0, 0, 0, 1, "0900123456"), "cap-class");
}

#[test]
fn the_line_is_called_as_before_its_extension_before_the_route_before_the_gateway() {
    let alice = extension("1001");
    let a = gateway("a", None, true);
    let channel = alice.channel;
    let identity = |number: &str| Identity {
        caller_id: caller_id(number),
        emergency: None,
    };
    let mut way = route("all", "*", &[&a], &[channel]);
    way.gateways[0].caller_id = caller_id("+4930004");
    let parts = |depth: u8| {
        let mut way = way.clone();
        way.caller_id = (depth < 4).then(|| caller_id("+4930003")).flatten();
        let mut parts = Parts {
            plan: berlin(),
            routes: vec![way],
            ..Parts::default()
        };
        if depth < 3 {
            parts.extensions.insert(channel, identity("+4930002"));
        }
        if depth < 2 {
            parts.lines.insert("alice".parse().unwrap(), identity("+4930001"));
        }
        parts
    };
    for depth in 1..=4 {
        let world = World::new(std::slice::from_ref(&alice), vec![a.clone()], parts(depth));
        let Decision::Out(out) = world.ask_as("1001", Some("alice"), "030123456") else {
            panic!()
        };
        assert_eq!(out.ways[0].caller_id, caller_id(&format!("+493000{depth}")));
    }
}
