//! Callers from outside whom somebody in a domain sends on.

use super::did::{Outside, dialled, leaving, prepare};
use super::outside::{self, After};
use super::{action, bridge, ended, open, respond};
use crate::follow::{self, Hops, Way};
use crate::gateways;
use crate::registry::View;
use crate::request::Request;
use crate::resolve;
use crate::routing;
use crate::store::snapshot::Domain;

/// A caller from outside whom somebody in the domain sends on, by a transfer or a redirect (302): to an extension of it, or
/// outside as a call of who sends them on. Or, `within` no domain, what comes when that was not taken. None: it is no
/// such call.
///
/// `pbx_guest` is set by our own answers alone, and counts for a call that a gateway brought in, which no message and
/// no login can make of another.
pub(super) fn document(
    context: &str,
    within: Option<&Domain>,
    rq: &Request<'_>,
    view: &View<'_>,
) -> Option<String> {
    let gateway = gateways::of_call(rq, view)?;
    let own = rq.param("variable_pbx_guest")?;
    let domain = view.snapshot.domain(&own)?;
    if within.is_some_and(|within| within.name != domain.name) {
        return None;
    }
    let call = Outside {
        context,
        rq,
        view,
        gateway,
    };
    let hops = Hops::of(rq);
    if hops.is_too_many() {
        return Some(ended(context, "loop", "482", "EXCHANGE_ROUTING_ERROR"));
    }
    let dialled = dialled(rq);
    if within.is_some() {
        let inside = resolve::number(domain, &dialled).is_some();
        let help = routing::is_emergency(view, domain, &dialled);
        let by = outside::sent_by(context, rq, view).filter(|by| by.domain.name == domain.name);
        if help && by.is_some() || !inside && view.snapshot.outside(&domain.name).is_some() {
            let leaving = by.map(|by| leaving(call, outside::payer_of(by), hops.next()));
            return Some(outside::guest(leaving, context, domain, view, &dialled));
        }
    }
    let Some(called) = resolve::number(domain, &dialled) else {
        return Some(ended(context, "unknown", "404", "UNALLOCATED_NUMBER"));
    };
    let way = if within.is_some() {
        follow::follow(view, domain, called, hops)
    } else if context == outside::MAILBOX_CONTEXT {
        Way {
            end: follow::End::Nobody(called),
            forwarder: None,
            hops: hops.next(),
        }
    } else {
        let cause = rq.param("variable_originate_disposition").unwrap_or_default();
        follow::unanswered(view, domain, called, &cause, hops)
    };
    Some(transferred(call, domain, &way))
}

fn transferred(call: Outside<'_, '_>, domain: &Domain, way: &Way<'_>) -> String {
    let mut doc = open(call.context, "guest");
    let mailbox = match way.end {
        follow::End::Rings(ring) => {
            prepare(&mut doc, call, domain, way.hops, Some(ring.seconds()));
            bridge(&mut doc, call.rq, |out| ring.dial_string(out));
            action(&mut doc, "transfer", |out| {
                out.number(&ring.extension.number)
                    .literal(" XML ")
                    .literal(super::UNANSWERED_CONTEXT);
            });
            return doc.finish();
        }
        follow::End::Outside(forwarder, number) => {
            let leaving = leaving(call, super::call::payer(domain, forwarder), way.hops);
            let after = if forwarder.voicemail {
                After::Mailbox(forwarder)
            } else {
                After::Nothing
            };
            if leaving.forward(&mut doc, number, after) {
                return doc.finish();
            }
            forwarder
        }
        follow::End::Busy(called) | follow::End::Unanswered(called) | follow::End::Nobody(called) => called,
        follow::End::Loops => {
            respond(&mut doc, "482", "EXCHANGE_ROUTING_ERROR");
            return doc.finish();
        }
    };
    if mailbox.voicemail {
        prepare(&mut doc, call, domain, way.hops, None);
        super::call::voicemail(&mut doc, domain, mailbox);
    } else {
        respond(&mut doc, "480", "NO_ANSWER");
    }
    doc.finish()
}
