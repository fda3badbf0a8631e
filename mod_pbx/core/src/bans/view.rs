//! Who is banned, as lookups read it: published as a whole, read without a lock.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use super::culprit::{Account, Culprit, Net};
use super::ledger::{Ban, Ledger};
use super::tries::Tries;
use crate::presence::view::Moment;
use crate::request::Request;

/// A day of ours.
pub(super) type Day = u32;

/// Where our moments begin, in milliseconds before the start: a ban may have begun before it, and a line registered.
const BEFORE: u64 = 40 * 86_400_000;

/// Since when a line is known where it registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// Since now.
    New,
    /// Since an earlier day.
    Before,
    /// It was known today already.
    Today,
}

/// Who is banned now.
#[derive(Debug, Clone)]
pub struct View {
    started: Instant,
    /// Keyed at random, so that nobody can make names that meet.
    hasher: RandomState,
    nets: imbl::HashMap<Net, Ban>,
    /// By `hash`: found without copying names.
    pairs: imbl::HashMap<u64, Arc<(Culprit, Ban)>>,
    /// Lines that registered from a net, by `hash`, and when last. No ban is for them.
    friends: imbl::HashMap<u64, Day>,
    tries: Arc<Tries>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            hasher: RandomState::new(),
            nets: imbl::HashMap::new(),
            pairs: imbl::HashMap::new(),
            friends: imbl::HashMap::new(),
            tries: Arc::default(),
        }
    }
}

impl View {
    /// Whether a line's credential is withheld from this request, as if there were no such line, unless it is a call
    /// for help. Any thread; takes no lock.
    pub fn refuses(&self, rq: &Request<'_>, domain: &str, username: &str) -> bool {
        if self.nets.is_empty() && self.pairs.is_empty() {
            return false;
        }
        let Some(address) = rq.param("ip").and_then(|ip| ip.parse::<IpAddr>().ok()) else {
            return false;
        };
        self.is_banned(address, domain, username, self.now())
    }

    /// This registration has the right digest, and the switch will refuse it all the same, with the event of a wrong one:
    /// that is not counted. Any thread; takes no lock.
    pub fn excuse(&self, rq: &Request<'_>, domain: &str, username: &str) {
        if let Some(address) = rq.param("ip").and_then(|ip| ip.parse::<IpAddr>().ok()) {
            self.tries.excuse(self.hash(address.into(), domain, username));
        }
    }

    /// Whether this failure is one of those.
    pub(super) fn is_excused(&self, net: Net, account: &Account) -> bool {
        let hash = self.hash(net, account.domain.as_str(), account.username.as_str());
        self.tries.is_excused(hash)
    }

    /// Whether this line is banned from this address at this moment. Names in lower case.
    pub(super) fn is_banned(&self, address: IpAddr, domain: &str, username: &str, now: Moment) -> bool {
        let net = Net::from(address);
        let hash = self.hash(net, domain, username);
        if self.friends.contains_key(&hash) {
            return false;
        }
        let whole = self.nets.get(&net).is_some_and(|ban| now < ban.ends);
        let is_it = |culprit: &Culprit| {
            let same = |account: &Account| {
                account.domain.as_str() == domain && account.username.as_str() == username
            };
            culprit.net == net && culprit.account.as_ref().is_some_and(same)
        };
        whole
            || self
                .pairs
                .get(&hash)
                .is_some_and(|pair| is_it(&pair.0) && now < pair.1.ends)
    }

    /// The moment it is.
    pub(super) fn now(&self) -> Moment {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Moment(elapsed.saturating_add(BEFORE))
    }

    /// Every ban in force at this moment, by address and line.
    pub(super) fn bans(&self, now: Moment) -> Vec<(Culprit, Ban)> {
        let nets = self.nets.iter().map(|(net, ban)| (Culprit::from(*net), *ban));
        let pairs = self.pairs.values().map(|pair| (**pair).clone());
        let mut all: Vec<_> = nets.chain(pairs).filter(|(_, ban)| now < ban.ends).collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all
    }

    /// Nets that are banned at this moment, and from which no line has ever registered.
    pub(super) fn strangers(&self, now: Moment) -> HashSet<Net> {
        let nets = self.nets.iter().filter(|(_, ban)| now < ban.ends);
        nets.map(|(net, _)| *net)
            .filter(|net| !self.friends.contains_key(&self.hash(*net, "", "")))
            .collect()
    }

    /// Takes over what changed in the ledger; gives whose bans that are.
    pub(super) fn follow(&mut self, ledger: &mut Ledger, now: Moment) -> HashSet<Culprit> {
        let changed = ledger.take_changed();
        for culprit in &changed {
            self.set(culprit, ledger.ban(culprit).filter(|ban| now < ban.ends));
        }
        changed
    }

    /// Who is not banned whatever happens: a line where it has registered before, since anybody may send
    /// failures in its name from there (UDP), and a net from which a phone is registered now.
    pub(super) fn spares(&self, culprit: &Culprit, is_live: impl FnOnce(Net) -> bool) -> bool {
        match &culprit.account {
            Some(account) => self.is_friend(culprit.net, account),
            None => is_live(culprit.net),
        }
    }

    /// Enters a ban, or takes it out.
    pub(super) fn set(&mut self, culprit: &Culprit, ban: Option<Ban>) {
        let Some(account) = &culprit.account else {
            match ban {
                Some(ban) => self.nets.insert(culprit.net, ban),
                None => self.nets.remove(&culprit.net),
            };
            return;
        };
        let hash = self.hash(culprit.net, account.domain.as_str(), account.username.as_str());
        match ban {
            Some(ban) => self.pairs.insert(hash, Arc::new((culprit.clone(), ban))),
            None => self.pairs.remove(&hash),
        };
    }

    /// Takes out what is not in force any more; true: there was something.
    pub(super) fn drop_ended(&mut self, now: Moment) -> bool {
        let before = self.nets.len() + self.pairs.len();
        self.nets.retain(|_, ban| now < ban.ends);
        self.pairs.retain(|_, pair| now < pair.1.ends);
        before > self.nets.len() + self.pairs.len()
    }

    /// Whether this line registered from there before.
    fn is_friend(&self, net: Net, account: &Account) -> bool {
        let hash = self.hash(net, account.domain.as_str(), account.username.as_str());
        self.friends.contains_key(&hash)
    }

    /// Notes that a line registered from there, on that day.
    pub(super) fn befriend(&mut self, net: Net, domain: &str, username: &str, day: Day) -> Met {
        let hash = self.hash(net, domain, username);
        let last = self.friends.get(&hash).copied();
        if last >= Some(day) {
            return Met::Today;
        }
        // And that somebody did, whoever it was.
        let anybody = self.hash(net, "", "");
        if self.friends.get(&anybody) < Some(&day) {
            self.friends.insert(anybody, day);
        }
        self.friends.insert(hash, day);
        last.map_or(Met::New, |_| Met::Before)
    }

    /// How many friends there are.
    pub(super) fn friends(&self) -> usize {
        self.friends.len()
    }

    /// Keeps those friends who were there since this day; true: there were others.
    pub(super) fn forget_friends(&mut self, before: Day) -> bool {
        let all = self.friends.len();
        self.friends.retain(|_, last| *last >= before);
        self.friends.len() < all
    }

    fn hash(&self, net: Net, domain: &str, username: &str) -> u64 {
        self.hasher.hash_one((net, domain, username))
    }
}
