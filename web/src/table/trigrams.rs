//! Which rows have which three letters in a row: the few that a search has to read.

use std::collections::HashMap;

use roaring::RoaringBitmap;

/// The longest that is found without reading a row.
const MOST: usize = 3;

/// Rows by each letter in them, each two that follow one another, and each three. Letters are bytes here: one that has
/// two of them is looked for as the two.
pub(super) struct Trigrams(HashMap<u32, RoaringBitmap>);

impl Trigrams {
    /// Of the rows' texts, in their order.
    pub(super) fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut rows: HashMap<u32, RoaringBitmap> = HashMap::new();
        for (row, text) in (0..).zip(texts) {
            for length in 1..=MOST {
                for letters in text.as_bytes().windows(length) {
                    rows.entry(key(letters)).or_default().insert(row);
                }
            }
        }
        Self(rows)
    }

    /// Whether [`candidates`](Self::candidates) has those that have `q`, and no other.
    pub(super) fn are_exact(q: &str) -> bool {
        q.len() <= MOST
    }

    /// The rows that have every three letters of `q`, which is not empty: whoever has it is among them.
    pub(super) fn candidates(&self, q: &str) -> RoaringBitmap {
        let mut wanted = Vec::with_capacity(q.len());
        for letters in q.as_bytes().windows(q.len().clamp(1, MOST)) {
            let Some(rows) = self.0.get(&key(letters)) else {
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

/// At most three letters, and how many they are.
fn key(letters: &[u8]) -> u32 {
    let length = u32::try_from(letters.len()).unwrap_or(u32::MAX);
    letters
        .iter()
        .fold(length, |key, letter| key << 8 | u32::from(*letter))
}
