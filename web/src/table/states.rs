//! Who of a table is online, ringing, busy or offline, as long as nothing changes in the domain.

use std::sync::Arc;

use pbx_core::presence::view::{Domain, State};
use roaring::RoaringBitmap;

use super::Table;

/// Who can be called comes first.
const ORDER: [State; 4] = [State::Online, State::Ringing, State::Busy, State::Offline];

/// The rows of a table by their state.
pub(crate) struct States {
    /// What is known of the domain, and was read.
    of: Option<Arc<Domain>>,
    rows: [RoaringBitmap; 4],
}

impl States {
    pub(super) fn new(table: &Table, of: Option<&Arc<Domain>>) -> Self {
        let mut rows: [RoaringBitmap; 4] = Default::default();
        for (place, extension) in (0..).zip(&table.rows) {
            let state = of.map_or(State::Offline, |seen| seen.extension_state(extension));
            rows[index(state)].insert(place);
        }
        Self {
            of: of.map(Arc::clone),
            rows,
        }
    }

    /// Whether they are those of this domain, as it is known now.
    pub(super) fn are_of(&self, of: Option<&Arc<Domain>>) -> bool {
        match (&self.of, of) {
            (Some(read), Some(now)) => Arc::ptr_eq(read, now),
            (None, None) => true,
            _ => false,
        }
    }

    /// The places of those in a state.
    pub(crate) fn rows(&self, state: State) -> &RoaringBitmap {
        &self.rows[index(state)]
    }

    /// Of `found`, by state and then by name, or the other way round: those from `from` up to `to`.
    pub(super) fn some(&self, found: &RoaringBitmap, back: bool, from: usize, to: usize) -> Vec<u32> {
        let each = self.rows.each_ref().map(|rows| rows & found);
        let all = each.iter().flat_map(RoaringBitmap::iter);
        let count = to.saturating_sub(from);
        if back {
            let each = each.iter().rev();
            let all = each.flat_map(|rows| rows.iter().rev());
            return all.skip(from).take(count).collect();
        }
        all.skip(from).take(count).collect()
    }
}

fn index(state: State) -> usize {
    ORDER.iter().position(|one| *one == state).unwrap_or_default()
}
