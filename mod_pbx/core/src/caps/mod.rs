//! How much each extension has called out: what caps are compared with.
//!
//! Every leg that goes out carries who pays for it ([`Charge`]), in a variable that only our dial strings set; calls
//! for help count for nothing. A thread of ours counts them by the switch's events, and writes the counts down within a
//! second: after a crash of the switch, no more than the last second's calls are not counted. Events lag some
//! milliseconds behind, so calls that begin in the same moment may be one too many.

mod charge;
#[cfg(test)]
mod tests;
pub mod view;
mod worker;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arc_swap::{ArcSwap, Guard};

use crate::event::{Event, Kind};
use crate::host::Host;
use crate::store::ConfigStore;

pub use charge::{Charge, NoCharge};
use view::View;

/// The variable of a leg that says who pays for it.
pub const VARIABLE: &str = "pbx_charge";

/// How many events may wait; when there are more, the switch is asked what is left.
const WAITING: usize = 65_536;

/// The thread's stack in bytes: it calls SQLite.
const STACK: usize = 512 * 1024;

/// The counts and their thread.
pub struct Caps {
    shared: Arc<Shared>,
    sender: Sender<Told>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    store: Arc<ConfigStore>,
    host: Arc<dyn Host>,
    view: ArcSwap<View>,
    waiting: AtomicUsize,
    /// Events were dropped: the switch is to be asked.
    lost: AtomicBool,
}

enum Told {
    /// A leg that goes out began: the switch's id of it, and what it carries.
    Begun(Box<str>, Charge),
    /// A leg ended.
    Ended(Box<str>),
    Stop,
}

impl Caps {
    /// Takes over what the database has, and starts the thread.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(store: Arc<ConfigStore>, host: Arc<dyn Host>) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let shared = Arc::new(Shared {
            store,
            host,
            view: ArcSwap::from_pointee(View::new(jiff::tz::TimeZone::system())),
            waiting: AtomicUsize::new(0),
            lost: AtomicBool::new(false),
        });
        let worker = worker::Worker::new(Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("pbx-caps".to_owned())
            .stack_size(STACK)
            .spawn(move || worker.run(&receiver))?;
        Ok(Self {
            shared,
            sender,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Takes an event of a channel. Any thread of the switch; never waits.
    pub fn tell(&self, event: &Event) {
        let Some(leg) = event.header("Unique-ID") else {
            return;
        };
        let told = match event.kind {
            // A leg that the switch itself called: whoever calls us cannot name a payer.
            Kind::CallBegan if event.header("Call-Direction") == Some("outbound") => {
                let charge = event
                    .header("variable_pbx_charge")
                    .and_then(|text| text.parse().ok());
                match charge {
                    Some(charge) => Told::Begun(leg.into(), charge),
                    None => return,
                }
            }
            Kind::CallEnded => Told::Ended(leg.into()),
            _ => return,
        };
        if self.shared.waiting.fetch_add(1, Relaxed) >= WAITING || self.sender.send(told).is_err() {
            self.shared.waiting.fetch_sub(1, Relaxed);
            self.lose();
        }
    }

    /// Events were lost.
    pub fn lose(&self) {
        self.shared.lost.store(true, Relaxed);
    }

    /// What was called out. Any thread; takes no lock.
    pub fn view(&self) -> Guard<Arc<View>> {
        self.shared.view.load()
    }

    /// Saves what is not saved, and ends the thread.
    pub fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // Fails only if the thread is gone already.
            let _ = self.sender.send(Told::Stop);
            if thread.join().is_err() {
                tracing::error!("the thread of the caps ended badly");
            }
        }
    }
}

impl Drop for Caps {
    fn drop(&mut self) {
        self.stop();
    }
}
