//! Whether something grows with every cycle, or only now and then.

/// How many parts a run of cycles is seen in.
const PARTS: usize = 10;

/// By how much `values` rise from one to the next: the median of the steps between the least values of ten parts
/// of the run. What is lost in every cycle raises each part's least value. A cache that grows once moves one
/// step; memory that an allocator takes and gives back in pieces of its own is not in a least value.
pub(crate) fn per_cycle(values: &[f64]) -> f64 {
    let length = values.len() / PARTS;
    let least = |part: &[f64]| part.iter().copied().fold(f64::INFINITY, f64::min);
    let floors: Vec<f64> = values.chunks_exact(length).map(least).collect();
    let mut steps: Vec<f64> = floors.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    steps[steps.len() / 2] / length as f64
}
