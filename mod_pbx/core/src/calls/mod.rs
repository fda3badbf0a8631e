//! Records of calls: who called whom, and how it ended, a record a call however often it was sent on.
//!
//! The switch's events are copied in its own thread and told to one of ours, which joins the legs of a call and writes
//! them down, at most once a second; no call waits for it. A call is written as soon as somebody of ours is in it, so
//! that a crash leaves a trace: what was still open is closed as interrupted at the next start. The switch's own ids
//! of channels open doors to running calls and are kept in memory only.

mod book;
mod open;
pub mod shown;
mod worker;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::background::{self, Background};
use crate::event::{Event, Kind};
use crate::host::Host;
use crate::store::ConfigStore;

/// How many events may wait. Beyond these they are dropped and counted; what they would have ended is ended by asking
/// the switch.
const WAITING: usize = 16_384;

/// The thread's stack in bytes: it writes to SQLite.
const STACK: usize = 1024 * 1024;

/// The records of calls.
pub struct Calls {
    shared: Arc<Shared>,
    thread: Background<Told>,
}

struct Shared {
    store: Arc<ConfigStore>,
    host: Arc<dyn Host>,
    dropped: AtomicU64,
    written: AtomicU64,
    unwritten: AtomicU64,
    /// Events were dropped: it must be looked which channels are still there.
    lost: AtomicBool,
    trouble: Mutex<Option<String>>,
}

enum Told {
    Event(Event),
    /// Say which record a channel is in.
    Which(Box<str>, Sender<Option<Uuid>>),
    /// Write what is not written, and say so.
    Flush(Sender<()>),
}

/// Figures for `pbx status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    /// Calls that ended and were written down since load.
    pub written: u64,
    /// Calls that could not be written down, and are lost.
    pub lost: u64,
    /// Events that were dropped because too many waited.
    pub dropped: u64,
    /// Why calls cannot be written down just now.
    pub trouble: Option<String>,
}

impl Calls {
    /// Closes what an earlier process left open, and starts the thread.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(store: Arc<ConfigStore>, host: Arc<dyn Host>) -> std::io::Result<Self> {
        let (teller, queue) = background::queue(WAITING);
        let shared = Arc::new(Shared {
            store,
            host,
            dropped: AtomicU64::new(0),
            written: AtomicU64::new(0),
            unwritten: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            trouble: Mutex::default(),
        });
        let worker = worker::Worker::new(Arc::clone(&shared));
        let thread = Background::start("pbx-calls", STACK, teller, move || worker.run(&queue))?;
        Ok(Self { shared, thread })
    }

    /// Takes an event of a channel. Any thread of the switch; never waits.
    pub fn tell(&self, event: &Event) {
        // Of the many changes of state, those tell something new that tell whose the channel is.
        if event.kind == Kind::CallState && event.header("Channel-Presence-Data").is_none() {
            return;
        }
        if !self.thread.tell_made(|| Told::Event(event.clone())) {
            self.lose();
        }
    }

    /// Counts an event that could not be copied.
    pub fn lose(&self) {
        self.shared.dropped.fetch_add(1, Relaxed);
        self.shared.lost.store(true, Relaxed);
    }

    /// Writes down all that was told so far. Blocks.
    pub fn flush(&self) {
        // None only when the thread has ended with the PBX.
        let _ = self.thread.ask(Told::Flush);
    }

    /// The record that a channel is in, by the switch's id of it, as far as events of before tell. Blocks, not for long.
    pub fn record_of(&self, channel: &str) -> Option<Uuid> {
        self.thread.ask(|answer| Told::Which(channel.into(), answer))?
    }

    /// Figures for `pbx status`.
    pub fn health(&self) -> Health {
        let trouble = self.shared.trouble.lock();
        Health {
            written: self.shared.written.load(Relaxed),
            lost: self.shared.unwritten.load(Relaxed),
            dropped: self.shared.dropped.load(Relaxed),
            trouble: trouble.unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Writes down what is not written, and ends the thread.
    pub fn stop(&self) {
        self.thread.stop();
    }
}

#[cfg(test)]
mod tests;
