//! Whether something grows with every cycle, or only now and then.

/// By how much `values` rise from one to the next: the mean of the steps without the tenth of them that are the
/// largest and the tenth that are the smallest. A cache that grows once, or an allocator that takes a large
/// piece, does not move it; what is lost in every cycle does.
pub(crate) fn per_cycle(values: &[f64]) -> f64 {
    let mut steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    let usual = &steps[steps.len() / 10..steps.len() - steps.len() / 10];
    usual.iter().sum::<f64>() / usual.len() as f64
}
