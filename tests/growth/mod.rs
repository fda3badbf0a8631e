//! Whether something grows with every cycle, or only now and then.

/// By how much `values` rise from one to the next: the lesser of two measures, since what is lost in every cycle
/// raises both. A cache that grows once moves the slope and not the usual step; memory that the allocator gives
/// back in larger pieces than it takes moves the usual step and not the slope.
pub(crate) fn per_cycle(values: &[f64]) -> f64 {
    slope(values).min(usual_step(values))
}

/// The median of the slopes between any two of them (Theil and Sen).
fn slope(values: &[f64]) -> f64 {
    let mut slopes = Vec::new();
    for (later, value) in values.iter().enumerate() {
        for (earlier, other) in values[..later].iter().enumerate() {
            slopes.push((value - other) / (later - earlier) as f64);
        }
    }
    slopes.sort_by(f64::total_cmp);
    slopes[slopes.len() / 2]
}

/// The mean of the steps without the tenth of them that are the largest and the tenth that are the smallest.
fn usual_step(values: &[f64]) -> f64 {
    let mut steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    let usual = &steps[steps.len() / 10..steps.len() - steps.len() / 10];
    usual.iter().sum::<f64>() / usual.len() as f64
}
