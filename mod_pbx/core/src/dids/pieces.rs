//! A map that is shared by snapshots, in pieces: a change copies one of them, a look-up passes by no tree.

use std::collections::HashMap;
use std::sync::Arc;

/// How many pieces: as many as eight bits tell apart. Of 100,000 entries a change copies some four hundred.
const PIECES: usize = 256;

/// Entries by number. Who looks for one reads three places of memory, however many there are: a persistent tree of
/// 100,000 has four levels, and each of them is a wait for memory that nobody has read lately.
#[derive(Debug, Clone)]
pub(super) struct Pieces<V>(Box<[Arc<HashMap<u64, V>>]>);

impl<V> Default for Pieces<V> {
    fn default() -> Self {
        let none = Arc::new(HashMap::new());
        Self(std::iter::repeat_n(none, PIECES).collect())
    }
}

impl<V: Clone> Pieces<V> {
    pub(super) fn get(&self, key: u64) -> Option<&V> {
        self.0[Self::piece(key)].get(&key)
    }

    pub(super) fn insert(&mut self, key: u64, value: V) {
        Arc::make_mut(&mut self.0[Self::piece(key)]).insert(key, value);
    }

    pub(super) fn remove(&mut self, key: u64) {
        Arc::make_mut(&mut self.0[Self::piece(key)]).remove(&key);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|piece| piece.is_empty())
    }

    /// Fibonacci hashing: numbers that follow one another, or are ten apart, lie in different pieces.
    fn piece(key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as usize
    }
}
