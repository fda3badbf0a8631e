//! Whole answers to calls, sent on or not: no leg leaves that the decision for who pays does not let out, and who listens
//! hears of the very answer.

use std::sync::Arc;

use uuid::Uuid;

use super::chance::{Dice, Truth, dialled, random};
use super::world::{gateway, noon};
use crate::apps;
use crate::caps::view::Used;
use crate::dids::{self, Destination, Did, Dids, Member, Strategy, Turn};
use crate::event::{Kind, made_of};
use crate::follow::Hops;
use crate::forward::{Forwards, Place, When};
use crate::registry::Registries;
use crate::reply::Reply;
use crate::request::Request;
use crate::routing::{Decision, Payer, Watch, decide};
use crate::store::gateways::Gateways;
use crate::store::snapshot::{Domain, Extension};

/// Numbers that forwards and DIDs name.
const OUTSIDE: [&str; 8] = [
    "+4930123456",
    "+49891234567",
    "+491711234567",
    "+49900123456",
    "+441632960123",
    "+12125550100",
    "+493012340000",
    "+4930555001",
];

const NUMBERS: [&str; 4] = ["1000", "1001", "1002", "1003"];

/// Where a carrier calls from.
const CARRIER: &str = "192.0.2.50";

/// A world with forwards and DIDs.
fn world(dice: &mut Dice) -> Truth {
    let mut truth = random(dice);
    let mut domain = Domain::new("pbx.test".parse().unwrap());
    for number in NUMBERS {
        let mut extension = Extension::clone(truth.world.domain.find(number).unwrap());
        let mut forwards = Forwards {
            dnd: dice.chance(10),
            ..Forwards::default()
        };
        for when in When::ALL {
            if dice.chance(30) {
                let place = if dice.chance(70) {
                    Place::Outside(dice.one(&OUTSIDE).parse().unwrap())
                } else {
                    Place::Inside(dice.one(&NUMBERS).parse().unwrap())
                };
                forwards.forward(when, Some(place));
            }
        }
        extension.forwards = forwards.boxed();
        extension.voicemail = dice.chance(50);
        domain.insert(extension).unwrap();
    }
    let domain = Arc::new(domain);
    truth.world.domain = Arc::clone(&domain);
    truth
        .world
        .snapshot
        .domains
        .insert(domain.name.clone(), Arc::clone(&domain));
    let member = |dice: &mut Dice| {
        let payer = dice.one(&NUMBERS).parse().unwrap();
        if dice.chance(60) {
            Member::Outside(Box::new(dids::Outside {
                number: dice.one(&OUTSIDE).parse().unwrap(),
                payer,
            }))
        } else {
            Member::Extension(payer)
        }
    };
    let all: Dids = (0..3)
        .map(|index| Did {
            id: Uuid::new_v4(),
            number: format!("493055500{index}").parse().unwrap(),
            is_prefix: false,
            strategy: *dice_of(dice, &Strategy::ALL),
            ring_seconds: None,
            domain: Arc::new(domain.name.clone()),
            members: (0..=dice.below(3)).map(|_| member(dice)).collect(),
            then: Destination::HangUp,
            rare: None,
            turn: Turn::default(),
        })
        .collect();
    truth.world.snapshot.dids = Arc::new(all);
    // The switch is answered for now: nothing here may depend on the time.
    truth.hold_still(dice);
    for (channel, used) in &mut truth.used {
        *used = Used {
            concurrent: used.concurrent,
            ..Used::default()
        };
        truth.world.caps.pretend(*channel, noon(), *used);
    }
    // A carrier that calls, by which no route goes.
    let mut carrier = gateway("in", None, true);
    carrier.sources = Box::new([format!("{CARRIER}/32").parse().unwrap()]);
    truth.gateways.push(carrier);
    truth.world.snapshot.gateways = Arc::new(Gateways::new(truth.gateways.clone()));
    truth
}

fn dice_of<'a, T>(dice: &mut Dice, of: &'a [T]) -> &'a T {
    &of[dice.below(of.len())]
}

/// What the switch asks, and who may pay for what was dialled; none: nobody who is known.
struct Asked {
    params: Vec<(String, String)>,
    payer: Option<String>,
    /// Who calls, if it is somebody of ours: a call for help is always theirs.
    caller: Option<String>,
    dialled: String,
}

fn asked(dice: &mut Dice, truth: &Truth) -> Asked {
    let (caller, other) = (dice.one(&NUMBERS), dice.one(&NUMBERS));
    let inside = dice.chance(40);
    let mut dialled = if inside {
        dice.one(&NUMBERS).to_owned()
    } else {
        dialled(dice)
    };
    let [own, last] = [Uuid::new_v4(), Uuid::new_v4()].map(|id| id.to_string());
    let guest = dice.chance(40);
    let hops = 1 + dice.below(18);
    let mut all: Vec<(&str, String)> = vec![("Unique-ID", own.clone())];
    if guest {
        all.extend([
            ("Call-Direction", "inbound".to_owned()),
            ("Caller-Channel-Name", "sofia/external/x".to_owned()),
            ("variable_sofia_profile_name", "external".to_owned()),
            ("variable_sip_acl_authed_by", "pbx_gateways".to_owned()),
            ("variable_sip_network_ip", CARRIER.to_owned()),
        ]);
    } else {
        all.push(("variable_pbx_identity", format!("{caller}@pbx.test")));
    }
    let mut payer = None;
    let context = match dice.below(5) {
        // What somebody dials, or a carrier brings in.
        0 | 1 if guest => {
            if dice.chance(80) {
                dialled = format!("+493055500{}", dice.below(4));
            }
            "pbx_gateway_gw-in_00000000".to_owned()
        }
        0 | 1 => {
            payer = Some(caller.to_owned());
            "pbx.test".to_owned()
        }
        // A phone redirects.
        2 => {
            all.push(("variable_pbx_hops", hops.to_string()));
            payer = Some(other.to_owned());
            format!("pbx_sent_on_{other}@pbx.test")
        }
        // Somebody transfers, or it is not known who.
        3 => {
            all.push(("variable_pbx_hops", hops.to_string()));
            let identity = format!("{other}@pbx.test");
            let began = |id: &str, direction: &str, name: &str, identity: &str| {
                truth.world.legs.tell(&made_of(
                    Kind::CallBegan,
                    &[
                        ("Unique-ID", id),
                        ("Call-Direction", direction),
                        ("Caller-Channel-Name", name),
                        ("variable_pbx_identity", identity),
                    ],
                ));
            };
            began(&own, "inbound", "sofia/internal/x", "x@pbx.test");
            let lie = dice.below(12);
            let name = if lie == 0 {
                "sofia/external/x"
            } else {
                "sofia/internal/x"
            };
            if lie != 1 {
                began(&last, "outbound", name, &identity);
            }
            if lie != 2 {
                truth.world.legs.tell(&made_of(
                    Kind::CallBridged,
                    &[("Bridge-A-Unique-ID", &own), ("Bridge-B-Unique-ID", &last)],
                ));
            }
            if lie != 3 {
                all.push(("variable_last_bridge_to", last.clone()));
            }
            let bond = if lie == 6 { &own } else { &last };
            all.push(("variable_bridge_uuid", bond.clone()));
            if lie == 4 {
                all.push(("variable_pbx_after", last.clone()));
            }
            if lie == 5 {
                let third = Uuid::new_v4().to_string();
                truth.world.legs.tell(&made_of(
                    Kind::CallBridged,
                    &[("Bridge-A-Unique-ID", &own), ("Bridge-B-Unique-ID", &third)],
                ));
            }
            all.push(("variable_sip_h_Referred-By", format!("<sip:{caller}@pbx.test>")));
            payer = (lie > 6).then(|| other.to_owned());
            "pbx.test".to_owned()
        }
        // Phones did not take it.
        _ => {
            dialled = dice.one(&NUMBERS).to_owned();
            all.push(("variable_pbx_hops", hops.to_string()));
            let cause = dice.one(&["USER_BUSY", "NO_ANSWER", "GATEWAY_DOWN", "NORMAL_CLEARING"]);
            all.push(("variable_originate_disposition", cause.to_owned()));
            dice.one(&["pbx_unanswered", "pbx_mailbox"]).to_owned()
        }
    };
    if guest && !context.starts_with("pbx_gateway_") {
        all.push(("variable_pbx_guest", "pbx.test".to_owned()));
    }
    all.push(("Hunt-Context", context));
    all.push(("Hunt-Destination-Number", dialled.clone()));
    Asked {
        params: all
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        payer,
        caller: (!guest).then(|| caller.to_owned()),
        dialled,
    }
}

/// Who may cause a leg that goes out, and to where.
fn causes<'t>(truth: &'t Truth, asked: &'t Asked) -> Vec<(&'t str, &'t str)> {
    let mut all: Vec<(&str, &str)> = Vec::new();
    if let Some(payer) = &asked.payer {
        all.push((payer, &asked.dialled));
    }
    for number in NUMBERS {
        let forwards = truth.world.domain.find(number).unwrap().forwards.as_ref();
        for (_, target) in forwards.iter().flat_map(|forwards| forwards.targets()) {
            if let Place::Outside(target) = target {
                all.push((number, target.as_str()));
            }
        }
    }
    for digits in ["4930555000", "4930555001", "4930555002"] {
        let did = truth.world.snapshot.dids.find(digits, "", None, None).unwrap();
        for member in &did.members {
            if let Member::Outside(outside) = member {
                all.push((outside.payer.as_str(), outside.number.as_str()));
            }
        }
    }
    all
}

/// Each leg of an answer that goes out: who pays, by which gateway, to where.
fn legs(answer: &str) -> Vec<(Uuid, String, String)> {
    let each = answer.split("[presence_data=pbx_gateway_").skip(1);
    each.map(|leg| {
        let (_, charge) = leg.split_once("pbx_charge=").unwrap();
        let payer = charge.split('.').next().unwrap().parse().unwrap();
        let (variables, dial) = leg.split_once("]sofia/").unwrap();
        let (gateway, rest) = match dial.strip_prefix("gateway/external::") {
            Some(dial) => dial.split_once('/').unwrap(),
            // A call for help, straight to the proxy.
            None => {
                let (_, gateway) = variables.split_once(",sip_use_gateway=external::").unwrap();
                (gateway, dial.strip_prefix("external/sip:").unwrap())
            }
        };
        let number: String = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '+')
            .collect();
        (payer, gateway.to_owned(), number)
    })
    .collect()
}

fn answer(registries: &Registries, truth: &Truth, asked: &Asked, watch: Option<&Watch>) -> String {
    let request = Request {
        section: "dialplan",
        tag_name: "",
        key_name: "",
        key_value: "",
        params: &asked.params,
    };
    match registries.answer(&request, &truth.world.view(watch)) {
        Reply::Document(text) => text,
        _ => panic!("no answer: {:?}", asked.params),
    }
}

/// 200,000 answers in an optimised build, 4,000 in an unoptimised one, or a tenth of `PBX_DECISIONS`: calls, forwards, redirects,
/// transfers, calls from outside and those transferred, in random configurations.
#[test]
fn no_leg_leaves_without_the_grant_of_who_causes_it_and_explained_is_what_is_answered() {
    let asked_for = std::env::var("PBX_DECISIONS")
        .ok()
        .and_then(|number| number.parse::<usize>().ok())
        .map(|decisions| decisions / 10);
    let rounds = asked_for.unwrap_or(if cfg!(debug_assertions) { 4_000 } else { 200_000 });
    let registries = Registries::with(&[apps::dialplan::register]).unwrap();
    let mut dice = Dice(11);
    let mut truth = world(&mut dice);
    let (mut sent_on, mut refused) = (0, 0);
    for round in 0..rounds {
        if round % 100 == 0 {
            truth = world(&mut dice);
        }
        let asked = asked(&mut dice, &truth);
        let watch = Watch::at(noon());
        let explained = answer(&registries, &truth, &asked, Some(&watch));
        // As the switch is answered, to whom nobody listens.
        let answered = answer(&registries, &truth, &asked, None);
        assert_eq!(explained, answered, "{:?}", asked.params);
        assert!(!watch.steps().is_empty() || !explained.contains("]sofia/"));
        let allowed = causes(&truth, &asked);
        for (payer, gateway, number) in legs(&explained) {
            let helped = asked
                .caller
                .iter()
                .map(|who| (who.as_str(), asked.dialled.as_str()));
            let ordinary = allowed.iter().map(|cause| (cause, false));
            let helped: Vec<(&str, &str)> = helped.collect();
            let mut all = ordinary.chain(helped.iter().map(|cause| (cause, true)));
            let let_out = all.any(|((who, to), only_help)| {
                let extension = truth.world.domain.find(who).unwrap();
                if extension.channel != payer {
                    return false;
                }
                let payer = Payer {
                    domain: &truth.world.domain,
                    extension,
                    line: None,
                };
                match decide(&truth.world.view(None), &payer, to, noon()) {
                    Decision::Out(out) if only_help && !out.is_emergency() => false,
                    Decision::Out(out) => {
                        truth.check(extension.channel, to, &out, noon());
                        let mut ways = out.ways.iter();
                        ways.any(|way| way.name.as_str() == gateway && way.number.as_str() == number)
                    }
                    Decision::Refused(_) => false,
                }
            });
            assert!(let_out, "{number} by {gateway}: {:?}\n{explained}", asked.params);
            sent_on += usize::from(
                Hops::of(&Request {
                    section: "dialplan",
                    tag_name: "",
                    key_name: "",
                    key_value: "",
                    params: &asked.params,
                }) != Hops::NONE,
            );
        }
        refused += usize::from(explained.contains(" is refused ("));
    }
    assert!(
        sent_on > rounds / 100 && refused > rounds / 100,
        "{sent_on} legs were sent on, {refused} of {rounds} refused"
    );
}
