//! Which rows have which two letters beside each other: the few that a search has to read.

use std::collections::HashMap;

use roaring::RoaringBitmap;

/// Rows by each letter, and by each two that follow one another in them. Letters are bytes here: one that has two of
/// them is looked for as the two.
pub(super) struct Pairs(HashMap<u32, RoaringBitmap>);

/// A letter alone: no pair is as large.
const ALONE: u32 = 1 << 16;

impl Pairs {
    /// Of the rows' texts, in their order.
    pub(super) fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut rows: HashMap<u32, RoaringBitmap> = HashMap::new();
        for (row, text) in (0..).zip(texts) {
            let text = text.as_bytes();
            for key in letters(text).chain(pairs(text)) {
                rows.entry(key).or_default().insert(row);
            }
        }
        Self(rows)
    }

    /// The rows that have every two letters of `q`. Of two letters, or one, these are those that have `q`; whoever has
    /// a longer one is among them.
    pub(super) fn candidates(&self, q: &str) -> RoaringBitmap {
        let q = q.as_bytes();
        let keys: Vec<_> = if q.len() == 1 {
            letters(q).collect()
        } else {
            pairs(q).collect()
        };
        let mut wanted = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(rows) = self.0.get(&key) else {
                return RoaringBitmap::new();
            };
            wanted.push(rows);
        }
        // The fewest first: each step costs as much as the smaller of its two.
        wanted.sort_unstable_by_key(|rows| rows.len());
        let mut wanted = wanted.into_iter();
        let fewest = wanted.next().cloned().unwrap_or_default();
        wanted.fold(fewest, |found, rows| found & rows)
    }
}

fn letters(text: &[u8]) -> impl Iterator<Item = u32> {
    text.iter().map(|letter| ALONE | u32::from(*letter))
}

fn pairs(text: &[u8]) -> impl Iterator<Item = u32> {
    text.windows(2)
        .map(|two| u32::from(two[0]) << 8 | u32::from(two[1]))
}
