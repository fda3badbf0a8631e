//! Who is online, and how they are reached.
//!
//! The switch's events are copied in its own thread and applied in one of ours, which also keeps the
//! clock and asks the switch for its lists: at load, when a profile starts, and when events were lost. What
//! lookups, the web and `pbx presence` read is published as a whole and never changes after that. Nothing
//! here is stored: it is all in the switch.

mod book;
mod calls;
pub mod contact;
mod deadlines;
pub mod feed;
mod heard;
mod lamps;
mod registrar;
mod status;
mod subscriptions;
pub mod target;
pub mod view;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use arc_swap::{ArcSwap, Guard};

use crate::background::{self, Background};
use crate::event::{Event, Kind};
use crate::host::Host;
use crate::names::{DomainName, Number};
use crate::store::snapshot::Snapshot;

pub(crate) use status::profiles;

use feed::{Feed, Subscriber};
use view::{Moment, View};

/// How many events may wait. mod_sofia fires a few hundred a second at most; beyond this many they are
/// dropped, counted, and made good by asking the switch for its lists.
const WAITING: usize = 8192;

/// The presence thread's stack in bytes: it parses lists, but recurses nowhere.
const STACK: usize = 512 * 1024;

/// Where presence reads the configuration. Called on the presence thread; must not block.
pub type Snapshots = Box<dyn Fn() -> Arc<Snapshot> + Send + Sync>;

/// Who is online.
pub struct Presence {
    shared: Arc<Shared>,
    thread: Background<Told>,
}

/// What the presence thread shares with everybody else.
struct Shared {
    host: Arc<dyn Host>,
    snapshots: Snapshots,
    view: ArcSwap<View>,
    feed: Feed,
    /// The browser clients that are logged in.
    browsers: ArcSwap<Vec<AtHome>>,
    started: Instant,
    events: AtomicU64,
    dropped: AtomicU64,
    relists: AtomicU64,
    /// Events were dropped: the switch's lists must be asked for.
    lost: AtomicBool,
}

/// A browser client that is logged in, and the extension whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtHome {
    /// The domain it is in.
    pub domain: DomainName,
    /// The extension's number.
    pub number: Number,
    /// The client.
    pub browser: view::Browser,
}

/// What the presence thread is told.
enum Told {
    Event(Event),
    /// Browser clients came or left.
    Browsers,
    /// The configuration has changed.
    Look,
}

/// Figures for `pbx status`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    /// Registrations now.
    pub registrations: usize,
    /// Events taken since load.
    pub events: u64,
    /// Events dropped since load because too many waited.
    pub dropped: u64,
    /// How often the switch was asked for its lists.
    pub relists: u64,
    /// Whether what the switch knew before us is in.
    pub settled: bool,
}

impl Presence {
    /// Starts the presence thread, which begins by asking the switch who is registered.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(host: Arc<dyn Host>, snapshots: Snapshots) -> std::io::Result<Self> {
        let (teller, queue) = background::queue(WAITING);
        let shared = Arc::new(Shared {
            host,
            snapshots,
            view: ArcSwap::default(),
            feed: Feed::default(),
            browsers: ArcSwap::default(),
            started: Instant::now(),
            events: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            relists: AtomicU64::new(0),
            lost: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&shared);
        let run = move || worker::run(&theirs, &queue);
        let thread = Background::start("pbx-presence", STACK, teller, run)?;
        Ok(Self { shared, thread })
    }

    /// Takes an event. Any thread of the switch; never waits.
    pub fn tell(&self, event: Event) {
        // Most channels and most of what is told of lamps are nobody's here, or our own.
        let concerns_us = match event.kind {
            Kind::CallState | Kind::CallEnded => event.header("Channel-Presence-Data").is_some(),
            Kind::LampTold => lamps::is_told_by_others(&event),
            _ => true,
        };
        if !concerns_us {
            return;
        }
        if self.thread.tell(Told::Event(event)) {
            self.shared.events.fetch_add(1, Relaxed);
        } else {
            self.lose();
        }
    }

    /// Takes these for all browser clients that are logged in. A thread of ours.
    pub fn tell_browsers(&self, all: Vec<AtHome>) {
        self.shared.browsers.store(Arc::new(all));
        self.thread.order(Told::Browsers);
    }

    /// The configuration has lost a line, perhaps: its phones are forgotten now, here and by mod_sofia, rather than when
    /// something happens next.
    pub fn look(&self) {
        self.thread.order(Told::Look);
    }

    /// Counts an event that could not be copied: its place is taken by asking the switch.
    pub fn lose(&self) {
        self.shared.dropped.fetch_add(1, Relaxed);
        self.shared.lost.store(true, Relaxed);
    }

    /// Who is online now. Any thread; takes no lock.
    pub fn view(&self) -> Guard<Arc<View>> {
        self.shared.view.load()
    }

    /// Has readers look at an extension again: something that is shown beside its presence has changed.
    pub fn touched(&self, domain: DomainName, number: Number) {
        let subject = feed::Subject::Extension(domain, number);
        self.shared.feed.tell(&std::iter::once(subject).collect());
    }

    /// A reader of changes.
    pub fn subscribe(&self) -> Subscriber {
        self.shared.feed.subscribe()
    }

    /// The moment it is, as the view's registrations count.
    pub fn now(&self) -> Moment {
        self.shared.now()
    }

    /// Figures for `pbx status`.
    pub fn health(&self) -> Health {
        let view = self.view();
        Health {
            registrations: view.registrations,
            events: self.shared.events.load(Relaxed),
            dropped: self.shared.dropped.load(Relaxed),
            relists: self.shared.relists.load(Relaxed),
            settled: view.settled,
        }
    }

    /// Ends the presence thread and tells all readers. What is known stays readable.
    pub fn stop(&self) {
        self.thread.stop();
        self.shared.feed.close();
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn now(&self) -> Moment {
        Moment(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
