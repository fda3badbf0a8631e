//! Who rings for a number that was called from outside, and what comes when nobody takes the call.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Destination, Did, Member, Outside, Strategy, digits};
use crate::follow::{self, Hops};
use crate::names::{DomainName, E164, Number};
use crate::registry::View;
use crate::resolve::Ring;
use crate::routing::plan::Plan;
use crate::schedules;
use crate::store::gateways::Gateway;
use crate::store::snapshot::{Domain, Extension, Snapshot};

/// A call from outside, as the carrier tells it.
#[derive(Debug, Clone, Copy)]
pub struct Inbound<'r> {
    /// The number that is called.
    pub called: &'r str,
    /// The caller's, if it gives one: any text.
    pub caller: &'r str,
    /// The only domain whose numbers the gateway reaches; none: it reaches all.
    pub domain: Option<&'r str>,
    /// Which gateway brings it.
    pub gateway: Option<Uuid>,
    /// How numbers are written in the gateway's country; none: nobody has said so, and they have their country code.
    pub plan: Option<&'r Plan>,
}

impl<'r> Inbound<'r> {
    /// A call that this gateway brings. It writes numbers as is usual in its own country, else in that of its domain.
    pub fn by(gateway: &'r Gateway, snapshot: &'r Snapshot, called: &'r str, caller: &'r str) -> Self {
        let domain = gateway.domain.as_ref();
        let of_domain = || Some(&snapshot.outside(domain?)?.plan);
        Self {
            called,
            caller,
            domain: domain.map(DomainName::as_str),
            gateway: Some(gateway.id),
            plan: gateway.country.as_deref().or_else(of_domain),
        }
    }

    /// The DID of the number that is called, as it is written, else as its country writes it.
    fn find<'v>(&self, snapshot: &'v Snapshot) -> Option<&'v Did> {
        let of_country = |text: &str| self.plan.and_then(|plan| plan.of_carrier(text));
        // Without a prefix nobody can tell a caller's country.
        let caller = match self.plan.filter(|plan| plan.has_prefix(self.caller)) {
            Some(plan) => plan.of_carrier(self.caller),
            None => None,
        };
        let caller = caller
            .as_deref()
            .or_else(|| digits(self.caller))
            .unwrap_or_default();
        let found = |called: &str| {
            let dids = &snapshot.dids;
            dids.find(called, caller, self.gateway, self.domain)
        };
        let did = match digits(self.called).and_then(found) {
            Some(did) => did,
            None => found(&of_country(self.called)?)?,
        };
        Some(did)
    }
}

/// What happens to a call.
pub struct Decision<'v> {
    /// The DIDs on its way, with what their schedules say; none: the number is nobody's.
    pub via: Vec<Via<'v>>,
    /// The domain it is in.
    pub domain: Option<&'v Domain>,
    /// What is done.
    pub end: End<'v>,
    /// How often it was sent on, this time included.
    pub hops: Hops,
}

/// A DID on the way of a call.
#[derive(Clone, Copy)]
pub struct Via<'v> {
    /// Which.
    pub did: &'v Did,
    /// Whether its schedule is open; none: it has none.
    pub open: Option<bool>,
}

/// What is done with a call.
pub enum End<'v> {
    /// The number is nobody's.
    Unknown,
    /// Phones ring.
    Rings(Ringing<'v>),
    /// It goes to a mailbox.
    Voicemail(&'v Extension),
    /// A recording is played.
    Announcement(&'v str),
    /// It ends.
    HangUp,
    /// It was sent on too often.
    Loops,
}

/// Who rings for a DID.
#[derive(Clone, Copy)]
pub enum Rung<'v> {
    /// An extension's phones.
    Phones(Ring<'v>),
    /// A number outside, if who pays may call there.
    Outside(Away<'v>),
}

/// A number outside that is called for a DID, or by a forward of an extension of it.
#[derive(Clone, Copy)]
pub struct Away<'v> {
    /// The number.
    pub number: &'v E164,
    /// Whose call it is.
    pub payer: &'v Extension,
    /// For how long it rings, in seconds.
    pub seconds: u64,
}

/// Phones that ring for a DID.
pub struct Ringing<'v> {
    /// Which DID.
    pub did: &'v Did,
    /// Whose, in order; never empty.
    pub rings: Vec<Rung<'v>>,
    /// One after the other.
    pub in_turn: bool,
    /// The one extension that is called as if it were dialled, with all its forwards.
    pub alone: Option<&'v Extension>,
}

/// What happens to a call that comes in.
pub fn decide<'v>(view: &View<'v>, inbound: Inbound<'_>, at: Timestamp, hops: Hops) -> Decision<'v> {
    match inbound.find(view.snapshot) {
        Some(did) => follow_on(view, did, None, at, hops),
        None => Decision {
            via: Vec::new(),
            domain: None,
            end: End::Unknown,
            hops,
        },
    }
}

/// What happens to a call whose phones did not take it. `rung`: the number of the extension that was called alone;
/// `cause`: the reason that the switch gives.
pub fn after<'v>(
    view: &View<'v>,
    did: Uuid,
    rung: Option<&str>,
    cause: &str,
    at: Timestamp,
    hops: Hops,
) -> Decision<'v> {
    let ended = |end| Decision {
        via: Vec::new(),
        domain: None,
        end,
        hops,
    };
    let Some(did) = view.snapshot.dids.get(did) else {
        return ended(End::HangUp);
    };
    let domain = view.snapshot.domain(did.domain.as_str());
    if let (Some(domain), Some(number)) = (domain, rung)
        && let Some(extension) = crate::resolve::number(domain, number)
    {
        let way = follow::unanswered(view, domain, extension, cause, hops);
        match way.end {
            follow::End::Rings(_) | follow::End::Outside(..) => {
                if let Some(end) = alone(did, way.end).map(End::Rings) {
                    return Decision {
                        via: vec![Via { did, open: None }],
                        domain: Some(domain),
                        end,
                        hops: way.hops,
                    };
                }
            }
            follow::End::Loops => return ended(End::Loops),
            _ => {}
        }
    }
    follow_on(view, did, Some(&did.then), at, hops)
}

/// Where a call ends that is at this DID, or goes on from it.
fn follow_on<'v>(
    view: &View<'v>,
    mut did: &'v Did,
    mut to: Option<&'v Destination>,
    at: Timestamp,
    hops: Hops,
) -> Decision<'v> {
    let mut decision = Decision {
        via: Vec::with_capacity(1),
        domain: None,
        end: End::Loops,
        hops: hops.next(),
    };
    while !decision.hops.is_too_many() {
        let Some(domain) = view.snapshot.domain(did.domain.as_str()) else {
            decision.end = End::HangUp;
            return decision;
        };
        decision.domain = Some(domain);
        let destination = match to.take() {
            Some(destination) => destination,
            None => {
                let schedule = did.schedule().and_then(|id| view.snapshot.schedules.get(id));
                let open = schedule.map(|schedule| schedules::open(schedule, at));
                decision.via.push(Via { did, open });
                if open == Some(false) {
                    did.closed()
                } else {
                    match members(view, domain, did, &mut decision.hops) {
                        Some(ringing) => {
                            decision.end = End::Rings(ringing);
                            return decision;
                        }
                        None => &did.then,
                    }
                }
            }
        };
        decision.end = match destination {
            Destination::Did(next) => match view.snapshot.dids.get(*next) {
                Some(next) => {
                    did = next;
                    decision.hops = decision.hops.next();
                    continue;
                }
                None => End::HangUp,
            },
            Destination::HangUp => End::HangUp,
            Destination::Announcement(name) => End::Announcement(name.as_str()),
            Destination::Voicemail(number) => match crate::resolve::number(domain, number.as_str()) {
                Some(extension) if extension.voicemail => End::Voicemail(extension),
                _ => End::HangUp,
            },
        };
        return decision;
    }
    decision.end = End::Loops;
    decision
}

/// Who rings for a DID; none: nobody is there.
///
/// One member alone is called as if somebody had dialled it: do not disturb and forwards of every kind count. Of
/// several, those who are not to be disturbed are left out, and who forwards all calls is called there; what else
/// their forwards say is for calls to themselves: another member may answer.
fn members<'v>(view: &View<'v>, domain: &'v Domain, did: &'v Did, hops: &mut Hops) -> Option<Ringing<'v>> {
    let find = |number: &Number| crate::resolve::number(domain, number.as_str());
    let away = |outside: &'v Outside| {
        let payer = find(&outside.payer)?;
        Some(Rung::Outside(away(did, payer, &outside.number)))
    };
    if let [only] = &*did.members {
        let number = match only {
            Member::Extension(number) => number,
            Member::Outside(outside) => {
                return Some(Ringing {
                    did,
                    rings: vec![away(outside)?],
                    in_turn: false,
                    alone: None,
                });
            }
        };
        let way = follow::follow(view, domain, find(number)?, *hops);
        let ringing = alone(did, way.end)?;
        *hops = way.hops;
        return Some(ringing);
    }
    let count = did.members.len();
    let first = match did.strategy {
        Strategy::RoundRobin => did.turn.of(count, view.notes.are_live()),
        Strategy::All | Strategy::Order => 0,
    };
    let mut rings: Vec<Rung<'v>> = Vec::with_capacity(count);
    for member in did.members.iter().cycle().skip(first).take(count) {
        let rung = match member {
            Member::Outside(outside) => away(outside),
            Member::Extension(number) => find(number)
                .and_then(|extension| follow::member(view, domain, extension, *hops))
                .and_then(|(end, _)| rung(did, end)),
        };
        if let Some(rung) = rung.filter(|rung| !rings.iter().any(|other| other.is_same(rung))) {
            rings.push(rung);
        }
    }
    let in_turn = did.strategy != Strategy::All;
    (!rings.is_empty()).then_some(Ringing {
        did,
        rings,
        in_turn,
        alone: None,
    })
}

/// Where the one member of a DID is called; none: nowhere.
fn alone<'v>(did: &'v Did, end: follow::End<'v>) -> Option<Ringing<'v>> {
    let rung = rung(did, end)?;
    Some(Ringing {
        did,
        alone: match rung {
            Rung::Phones(ring) => Some(ring.extension),
            // What comes then is the DID's to say: who forwards is not called again.
            Rung::Outside(_) => None,
        },
        rings: vec![rung],
        in_turn: false,
    })
}

fn rung<'v>(did: &'v Did, end: follow::End<'v>) -> Option<Rung<'v>> {
    match end {
        follow::End::Rings(ring) => Some(Rung::Phones(match did.ring_seconds {
            Some(seconds) => ring.lasting(seconds),
            None => ring,
        })),
        follow::End::Outside(payer, number) => Some(Rung::Outside(away(did, payer, number))),
        _ => None,
    }
}

fn away<'v>(did: &Did, payer: &'v Extension, number: &'v E164) -> Away<'v> {
    Away {
        number,
        payer,
        seconds: did.ring_seconds.unwrap_or(payer.ring_seconds).into(),
    }
}

impl Rung<'_> {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Phones(one), Self::Phones(other)) => one.extension.number == other.extension.number,
            (Self::Outside(one), Self::Outside(other)) => one.number == other.number,
            _ => false,
        }
    }
}
