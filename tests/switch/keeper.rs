//! A known phone that registers again and again while something else goes wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::{Duration, Instant};

use crate::wait;
use crate::wire::{Account, Phone};

/// The phone and its thread.
#[derive(Debug)]
pub(crate) struct Keeper {
    stop: Arc<AtomicBool>,
    /// Attempts so far.
    attempts: Arc<AtomicU32>,
    thread: Option<JoinHandle<Kept>>,
}

/// How it went.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Registrations that were answered 200.
    pub(crate) registered: u32,
    /// What the others were answered.
    pub(crate) failed: Vec<String>,
    /// The longest that one took, challenge and digest.
    pub(crate) longest: Duration,
}

impl Keeper {
    /// Registers every `pause` until told to stop.
    pub(crate) fn start(username: &str, domain: &str, password: &str, pause: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (username, domain, password) = (username.to_owned(), domain.to_owned(), password.to_owned());
        let attempts = Arc::new(AtomicU32::new(0));
        let (told, counted) = (Arc::clone(&stop), Arc::clone(&attempts));
        let work = move || {
            let account = Account {
                username: &username,
                domain: &domain,
                password: &password,
            };
            let (mut phone, mut kept) = (Phone::new(), Kept::default());
            while !told.load(Ordering::Relaxed) {
                let start = Instant::now();
                match phone.register(account, 60) {
                    Ok([_, answer]) if answer.status == 200 => kept.registered += 1,
                    Ok([_, answer]) => kept.failed.push(answer.status.to_string()),
                    Err(error) => kept.failed.push(error.to_string()),
                }
                kept.longest = kept.longest.max(start.elapsed());
                counted.fetch_add(1, Ordering::Relaxed);
                sleep(pause);
            }
            // A line takes no more than so many phones (`max-registrations-per-extension`).
            if let Ok([_, answer]) = phone.register(account, 0)
                && answer.status != 200
            {
                kept.failed.push(format!("{} to the last", answer.status));
            }
            kept
        };
        let thread = Builder::new()
            .name("keeper".to_owned())
            .spawn(work)
            .expect("a thread");
        Self {
            stop,
            attempts,
            thread: Some(thread),
        }
    }

    /// Stops after five more attempts, and tells how all of them went.
    pub(crate) fn stop(mut self) -> Kept {
        let enough = self.attempts.load(Ordering::Relaxed) + 5;
        wait::until(
            "the known phone to try five times",
            Duration::from_secs(60),
            || (self.attempts.load(Ordering::Relaxed) >= enough).then_some(()),
        );
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it is taken once");
        thread.join().expect("the keeper does not panic")
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // The scenario failed already; what the phone saw adds nothing.
            let _ = thread.join();
        }
    }
}
