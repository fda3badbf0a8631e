//! Which channels speak, or last spoke, with each other, and whose they are: who sends a call on is told by this.
//!
//! A transfer makes the switch route the channel that is transferred, which says nothing of who transferred it that a SIP
//! message could not say as well (Referred-By, Refer-To). What it does say, where nobody else can write it, is which channel it
//! was bridged to last (`last_bridge_to`, `switch_ivr_multi_threaded_bridge`): that one transferred it. The switch's
//! own event says that they were bridged, and whose that channel is was said when it began. What cannot be told so
//! is not known: a call of nobody's goes nowhere.
//!
//! The table has room for some ten thousand channels. It is written in the switch's event thread, and read by the lookup of
//! who was transferred. Each of its groups has a lock, which is held for as long as a few words take to be copied. (Pointers
//! that are swapped would have no lock, but every swap looks at what each of the switch's threads reads, and those are as
//! many as there are calls.) It does not survive a reload of the module: calls that were there before cannot be sent outside.
//!
//! All of it is one piece of memory, taken at the start. Texts that the event thread kept one by one would lie among what the
//! switch's calls took and gave back: holes that its allocator looks through again and again, a few per cent of a call's
//! processor time after some thousand calls.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;
use uuid::Uuid;

use crate::event::{Event, Kind};
use crate::gateways;
use crate::registry::View;
use crate::request::Request;
use crate::store::snapshot::{Domain, Extension};

/// The variable of a channel that the directory lets call for help alone, since its line may not call from there, or not
/// now: whoever it then transfers is sent on by nobody who pays.
pub const HELP_ONLY: &str = "pbx_help_only";

/// How many groups of places there are. A power of two.
const GROUPS: usize = 2048;

/// How many places are in a group: a channel goes to the one of them that is free, over, or the oldest.
const PLACES: usize = 8;

/// Ids that are longer than this many bytes are nobody's: a browser may choose its own.
const LONGEST: usize = 64;

/// The channels.
pub struct Legs {
    groups: Box<[Mutex<Group>]>,
    hasher: RandomState,
}

/// Channels whose ids have the same hash.
#[derive(Default)]
struct Group {
    places: [Option<Leg>; PLACES],
    /// Which place is the next to be taken from a channel that is not over.
    turn: usize,
}

/// One channel.
#[derive(Debug)]
struct Leg {
    id: Text,
    whose: Whose,
    /// The channel it was bridged to last.
    peer: Option<Text>,
    over: bool,
}

/// A text that is kept in its place, unless it is longer than the switch's ids and nearly all names are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Text(SmallVec<[u8; 48]>);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(SmallVec::from_slice(text.as_bytes()))
    }
}

impl Text {
    fn as_str(&self) -> &str {
        // Made of one.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Whose a channel is.
#[derive(Debug, Clone)]
enum Whose {
    /// That of this `pbx_identity`, which the directory or our dial string has set.
    Identity(Text),
    /// That of the browser client with this login.
    Browser(Text),
    /// Nobody's of ours: a carrier's, or unknown.
    Nobody,
}

/// Who sent a call on.
#[derive(Clone, Copy)]
pub struct Sender<'v> {
    /// The domain.
    pub domain: &'v Domain,
    /// The extension.
    pub extension: &'v Extension,
    /// Its line, if a phone did.
    pub line: Option<&'v str>,
}

impl Default for Legs {
    fn default() -> Self {
        Self {
            groups: (0..GROUPS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Legs {
    /// Takes an event of a channel. The switch's event thread; waits at most while one place of a group is read.
    pub fn tell(&self, event: &Event) {
        match event.kind {
            Kind::CallBegan => self.begun(event),
            Kind::CallBridged => {
                let of = |name| event.header(name);
                if let (Some(one), Some(other)) = (of("Bridge-A-Unique-ID"), of("Bridge-B-Unique-ID")) {
                    self.change(one, |leg| leg.peer = Some(other.into()));
                    self.change(other, |leg| leg.peer = Some(one.into()));
                }
            }
            Kind::CallEnded => {
                if let Some(id) = event.header("Unique-ID") {
                    self.change(id, |leg| leg.over = true);
                }
            }
            _ => {}
        }
    }

    fn begun(&self, event: &Event) {
        let Some(id) = event.header("Unique-ID").filter(|id| id.len() <= LONGEST) else {
            return;
        };
        let leg = Leg {
            id: id.into(),
            whose: whose(event),
            peer: None,
            over: false,
        };
        self.group(id).take(leg);
    }

    fn group(&self, id: &str) -> MutexGuard<'_, Group> {
        let hash = self.hasher.hash_one(id) as usize;
        self.groups[hash % GROUPS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Leg)) {
        if let Some(leg) = self.group(id).find(id) {
            change(leg);
        }
    }

    /// What `read` says of a channel; none: it is not known.
    fn of<T>(&self, id: &str, read: impl FnOnce(&Leg) -> T) -> Option<T> {
        self.group(id).find(id).map(|leg| read(leg))
    }
}

impl Group {
    fn find(&mut self, id: &str) -> Option<&mut Leg> {
        let mut all = self.places.iter_mut().flatten();
        all.find(|leg| *leg.id.0 == *id.as_bytes())
    }

    /// Puts it where it was, else where nothing is, or what is over, or in place of the oldest.
    fn take(&mut self, leg: Leg) {
        let first = |test: &dyn Fn(&Option<Leg>) -> bool| self.places.iter().position(test);
        let same = first(&|place| place.as_ref().is_some_and(|other| other.id == leg.id));
        let free = || first(&Option::is_none);
        let over = || first(&|place| place.as_ref().is_some_and(|leg| leg.over));
        let place = same.or_else(free).or_else(over).unwrap_or_else(|| {
            self.turn = (self.turn + 1) % PLACES;
            self.turn
        });
        self.places[place] = Some(leg);
    }
}

fn whose(event: &Event) -> Whose {
    let header = |name| event.header(name).unwrap_or_default();
    let name = header("Caller-Channel-Name");
    let at_a_carrier = name
        .strip_prefix("sofia/")
        .is_some_and(|rest| rest.split('/').next() == Some(gateways::PROFILE));
    let called = header("Call-Direction").eq_ignore_ascii_case("outbound");
    let may_not_pay = event.header("variable_pbx_help_only").is_some();
    if at_a_carrier || may_not_pay || event.header("variable_pbx_charge").is_some() {
        Whose::Nobody
    } else if name.starts_with("verto") && !called {
        // Variables of a browser's own call are what it says itself.
        event
            .header("Caller-Username")
            .map_or(Whose::Nobody, |login| Whose::Browser(login.into()))
    } else {
        event
            .header("variable_pbx_identity")
            .map_or(Whose::Nobody, |identity| Whose::Identity(identity.into()))
    }
}

/// The channel that this one was bridged to last, if it is an id of the switch's.
pub fn last_peer(rq: &Request<'_>) -> Option<Uuid> {
    rq.param("variable_last_bridge_to")?.parse().ok()
}

/// Who transferred the call that is being routed; none: nobody who is known.
///
/// `pbx_after` is the channel that it was bridged to before our last answer: if there was none since, whoever transferred it
/// never spoke with it, and is not the one whom it spoke with before.
pub fn transferred_by<'v>(rq: &Request<'_>, view: &View<'v>) -> Option<Sender<'v>> {
    if let Some(thought) = view.watch.and_then(|watch| watch.sender.as_deref()) {
        return of_identity(thought, view);
    }
    let own: Cow<'_, str> = rq.param("Unique-ID")?;
    let last = last_peer(rq)?;
    if rq
        .param("variable_pbx_after")
        .is_some_and(|before| before.parse() == Ok(last))
    {
        return None;
    }
    let is_last = |id: &str| id.parse() == Ok(last);
    // Set before that one where a channel is about to be bridged to another (`switch_ivr_uuid_bridge`): an attended transfer
    // is under way, and whoever transfers now is not the one whom it spoke with before.
    if !rq
        .param("variable_bridge_uuid")
        .is_some_and(|bond| is_last(&bond))
    {
        return None;
    }
    let peer = view.legs.of(&own, |leg| leg.peer.clone())?;
    let peer = peer.filter(|peer| is_last(peer.as_str()))?;
    match &view.legs.of(peer.as_str(), |leg| leg.whose.clone())? {
        Whose::Identity(identity) => of_identity(identity.as_str(), view),
        Whose::Browser(login) => {
            let (domain, extension) = view.clients.of_login(login.as_str())?.extension(view.snapshot)?;
            Some(Sender {
                domain,
                extension,
                line: None,
            })
        }
        Whose::Nobody => None,
    }
}

/// Who goes by this `NAME@DOMAIN`.
pub fn of_identity<'v>(identity: &str, view: &View<'v>) -> Option<Sender<'v>> {
    let (name, domain) = identity.split_once('@')?;
    let domain: &'v Domain = view.snapshot.domain(domain)?;
    let extension = domain.find(name)?;
    Some(Sender {
        domain,
        extension,
        line: extension.line(name).map(|line| line.username.as_str()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::made_of;

    fn begun(legs: &Legs, id: &str, identity: &str) {
        legs.tell(&made_of(
            Kind::CallBegan,
            &[
                ("Unique-ID", id),
                ("Call-Direction", "inbound"),
                ("Caller-Channel-Name", "sofia/internal/x"),
                ("variable_pbx_identity", identity),
            ],
        ));
    }

    fn bridged(legs: &Legs, one: &str, other: &str) {
        legs.tell(&made_of(
            Kind::CallBridged,
            &[("Bridge-A-Unique-ID", one), ("Bridge-B-Unique-ID", other)],
        ));
    }

    fn peer(legs: &Legs, id: &str) -> Option<String> {
        legs.of(id, |leg| leg.peer.clone())?
            .map(|peer| peer.as_str().to_owned())
    }

    #[test]
    fn a_channel_is_known_with_whom_it_spoke_last() {
        let legs = Legs::default();
        for (id, who) in [
            ("a", "alice@pbx.test"),
            ("b", "bob@pbx.test"),
            ("c", "carol@pbx.test"),
        ] {
            begun(&legs, id, who);
        }
        assert_eq!(peer(&legs, "a"), None);
        bridged(&legs, "a", "b");
        assert_eq!(
            (peer(&legs, "a"), peer(&legs, "b")),
            (Some("b".into()), Some("a".into()))
        );
        bridged(&legs, "a", "c");
        legs.tell(&made_of(Kind::CallEnded, &[("Unique-ID", "b")]));
        assert_eq!(peer(&legs, "a"), Some("c".into()));
        assert!(
            legs.of("b", |leg| leg.over).unwrap(),
            "who hung up is still known for a while"
        );
        bridged(&legs, "a", "nobody");
        assert_eq!(
            peer(&legs, "a"),
            Some("nobody".into()),
            "of whom nothing else is known"
        );
        assert!(legs.of("nobody", |_| ()).is_none());
    }

    #[test]
    fn what_a_browser_says_of_itself_and_what_a_carrier_carries_is_nobodys() {
        let legs = Legs::default();
        let of = |name: &str, direction: &str, further: &[(&str, &str)]| {
            let mut all = vec![
                ("Unique-ID", "x"),
                ("Call-Direction", direction),
                ("Caller-Channel-Name", name),
                ("variable_pbx_identity", "alice@pbx.test"),
            ];
            all.extend_from_slice(further);
            legs.tell(&made_of(Kind::CallBegan, &all));
            legs.of("x", |leg| leg.whose.clone()).unwrap()
        };
        assert!(matches!(
            of("sofia/internal/x", "inbound", &[]),
            Whose::Identity(_)
        ));
        assert!(matches!(of("verto.rtc/x", "outbound", &[]), Whose::Identity(_)));
        let login = [("Caller-Username", "me@extensions")];
        assert!(matches!(of("verto.rtc/x", "inbound", &login), Whose::Browser(_)));
        assert!(matches!(of("verto.rtc/x", "inbound", &[]), Whose::Nobody));
        assert!(matches!(of("sofia/external/x", "inbound", &[]), Whose::Nobody));
        assert!(matches!(of("sofia/external/x", "outbound", &[]), Whose::Nobody));
        assert!(matches!(
            of(
                "sofia/internal/x",
                "inbound",
                &[("variable_pbx_help_only", "true")]
            ),
            Whose::Nobody
        ));
        assert!(matches!(
            of("sofia/internal/x", "outbound", &[("variable_pbx_charge", "x")]),
            Whose::Nobody
        ));
    }

    #[test]
    fn the_table_keeps_who_is_there_over_who_is_gone() {
        let legs = Legs::default();
        begun(&legs, "stays", "alice@pbx.test");
        for number in 0..200_000 {
            let id = number.to_string();
            begun(&legs, &id, "bob@pbx.test");
            legs.tell(&made_of(Kind::CallEnded, &[("Unique-ID", &id)]));
        }
        assert!(legs.of("stays", |_| ()).is_some());
        assert!(legs.of("199999", |_| ()).is_some());
    }
}
