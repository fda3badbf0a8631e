//! Calls to extensions: ring, forward, leave a message.

use super::outside::{self, After, Leaving};
use super::{Call, UNANSWERED_CONTEXT, action, bridge, open, respond, variables};
use crate::follow::{End, Way};
use crate::forward::{Place, When};
use crate::names::E164;
use crate::resolve::{Leg, Ring};
use crate::routing::Payer;
use crate::store::snapshot::{Domain, Extension};
use crate::xml::Document;

/// Tells who listens where the call ends.
fn tell(call: Call<'_, '_>, way: &Way<'_>) {
    let note = |verdict, text: std::fmt::Arguments<'_>| call.view.note(2, verdict, text);
    let mailbox = |called: &Extension| match called.voicemail {
        true => note(None, format_args!("the mailbox of {} answers", called.number)),
        false => note(
            Some(false),
            format_args!("nobody answers: {} has no mailbox", called.number),
        ),
    };
    match way.end {
        End::Outside(..) => {}
        End::Rings(ring) => {
            let called = ring.extension;
            for leg in ring.legs() {
                match leg {
                    Leg::Phone(line, _) => {
                        note(Some(true), format_args!("a phone of line {}", line.username))
                    }
                    Leg::Browser(_) => note(Some(true), format_args!("a browser")),
                    Leg::Line(line) => note(
                        None,
                        format_args!("whatever line {} has registered", line.username),
                    ),
                }
            }
            note(None, format_args!("for {} s", ring.seconds()));
            for (when, target) in called.forwards.iter().flat_map(|forwards| forwards.targets()) {
                note(None, format_args!("then, {}: to {target}", when.as_str()));
                if let Place::Outside(number) = target {
                    outside::explain_forward(call.view, &payer(call.home, called), number);
                }
            }
            mailbox(called);
        }
        End::Busy(called) | End::Unanswered(called) | End::Nobody(called) => mailbox(called),
        End::Loops => note(Some(false), format_args!("it was sent on too often")),
    }
}

/// What is done with a call that goes this way.
pub(super) fn document(call: Call<'_, '_>, way: &Way<'_>) -> String {
    if call.view.watch.is_some() {
        tell(call, way);
    }
    let name = match way.end {
        End::Rings(_) => "ring",
        End::Outside(..) => "forward",
        End::Busy(_) => "busy",
        End::Unanswered(_) => "unanswered",
        End::Nobody(_) => "nobody",
        End::Loops => "loop",
    };
    let mut doc = open(call.context, name);
    match way.end {
        End::Rings(ring) => rings(&mut doc, call, way, &ring),
        End::Outside(forwarder, number) => goes_outside(&mut doc, call, way, forwarder, number),
        End::Busy(called) => message(&mut doc, call, way, called, "486", "USER_BUSY"),
        End::Unanswered(called) => message(&mut doc, call, way, called, "480", "NO_ANSWER"),
        End::Nobody(called) => message(&mut doc, call, way, called, "480", "USER_NOT_REGISTERED"),
        End::Loops => respond(&mut doc, "482", "EXCHANGE_ROUTING_ERROR"),
    }
    doc.finish()
}

/// Rings all phones; then, by why they did not take the call, what the extension says of that.
fn rings(doc: &mut Document, call: Call<'_, '_>, way: &Way<'_>, ring: &Ring<'_>) {
    let called = ring.extension;
    let forwards = [When::Busy, When::NoAnswer, When::Offline]
        .iter()
        .any(|when| called.forwards_to(*when).is_some());
    let goes_on = forwards || called.voicemail;
    prepare(doc, call, way, Some(ring), goes_on);
    bridge(doc, call.rq, |out| ring.dial_string(out));
    if forwards {
        action(doc, "transfer", |out| {
            out.number(&called.number)
                .literal(" XML ")
                .literal(UNANSWERED_CONTEXT);
        });
    } else if called.voicemail {
        voicemail(doc, ring.domain, called);
    }
}

/// A forward to a number outside, as a call of who forwards. If it may not go there, or nobody takes it, it is as if nobody
/// were there: their mailbox answers.
fn goes_outside(doc: &mut Document, call: Call<'_, '_>, way: &Way<'_>, forwarder: &Extension, number: &E164) {
    let leaving = Leaving {
        context: call.context,
        rq: call.rq,
        view: call.view,
        payer: payer(call.home, forwarder),
        hops: way.hops,
        guest: None,
    };
    let after = if forwarder.voicemail {
        After::Mailbox(forwarder)
    } else {
        After::Nothing
    };
    if !leaving.forward(doc, number, after) {
        message(doc, call, way, forwarder, "480", "USER_NOT_REGISTERED");
    }
}

/// Who pays for a forward.
pub(super) fn payer<'a>(domain: &'a Domain, forwarder: &'a Extension) -> Payer<'a> {
    Payer {
        domain,
        extension: forwarder,
        line: None,
    }
}

/// The mailbox, or the answer in its place.
fn message(
    doc: &mut Document,
    call: Call<'_, '_>,
    way: &Way<'_>,
    called: &Extension,
    status: &'static str,
    cause: &'static str,
) {
    if called.voicemail {
        prepare(doc, call, way, None, true);
        voicemail(doc, call.home, called);
    } else {
        respond(doc, status, cause);
    }
}

/// What is so for every call that is not refused.
///
/// Who forwards pays for what follows, and not who calls, who chose another number. Whoever is transferred
/// (REFER names no context) is routed as in their domain, wherever the call has been sent on to.
fn prepare(doc: &mut Document, call: Call<'_, '_>, way: &Way<'_>, ring: Option<&Ring<'_>>, goes_on: bool) {
    let payer = way.forwarder.unwrap_or(call.calling);
    variables(doc, |out| {
        // Headers of the caller's invention stay here (`sofia_outgoing_channel` would copy them).
        out.literal("hangup_after_bridge=true:sip_copy_custom_headers=false:continue_on_fail=")
            .literal(if goes_on { "true" } else { "false" });
        if let Some(ring) = ring {
            out.literal(":call_timeout=").integer(ring.seconds());
        }
        out.literal(":accountcode=")
            .number(&payer.number)
            .literal(":effective_caller_id_number=")
            .number(&call.calling.number)
            .literal(":effective_caller_id_name=")
            .free(&call.calling.caller_id_name)
            .literal(":pbx_hops=")
            .integer(way.hops.count())
            .literal(":force_transfer_context=")
            .domain(&call.home.name);
        outside::after_bridge(call.rq, out);
    });
}

/// Leaves a message in the extension's mailbox.
pub(super) fn voicemail(doc: &mut Document, domain: &Domain, called: &Extension) {
    action(doc, "answer", |_| {});
    action(doc, "sleep", |out| {
        out.literal("500");
    });
    action(doc, "voicemail", |out| {
        out.literal("default ")
            .domain(&domain.name)
            .literal(" ")
            .number(&called.number);
    });
}
