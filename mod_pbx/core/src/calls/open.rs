//! One call that is not over, and what is said of it.

use uuid::Uuid;

use super::book::LONGEST;
use crate::caps::Charge;
use crate::event::Event;
use crate::routing::Class;
use crate::store::calls::{Call, Direction, Leg, Outcome, Role};

/// A call that is not over.
pub(super) struct Open {
    pub(super) call: Call,
    pub(super) legs: Vec<(Box<str>, Leg)>,
    /// Of the legs that go out, who pays.
    pub(super) paid: Vec<Paid>,
    /// Whether somebody of ours is in it.
    pub(super) is_ours: bool,
    /// A mailbox took it.
    pub(super) voicemail: bool,
    /// Legs that are still there.
    pub(super) open: usize,
    /// When two of them spoke first.
    pub(super) spoke: bool,
}

/// Who pays for a leg that goes out: our own dial string says so (`routing::leg`).
pub(super) struct Paid {
    leg: Uuid,
    payer: String,
    class: Option<Class>,
}

impl Open {
    /// With what its legs say.
    pub(super) fn described(&self) -> Call {
        let mut call = self.call.clone();
        let by = |role: Role| {
            self.legs
                .iter()
                .filter(move |(_, leg)| leg.role == role)
                .map(|(_, leg)| leg)
        };
        let inbound = by(Role::Caller).find_map(|leg| leg.gateway.clone());
        let outbound = || {
            let answered = by(Role::Called).find(|leg| leg.gateway.is_some() && leg.answered.is_some());
            let any = || by(Role::Called).find(|leg| leg.gateway.is_some());
            answered.or_else(any).and_then(|leg| leg.gateway.clone())
        };
        (call.direction, call.gateway) = match inbound {
            Some(gateway) => (Direction::Inbound, Some(gateway)),
            None => match outbound() {
                Some(gateway) => (Direction::Outbound, Some(gateway)),
                None => (Direction::Internal, None),
            },
        };
        if let Some(paid) = self.paid() {
            call.payer = Some(paid.payer.clone());
            call.class = paid.class.map(|class| class.as_str().to_owned());
        }
        call
    }

    /// Who pays, and for what kind of number: for the leg outside that was answered, else for the first that was tried.
    /// Nobody does where others rang beside it, and one of them answered.
    fn paid(&self) -> Option<&Paid> {
        let mut answered = self
            .legs
            .iter()
            .filter(|(_, leg)| leg.role == Role::Called && leg.answered.is_some())
            .map(|(_, leg)| leg.id)
            .peekable();
        let first = self.paid.first().filter(|_| answered.peek().is_none());
        let of = |leg: Uuid| self.paid.iter().find(|paid| paid.leg == leg);
        answered.find_map(of).or(first)
    }

    /// Its last leg ended: how.
    pub(super) fn finish(&mut self) {
        let caller = self
            .legs
            .iter()
            .find(|(_, leg)| leg.role == Role::Caller)
            .map(|(_, leg)| leg);
        let last = self.legs.iter().filter_map(|(_, leg)| leg.ended.clone()).max();
        let answered = caller.and_then(|leg| leg.answered.clone());
        let cause = caller.and_then(|leg| leg.cause.clone());
        self.call.outcome = match (self.spoke, self.voicemail, &answered, cause.as_deref()) {
            (true, ..) => Outcome::Answered,
            (_, true, ..) => Outcome::Voicemail,
            (_, _, Some(_), _) => Outcome::Answered,
            (_, _, _, Some("ORIGINATOR_CANCEL")) => Outcome::Cancelled,
            (_, _, _, Some("USER_BUSY")) => Outcome::Busy,
            (
                _,
                _,
                _,
                Some("NO_ANSWER" | "NO_USER_RESPONSE" | "ALLOTTED_TIMEOUT" | "USER_NOT_REGISTERED"),
            ) => Outcome::NoAnswer,
            (_, _, _, Some("CALL_REJECTED" | "OUTGOING_CALL_BARRED")) => Outcome::Refused,
            _ => Outcome::Failed,
        };
        if self.call.answered.is_none() {
            self.call.answered = answered;
        }
        self.call.cause = cause;
        self.call.seconds = seconds(self.call.answered.as_deref(), last.as_deref());
        self.call.ended = last;
    }
}

/// What a leg says of who pays for it.
pub(super) fn paid(leg: Uuid, event: &Event) -> Option<Paid> {
    let charge: Charge = event.header("variable_pbx_charge")?.parse().ok()?;
    let (number, _) = event.header("variable_pbx_identity")?.split_once('@')?;
    Some(Paid {
        leg,
        payer: number.chars().take(LONGEST).collect(),
        class: charge.class,
    })
}

/// Whole seconds from one moment to another.
fn seconds(from: Option<&str>, to: Option<&str>) -> u64 {
    let at = |text: Option<&str>| text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    match (at(from), at(to)) {
        (Some(from), Some(to)) => u64::try_from(to.as_second() - from.as_second()).unwrap_or(0),
        _ => 0,
    }
}
