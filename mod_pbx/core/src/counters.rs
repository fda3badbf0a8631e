//! How many lookups there were, by section and result. Read by `pbx status`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::reply::Reply;

/// The sections told apart; all others are counted together.
const SECTIONS: [&str; 4] = ["directory", "dialplan", "configuration", "other"];

/// Counts since the module was loaded. Updated on the switch's threads without a lock.
#[derive(Debug, Default)]
pub struct Counters {
    sections: [Section; SECTIONS.len()],
}

/// One section's counts, on a cache line of its own: threads that ask different things do not meet.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Section {
    answered: AtomicU64,
    not_ours: AtomicU64,
}

/// Lookups of one section.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// The section.
    pub section: &'static str,
    /// Answered with a document.
    pub answered: u64,
    /// Left to the switch's other bindings and its static files.
    pub not_ours: u64,
}

impl Counters {
    /// Counts one lookup.
    pub fn count(&self, section: &str, reply: &Reply) {
        let place = SECTIONS
            .iter()
            .position(|name| *name == section)
            .unwrap_or(SECTIONS.len() - 1);
        let counts = &self.sections[place];
        match reply {
            Reply::Document(_) | Reply::Text(_) => counts.answered.fetch_add(1, Relaxed),
            Reply::NotOurs => counts.not_ours.fetch_add(1, Relaxed),
        };
    }

    /// The counts so far, a row a section.
    pub fn rows(&self) -> Vec<Count> {
        let row = |(section, counts): (&&'static str, &Section)| Count {
            section,
            answered: counts.answered.load(Relaxed),
            not_ours: counts.not_ours.load(Relaxed),
        };
        SECTIONS.iter().zip(&self.sections).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_are_counted_by_section_and_result() {
        let counters = Counters::default();
        counters.count("directory", &Reply::Document(String::new()));
        counters.count("phrases", &Reply::NotOurs);
        let rows = counters.rows();
        assert_eq!(
            rows[0],
            Count {
                section: "directory",
                answered: 1,
                not_ours: 0
            }
        );
        assert_eq!(
            rows[3],
            Count {
                section: "other",
                answered: 0,
                not_ours: 1
            }
        );
    }
}
