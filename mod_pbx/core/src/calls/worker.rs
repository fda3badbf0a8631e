//! The thread of the call records.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::book::{Batch, Book};
use super::{Shared, Told};
use crate::background::{self, Queue};
use crate::event::{Event, Kind};
use crate::store::settings::CALLS_DAYS;

/// How often records are written at most, and how often it is tried again.
const WRITE: Duration = Duration::from_secs(1);
const WRITE_AGAIN: Duration = Duration::from_secs(10);

/// How often the switch is asked which channels are still there, and how often after events were lost.
const LOOK: Duration = Duration::from_secs(15 * 60);

/// How often old records are deleted, and how many at once.
const FORGET: Duration = Duration::from_secs(10 * 60);
const AT_ONCE: u32 = 5_000;

/// Records that wait for a database that cannot be written to. Beyond these, the oldest are lost.
const MOST_UNWRITTEN: usize = 20_000;

/// How many calls one transaction writes.
const ROWS: usize = 512;

/// How many events are taken before it is looked at the clock.
const EVENTS: usize = 256;

pub(super) struct Worker {
    shared: Arc<Shared>,
    book: Book,
    unwritten: Batch,
    write_at: Instant,
    look_at: Instant,
    forget_at: Instant,
}

impl Worker {
    /// With what an earlier process left open closed.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        if let Err(error) = shared.store.interrupt_calls() {
            tracing::error!("calls that were open are not closed: {error}");
        }
        let now = Instant::now();
        Self {
            shared,
            book: Book::default(),
            unwritten: Batch::default(),
            write_at: now,
            look_at: now + LOOK,
            forget_at: now + WRITE_AGAIN,
        }
    }

    pub(super) fn run(mut self, queue: &Queue<Told>) {
        loop {
            let mut taken = 0;
            for told in queue.wait(self.patience(), EVENTS) {
                match told {
                    Told::Event(event) => {
                        taken += 1;
                        self.take(&event);
                    }
                    Told::Which(uuid, done) => {
                        // Who asked may have given up.
                        let _ = done.send(self.book.record(&uuid));
                    }
                    Told::Flush(done) => {
                        self.write();
                        // Who asked may have given up.
                        let _ = done.send(());
                    }
                }
            }
            if queue.is_over() {
                return self.write();
            }
            let now = Instant::now();
            if now >= self.write_at && !self.is_written() {
                self.write();
            }
            if now >= self.look_at || self.shared.lost.swap(false, Relaxed) {
                self.look();
            }
            if now >= self.forget_at {
                self.forget();
            }
            if (1..EVENTS).contains(&taken) {
                background::rest();
            }
        }
    }

    fn patience(&self) -> Duration {
        let next = if self.is_written() {
            self.forget_at.min(self.look_at)
        } else {
            self.write_at
        };
        // A flag is set without a word when events are lost.
        next.saturating_duration_since(Instant::now())
            .min(Duration::from_secs(5))
    }

    fn is_written(&self) -> bool {
        self.book.is_quiet() && self.unwritten.calls.is_empty() && self.unwritten.gone.is_empty()
    }

    fn take(&mut self, event: &Event) {
        let snapshot = self.shared.store.snapshot();
        match event.kind {
            Kind::CallBegan => self.book.began(event, &snapshot),
            Kind::CallAnswered => {
                self.book.learn(event, &snapshot);
                self.book.answered(event);
            }
            Kind::CallBridged => {
                self.book.learn(event, &snapshot);
                self.book.bridged(event);
            }
            Kind::CallEnded => {
                self.book.learn(event, &snapshot);
                self.book.ended(event);
            }
            _ => self.book.learn(event, &snapshot),
        }
    }

    fn write(&mut self) {
        self.unwritten.append(self.book.take());
        self.write_at = Instant::now() + WRITE;
        let mut trouble = None;
        while trouble.is_none() && (!self.unwritten.calls.is_empty() || !self.unwritten.gone.is_empty()) {
            let some = self.unwritten.calls.len().min(ROWS);
            let calls = &self.unwritten.calls[..some];
            match self.shared.store.keep_calls(calls, &self.unwritten.gone) {
                Ok(()) => {
                    let ended = calls.iter().filter(|(call, _)| call.ended.is_some()).count();
                    self.shared.written.fetch_add(ended as u64, Relaxed);
                    self.unwritten.calls.drain(..some);
                    self.unwritten.gone.clear();
                }
                Err(error) => trouble = Some(error.to_string()),
            }
        }
        if let Some(why) = &trouble {
            self.write_at = Instant::now() + WRITE_AGAIN;
            let over = self.unwritten.calls.len().saturating_sub(MOST_UNWRITTEN);
            self.unwritten.calls.drain(..over);
            self.shared.unwritten.fetch_add(over as u64, Relaxed);
            tracing::warn!("calls are not written down: {why}");
        }
        *self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Ends the legs of channels that the switch does not have any more: their last event was lost.
    fn look(&mut self) {
        self.look_at = Instant::now() + LOOK;
        let is_gone = |uuid: &&str| {
            let answer = self.shared.host.api("uuid_exists", uuid);
            answer.is_ok_and(|answer| answer.trim() == "false")
        };
        let gone: Vec<Box<str>> = self.book.channels().filter(is_gone).map(Box::from).collect();
        self.book.vanished(&gone, &format!("{:.3}", Timestamp::now()));
    }

    fn forget(&mut self) {
        let days = self.shared.store.snapshot().settings.number(&CALLS_DAYS);
        let age = SignedDuration::from_hours(24 * i64::try_from(days).unwrap_or(i64::MAX / 24));
        let more = match Timestamp::now().checked_sub(age) {
            Ok(before) => self.shared.store.forget_calls(&format!("{before:.3}"), AT_ONCE),
            Err(_) => Ok(0),
        };
        let again = match more {
            Ok(count) if count >= AT_ONCE as usize => WRITE,
            Ok(_) => FORGET,
            Err(error) => {
                tracing::warn!("old call records are not deleted: {error}");
                FORGET
            }
        };
        self.forget_at = Instant::now() + again;
    }
}
