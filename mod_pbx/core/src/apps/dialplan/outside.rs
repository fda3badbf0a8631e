//! Calls out: what `routing::decide` has said, as the switch carries it out.
//!
//! The gateways of the decision are tried one after the other, each by a bridge of its own: within one dial string the next
//! leg would be tried whatever the reason, and somebody who is busy would be called again.

use uuid::Uuid;

use super::{Call, action, bridge, open, respond};
use crate::caps::{Charge, VARIABLE};
use crate::gateways::{LEG, PROFILE};
use crate::routing::{self, Decision, Out, Payer, Refusal, Way};
use crate::store::rows::CallerIdStyle;
use crate::xml::Document;

/// Causes that say something of the network, and nothing of who was called: the next gateway is tried for them alone.
const NETWORK: &str = "GATEWAY_DOWN,INVALID_GATEWAY,NETWORK_OUT_OF_ORDER,NORMAL_TEMPORARY_FAILURE,\
                       NORMAL_CIRCUIT_CONGESTION,SWITCH_CONGESTION,DESTINATION_OUT_OF_ORDER,\
                       RECOVERY_ON_TIMER_EXPIRE,REQUESTED_CHAN_UNAVAIL,NO_ROUTE_TRANSIT_NET,FACILITY_REJECTED,\
                       BEARERCAPABILITY_NOTAVAIL,SERVICE_UNAVAILABLE,SERVICE_NOT_IMPLEMENTED,INCOMPATIBLE_DESTINATION";

/// Three rising tones, then a pause, as networks announce that a call cannot be made (ITU-T E.180).
const CANNOT_BE: &str = "tone_stream://%(330,30,950);%(330,30,1400);%(330,1000,1800);loops=2";

/// What is done with a call for help; none: this is none, or there is no gateway at all.
pub(super) fn help(call: Call<'_, '_>, dialled: &str) -> Option<String> {
    if !routing::is_emergency(call.view, call.home, dialled) {
        return None;
    }
    match decide(call, dialled) {
        Decision::Out(out) => Some(goes_out(call, &out)),
        Decision::Refused(_) => None,
    }
}

/// What is done with a number that is nobody's in the domain; none: the domain has no calls out.
///
/// Only what somebody dials goes out. A call that was sent on, by a phone that redirects or by a transfer, would be paid
/// by who called, and not by who sent it on.
pub(super) fn document(call: Call<'_, '_>, dialled: &str) -> Option<String> {
    call.view.snapshot.outside(&call.home.name)?;
    Some(match decide(call, dialled) {
        Decision::Out(_) if !call.hops.is_first() => {
            let why = "a call that was sent on does not go out";
            refused(call, dialled, "sent-on", why, ("403", "CALL_REJECTED"))
        }
        Decision::Out(out) => goes_out(call, &out),
        Decision::Refused(why) => {
            let end = match why {
                Refusal::NoNumber(_) => ("404", "UNALLOCATED_NUMBER"),
                Refusal::NoGateway => ("503", "NORMAL_TEMPORARY_FAILURE"),
                _ => ("403", "CALL_REJECTED"),
            };
            refused(call, dialled, why.code(), why.text(), end)
        }
    })
}

fn decide(call: Call<'_, '_>, dialled: &str) -> Decision {
    let identity = call.rq.param("variable_pbx_identity");
    let line = identity
        .as_deref()
        .filter(|_| !super::is_of_verto(call.rq))
        .and_then(|identity| call.calling.line(identity.split_once('@')?.0));
    let payer = Payer {
        domain: call.home,
        extension: call.calling,
        line: line.map(|line| line.username.as_str()),
    };
    routing::decide(call.view, &payer, dialled, call.view.now())
}

fn goes_out(call: Call<'_, '_>, out: &Out) -> String {
    let mut doc = open(call.context, if out.is_emergency() { "help" } else { "out" });
    action(&mut doc, "multiset", |data| {
        // Headers of the caller's invention stay here (`sofia_outgoing_channel` would copy them).
        data.literal("^^:hangup_after_bridge=true:sip_copy_custom_headers=false:continue_on_fail=")
            // Whatever one says to a call for help, the next is asked too.
            .literal(if out.is_emergency() { "true" } else { NETWORK })
            .literal(":accountcode=")
            .number(&call.calling.number)
            .literal(":pbx_hops=")
            .integer(call.hops.next().count())
            .literal(":force_transfer_context=")
            .domain(&call.home.name);
    });
    // A browser's id of its call may be any text.
    let id = call.rq.param("Unique-ID");
    let id = id.and_then(|id| id.parse().ok()).unwrap_or_else(Uuid::now_v7);
    let charge = Charge::of(out, id);
    if call.view.notes.are_live() {
        call.view.caps.promise(charge);
    }
    for way in &out.ways {
        bridge(&mut doc, call.rq, |data| leg(call, way, charge, data));
    }
    log(&mut doc, |data| {
        data.literal("the call to ")
            .free(&out.number)
            .literal(" did not go out: no gateway took it");
    });
    respond(&mut doc, "503", "NORMAL_TEMPORARY_FAILURE");
    doc.finish()
}

/// The dial string of one way out.
///
/// The leg carries who pays for it, by which gateway it goes, and the identity of who called: whoever is transferred from
/// it is routed as they would be. The profile's name before the gateway's keeps an operator's gateway of the same name
/// out. A redirect of the carrier's (302) ends the leg.
fn leg(call: Call<'_, '_>, way: &Way, charge: Charge, data: &mut crate::xml::action::ActionData<'_>) {
    data.literal("[presence_data=").literal(LEG).gateway(&way.name);
    data.literal(",").literal(VARIABLE).literal("=").charge(charge);
    data.literal(",pbx_identity=")
        .number(&call.calling.number)
        .literal("@")
        .domain(&call.home.name)
        .literal(",pbx_hops=")
        .integer(call.hops.next().count())
        .literal(",force_transfer_context=")
        .domain(&call.home.name)
        .literal(",outbound_redirect_fatal=true");
    match &way.caller_id {
        Some(own) => {
            let shown = if own.name.is_empty() {
                own.number.as_str()
            } else {
                &own.name
            };
            data.literal(",origination_caller_id_number=")
                .e164(&own.number)
                .literal(",origination_caller_id_name=")
                .free(shown);
        }
        // No number of the domain is known, and an inner one is nobody's business outside.
        None => {
            data.literal(",origination_caller_id_number=anonymous,origination_caller_id_name=anonymous");
        }
    }
    data.literal(match (way.style, &way.caller_id) {
        (CallerIdStyle::Pai, Some(_)) => ",sip_cid_type=pid]",
        (CallerIdStyle::Rpid, Some(_)) => ",sip_cid_type=rpid]",
        _ => ",sip_cid_type=none]",
    });
    data.literal("sofia/gateway/")
        .literal(PROFILE)
        .literal("::")
        .gateway(&way.name)
        .literal("/")
        .sent(&way.number);
}

/// Tells why in the log, and the caller by tones that the call cannot be.
fn refused(
    call: Call<'_, '_>,
    dialled: &str,
    code: &'static str,
    why: &'static str,
    end: (&'static str, &'static str),
) -> String {
    let mut doc = open(call.context, "not-out");
    log(&mut doc, |data| {
        data.literal("the call of ")
            .number(&call.calling.number)
            .literal("@")
            .domain(&call.home.name)
            .literal(" to ")
            .free(dialled)
            .literal(" is refused (")
            .literal(code)
            .literal("): ")
            .literal(why);
    });
    action(&mut doc, "pre_answer", |_| {});
    action(&mut doc, "playback", |data| {
        data.literal(CANNOT_BE);
    });
    respond(&mut doc, end.0, end.1);
    doc.finish()
}

fn log(doc: &mut Document, fill: impl FnOnce(&mut crate::xml::action::ActionData<'_>)) {
    action(doc, "log", |data| {
        data.literal("NOTICE mod_pbx: ");
        fill(data);
    });
}
