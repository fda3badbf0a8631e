//! Who rings for a number that is called from outside.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::sync::Arc;

use common::{World, domain, extension};
use jiff::Timestamp;
use pbx_core::dids::{
    Destination, Did, Dids, End, Inbound, Member, Outside, Rare, Rung, Strategy, Turn, after, decide,
};
use pbx_core::follow::Hops;
use pbx_core::forward::{Forwards, When};
use pbx_core::schedules::{Override, Schedule};
use pbx_core::store::snapshot::Extension;
use uuid::Uuid;

const PHONES: &[(&str, &str, &str)] = &[
    ("alice@pbx.test", "<sip:alice@192.0.2.11:5060>", "192.0.2.11:5060"),
    ("bob@pbx.test", "<sip:bob@192.0.2.12:5060>", "192.0.2.12:5060"),
    ("carol@pbx.test", "<sip:carol@192.0.2.13:5060>", "192.0.2.13:5060"),
];

fn with(number: &str, line: &str, forwards: &[(When, &str)], dnd: bool) -> Extension {
    let mut own = Forwards {
        dnd,
        ..Forwards::default()
    };
    for (when, target) in forwards {
        own.forward(*when, Some(target.parse().unwrap()));
    }
    Extension {
        forwards: own.boxed(),
        ..extension("pbx.test", number, line, &[line])
    }
}

/// Alice, Bob and Carol have a phone each, Dave has none.
fn world(change: impl FnOnce(&mut Vec<Extension>), dids: impl IntoIterator<Item = Did>) -> World {
    let mut all = vec![
        with("1001", "alice", &[], false),
        with("1002", "bob", &[], false),
        with("1003", "carol", &[], false),
        with("1004", "dave", &[], false),
    ];
    change(&mut all);
    let mut world = World::new([domain("pbx.test", all)]).with_phones(PHONES);
    world.snapshot.dids = Arc::new(dids.into_iter().collect::<Dids>());
    world
}

fn did(number: &str, members: &[&str], then: Destination) -> Did {
    Did {
        id: Uuid::now_v7(),
        number: number.parse().unwrap(),
        is_prefix: false,
        strategy: Strategy::All,
        ring_seconds: None,
        domain: Arc::new("pbx.test".parse().unwrap()),
        members: members
            .iter()
            .map(|number| match number.split_once('/') {
                None => Member::Extension(number.parse().unwrap()),
                Some((number, payer)) => Member::Outside(Box::new(Outside {
                    number: number.parse().unwrap(),
                    payer: payer.parse().unwrap(),
                })),
            })
            .collect(),
        then,
        rare: None,
        turn: Turn::default(),
    }
}

fn said(end: &End<'_>) -> String {
    match end {
        End::Unknown => "unknown".to_owned(),
        End::HangUp => "hangup".to_owned(),
        End::Loops => "loops".to_owned(),
        End::Voicemail(extension) => format!("voicemail {}", extension.number),
        End::Announcement(name) => format!("announcement {name}"),
        End::Rings(ringing) => {
            let each: Vec<String> = ringing
                .rings
                .iter()
                .map(|rung| match rung {
                    Rung::Phones(ring) => format!("{}/{}", ring.extension.number, ring.seconds()),
                    Rung::Outside(away) => format!("{}@{}/{}", away.number, away.payer.number, away.seconds),
                })
                .collect();
            each.join(if ringing.in_turn { " then " } else { " and " })
        }
    }
}

fn call(world: &World, called: &str) -> String {
    world.look(|view| {
        let inbound = Inbound {
            called,
            caller: "+442071234567",
            domain: None,
            gateway: None,
            plan: None,
        };
        said(&decide(view, inbound, Timestamp::now(), Hops::NONE).end)
    })
}

#[test]
fn a_number_is_found_however_the_carrier_writes_it_and_nobodys_is_nobodys() {
    let world = world(
        |_| {},
        [did("4930123456", &["1001", "1002"], Destination::HangUp)],
    );
    for called in ["+4930123456", "004930123456", "4930123456"] {
        assert_eq!(call(&world, called), "1001/25 and 1002/25", "{called}");
    }
    for called in [
        "",
        "+",
        "+493012345",
        "+49301234567",
        "030123456",
        "4930123456;x",
        "1001",
        "${x}",
    ] {
        assert_eq!(call(&world, called), "unknown", "{called}");
    }
    // A gateway of another domain does not reach it.
    world.look(|view| {
        let inbound = |domain| Inbound {
            called: "4930123456",
            caller: "",
            domain: Some(domain),
            gateway: None,
            plan: None,
        };
        let end = |domain| said(&decide(view, inbound(domain), Timestamp::now(), Hops::NONE).end);
        assert_eq!(
            (end("other.test").as_str(), end("pbx.test").as_str()),
            ("unknown", "1001/25 and 1002/25")
        );
    });
}

#[test]
fn one_member_is_called_as_if_dialled_and_several_are_asked_apart() {
    let all = |dids: Vec<Did>| {
        world(
            |all| {
                all[0] = with("1001", "alice", &[(When::Always, "1003")], false);
                all[1] = with("1002", "bob", &[(When::Busy, "1003")], true);
                all[3] = with("1004", "dave", &[(When::Offline, "1003")], false);
            },
            dids,
        )
    };
    let world = all(vec![
        did("4901", &["1001"], Destination::HangUp),
        did("4902", &["1002"], Destination::HangUp),
        did("4904", &["1004"], Destination::HangUp),
        did("4905", &["1001", "1002", "1004"], Destination::HangUp),
        did(
            "4906",
            &["1002", "1004"],
            Destination::Voicemail("1001".parse().unwrap()),
        ),
        did("4907", &["1001", "1003"], Destination::HangUp),
        did("4908", &["1009"], Destination::Voicemail("1002".parse().unwrap())),
    ]);
    // Always, do not disturb as busy, offline: as if dialled.
    assert_eq!(call(&world, "4901"), "1003/25");
    assert_eq!(call(&world, "4902"), "1003/25");
    assert_eq!(call(&world, "4904"), "1003/25");
    // Of several: Alice's forward counts, Bob is not disturbed, and Dave's is for calls to himself.
    assert_eq!(call(&world, "4905"), "1003/25");
    assert_eq!(call(&world, "4906"), "voicemail 1001");
    assert_eq!(call(&world, "4907"), "1003/25", "nobody rings twice");
    assert_eq!(
        call(&world, "4908"),
        "voicemail 1002",
        "who is switched off does not ring"
    );
}

#[test]
fn members_ring_at_once_in_order_or_in_turn() {
    let members = ["1001", "1002", "1003"];
    let made = |number: &str, strategy| Did {
        strategy,
        ring_seconds: Some(10),
        ..did(number, &members, Destination::HangUp)
    };
    let world = world(
        |_| {},
        [
            made("4901", Strategy::All),
            made("4902", Strategy::Order),
            made("4903", Strategy::RoundRobin),
        ],
    );
    assert_eq!(call(&world, "4901"), "1001/10 and 1002/10 and 1003/10");
    assert_eq!(call(&world, "4902"), "1001/10 then 1002/10 then 1003/10");
    // Who only looks takes nobody's turn.
    assert_eq!(call(&world, "4903"), "1001/10 then 1002/10 then 1003/10");
    assert_eq!(call(&world, "4903"), "1001/10 then 1002/10 then 1003/10");
    let live = |world: &World| {
        world.look_live(|view| {
            let inbound = Inbound {
                called: "4903",
                caller: "",
                domain: None,
                gateway: None,
                plan: None,
            };
            said(&decide(view, inbound, Timestamp::now(), Hops::NONE).end)
        })
    };
    assert_eq!(live(&world), "1001/10 then 1002/10 then 1003/10");
    assert_eq!(live(&world), "1002/10 then 1003/10 then 1001/10");
    assert_eq!(live(&world), "1003/10 then 1001/10 then 1002/10");
    assert_eq!(live(&world), "1001/10 then 1002/10 then 1003/10");
}

#[test]
fn outside_its_hours_a_call_goes_elsewhere_and_chains_end() {
    let schedule = |forced| Schedule {
        id: Uuid::now_v7(),
        domain: "pbx.test".parse().unwrap(),
        name: "day".parse().unwrap(),
        zone: pbx_core::schedules::zone("UTC").unwrap(),
        hours: "never".parse().unwrap(),
        holidays: Default::default(),
        forced,
        code: None,
        keys: Box::default(),
    };
    let (day, night) = (schedule(Override::Open), schedule(Override::Off));
    let reception = did(
        "4900",
        &["1002"],
        Destination::Announcement("busy".parse().unwrap()),
    );
    let timed = |number: &str, schedule: &Schedule, closed| Did {
        rare: Some(Box::new(Rare {
            gateway: None,
            caller: None,
            schedule: Some(schedule.id),
            closed,
        })),
        ..did(number, &["1001"], Destination::Did(reception.id))
    };
    let open = timed("4901", &day, Some(Destination::HangUp));
    let closed = timed(
        "4902",
        &night,
        Some(Destination::Voicemail("1001".parse().unwrap())),
    );
    let elsewhere = timed("4903", &night, None);
    let lost = did("4904", &["1004"], Destination::Did(Uuid::now_v7()));
    let (open_id, lost_id) = (open.id, lost.id);
    // Never saved so; even then it ends.
    let mut circle = [
        did("4905", &["1004"], Destination::HangUp),
        did("4906", &["1004"], Destination::HangUp),
    ];
    (circle[0].then, circle[1].then) = (Destination::Did(circle[1].id), Destination::Did(circle[0].id));
    let mut world = world(
        |_| {},
        [reception, open, closed, elsewhere, lost]
            .into_iter()
            .chain(circle),
    );
    world.snapshot.schedules = Arc::new([day, night].into_iter().collect());
    assert_eq!(call(&world, "4901"), "1001/25");
    assert_eq!(call(&world, "4902"), "voicemail 1001");
    assert_eq!(call(&world, "4903"), "1002/25");
    assert_eq!(call(&world, "4904"), "hangup");
    assert_eq!(call(&world, "4905"), "loops");
    // Alice's phone did not take it: on to the reception, and from there to the announcement.
    world.look(|view| {
        let now = Timestamp::now();
        let next = after(view, open_id, Some("1001"), "NO_ANSWER", now, Hops::NONE);
        assert_eq!(said(&next.end), "1002/25");
        let End::Rings(ringing) = &next.end else { panic!() };
        let last = after(view, ringing.did.id, Some("1002"), "USER_BUSY", now, next.hops);
        assert_eq!(said(&last.end), "announcement busy");
        assert_eq!(
            said(&after(view, lost_id, None, "", now, Hops::NONE).end),
            "hangup"
        );
        assert_eq!(
            said(&after(view, Uuid::now_v7(), None, "", now, Hops::NONE).end),
            "hangup"
        );
    });
}

#[test]
fn a_forward_on_no_answer_of_the_only_member_counts_before_the_destination() {
    let only = did("4901", &["1001"], Destination::Voicemail("1001".parse().unwrap()));
    let id = only.id;
    let world = world(
        |all| all[0] = with("1001", "alice", &[(When::NoAnswer, "1003")], false),
        [only],
    );
    world.look(|view| {
        let now = Timestamp::now();
        let next = after(view, id, Some("1001"), "NO_ANSWER", now, Hops::NONE);
        assert_eq!(said(&next.end), "1003/25");
        let last = after(view, id, Some("1003"), "NO_ANSWER", now, next.hops);
        assert_eq!(said(&last.end), "voicemail 1001");
    });
}

/// Numbers outside ring with the others, as a call of whom their row names; so does whom a member forwards all calls to.
#[test]
fn numbers_outside_ring_as_somebodys_call() {
    let away = "+491711234567/1002";
    let world = world(
        |all| {
            all.push(with("1005", "eve", &[(When::Always, "+493012345")], false));
            all.push(with("1006", "finn", &[(When::Offline, "+493012346")], false));
        },
        [
            did("4901", &["1001", away], Destination::HangUp),
            did("4902", &[away], Destination::HangUp),
            did("4903", &["1005"], Destination::HangUp),
            did("4904", &["1001", "1005", "1006"], Destination::HangUp),
            Did {
                strategy: Strategy::Order,
                ring_seconds: Some(9),
                ..did("4905", &[away, "1001"], Destination::HangUp)
            },
            did(
                "4906",
                &["+491711234567/1999"],
                Destination::Voicemail("1001".parse().unwrap()),
            ),
            did("4907", &["1006"], Destination::HangUp),
            did("4908", &["1001", away, "+491711234567/1003"], Destination::HangUp),
        ],
    );
    assert_eq!(call(&world, "4901"), "1001/25 and +491711234567@1002/25");
    assert_eq!(call(&world, "4902"), "+491711234567@1002/25");
    assert_eq!(call(&world, "4903"), "+493012345@1005/25", "who forwards pays");
    assert_eq!(
        call(&world, "4904"),
        "1001/25 and +493012345@1005/25",
        "other forwards are for one alone"
    );
    assert_eq!(call(&world, "4905"), "+491711234567@1002/9 then 1001/9");
    assert_eq!(call(&world, "4906"), "voicemail 1001", "nobody pays");
    assert_eq!(
        call(&world, "4907"),
        "+493012346@1006/25",
        "of one alone they all count"
    );
    assert_eq!(
        call(&world, "4908"),
        "1001/25 and +491711234567@1002/25",
        "no number rings twice"
    );
}
