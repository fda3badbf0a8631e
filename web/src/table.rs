//! A domain's extensions in the orders that tables ask for, and as one text to search. Made when the first asks after
//! a change of the domain; what a page costs then hardly depends on how many extensions there are.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memmem;
use pbx_core::names::DomainName;
use pbx_core::store::snapshot::{Domain, Extension};
use uuid::Uuid;

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
}

/// The column that is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Name,
    Number,
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

    /// The places of those whose name or number has this in it, by name. Small letters are asked for.
    pub(crate) fn search(&self, q: &str) -> Vec<u32> {
        if q.is_empty() {
            return (0..).take(self.rows.len()).collect();
        }
        let mut found = Vec::new();
        // It would find the end of a name with the beginning of a number.
        if q.contains('\n') {
            return found;
        }
        let finder = memmem::Finder::new(q);
        let (mut from, mut row) = (0, 0);
        while let Some(at) = finder.find(&self.text.as_bytes()[from..]) {
            let at = from + at;
            // The text between has been read by now: passing over its rows costs less than looking for the row.
            while self.ends[row] <= at {
                row += 1;
            }
            found.push(u32::try_from(row).unwrap_or(u32::MAX));
            from = self.ends[row];
            row += 1;
        }
        found
    }

    /// Of places by name, those from `from` up to `to` in the order of a column, or its opposite. None is compared with
    /// another: each is marked where it stands in that order, and the marks are counted.
    pub(crate) fn some(
        &self,
        places: &[u32],
        column: Column,
        back: bool,
        from: usize,
        to: usize,
    ) -> Vec<u32> {
        let count = to.saturating_sub(from);
        // As the opposite order has it.
        let (skip, take) = if back {
            (places.len().saturating_sub(to), count)
        } else {
            (from, count)
        };
        let mut shown: Vec<u32> = match column {
            Column::Name => places.iter().skip(skip).take(take).copied().collect(),
            Column::Number => {
                let mut marks = vec![0_u64; self.rows.len().div_ceil(64)];
                for place in places {
                    let rank = self.ranks[*place as usize] as usize;
                    marks[rank / 64] |= 1 << (rank % 64);
                }
                let ranks = marks
                    .iter()
                    .enumerate()
                    .flat_map(|(word, marks)| bits(word * 64, *marks));
                ranks
                    .skip(skip)
                    .take(take)
                    .map(|rank| self.by_number[rank])
                    .collect()
            }
        };
        if back {
            shown.reverse();
        }
        shown
    }

    /// All places in the order of a column, or its opposite: those from `from` up to `to`.
    pub(crate) fn all(&self, column: Column, back: bool, from: usize, to: usize) -> Vec<u32> {
        let place = |n: usize| {
            let n = if back { self.rows.len() - 1 - n } else { n };
            match column {
                Column::Name => u32::try_from(n).unwrap_or(u32::MAX),
                Column::Number => self.by_number[n],
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
