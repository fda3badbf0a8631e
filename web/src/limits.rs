//! How often somebody may do something.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use uuid::Uuid;

use crate::problem::Problem;

/// Window of all limits.
const WINDOW: Duration = Duration::from_secs(60);

/// How many people are counted; beyond that those who did the least lately are forgotten.
const MOST: usize = 10_000;

/// What each person did in the last minute.
#[derive(Debug, Default)]
pub struct Limits {
    done: Mutex<HashMap<(&'static str, Uuid), VecDeque<Instant>>>,
}

impl Limits {
    /// Counts that `user` does `what`, which they may do `most` times a minute.
    ///
    /// # Errors
    /// 429: it was too often, and is not counted; with the seconds to wait.
    pub fn take(&self, what: &'static str, user: Uuid, most: usize) -> Result<(), Problem> {
        self.take_at(what, user, most, Instant::now())
    }

    fn take_at(&self, what: &'static str, user: Uuid, most: usize, now: Instant) -> Result<(), Problem> {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if done.len() >= MOST {
            done.retain(|_, times| times.back().is_some_and(|last| now - *last < WINDOW));
            if done.len() >= MOST {
                done.clear();
            }
        }
        let times = done.entry((what, user)).or_default();
        while times.front().is_some_and(|first| now - *first >= WINDOW) {
            times.pop_front();
        }
        if times.len() >= most {
            let wait = times.front().map_or(WINDOW, |first| WINDOW - (now - *first));
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-often",
                format!("That was more than {most} times in a minute: wait, then try again."),
            )
            .after(wait.as_secs() + 1));
        }
        times.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_often_a_minute_and_each_person_for_themselves() {
        let (limits, begin) = (Limits::default(), Instant::now());
        let (alice, bob) = (Uuid::new_v4(), Uuid::new_v4());
        let at = |seconds| begin + Duration::from_secs(seconds);
        for second in 0..10 {
            assert!(limits.take_at("post", alice, 10, at(second)).is_ok());
        }
        let refused = limits.take_at("post", alice, 10, at(20)).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.retry_after), (429, Some(41)));
        assert!(limits.take_at("post", bob, 10, at(20)).is_ok());
        assert!(limits.take_at("other", alice, 10, at(20)).is_ok());
        assert!(limits.take_at("post", alice, 10, at(60)).is_ok());
    }
}
