//! Calls from outside that a DID takes.
//!
//! By which gateway a call came in, and whether, is known before (`gateways::of_call`); a call that is here has no
//! extension that calls, so it can reach extensions and mailboxes, and nothing that changes anything. Outside it goes as a
//! call of an extension alone: of one that forwards or sends it on, or one that a DID's member outside names.

use std::borrow::Cow;

use uuid::Uuid;

use super::outside::{self, After, Leaving};
use super::{action, bridge, ended, open, refusal, refused, respond, variables};
use crate::dids::{self, Away, Decision, Destination, Did, End, Inbound, Ringing, Rung};
use crate::follow::Hops;
use crate::forward::When;
use crate::gateways;
use crate::registry::View;
use crate::registry::dict::Handler;
use crate::reply::Reply;
use crate::request::Request;
use crate::resolve::{self, Branch};
use crate::routing::Payer;
use crate::routing::leg::{Leg, charge};
use crate::store::gateways::Gateway;
use crate::store::snapshot::{Domain, Extension};
use crate::xml::Document;

/// Where a call goes on whose phones did not take it. Only our own answers name it.
pub(super) const DID_CONTEXT: &str = "pbx_did";

/// Four short tones, as a line that is out of order sounds: an announcement that is not installed.
const MISSING: &str = "tone_stream://%(250,250,480,620);loops=4";

/// The longest number and name of a caller that are passed on, in characters.
const LONGEST_NUMBER: usize = 20;
const LONGEST_NAME: usize = 64;

/// A call from outside.
#[derive(Clone, Copy)]
pub(super) struct Outside<'r, 'v> {
    pub(super) context: &'r str,
    pub(super) rq: &'r Request<'r>,
    pub(super) view: &'r View<'v>,
    /// By which gateway it came in.
    pub(super) gateway: &'v Gateway,
}

/// The context of calls whose phones did not take them.
pub(super) struct DidContext;

impl Handler for DidContext {
    fn name(&self) -> &'static str {
        "did"
    }

    fn process(&self, key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        let Some(gateway) = gateways::of_call(rq, view) else {
            return Some(Reply::Document(refused(key)));
        };
        let call = Outside {
            context: key,
            rq,
            view,
            gateway,
        };
        Some(Reply::Document(unanswered(call, &dialled(rq))))
    }
}

/// Hunt- is the profile that is being routed, Caller- the channel's own.
pub(super) fn dialled<'r>(rq: &Request<'r>) -> Cow<'r, str> {
    rq.param("Hunt-Destination-Number")
        .or_else(|| rq.param("Caller-Destination-Number"))
        .unwrap_or_default()
}

/// What is done with a call to this number; none: nobody has it, or none whom the gateway reaches.
pub(super) fn called(call: Outside<'_, '_>, number: &str) -> Option<String> {
    let caller = call.rq.param("Caller-Caller-ID-Number").unwrap_or_default();
    let inbound = Inbound::by(call.gateway, call.view.snapshot, number, &caller);
    let decision = dids::decide(call.view, inbound, call.view.now(), Hops::of(call.rq));
    if let (Some(watch), Some(domain)) = (call.view.watch, decision.domain) {
        watch.is_of(&domain.name);
    }
    match decision.end {
        End::Unknown => None,
        _ => Some(document(call, &decision)),
    }
}

/// What comes after phones that did not take the call: `ID`, or `ID-NUMBER` of the extension that was called alone.
fn unanswered(call: Outside<'_, '_>, place: &str) -> String {
    let (id, rung) = match place.get(..36).zip(place.get(36..)) {
        Some((id, rest)) => (id, rest.strip_prefix('-')),
        None => (place, None),
    };
    let Ok(id) = id.parse::<Uuid>() else {
        return ended(call.context, "unknown", "404", "UNALLOCATED_NUMBER");
    };
    let cause = call
        .rq
        .param("variable_originate_disposition")
        .unwrap_or_default();
    let hops = Hops::of(call.rq);
    let decision = dids::after(call.view, id, rung, &cause, call.view.now(), hops);
    document(call, &decision)
}

fn document(call: Outside<'_, '_>, decision: &Decision<'_>) -> String {
    let name = match decision.end {
        End::Rings(_) => "did",
        End::Voicemail(_) => "did-voicemail",
        End::Announcement(_) => "did-announcement",
        End::HangUp | End::Unknown => "did-ends",
        End::Loops => "loop",
    };
    let mut doc = open(call.context, name);
    write(&mut doc, call, decision);
    doc.finish()
}

fn write(doc: &mut Document, call: Outside<'_, '_>, decision: &Decision<'_>) {
    match (&decision.end, decision.domain) {
        (End::Rings(ringing), Some(domain)) => {
            if !rings(doc, call, decision, domain, ringing) {
                // Nobody of them may be called: as if nobody were there.
                let (view, hops) = (call.view, decision.hops);
                let then = dids::after(view, ringing.did.id, None, "", view.now(), hops);
                write(doc, call, &then);
            }
        }
        (End::Voicemail(called), Some(domain)) => {
            prepare(doc, call, domain, decision.hops, None);
            super::call::voicemail(doc, domain, called);
        }
        (End::Announcement(name), Some(domain)) => {
            prepare(doc, call, domain, decision.hops, None);
            announce(doc, call, name);
        }
        (End::Loops, _) => respond(doc, "482", "EXCHANGE_ROUTING_ERROR"),
        _ => respond(doc, "480", "NO_ANSWER"),
    }
}

/// Has them ring; off: there is nobody who may be called.
fn rings(
    doc: &mut Document,
    call: Outside<'_, '_>,
    decision: &Decision<'_>,
    domain: &Domain,
    ringing: &Ringing<'_>,
) -> bool {
    let did = ringing.did;
    let note = |away: &Away<'_>| {
        let text = format_args!(
            "a number outside: {}, as a call of {}",
            away.number, away.payer.number
        );
        call.view.note(1, None, text);
    };
    if let [Rung::Outside(away)] = &ringing.rings[..] {
        note(away);
        let after = if goes_on(did, None) {
            After::Did(did.id)
        } else {
            After::Nothing
        };
        let leaving = leaving(call, super::call::payer(domain, away.payer), decision.hops);
        return leaving.forward(doc, away.number, after);
    }
    let mut branches = Vec::with_capacity(ringing.rings.len());
    for rung in &ringing.rings {
        let away = match rung {
            Rung::Phones(ring) => {
                branches.push(Branch::Rings(ring.after(decision.hops)));
                continue;
            }
            Rung::Outside(away) => away,
        };
        note(away);
        let payer = super::call::payer(domain, away.payer);
        let asker = call.rq.param("Unique-ID");
        let charged = outside::decide_forward(call.view, &payer, away.number).and_then(|mut out| {
            let charge = charge(call.view, &payer, &mut out, asker.as_deref());
            Ok((out, charge?))
        });
        match charged {
            Ok((out, charge)) => {
                let leg = Leg {
                    domain,
                    payer: away.payer,
                    hops: decision.hops,
                    charge,
                    seconds: Some(away.seconds),
                    help: None,
                };
                branches.extend(out.ways.into_iter().next().map(|way| Branch::Out(leg, way)));
            }
            Err(why) => {
                let who = format_args!("{}", outside::who(&payer));
                refusal::logged(doc, who, away.number.as_str(), why);
            }
        }
    }
    if branches.is_empty() {
        return false;
    }
    // The originate as a whole; each leg has its own time besides (`leg_timeout`).
    let each = branches.iter().map(Branch::seconds);
    let seconds: u64 = if ringing.in_turn {
        each.sum()
    } else {
        each.max().unwrap_or_default()
    };
    prepare(doc, call, domain, decision.hops, Some(seconds));
    bridge(doc, call.rq, |out| {
        resolve::dial_string(&branches, ringing.in_turn, out)
    });
    if goes_on(did, ringing.alone) {
        action(doc, "transfer", |out| {
            out.uuid(did.id);
            if let Some(alone) = ringing.alone {
                out.literal("-").number(&alone.number);
            }
            out.literal(" XML ").literal(DID_CONTEXT);
        });
    }
    true
}

/// A call of who pays, for a caller from outside.
pub(super) fn leaving<'r, 'v>(call: Outside<'r, 'v>, payer: Payer<'v>, hops: Hops) -> Leaving<'r, 'v> {
    Leaving {
        context: call.context,
        rq: call.rq,
        view: call.view,
        payer,
        hops,
        guest: Some(call.gateway),
    }
}

/// Whether anything comes after the phones. A call that ends with them tells the carrier by the phones' own answer.
fn goes_on(did: &Did, alone: Option<&Extension>) -> bool {
    let forwards = |extension: &Extension| {
        [When::Busy, When::NoAnswer, When::Offline]
            .iter()
            .any(|when| extension.forwards_to(*when).is_some())
    };
    did.then != Destination::HangUp || alone.is_some_and(forwards)
}

/// What is so for every call from outside that is not refused, and for how many seconds it rings, if it does.
pub(super) fn prepare(
    doc: &mut Document,
    call: Outside<'_, '_>,
    domain: &Domain,
    hops: Hops,
    seconds: Option<u64>,
) {
    let text = |name: &str| call.rq.param(name).unwrap_or_default();
    let number = text("Caller-Caller-ID-Number");
    let plain = |c: char| c.is_ascii_alphanumeric() || "+*#".contains(c);
    let number: String = number
        .chars()
        .filter(|c| plain(*c))
        .take(LONGEST_NUMBER)
        .collect();
    let name: String = text("Caller-Caller-ID-Name").chars().take(LONGEST_NAME).collect();
    variables(doc, |out| {
        out.literal("presence_data=")
            .literal(gateways::LEG)
            .gateway(&call.gateway.name)
            // Headers of the caller's invention stay here; who is transferred stays in the domain (`guest`).
            .literal(
                ":hangup_after_bridge=true:sip_copy_custom_headers=false:continue_on_fail=true:pbx_hops=",
            )
            .integer(hops.count())
            .literal(":force_transfer_context=")
            .domain(&domain.name)
            .literal(":pbx_guest=")
            .domain(&domain.name);
        if let Some(seconds) = seconds {
            out.literal(":call_timeout=").integer(seconds);
        }
        out.literal(":effective_caller_id_number=")
            .free(if number.is_empty() { "anonymous" } else { &number })
            .literal(":effective_caller_id_name=")
            .free(&name);
        outside::after_bridge(call.rq, out);
    });
}

fn announce(doc: &mut Document, call: Outside<'_, '_>, name: &str) {
    action(doc, "answer", |_| {});
    action(doc, "sleep", |out| {
        out.literal("300");
    });
    action(doc, "playback", |out| match call.view.sounds.announcement(name) {
        Some(file) => {
            out.announcement(&file);
        }
        None => {
            out.literal(MISSING);
        }
    });
    action(doc, "hangup", |out| {
        out.literal("NORMAL_CLEARING");
    });
}
