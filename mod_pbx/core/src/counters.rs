//! How many lookups there were and how long they took, by section and result. Read by `pbx status` and
//! `GET /metrics`.
//!
//! Written on the switch's threads without a lock, and spread out so that threads hardly ever write to the
//! same cache line: two threads that register phones would else wait for each other here.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use crate::reply::Reply;

/// The sections told apart; all others are counted together.
const SECTIONS: [&str; 4] = ["directory", "dialplan", "configuration", "other"];

/// The upper bounds of the histogram's buckets, in nanoseconds; one more bucket holds what took longer.
pub const BOUNDS: [u64; 13] = [
    2_500,
    5_000,
    10_000,
    20_000,
    40_000,
    80_000,
    160_000,
    320_000,
    640_000,
    1_280_000,
    5_000_000,
    20_000_000,
    100_000_000,
];

/// Threads share the places to count in when there are more of them than this.
const SHARDS: usize = 16;

/// Counts since the module was loaded.
#[derive(Debug, Default)]
pub struct Counters {
    shards: [Shard; SHARDS],
}

/// One thread's counts, on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    sections: [[Times; 2]; SECTIONS.len()],
}

/// How long lookups of one section and result took.
#[derive(Debug, Default)]
struct Times {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
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

/// How long the lookups of one section and result took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// The section.
    pub section: &'static str,
    /// `answered` or `not_ours`.
    pub result: &'static str,
    /// How many lookups took at most each of [`BOUNDS`] and more than the one before; last: longer ones.
    pub buckets: [u64; BOUNDS.len() + 1],
    /// All of them together, in nanoseconds.
    pub nanoseconds: u64,
}

impl Counters {
    /// Counts one lookup, which took `took`.
    pub fn count(&self, section: &str, reply: &Reply, took: Duration) {
        let place = SECTIONS
            .iter()
            .position(|name| *name == section)
            .unwrap_or(SECTIONS.len() - 1);
        let result = usize::from(matches!(reply, Reply::NotOurs));
        let times = &self.shards[shard()].sections[place][result];
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|bound| nanoseconds <= *bound);
        times.buckets[bucket.unwrap_or(BOUNDS.len())].fetch_add(1, Relaxed);
        times.nanoseconds.fetch_add(nanoseconds, Relaxed);
    }

    /// The counts so far, a row a section.
    pub fn rows(&self) -> Vec<Count> {
        let histograms = self.histograms();
        let of = |section, result| {
            let these = histograms.iter();
            these
                .filter(|histogram| histogram.section == section && histogram.result == result)
                .map(Histogram::count)
                .sum()
        };
        let row = |section| Count {
            section,
            answered: of(section, RESULTS[0]),
            not_ours: of(section, RESULTS[1]),
        };
        SECTIONS.into_iter().map(row).collect()
    }

    /// The times so far, by section and result.
    pub fn histograms(&self) -> Vec<Histogram> {
        let mut all = Vec::with_capacity(SECTIONS.len() * RESULTS.len());
        for (place, section) in SECTIONS.into_iter().enumerate() {
            for (which, result) in RESULTS.into_iter().enumerate() {
                let mut histogram = Histogram {
                    section,
                    result,
                    buckets: [0; BOUNDS.len() + 1],
                    nanoseconds: 0,
                };
                for shard in &self.shards {
                    let times = &shard.sections[place][which];
                    for (sum, bucket) in histogram.buckets.iter_mut().zip(&times.buckets) {
                        *sum += bucket.load(Relaxed);
                    }
                    histogram.nanoseconds += times.nanoseconds.load(Relaxed);
                }
                all.push(histogram);
            }
        }
        all
    }
}

const RESULTS: [&str; 2] = ["answered", "not_ours"];

impl Histogram {
    /// How many lookups.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

/// Where this thread counts. Which thread got which number means nothing, so it may outlive a reload.
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Relaxed) % SHARDS;
    }
    OWN.try_with(|own| *own).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_are_counted_by_section_result_and_time_whatever_thread_they_are_on() {
        let counters = Counters::default();
        let document = Reply::Document(String::new());
        std::thread::scope(|scope| {
            for _ in 0..SHARDS + 3 {
                scope.spawn(|| counters.count("directory", &document, Duration::from_micros(3)));
            }
        });
        counters.count("directory", &document, Duration::from_secs(1));
        counters.count("phrases", &Reply::NotOurs, Duration::from_nanos(2_500));
        let (all, one) = (SHARDS as u64 + 4, 1);
        let rows = counters.rows();
        assert_eq!(
            (rows[0].section, rows[0].answered, rows[0].not_ours),
            ("directory", all, 0)
        );
        assert_eq!(
            (rows[3].section, rows[3].answered, rows[3].not_ours),
            ("other", 0, one)
        );
        let histograms = counters.histograms();
        assert_eq!(histograms[0].buckets[1], all - 1);
        assert_eq!(histograms[0].buckets[BOUNDS.len()], 1);
        assert_eq!(histograms[0].nanoseconds, (all - 1) * 3_000 + 1_000_000_000);
        assert_eq!(histograms[7].buckets[0], 1);
    }
}
