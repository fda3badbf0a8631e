//! How a route test is asked: by the functions that answer the switch, of a switch that stands still.

use jiff::Timestamp;

use super::{Expected, Origin, Test};
use crate::config::Config;
use crate::dids::{self, Inbound, Rung};
use crate::follow::{self, Hops};
use crate::host::FakeHost;
use crate::legs::Legs;
use crate::names::{DomainName, E164, Number};
use crate::presence;
use crate::prompts::Sounds;
use crate::registry::View;
use crate::routing::decide::{Payer, decide, is_emergency};
use crate::routing::decision::{Decision, Out};
use crate::store::snapshot::{Domain, Extension, Snapshot};
use crate::{bans, caps, clients, features, gateways, resolve};

/// What happens to a call.
enum Outcome {
    Out(Out),
    /// Why.
    Refused(String),
    /// Whose phones, and which numbers outside, as members of a DID are typed.
    Rings(Vec<String>),
    Voicemail(Number),
    Announcement(String),
    Ends,
    /// It is none of these: a feature code.
    Feature,
}

/// A switch that stands still: what a test is asked with besides the configuration.
struct Still {
    config: Config,
    presence: presence::view::View,
    bans: bans::view::View,
    clients: clients::view::View,
    gateways: gateways::view::View,
    caps: caps::view::View,
    legs: Legs,
    sounds: Sounds,
    host: FakeHost,
}

impl Still {
    fn new() -> Option<Self> {
        let host = FakeHost::default();
        Some(Self {
            config: Config::new(&[], &host).ok()?,
            presence: presence::view::View::assumed(),
            bans: bans::view::View::default(),
            clients: clients::view::View::default(),
            gateways: gateways::view::View::default(),
            caps: caps::view::View::default(),
            legs: Legs::default(),
            sounds: Sounds::default(),
            host,
        })
    }

    fn view<'a>(&'a self, snapshot: &'a Snapshot) -> View<'a> {
        View {
            snapshot,
            config: &self.config,
            presence: &self.presence,
            bans: &self.bans,
            clients: &self.clients,
            gateways: &self.gateways,
            caps: &self.caps,
            legs: &self.legs,
            watch: None,
            notes: &(),
            sounds: &self.sounds,
            host: &self.host,
        }
    }
}

impl Test {
    /// Why the configuration does otherwise; none: it does as expected.
    pub fn failure(&self, snapshot: &Snapshot, domain: &DomainName) -> Option<String> {
        let Some(still) = Still::new() else {
            return Some("it cannot be asked".to_owned());
        };
        let home = snapshot.domains.get(domain)?;
        let view = still.view(snapshot);
        let at = self.at.unwrap_or_else(Timestamp::now);
        let outcome = match &self.number {
            Origin::Extension(number) => match resolve::number(home, number.as_str()) {
                Some(extension) => self.of_extension(&view, home, extension, at),
                None => return Some(format!("there is no extension {number}")),
            },
            // Another domain's gateway is to this one as none.
            Origin::Gateway(name) => match snapshot.gateways.by_name(name.as_str()) {
                Some(gateway) if gateway.serves(domain) => {
                    let caller = self.caller.as_deref().unwrap_or_default();
                    let inbound = Inbound::by(gateway, snapshot, &self.dialled, caller);
                    let decision = dids::decide(&view, inbound, at, Hops::NONE);
                    of_gateway(&view, &decision, home, at)
                }
                _ => return Some(format!("there is no gateway {name}")),
            },
        };
        self.compare(outcome)
    }

    fn of_extension(&self, view: &View<'_>, home: &Domain, calling: &Extension, at: Timestamp) -> Outcome {
        let dialled = &*self.dialled;
        if !is_emergency(view, home, dialled) {
            if features::dialled(&view.snapshot.settings, dialled).is_some() {
                return Outcome::Feature;
            }
            if let Some(called) = resolve::number(home, dialled) {
                return match follow::follow(view, home, called, Hops::NONE).end {
                    follow::End::Rings(ring) => Outcome::Rings(vec![ring.extension.number.to_string()]),
                    follow::End::Outside(forwarder, number) => {
                        match leaves(view, home, forwarder, number, at) {
                            Some(out) => Outcome::Out(out),
                            // As if nobody were there.
                            None if forwarder.voicemail => Outcome::Voicemail(forwarder.number.clone()),
                            None => Outcome::Ends,
                        }
                    }
                    follow::End::Busy(last) | follow::End::Unanswered(last) | follow::End::Nobody(last)
                        if last.voicemail =>
                    {
                        Outcome::Voicemail(last.number.clone())
                    }
                    _ => Outcome::Ends,
                };
            }
        }
        let payer = Payer {
            domain: home,
            extension: calling,
            line: None,
        };
        match decide(view, &payer, dialled, at) {
            Decision::Out(out) => Outcome::Out(out),
            Decision::Refused(why) => Outcome::Refused(why.text().to_owned()),
        }
    }

    fn compare(&self, outcome: Outcome) -> Option<String> {
        let target = self.target.as_deref().unwrap_or_default();
        match (outcome, self.expected) {
            (Outcome::Refused(_), Expected::Refused) | (Outcome::Ends, Expected::Ends) => None,
            (Outcome::Out(out), Expected::Out) => self.compare_out(&out),
            (Outcome::Rings(numbers), Expected::Rings) => {
                let mut wanted: Vec<&str> = target.split(' ').collect();
                let mut rung: Vec<&str> = numbers.iter().map(String::as_str).collect();
                wanted.sort_unstable();
                rung.sort_unstable();
                (wanted != rung).then(|| format!("it rings {}", rung.join(" ")))
            }
            (Outcome::Voicemail(number), Expected::Voicemail) if number.as_str() == target => None,
            (Outcome::Announcement(name), Expected::Announcement) if name == target => None,
            (Outcome::Out(out), _) => {
                let route = out
                    .route
                    .map_or_else(|| "no route".to_owned(), |route| route.to_string());
                Some(format!("it goes out by {route}"))
            }
            (Outcome::Refused(why), _) => Some(format!("it is refused: {why}")),
            (Outcome::Rings(numbers), _) => Some(format!("it rings {}", numbers.join(" "))),
            (Outcome::Voicemail(number), _) => Some(format!("it reaches the mailbox of {number}")),
            (Outcome::Announcement(name), _) => Some(format!("it hears the announcement {name}")),
            (Outcome::Ends, _) => Some("it ends: nobody is there, and no mailbox".to_owned()),
            (Outcome::Feature, _) => Some("it is a feature code".to_owned()),
        }
    }

    fn compare_out(&self, out: &Out) -> Option<String> {
        // There is one at least.
        let way = out.ways.first()?;
        let number = way.caller_id.as_ref().map(|own| &own.number);
        if self.gateway.as_ref().is_some_and(|gateway| *gateway != way.name) {
            return Some(format!("it goes out by gateway {}", way.name));
        }
        if self.caller_id.is_some() && self.caller_id.as_ref() != number {
            let number = number.map_or("nobody", E164::as_str);
            return Some(format!("it goes out as {number}"));
        }
        None
    }
}

/// By which ways a number outside is called as a call of who forwards there, or pays for it; none: it is not.
fn leaves(
    view: &View<'_>,
    domain: &Domain,
    extension: &Extension,
    number: &E164,
    at: Timestamp,
) -> Option<Out> {
    if view.snapshot.dids.is_own(number) {
        return None;
    }
    let payer = Payer {
        domain,
        extension,
        line: None,
    };
    match decide(view, &payer, number.as_str(), at) {
        Decision::Out(out) => Some(out),
        Decision::Refused(_) => None,
    }
}

fn of_gateway(view: &View<'_>, decision: &dids::Decision<'_>, home: &Domain, at: Timestamp) -> Outcome {
    // Whether another domain has the number is not for this one to know.
    let unknown = || Outcome::Refused("the domain has no such number".to_owned());
    if decision.domain.is_some_and(|domain| domain.name != home.name) {
        return unknown();
    }
    match &decision.end {
        dids::End::Unknown => unknown(),
        dids::End::Rings(ringing) => {
            let number = |rung: &Rung<'_>| match rung {
                Rung::Phones(ring) => Some(ring.extension.number.to_string()),
                Rung::Outside(away) => leaves(view, home, away.payer, away.number, at)
                    .map(|_| format!("{}/{}", away.number, away.payer.number)),
            };
            let numbers: Vec<String> = ringing.rings.iter().filter_map(number).collect();
            if numbers.is_empty() {
                // Nobody of them may be called: as if nobody were there.
                let then = dids::after(view, ringing.did.id, None, "", at, decision.hops);
                return of_gateway(view, &then, home, at);
            }
            Outcome::Rings(numbers)
        }
        dids::End::Voicemail(extension) => Outcome::Voicemail(extension.number.clone()),
        dids::End::Announcement(name) => Outcome::Announcement((*name).to_owned()),
        dids::End::HangUp | dids::End::Loops => Outcome::Ends,
    }
}
