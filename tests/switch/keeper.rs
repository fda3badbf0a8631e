//! A known phone that registers again and again while something else goes wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::{Duration, Instant};

use crate::wire::{Account, Phone};

/// The phone and its thread.
#[derive(Debug)]
pub(crate) struct Keeper {
    stop: Arc<AtomicBool>,
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
        let told = Arc::clone(&stop);
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
                sleep(pause);
            }
            kept
        };
        let thread = Builder::new()
            .name("keeper".to_owned())
            .spawn(work)
            .expect("a thread");
        Self {
            stop,
            thread: Some(thread),
        }
    }

    /// Stops, and tells how it went.
    pub(crate) fn stop(mut self) -> Kept {
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
