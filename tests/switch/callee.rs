//! A phone that has registered and takes every call: rings, answers, and waits for the caller to hang up.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::wait;
use crate::wire::{Account, Message, Phone};

/// The phone and its thread; dropping it hangs the phone up for good.
#[derive(Debug)]
pub(crate) struct Callee {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    ended: AtomicUsize,
    invites: Mutex<Vec<Message>>,
}

impl Callee {
    /// Registers, and takes calls from then on.
    ///
    /// # Panics
    /// The switch does not take the registration.
    #[track_caller]
    pub(crate) fn start(account: Account<'_>) -> Self {
        let mut phone = Phone::new();
        let [_, answer] = phone.register(account, 60).expect("the switch answers");
        assert_eq!(answer.status, 200, "{}", answer.text);
        phone.wait_at_most(Duration::from_millis(100));
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let work = move || {
            while !theirs.stop.load(Ordering::Relaxed) {
                // A time-out is the moment to look whether to stop.
                if let Ok(request) = phone.receive() {
                    theirs.take(&phone, request);
                }
            }
        };
        let thread = Builder::new()
            .name("callee".to_owned())
            .spawn(work)
            .expect("a thread");
        Self {
            shared,
            thread: Some(thread),
        }
    }

    /// Waits until this many calls have come and ended; their INVITEs.
    ///
    /// # Panics
    /// They do not.
    #[track_caller]
    pub(crate) fn calls(&self, count: usize) -> Vec<Message> {
        wait::until(&format!("{count} calls to end"), wait::SOON, || {
            (self.shared.ended.load(Ordering::Relaxed) >= count).then_some(())
        });
        self.invites()
    }

    /// The INVITEs so far.
    pub(crate) fn invites(&self) -> Vec<Message> {
        self.shared
            .invites
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Callee {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Had it panicked, the calls it did not take have failed the scenario.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn take(&self, phone: &Phone, request: Message) {
        match request.method() {
            "INVITE" => {
                let mut invites = self.invites.lock().unwrap_or_else(PoisonError::into_inner);
                phone.answer(&request, "180 Ringing", "");
                phone.answer(&request, "200 OK", &phone.offer());
                if invites
                    .iter()
                    .all(|known| known.header("Call-ID") != request.header("Call-ID"))
                {
                    invites.push(request);
                }
            }
            "BYE" => {
                phone.answer(&request, "200 OK", "");
                self.ended.fetch_add(1, Ordering::Relaxed);
            }
            "ACK" => {}
            // NOTIFY about messages waiting, OPTIONS.
            _ => phone.answer(&request, "200 OK", ""),
        }
    }
}
