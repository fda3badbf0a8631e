//! What calls are expected to do: stored with the configuration, and asked of each state of it.
//!
//! A test is asked with every gateway and every phone there and nothing spent, so that it tells of the configuration
//! alone. Do not disturb, forwards and a schedule's override are configuration too, but people change them by phone: such a
//! change is never refused for a test (`Commit::force`), and `pbx check` tells of it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::decide::{Payer, decide, is_emergency};
use super::decision::{Decision, Out};
use crate::config::Config;
use crate::dids::{self, Inbound, Rung};
use crate::follow::{self, Hops};
use crate::host::FakeHost;
use crate::legs::Legs;
use crate::names::{BadName, DomainName, E164, GatewayName, Number};
use crate::presence;
use crate::prompts::Sounds;
use crate::registry::View;
use crate::store::snapshot::{Domain, Extension, Snapshot};
use crate::{bans, caps, clients, features, gateways, resolve};

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// The call goes out.
    Out,
    /// It does not, or the number is nobody's.
    Refused,
    /// Extensions ring, or numbers outside for a DID.
    Rings,
    /// A mailbox answers.
    Voicemail,
    /// A recording is played.
    Announcement,
    /// It ends: nobody is there, and no mailbox.
    Ends,
}

impl Expected {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Out,
        Self::Refused,
        Self::Rings,
        Self::Voicemail,
        Self::Announcement,
        Self::Ends,
    ];

    /// As it is typed and stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Refused => "refused",
            Self::Rings => "rings",
            Self::Voicemail => "voicemail",
            Self::Announcement => "announcement",
            Self::Ends => "ends",
        }
    }

    /// Whether it says whom, or which.
    pub fn has_target(self) -> bool {
        matches!(self, Self::Rings | Self::Voicemail | Self::Announcement)
    }
}

/// Who calls: `1001`, or `gateway:carrier` for whom a gateway brings in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Origin {
    /// An extension.
    Extension(Number),
    /// Somebody outside, by this gateway.
    Gateway(GatewayName),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension(number) => number.fmt(f),
            Self::Gateway(name) => write!(f, "gateway:{name}"),
        }
    }
}

impl FromStr for Origin {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        match text.strip_prefix("gateway:") {
            Some(name) => name.parse().map(Self::Gateway),
            None => text.parse().map(Self::Extension),
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

/// One expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// Who calls.
    pub number: Origin,
    /// What is dialled.
    pub dialled: Box<str>,
    /// The caller's number, of somebody outside; none: it gives none.
    pub caller: Option<Box<str>>,
    /// When; none: whenever it is asked.
    pub at: Option<Timestamp>,
    /// What is to happen.
    pub expected: Expected,
    /// Who rings, whose mailbox answers, or what is played.
    pub target: Option<Box<str>>,
    /// By which gateway first; none: by any.
    pub gateway: Option<GatewayName>,
    /// As whom; none: as anybody.
    pub caller_id: Option<E164>,
}

/// `1001 calling 0900123456 is refused`.
impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calling {}", self.number, self.dialled)?;
        if let Some(caller) = &self.caller {
            write!(f, " as {caller}")?;
        }
        if let Some(at) = self.at {
            write!(f, " at {at}")?;
        }
        let target = self.target.as_deref().unwrap_or_default();
        match self.expected {
            Expected::Out => f.write_str(" goes out")?,
            Expected::Refused => return f.write_str(" is refused"),
            Expected::Rings => return write!(f, " rings {target}"),
            Expected::Voicemail => return write!(f, " reaches the mailbox of {target}"),
            Expected::Announcement => return write!(f, " hears the announcement {target}"),
            Expected::Ends => return f.write_str(" ends"),
        }
        if let Some(gateway) = &self.gateway {
            write!(f, " by {gateway}")?;
        }
        if let Some(caller_id) = &self.caller_id {
            write!(f, " as {caller_id}")?;
        }
        Ok(())
    }
}

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
            Origin::Gateway(name) => match snapshot.gateways.by_name(name.as_str()) {
                Some(gateway) => {
                    let caller = self.caller.as_deref().unwrap_or_default();
                    let inbound = Inbound::by(gateway, snapshot, &self.dialled, caller);
                    let decision = dids::decide(&view, inbound, at, Hops::NONE);
                    of_gateway(&view, &decision, home, at)
                }
                None => return Some(format!("there is no gateway {name}")),
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
    if let Some(domain) = decision.domain
        && domain.name != home.name
    {
        return Outcome::Refused(format!("the number belongs to domain {}", domain.name));
    }
    match &decision.end {
        dids::End::Unknown => Outcome::Refused("nobody has the number".to_owned()),
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

/// Every test that the next state fails and the one before did not, in words.
pub fn broken(before: &Snapshot, next: &Snapshot) -> Vec<String> {
    let mut broken = Vec::new();
    for (domain, outside) in &next.outside {
        for test in &outside.tests {
            let Some(why) = test.failure(next, domain) else {
                continue;
            };
            let old = before.outside.get(domain).map(|outside| &outside.tests);
            let was_there = old.is_some_and(|tests| tests.contains(test));
            if !was_there || test.failure(before, domain).is_none() {
                broken.push(format!("{test} ({domain}), but {why}"));
            }
        }
    }
    broken
}
