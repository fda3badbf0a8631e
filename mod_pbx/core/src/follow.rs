//! Where a call to an extension ends: at its phones, at those it is forwarded to, or nowhere.
//!
//! What is certain when the call is routed is followed here, from extension to extension: always, do not
//! disturb, nobody there. What only ringing tells (busy, no answer) is asked again when it has told. A forward to a
//! number outside ends the way: whether that call goes out is [`crate::routing::decide`]'s to say, for who forwards.

use crate::forward::{Place, When};
use crate::names::E164;
use crate::registry::View;
use crate::request::Request;
use crate::resolve::{self, Ring};
use crate::store::snapshot::{Domain, Extension};

/// A call is sent on no more often than this, by forwards, by phones that redirect or by transfers.
///
/// Forwards in a circle are refused when they are saved; phones are not asked what they redirect to.
const MOST_HOPS: u8 = 16;

/// How often a call was sent on before.
///
/// Carried by the channel in `pbx_hops`, which every answer to a call sets anew, one higher. Nothing that a
/// SIP message holds becomes a variable of that name. Whoever can give a call variables from its start, as a
/// verto client can, can only shorten its way: an odd value counts as too many, there is none below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hops(u8);

impl Hops {
    /// Of a call that starts.
    pub const NONE: Self = Self(0);

    /// Of the call that is being routed.
    pub fn of(rq: &Request<'_>) -> Self {
        match rq.param("variable_pbx_hops") {
            None => Self::NONE,
            Some(text) => Self(text.parse().unwrap_or(u8::MAX)),
        }
    }

    /// After one more.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Whether the phone that calls has dialled this itself, and nobody has sent the call on.
    pub fn is_first(self) -> bool {
        self == Self::NONE
    }

    /// Whether the call has gone round long enough.
    pub fn is_too_many(self) -> bool {
        self.0 > MOST_HOPS
    }

    /// As a number.
    pub fn count(self) -> u64 {
        self.0.into()
    }
}

/// Where a call ends.
#[derive(Clone, Copy)]
pub enum End<'a> {
    /// At phones.
    Rings(Ring<'a>),
    /// At a number outside, to which this extension forwards, if it may call there.
    Outside(&'a Extension, &'a E164),
    /// This extension is not to be disturbed.
    Busy(&'a Extension),
    /// Nobody answered for this extension.
    Unanswered(&'a Extension),
    /// No phone of this extension is there.
    Nobody(&'a Extension),
    /// It was sent on too often.
    Loops,
}

/// The way of a call.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    /// Where it ends.
    pub end: End<'a>,
    /// Who forwarded it last, and pays for what follows; none: nobody did.
    pub forwarder: Option<&'a Extension>,
    /// How often it was sent on, this time included.
    pub hops: Hops,
}

/// Where a call to `extension` ends which was sent on so often before.
pub fn follow<'a>(view: &View<'a>, domain: &'a Domain, extension: &'a Extension, hops: Hops) -> Way<'a> {
    let mut way = Way {
        end: End::Loops,
        forwarder: None,
        hops: hops.next(),
    };
    let mut here = extension;
    while !way.hops.is_too_many() {
        let ring = resolve::extension_rings(view, domain, here);
        let number = &here.number;
        let (when, end) = if here.forwards_to(When::Always).is_some() {
            (When::Always, End::Nobody(here))
        } else if here.dnd() {
            (When::Busy, End::Busy(here))
        } else if ring.is_empty() {
            (When::Offline, End::Nobody(here))
        } else {
            view.note(1, Some(true), format_args!("extension {number} rings"));
            way.end = End::Rings(ring.after(way.hops));
            return way;
        };
        let why = match end {
            End::Busy(_) => "is not to be disturbed",
            _ if when == When::Always => "forwards every call",
            _ => "has no phone that is there",
        };
        view.note(1, Some(false), format_args!("extension {number} {why}"));
        match target(domain, here, when) {
            None => {
                view.note(1, None, format_args!("no forward for that"));
                way.end = end;
                return way;
            }
            Some(Next::Inside(next)) => {
                view.note(1, None, format_args!("so it goes on to {}", next.number));
                (way.forwarder, way.hops, here) = (Some(here), way.hops.next(), next);
            }
            Some(Next::Outside(next)) => {
                let payer = format_args!("so it goes on to {next}, as a call of {number}");
                view.note(1, None, payer);
                (way.forwarder, way.hops) = (Some(here), way.hops.next());
                way.end = End::Outside(here, next);
                return way;
            }
        }
    }
    way
}

/// Who rings for an extension that is one of several: not of one that is not to be disturbed, and elsewhere if all its
/// calls are forwarded. What it says of calls that its own phones do not take counts for those to itself alone.
pub fn member<'a>(
    view: &View<'a>,
    domain: &'a Domain,
    extension: &'a Extension,
    hops: Hops,
) -> Option<(End<'a>, Hops)> {
    let (mut here, mut hops) = (extension, hops.next());
    while !hops.is_too_many() {
        if here.forwards_to(When::Always).is_some() {
            hops = hops.next();
            match target(domain, here, When::Always)? {
                Next::Inside(next) => here = next,
                Next::Outside(next) => return Some((End::Outside(here, next), hops)),
            }
            continue;
        }
        let ring = resolve::extension_rings(view, domain, here);
        return (!here.dnd() && !ring.is_empty()).then(|| (End::Rings(ring.after(hops)), hops));
    }
    None
}

/// Where a call goes on whose phones were rung, for the reason that the switch gives.
pub fn unanswered<'a>(
    view: &View<'a>,
    domain: &'a Domain,
    extension: &'a Extension,
    cause: &str,
    hops: Hops,
) -> Way<'a> {
    let (when, end) = match reason(cause) {
        When::Busy => (When::Busy, End::Busy(extension)),
        When::Offline => (When::Offline, End::Nobody(extension)),
        When::NoAnswer | When::Always => (When::NoAnswer, End::Unanswered(extension)),
    };
    match target(domain, extension, when) {
        Some(Next::Inside(next)) => {
            let way = follow(view, domain, next, hops);
            Way {
                forwarder: way.forwarder.or(Some(extension)),
                ..way
            }
        }
        Some(Next::Outside(next)) => Way {
            end: End::Outside(extension, next),
            forwarder: Some(extension),
            hops: hops.next(),
        },
        None => Way {
            end,
            forwarder: None,
            hops: hops.next(),
        },
    }
}

/// Where an extension forwards to.
enum Next<'a> {
    Inside(&'a Extension),
    Outside(&'a E164),
}

/// Where the extension forwards to then. A target that is switched off, or that another program has written,
/// is none.
fn target<'a>(domain: &'a Domain, extension: &'a Extension, when: When) -> Option<Next<'a>> {
    match extension.forwards_to(when)? {
        Place::Outside(number) => Some(Next::Outside(number)),
        Place::Inside(number) => {
            let found = domain.find(number.as_str())?;
            (found.number == *number).then_some(Next::Inside(found))
        }
    }
}

/// What it means that phones did not take a call (`originate_disposition`). A phone that says it is busy or
/// declines (486, 600, 603) is busy; one that says nothing, or that nobody is there just now (480), does not
/// answer; anything else is a phone that cannot be reached.
fn reason(cause: &str) -> When {
    match cause {
        "USER_BUSY" | "CALL_REJECTED" => When::Busy,
        "NO_ANSWER" | "NO_USER_RESPONSE" | "ALLOTTED_TIMEOUT" | "PROGRESS_TIMEOUT" | "ORIGINATOR_CANCEL"
        | "NORMAL_CLEARING" | "PICKED_OFF" => When::NoAnswer,
        _ => When::Offline,
    }
}
