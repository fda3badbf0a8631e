//! A domain's extensions in the orders that tables ask for, and as one text to search. Made when the first asks after
//! a change of the domain; what a page costs then hardly depends on how many extensions there are.

mod states;
mod trigrams;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use memchr::memmem;
use pbx_core::names::DomainName;
use pbx_core::presence::view;
use pbx_core::store::snapshot::{Domain, Extension};
use roaring::RoaringBitmap;
use uuid::Uuid;

pub(crate) use states::States;
use trigrams::Trigrams;

/// Extensions in all tables that are kept, if it is not one alone that has more.
const MOST: usize = 500_000;
/// People whose channels are kept.
const PEOPLE: usize = 10_000;

/// What is kept.
#[derive(Default)]
pub struct Tables {
    domains: Mutex<HashMap<DomainName, Arc<Table>>>,
    channels: Mutex<HashMap<Uuid, Known>>,
}

/// The channels of a person, as they were at a revision.
struct Known {
    rev: u64,
    channels: Channels,
}

/// Channels that are a person's pages, each with its domain.
pub(crate) type Channels = Arc<[(Uuid, DomainName)]>;

/// One domain's.
pub(crate) struct Table {
    /// What it was made of.
    of: Arc<Domain>,
    /// By name, then number.
    rows: Vec<Arc<Extension>>,
    /// Each row's name in lower case and its number, each on a line.
    text: String,
    /// Where each row's text ends.
    ends: Vec<usize>,
    /// Places in `rows`, by number, and the other way round.
    by_number: Vec<u32>,
    ranks: Vec<u32>,
    /// Made when the first searches.
    trigrams: OnceLock<Trigrams>,
    /// As when somebody last asked for them.
    states: Mutex<Option<Arc<States>>>,
}

/// The column that is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Name,
    Number,
    State,
}

impl Tables {
    /// The table of a domain, if it is the domain's as it is now.
    pub(crate) fn find(&self, domain: &Arc<Domain>) -> Option<Arc<Table>> {
        let domains = lock(&self.domains);
        let table = domains.get(&domain.name)?;
        Arc::ptr_eq(&table.of, domain).then(|| Arc::clone(table))
    }

    /// Makes it. A hundred thousand extensions take a tenth of a second.
    pub(crate) fn make(&self, domain: &Arc<Domain>) -> Arc<Table> {
        let table = Arc::new(Table::new(domain));
        let mut domains = lock(&self.domains);
        domains.remove(&domain.name);
        let kept: usize = domains.values().map(|table| table.rows.len()).sum();
        if kept + table.rows.len() > MOST {
            domains.clear();
        }
        domains.insert(domain.name.clone(), Arc::clone(&table));
        table
    }

    /// The channels of a person as of this revision, if somebody asked before.
    pub(crate) fn channels(&self, user: Uuid, rev: u64) -> Option<Channels> {
        let all = lock(&self.channels);
        let known = all.get(&user).filter(|known| known.rev == rev)?;
        Some(Arc::clone(&known.channels))
    }

    /// Keeps them. They were read after `rev` was.
    pub(crate) fn keep_channels(&self, user: Uuid, rev: u64, channels: Channels) {
        let mut all = lock(&self.channels);
        if all.len() >= PEOPLE {
            all.clear();
        }
        all.insert(user, Known { rev, channels });
    }
}

impl Table {
    fn new(domain: &Arc<Domain>) -> Self {
        let mut named: Vec<_> = domain
            .extensions()
            .map(|extension| (extension.caller_id_name.to_lowercase(), extension))
            .collect();
        named.sort_unstable_by(|(a, one), (b, other)| a.cmp(b).then_with(|| by_number(one, other)));
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(named.len()));
        for (name, extension) in &named {
            for line in [name.as_str(), extension.number.as_str()] {
                text.push_str(line);
                text.push('\n');
            }
            ends.push(text.len());
        }
        let rows: Vec<_> = named
            .into_iter()
            .map(|(_, extension)| Arc::clone(extension))
            .collect();
        let mut places: Vec<u32> = (0..).take(rows.len()).collect();
        places.sort_unstable_by(|a, b| by_number(&rows[*a as usize], &rows[*b as usize]));
        let mut ranks = vec![0; rows.len()];
        for (rank, place) in (0..).zip(&places) {
            ranks[*place as usize] = rank;
        }
        Self {
            of: Arc::clone(domain),
            rows,
            text,
            ends,
            by_number: places,
            ranks,
            trigrams: OnceLock::new(),
            states: Mutex::default(),
        }
    }

    /// How many extensions there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The extension at a place.
    pub(crate) fn at(&self, place: u32) -> &Extension {
        &self.rows[place as usize]
    }

    /// The places of those whose name or number has this in it. Small letters are asked for.
    pub(crate) fn search(&self, q: &str) -> RoaringBitmap {
        // Nobody has it, but it stands between a name and the number.
        if q.contains('\n') {
            return RoaringBitmap::new();
        }
        if q.is_empty() {
            let mut all = RoaringBitmap::new();
            all.insert_range(0..self.count());
            return all;
        }
        let trigrams = self
            .trigrams
            .get_or_init(|| Trigrams::of((0..self.count()).map(|place| self.text(place))));
        let mut found = trigrams.candidates(q);
        if !Trigrams::are_exact(q) {
            let finder = memmem::Finder::new(q);
            found = found
                .iter()
                .filter(|place| finder.find(self.text(*place).as_bytes()).is_some())
                .collect();
        }
        found
    }

    /// Everybody's state, as far as it is known of the domain.
    pub(crate) fn states(&self, seen: Option<&Arc<view::Domain>>) -> Arc<States> {
        let kept = lock(&self.states).clone();
        if let Some(states) = kept.filter(|states| states.are_of(seen)) {
            return states;
        }
        let states = Arc::new(States::new(self, seen));
        *lock(&self.states) = Some(Arc::clone(&states));
        states
    }

    fn count(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    fn text(&self, place: u32) -> &str {
        let place = place as usize;
        let from = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[from..self.ends[place]]
    }

    /// Of these places, those from `from` up to `to` in the order of a column, or its opposite.
    pub(crate) fn some(
        &self,
        found: &RoaringBitmap,
        (column, back): (Column, bool),
        states: impl FnOnce() -> Arc<States>,
        (from, to): (usize, usize),
    ) -> Vec<u32> {
        let part = |all: &RoaringBitmap| -> Vec<u32> {
            let count = to.saturating_sub(from);
            if back {
                all.iter().rev().skip(from).take(count).collect()
            } else {
                all.iter().skip(from).take(count).collect()
            }
        };
        match column {
            Column::Name => part(found),
            Column::Number => self.by_rank(found, back, from, to),
            Column::State => states().some(found, back, from, to),
        }
    }

    /// None is compared with another: each is marked where it stands in that order, and the marks are counted.
    fn by_rank(&self, found: &RoaringBitmap, back: bool, from: usize, to: usize) -> Vec<u32> {
        let mut marks = vec![0_u64; self.rows.len().div_ceil(64)];
        for place in found {
            let rank = self.ranks[place as usize] as usize;
            marks[rank / 64] |= 1 << (rank % 64);
        }
        let ranks = marks
            .iter()
            .enumerate()
            .flat_map(|(word, marks)| bits(word * 64, *marks));
        let count = usize::try_from(found.len()).unwrap_or(usize::MAX);
        let skip = if back { count.saturating_sub(to) } else { from };
        let shown = ranks.skip(skip).take(to.saturating_sub(from));
        let mut shown: Vec<u32> = shown.map(|rank| self.by_number[rank]).collect();
        if back {
            shown.reverse();
        }
        shown
    }

    /// The same of everybody, for a column that does not change: nobody but those is looked at.
    pub(crate) fn all(&self, column: Column, back: bool, from: usize, to: usize) -> Vec<u32> {
        let place = |n: usize| {
            let n = if back { self.rows.len() - 1 - n } else { n };
            match column {
                Column::Number => self.by_number[n],
                Column::Name | Column::State => u32::try_from(n).unwrap_or(u32::MAX),
            }
        };
        (from..to).map(place).collect()
    }
}

/// Where the bits of a word are set, counted from `base`.
fn bits(base: usize, mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        // The lowest that is set is taken away.
        word &= word.checked_sub(1)?;
        Some(base + bit as usize)
    })
}

/// No two are equal: numbers are not. 99 comes before 100.
fn by_number(a: &Extension, b: &Extension) -> Ordering {
    let (a, b) = (a.number.as_str(), b.number.as_str());
    (a.len(), a).cmp(&(b.len(), b))
}

/// What is guarded is replaced whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
