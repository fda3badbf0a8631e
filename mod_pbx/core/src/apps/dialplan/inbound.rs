//! Calls that come in by a gateway.
//!
//! By which gateway is told by [`gateways::of_call`] alone, whatever the context. Whose the number is that was called is
//! for [`destination`] to say.

use std::borrow::Cow;

use uuid::Uuid;

use super::did::{self, Outside};
use super::ended;
use super::outside::refused;
use super::refusal::STRANGER;
use crate::caps::Asker;
use crate::gateways::{self, CONTEXT};
use crate::registry::View;
use crate::registry::dict::Handler;
use crate::reply::Reply;
use crate::request::Request;
use crate::store::gateways::Gateway;

/// The longest number that is looked for, in digits: E.164 has 15, and carriers put a prefix before it.
const LONGEST: usize = 32;

/// A call that came in by a gateway.
#[derive(Clone, Copy)]
pub(super) struct Inbound<'r, 'v> {
    /// The context that the answer must name.
    pub(super) context: &'r str,
    pub(super) rq: &'r Request<'r>,
    pub(super) view: &'r View<'v>,
    /// By which gateway: its domain, if it has one, is the only one whose numbers it reaches.
    pub(super) gateway: &'v Gateway,
    /// The number as the carrier wrote it: digits, and perhaps a `+` before them.
    pub(super) dialled: &'r str,
}

/// What is done with a call: the document of an [`super::open`]ed context; none: nobody has the number.
///
/// The numbers that are called from outside are DIDs. The caller's channel has a `presence_data` of
/// [`gateways::LEG`] and the gateway's name, by which the gateway's calls are counted.
fn destination(call: Inbound<'_, '_>) -> Option<String> {
    let outside = Outside {
        context: call.context,
        rq: call.rq,
        view: call.view,
        gateway: call.gateway,
    };
    did::called(outside, call.dialled)
}

/// The context of each gateway, and that of their profile.
#[derive(Clone, Copy)]
pub(super) struct GatewayContext;

impl Handler for GatewayContext {
    fn name(&self) -> &'static str {
        "gateways"
    }

    fn process(&self, key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        // With the `s` of the profile's own, which any call may name too.
        let begin = CONTEXT.trim_end_matches('_');
        let ours = key
            .get(..begin.len())
            .is_some_and(|text| text.eq_ignore_ascii_case(begin));
        ours.then(|| Reply::Document(answer(key, rq, view)))
    }
}

fn answer(context: &str, rq: &Request<'_>, view: &View<'_>) -> String {
    let counts = &view.gateways.counts;
    let Some(gateway) = gateways::of_call(rq, view) else {
        counts.stranger();
        let from = rq.param("variable_sip_network_ip").unwrap_or_default();
        let dialled = rq.param("Hunt-Destination-Number").unwrap_or_default();
        return refused(
            context,
            format_args!("a caller at {from}"),
            view,
            &dialled,
            STRANGER,
        );
    };
    let channel = rq.param("Unique-ID").unwrap_or_default();
    let has_room = match channel.parse::<Uuid>() {
        Ok(call) if view.notes.are_live() => {
            let at = view.now();
            let channel = &*channel;
            view.gateways.hold(gateway, call, Asker { channel, at }, false)
        }
        _ => view.gateways.has_room(gateway),
    };
    if !has_room {
        return ended(context, "full", "503", "NORMAL_CIRCUIT_CONGESTION");
    }
    let dialled: Cow<'_, str> = rq
        .param("Hunt-Destination-Number")
        .or_else(|| rq.param("Caller-Destination-Number"))
        .unwrap_or_default();
    let call = Inbound {
        context,
        rq,
        view,
        gateway,
        dialled: &dialled,
    };
    let found = if is_number(&dialled) {
        destination(call)
    } else {
        None
    };
    found.unwrap_or_else(|| {
        counts.unknown(gateway, &dialled);
        ended(context, "unknown", "404", "UNALLOCATED_NUMBER")
    })
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (1..=LONGEST).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}
