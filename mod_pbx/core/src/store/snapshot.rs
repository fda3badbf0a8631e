//! The last committed configuration, in memory, as lookups read it.
//!
//! A snapshot never changes. The writer makes the next one from it after its SQLite transaction is
//! durable; the maps are persistent, so the two share all that the commit left alone. Lookups
//! therefore keep their answers when the disk is full or the database file is locked, damaged or gone.
//! People (`user`) are not here: no lookup needs them.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use equivalent::{Comparable, Equivalent};
use uuid::Uuid;

use crate::dids::Dids;
use crate::forward::{Forwards, Place, When};
use crate::names::{DomainName, Number, Username};
use crate::routing::outside::Outside;
use crate::schedules::Schedule;
use crate::store::gateways::Gateways;

/// One committed state of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The revision this is the state of.
    pub rev: u64,
    /// Every domain, by name.
    pub domains: imbl::HashMap<DomainName, Arc<Domain>>,
    /// Settings in force, defaults included.
    pub settings: Arc<crate::store::settings::Settings>,
    /// When what is open.
    pub schedules: Arc<Schedules>,
    /// Calls out, of the domains that say something of them.
    pub outside: imbl::HashMap<DomainName, Arc<Outside>>,
    /// Ways out of the PBX, and in.
    pub gateways: Arc<Gateways>,
    /// Numbers that the outside world dials.
    pub dids: Arc<Dids>,
}

/// Every schedule.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schedules(HashMap<Uuid, Schedule>);

impl Schedules {
    /// The schedule with this id.
    pub fn get(&self, id: Uuid) -> Option<&Schedule> {
        self.0.get(&id)
    }

    /// The schedule of a domain that this code switches.
    pub fn by_code(&self, domain: &DomainName, code: u16) -> Option<&Schedule> {
        let is = |schedule: &&Schedule| schedule.code == Some(code) && schedule.domain == *domain;
        self.0.values().find(is)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Schedule> for Schedules {
    fn from_iter<I: IntoIterator<Item = Schedule>>(all: I) -> Self {
        Self(all.into_iter().map(|schedule| (schedule.id, schedule)).collect())
    }
}

/// A domain with all that has a name in it.
#[derive(Debug, Clone)]
pub struct Domain {
    /// Its name.
    pub name: DomainName,
    /// Ordered by hash: half the memory of a hash map that shares, and no walk through names.
    identities: imbl::OrdSet<Identity>,
    hasher: RandomState,
    extensions: usize,
}

/// An enabled extension and its enabled lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Extension {
    /// Its number.
    pub number: Number,
    /// The channel that its browser clients log in to.
    pub channel: Uuid,
    /// The name others see when it calls.
    pub caller_id_name: Box<str>,
    /// How long its phones ring, in seconds.
    pub ring_seconds: u16,
    /// Whether it has a mailbox.
    pub voicemail: bool,
    /// The mailbox's PIN.
    pub voicemail_pin: Option<Box<str>>,
    /// Do not disturb, and where calls are forwarded to. Out of line, for hardly any extension has some.
    pub forwards: Option<Box<Forwards>>,
    /// Where its user's mail goes.
    pub email: Option<Box<str>>,
    /// The lines that ring for it.
    pub lines: Box<[Line]>,
}

/// An enabled line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The digest's username.
    pub username: Username,
    /// MD5(username:domain:password).
    pub a1: [u8; 16],
    /// How many phones may register it at once.
    pub max_registrations: u8,
    /// CIDRs it may come from; none: anywhere.
    pub source_acl: Option<Box<str>>,
    /// Whether a call of it must be encrypted.
    pub srtp_required: bool,
}

/// A name in a domain: an extension's number, or the username of one of its lines.
#[derive(Debug, Clone)]
struct Identity {
    extension: Arc<Extension>,
    /// Of the name.
    hash: u32,
    /// Index of the line, or `NUMBER` for the extension's own number.
    which: u32,
}

const NUMBER: u32 = u32::MAX;

/// A name that is looked for.
struct Sought<'a> {
    hash: u32,
    name: &'a str,
}

impl Identity {
    fn name(&self) -> &str {
        match self.extension.lines.get(self.which as usize) {
            Some(line) => line.username.as_str(),
            None => self.extension.number.as_str(),
        }
    }
}

impl Ord for Identity {
    fn cmp(&self, other: &Self) -> Ordering {
        // Names are far away in memory, and hashes hardly ever the same.
        self.hash
            .cmp(&other.hash)
            .then_with(|| self.name().cmp(other.name()))
    }
}

impl PartialOrd for Identity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Identity {}

impl Comparable<Identity> for Sought<'_> {
    fn compare(&self, key: &Identity) -> Ordering {
        self.hash.cmp(&key.hash).then_with(|| self.name.cmp(key.name()))
    }
}

impl Equivalent<Identity> for Sought<'_> {
    fn equivalent(&self, key: &Identity) -> bool {
        self.compare(key) == Ordering::Equal
    }
}

impl Snapshot {
    /// The domain called `name`, without regard to case.
    pub fn domain(&self, name: &str) -> Option<&Arc<Domain>> {
        match folded(name) {
            None => self.domains.get(name),
            Some(lower) => self.domains.get(lower.as_str()),
        }
    }

    /// A domain's calls out; none: it says nothing of them, so there are none.
    pub fn outside(&self, domain: &DomainName) -> Option<&Outside> {
        self.outside.get(domain).map(|outside| &**outside)
    }

    /// Whether lookups get the same from both.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.rev == other.rev
            && self.settings == other.settings
            && self.schedules == other.schedules
            && self.outside == other.outside
            && self.gateways == other.gateways
            && self.dids == other.dids
            && self.domains.len() == other.domains.len()
            && self.domains.iter().all(|(name, domain)| {
                let same = |other: &Arc<Domain>| {
                    domain.len() == other.len()
                        && domain
                            .extensions()
                            .all(|one| other.find(one.number.as_str()).is_some_and(|two| one == two))
                };
                other.domains.get(name).is_some_and(same)
            })
    }
}

impl Domain {
    /// A domain with nothing in it.
    pub fn new(name: DomainName) -> Self {
        Self {
            name,
            identities: imbl::OrdSet::new(),
            hasher: RandomState::new(),
            extensions: 0,
        }
    }

    /// The extension that `name` belongs to: its own number, or the username of one of its lines.
    /// Without regard to case.
    pub fn find(&self, name: &str) -> Option<&Arc<Extension>> {
        let found = match folded(name) {
            None => self.identities.get(&self.sought(name)),
            Some(lower) => self.identities.get(&self.sought(&lower)),
        };
        found.map(|identity| &identity.extension)
    }

    fn sought<'a>(&self, name: &'a str) -> Sought<'a> {
        Sought {
            // The lower half is as good as any.
            hash: self.hasher.hash_one(name) as u32,
            name,
        }
    }

    /// How many extensions there are.
    pub fn len(&self) -> usize {
        self.extensions
    }

    /// Whether there is no extension.
    pub fn is_empty(&self) -> bool {
        self.extensions == 0
    }

    /// Every extension once, in no particular order.
    pub fn extensions(&self) -> impl Iterator<Item = &Arc<Extension>> {
        self.identities
            .iter()
            .filter(|identity| {
                identity.which == NUMBER || identity.name() == identity.extension.number.as_str()
            })
            .map(|identity| &identity.extension)
    }

    /// Adds an extension under its number and its lines' usernames.
    ///
    /// # Errors
    /// One of these names is another extension's, the text says which. The domain is then of no use.
    pub fn insert(&mut self, extension: Extension) -> Result<(), String> {
        let extension = Arc::new(extension);
        self.extensions += 1;
        for which in (0..extension.lines.len() as u32).chain([NUMBER]) {
            let mut identity = Identity {
                extension: Arc::clone(&extension),
                hash: 0,
                which,
            };
            identity.hash = self.sought(identity.name()).hash;
            if let Some(taken) = self.identities.insert(identity)
                && !Arc::ptr_eq(&taken.extension, &extension)
            {
                return Err(format!("the name {} is taken", taken.name()));
            }
        }
        Ok(())
    }

    /// Takes out the extension with this number, and its lines with it.
    pub fn remove(&mut self, number: &str) {
        let Some(extension) = self.find(number).filter(|e| e.number.as_str() == number).cloned() else {
            return;
        };
        self.extensions -= 1;
        for line in &extension.lines {
            self.identities.remove(&self.sought(line.username.as_str()));
        }
        self.identities.remove(&self.sought(number));
    }
}

impl Extension {
    /// Whether no phone of it is to ring.
    pub fn dnd(&self) -> bool {
        self.forwards.as_ref().is_some_and(|forwards| forwards.dnd)
    }

    /// Where calls to it go then; none: they are not forwarded.
    pub fn forwards_to(&self, when: When) -> Option<&Place> {
        self.forwards.as_ref()?.target(when)
    }

    /// The line with this username, without regard to case.
    pub fn line(&self, username: &str) -> Option<&Line> {
        self.lines
            .iter()
            .find(|line| line.username.as_str().eq_ignore_ascii_case(username))
    }
}

/// `name` in lower case, if it is not so already. Names are ASCII.
fn folded(name: &str) -> Option<String> {
    name.bytes()
        .any(|b| b.is_ascii_uppercase())
        .then(|| name.to_ascii_lowercase())
}
