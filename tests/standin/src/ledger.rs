//! What the stand-in handed out and what came back: taken must equal given back once a module is gone.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Kind {
    /// XML search functions (`switch_xml_bind_search_function_ret`).
    Binding,
    /// Event callbacks (`switch_event_bind_removable`).
    EventNode,
    /// Events.
    Event,
    /// Whole XML trees, whoever parsed them.
    XmlTree,
    /// XML nodes.
    XmlNode,
    /// Rows of tab completion (`switch_console_set_complete`).
    Completion,
    /// Functions that complete a word (`switch_console_add_complete_func`).
    CompleteFunction,
    /// Lists of candidates (`switch_console_push_match`).
    Match,
    /// Interfaces of modules: their commands.
    Interface,
    /// Tables of state handlers (`switch_core_add_state_handler`).
    StateHandler,
    /// Memory pools, one for each loaded module.
    Pool,
    /// Loaded modules.
    Module,
}

/// Every [`Kind`], in its order.
pub const KINDS: [Kind; 12] = [
    Kind::Binding,
    Kind::EventNode,
    Kind::Event,
    Kind::XmlTree,
    Kind::XmlNode,
    Kind::Completion,
    Kind::CompleteFunction,
    Kind::Match,
    Kind::Interface,
    Kind::StateHandler,
    Kind::Pool,
    Kind::Module,
];

static TAKEN: [AtomicU64; KINDS.len()] = [const { AtomicU64::new(0) }; KINDS.len()];
static GIVEN_BACK: [AtomicU64; KINDS.len()] = [const { AtomicU64::new(0) }; KINDS.len()];

pub(crate) fn take(kind: Kind, count: usize) {
    TAKEN[kind as usize].fetch_add(count as u64, Ordering::SeqCst);
}

pub(crate) fn give_back(kind: Kind, count: usize) {
    GIVEN_BACK[kind as usize].fetch_add(count as u64, Ordering::SeqCst);
}

/// The books at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    taken: [u64; KINDS.len()],
    given_back: [u64; KINDS.len()],
}

/// The books now. Compare two of them only while no lookup or event is under way.
pub fn balance() -> Balance {
    Balance {
        given_back: std::array::from_fn(|kind| GIVEN_BACK[kind].load(Ordering::SeqCst)),
        taken: std::array::from_fn(|kind| TAKEN[kind].load(Ordering::SeqCst)),
    }
}

impl Balance {
    /// How many were ever handed out.
    pub fn taken(&self, kind: Kind) -> u64 {
        self.taken[kind as usize]
    }

    /// How many are out. Negative: something came back twice.
    pub fn out(&self, kind: Kind) -> i64 {
        self.taken[kind as usize]
            .wrapping_sub(self.given_back[kind as usize])
            .cast_signed()
    }

    /// What is out now that was not out at `earlier`, or the other way round; empty when all is even.
    pub fn difference(&self, earlier: &Self) -> Vec<(Kind, i64)> {
        KINDS
            .into_iter()
            .map(|kind| (kind, self.out(kind) - earlier.out(kind)))
            .filter(|(_, difference)| *difference != 0)
            .collect()
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kind in KINDS {
            let name = format!("{kind:?}");
            writeln!(
                f,
                "{name:<17} taken {:>8}   out {:>8}",
                self.taken(kind),
                self.out(kind)
            )?;
        }
        Ok(())
    }
}
