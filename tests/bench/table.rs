//! Medians, ratios and how they are printed.

use std::fmt::{Display, Formatter};

/// The middle of some numbers.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Measures both in turn, `rounds` times after one that warms caches. Who is first changes from round to round, so
/// that neither gains by it.
pub(crate) fn by_turns<T>(
    rounds: usize,
    mut ours: impl FnMut() -> T,
    mut theirs: impl FnMut() -> T,
) -> Vec<(T, T)> {
    let mut measured = Vec::new();
    for round in 0..=rounds {
        let both = if round % 2 == 0 {
            let first = ours();
            (first, theirs())
        } else {
            let first = theirs();
            (ours(), first)
        };
        if round > 0 {
            measured.push(both);
        }
    }
    measured
}

/// A ratio, and between what it lies: nineteen times in twenty the middle of many more rounds would.
pub(crate) struct Ratio {
    middle: f64,
    from: f64,
    to: f64,
}

impl Ratio {
    /// Of the rounds' ratios: the order statistics that the binomial distribution gives for a median.
    fn of(mut ratios: Vec<f64>) -> Self {
        ratios.sort_by(f64::total_cmp);
        let count = ratios.len();
        let off = (count as f64 / 2.0 - 0.98 * (count as f64).sqrt()).max(0.0) as usize;
        Self {
            middle: ratios[count / 2],
            from: ratios[off],
            to: ratios[count - 1 - off],
        }
    }
}

impl Display for Ratio {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.middle, self.from, self.to)
    }
}

/// The middle of the rounds' ratios, and the middle of either side: what a machine does meanwhile meets both
/// halves of a round.
pub(crate) fn compare(pairs: impl Iterator<Item = (f64, f64)>) -> (Ratio, f64, f64) {
    let (ours, theirs): (Vec<f64>, Vec<f64>) = pairs.unzip();
    let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs);
    (Ratio::of(ratios.collect()), median(ours), median(theirs))
}

/// A row of the table: what, the ratio, its bound, and what it was made of.
pub(crate) fn row(figure: &str, ratio: impl Display, bound: &str, made_of: &str) {
    println!("| {figure} | {ratio:.2} | {bound} | {made_of} |");
}

/// The heading of a table of rows.
pub(crate) fn heading(title: &str) {
    println!("\n### {title}\n\n| figure | measured | bound | made of |\n| --- | --- | --- | --- |");
}

/// The machine, in a line, and how busy it is before anything is measured: the others' work is in all times.
pub(crate) fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or(" an unnamed processor");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    let model = model.trim_start_matches([' ', '\t', ':']);
    format!("{cores} cores, {model}, load {load}")
}
