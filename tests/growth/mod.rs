//! Whether something grows with every cycle, or only now and then.

/// By how much `values` rise from one to the next: the median of the slopes between any two of them (Theil and
/// Sen). A cache that grows once, or an allocator that takes a large piece, does not move it; what is lost in
/// every cycle does.
pub(crate) fn slope(values: &[f64]) -> f64 {
    let mut slopes = Vec::new();
    for (later, value) in values.iter().enumerate() {
        for (earlier, other) in values[..later].iter().enumerate() {
            slopes.push((value - other) / (later - earlier) as f64);
        }
    }
    slopes.sort_by(f64::total_cmp);
    slopes[slopes.len() / 2]
}
