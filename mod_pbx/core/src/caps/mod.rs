//! How much each extension has called out: what caps are compared with.
//!
//! Every leg that goes out carries who pays for it ([`Charge`]), in a variable that only our dial strings set; calls
//! for help count for nothing. A thread of ours counts them by the switch's events, and writes the counts down within a
//! second: after a crash of the switch, no more than the last second's calls are not counted. Events lag behind, so a
//! call counts as soon as it is let out, and it is in one step that there is room and that it takes its place
//! ([`view::View::hold`]): of all that are asked about at once no more go than a cap says.

mod asker;
mod charge;
mod tally;
#[cfg(test)]
mod tests;
pub mod view;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use jiff::Timestamp;

use crate::background::{self, Background};
use crate::event::{Event, Kind};
use crate::host::Host;
use crate::store::ConfigStore;

pub(crate) use asker::Asked;
pub use asker::Asker;
pub use charge::{Charge, NoCharge};
use tally::Periods;
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
    thread: Background<Told>,
}

struct Shared {
    store: Arc<ConfigStore>,
    host: Arc<dyn Host>,
    view: View,
    /// Events were dropped: the switch is to be asked.
    lost: AtomicBool,
}

#[derive(Debug)]
enum Told {
    /// A call is let out: for which channel, and when it counts.
    Promised(Charge, Asked, Periods),
    /// A leg that goes out began: the switch's id of it, and what it carries.
    Begun(Box<str>, Charge),
    /// A leg ended, and when.
    Ended(Box<str>, Timestamp),
}

impl Caps {
    /// Takes over what the database has, and starts the thread.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(store: Arc<ConfigStore>, host: Arc<dyn Host>) -> std::io::Result<Self> {
        let (teller, queue) = background::queue(WAITING);
        let view = View::new(jiff::tz::TimeZone::system()).told_to(teller.clone());
        let shared = Arc::new(Shared {
            store,
            host,
            view,
            lost: AtomicBool::new(false),
        });
        let worker = worker::Worker::new(Arc::clone(&shared));
        let thread = Background::start("pbx-caps", STACK, teller, move || worker.run(&queue))?;
        Ok(Self { shared, thread })
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
            Kind::CallEnded => Told::Ended(leg.into(), event.moment()),
            _ => return,
        };
        if !self.thread.tell(told) {
            self.lose();
        }
    }

    /// Events were lost.
    pub fn lose(&self) {
        self.shared.lost.store(true, Relaxed);
    }

    /// What was called out. Any thread; takes no lock.
    pub fn view(&self) -> &View {
        &self.shared.view
    }

    /// Saves what is not saved, and ends the thread.
    pub fn stop(&self) {
        self.thread.stop();
    }
}
