//! The thread of the gateways: has the switch follow the configuration, and publishes what the switch says.

mod settle;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use super::calls::Calls;
use super::sofia::Sofia;
use super::status;
use super::view::{Password, Seen, State, View};
use super::{PROFILE, Shared, Told, purpose};
use crate::background::Queue;
use crate::event::{Event, Kind};
use crate::network::Network;
use crate::store::gateways::Gateway;

/// How many events are taken before what they changed is published.
const BATCH: usize = 256;

/// How often the switch is asked, though nothing happened.
const TICK: Duration = Duration::from_secs(60);

/// How often it is asked while something is under way.
const BUSY: Duration = Duration::from_millis(250);

/// How soon after an event mod_sofia's own list is looked at: events of a gateway that was killed carry the name of the
/// one in its place.
const SOON: Duration = Duration::from_secs(2);

/// The longest reason that is kept, in characters: the other side writes it.
const LONGEST_REASON: usize = 80;

pub(super) struct Worker {
    shared: Arc<Shared>,
    calls: Calls,
    sofia: Sofia,
    states: HashMap<Uuid, Said>,
    passwords: HashMap<Uuid, Password>,
    /// The passwords that do not open.
    locked: Vec<String>,
    /// The networks that the core's list has; none: it is not known.
    acl: Option<Vec<Network>>,
    /// Since when mod_sofia answers.
    answers: Option<Instant>,
    /// When the profile was told to start.
    start_tried: Option<Instant>,
    /// The switch may have gateways of ours.
    some: bool,
    next: Instant,
}

/// What the switch said of a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    state: State,
    since: Timestamp,
    why: String,
}

impl Worker {
    /// With the passwords open.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let mut worker = Self {
            shared,
            calls: Calls::default(),
            sofia: Sofia::default(),
            states: HashMap::new(),
            passwords: HashMap::new(),
            locked: Vec::new(),
            acl: None,
            answers: None,
            start_tried: None,
            some: true,
            next: Instant::now(),
        };
        worker.follow();
        worker
    }

    pub(super) fn run(mut self, queue: &Queue<Told>) {
        self.list_calls();
        let mut list_calls_at = Instant::now() + TICK;
        loop {
            let next = self.calls.breaks_at().unwrap_or(self.next).min(self.next);
            let wait = next.min(list_calls_at).saturating_duration_since(Instant::now());
            let mut changed = false;
            let mut events = false;
            for told in queue.wait(wait, BATCH) {
                match told {
                    Told::Event(event) => events |= self.take(&event),
                    Told::Changed => changed = true,
                    Told::Promised {
                        call,
                        asked,
                        gateway,
                        counts,
                    } => self.calls.promised((call, asked), gateway, counts),
                }
            }
            self.calls.break_promises(Instant::now());
            self.shared
                .awaits
                .store(self.calls.breaks_at().is_some(), Relaxed);
            if queue.is_over() {
                return;
            }
            if self.shared.lost.swap(false, Relaxed) {
                list_calls_at = Instant::now();
                self.next = Instant::now();
            }
            if changed {
                self.next = Instant::now();
                self.follow();
            } else if events {
                self.publish();
            }
            if list_calls_at <= Instant::now() {
                list_calls_at = Instant::now() + TICK;
                self.list_calls();
            }
            if self.next <= Instant::now() {
                let after = self.settle();
                self.next = Instant::now() + after;
            }
        }
    }

    fn list_calls(&mut self) {
        let snapshot = self.shared.store.snapshot();
        if !snapshot.gateways.is_empty() || !self.calls.is_empty() {
            self.calls.list(&*self.shared.host, &snapshot.gateways);
        }
    }

    /// Whether what is published changes by it.
    fn take(&mut self, event: &Event) -> bool {
        let snapshot = self.shared.store.snapshot();
        match event.kind {
            Kind::CallBegan | Kind::CallState | Kind::CallEnded => {
                self.calls.take(event, &snapshot.gateways);
                false
            }
            Kind::ProfileStarted => {
                if event.header("profile_name") == Some(PROFILE) {
                    self.next = self.next.min(Instant::now() + BUSY);
                }
                false
            }
            Kind::GatewayState => {
                self.next = self.next.min(Instant::now() + SOON);
                let Some(gateway) = event
                    .header("Gateway")
                    .and_then(|name| snapshot.gateways.by_name(name))
                else {
                    return false;
                };
                let header = |name| event.header(name).unwrap_or_default();
                let said = [header("Status"), header("Phrase")].join(" ");
                let why = if said.trim().is_empty() {
                    status::meaning(header("State")).to_owned()
                } else {
                    reason(&said)
                };
                self.say(gateway, status::state(header("Ping-Status")), why)
            }
            _ => false,
        }
    }

    /// Notes what is known of a gateway; whether it is news.
    fn say(&mut self, gateway: &Gateway, state: State, why: String) -> bool {
        let before = self.states.get(&gateway.id);
        let same_state = before.filter(|said| said.state == state);
        if same_state.is_some_and(|said| said.why == why) {
            return false;
        }
        if same_state.is_none() {
            let (name, so) = (&gateway.name, state.as_str());
            match state {
                State::Down => tracing::warn!("gateway {name} is {so}: {why}"),
                State::Up | State::Unknown => tracing::info!("gateway {name} is {so}: {why}"),
            }
        }
        let since = same_state.map_or_else(Timestamp::now, |said| said.since);
        self.states.insert(gateway.id, Said { state, since, why });
        true
    }

    /// Takes over another revision: opens passwords, forgets what is gone.
    fn follow(&mut self) {
        let snapshot = self.shared.store.snapshot();
        let gateways = &snapshot.gateways;
        let exists = |id: Uuid| gateways.by_id(id).is_some_and(|gateway| gateway.enabled);
        self.states.retain(|id, _| exists(*id));
        self.passwords.retain(|id, _| exists(*id));
        self.calls.keep(|id| gateways.by_id(id).is_some());
        self.locked.clear();
        for gateway in gateways.enabled() {
            let Some(sealed) = gateway.password.as_deref() else {
                self.passwords.remove(&gateway.id);
                continue;
            };
            if self
                .passwords
                .get(&gateway.id)
                .is_some_and(|known| *known.sealed == *sealed)
            {
                continue;
            }
            match self.shared.vault.open(&purpose(gateway.id), sealed) {
                Ok(open) => {
                    let password = Password {
                        sealed: sealed.into(),
                        open: open.into_boxed_str(),
                    };
                    self.passwords.insert(gateway.id, password);
                }
                Err(error) => {
                    self.passwords.remove(&gateway.id);
                    self.locked.push(format!("gateway {}: {error}", gateway.name));
                }
            }
        }
        self.publish();
    }

    fn publish(&mut self) {
        let snapshot = self.shared.store.snapshot();
        let before = self.shared.view.load_full();
        let mut view = View {
            counts: Arc::clone(&before.counts),
            teller: before.teller.clone(),
            ..View::default()
        };
        for gateway in snapshot.gateways.enabled() {
            let said = self.states.get(&gateway.id);
            let seen = Seen {
                state: said.map(|said| said.state).unwrap_or_default(),
                since: said.map(|said| said.since),
                why: said.map(|said| said.why.as_str().into()).unwrap_or_default(),
                calls: self.calls.count(gateway.id),
                promised: self.calls.promises(gateway.id),
                password: self.passwords.get(&gateway.id).cloned(),
            };
            view.seen.insert(gateway.id, seen);
        }
        self.shared.view.store(Arc::new(view));
    }
}

/// What the other side wrote, on one line and not too long.
fn reason(text: &str) -> String {
    let plain = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(LONGEST_REASON).collect()
}
