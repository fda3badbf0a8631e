//! Waiting by asking again.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long to wait for what should be there in a moment.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// Asks every 20 ms until there is an answer.
///
/// # Panics
/// None within `limit`; says what was waited for.
#[track_caller]
pub(crate) fn until<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} for {what}");
        sleep(Duration::from_millis(20));
    }
}
