//! The thread of the gateways: has the switch follow the configuration, and publishes what the switch says.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use super::calls::Calls;
use super::sofia::{Plan, Sofia, Step, Want, is_ours};
use super::status::{self, Row};
use super::view::{Password, Seen, State, View};
use super::{ACL, PROFILE, PROFILE_CONTEXT, Shared, Told, context, purpose};
use crate::event::{Event, Kind};
use crate::network::Network;
use crate::presence::profiles;
use crate::store::gateways::Gateway;
use crate::store::snapshot::Snapshot;

/// How many events are taken before what they changed is published.
const BATCH: usize = 256;

/// How often the switch is asked, though nothing happened.
const TICK: Duration = Duration::from_secs(60);

/// How often it is asked while something is under way.
const BUSY: Duration = Duration::from_millis(250);

/// How soon after an event mod_sofia's own list is looked at: events of a gateway that was killed carry the name of the
/// one in its place.
const SOON: Duration = Duration::from_secs(2);

/// When mod_sofia has answered for this long it has started the profiles that its configuration had.
const STARTED: Duration = Duration::from_secs(3);

/// A profile that did not start is not started again for this long.
const START_AGAIN: Duration = Duration::from_secs(60);

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

    pub(super) fn run(mut self, receiver: &Receiver<Told>) {
        self.list_calls();
        let mut list_calls_at = Instant::now() + TICK;
        loop {
            let wait = self
                .next
                .min(list_calls_at)
                .saturating_duration_since(Instant::now());
            let first = match receiver.recv_timeout(wait) {
                Ok(told) => Some(told),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut changed = false;
            let mut events = false;
            for told in first.into_iter().chain(receiver.try_iter().take(BATCH)) {
                match told {
                    Told::Event(event) => {
                        self.shared.waiting.fetch_sub(1, Relaxed);
                        events |= self.take(&event);
                    }
                    Told::Changed => changed = true,
                    Told::Stop => return,
                }
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
            Kind::CallState | Kind::CallEnded => {
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
        let mut view = View {
            counts: Arc::clone(&self.shared.view.load().counts),
            ..View::default()
        };
        for gateway in snapshot.gateways.enabled() {
            let said = self.states.get(&gateway.id);
            let seen = Seen {
                state: said.map(|said| said.state).unwrap_or_default(),
                since: said.map(|said| said.since),
                why: said.map(|said| said.why.as_str().into()).unwrap_or_default(),
                calls: self.calls.count(gateway.id),
                password: self.passwords.get(&gateway.id).cloned(),
            };
            view.seen.insert(gateway.id, seen);
        }
        self.shared.view.store(Arc::new(view));
    }

    /// Has the switch be as the configuration says, step by step. Gives the time until it is to be looked at again.
    fn settle(&mut self) -> Duration {
        let snapshot = self.shared.store.snapshot();
        let mut troubles = self.locked.clone();
        let after = self.steps(&snapshot, &mut troubles);
        *self
            .shared
            .troubles
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = troubles;
        after
    }

    fn steps(&mut self, snapshot: &Snapshot, troubles: &mut Vec<String>) -> Duration {
        let config = self.shared.config.load_full();
        let any = snapshot.gateways.enabled().next().is_some();
        if !config.serves("sofia.conf") {
            if any {
                troubles.push(
                    "gateways are not used, for \"serve\" in pbx.conf leaves out sofia.conf".to_owned(),
                );
            }
            return TICK;
        }
        if !any && !self.some {
            return TICK;
        }
        let rows = self
            .api("sofia", "xmlstatus gateway")
            .as_deref()
            .and_then(status::rows);
        let Some(rows) = rows else {
            // mod_sofia is not loaded yet, or again.
            self.answers = None;
            return Duration::from_secs(1);
        };
        let answers = *self.answers.get_or_insert_with(Instant::now);
        // Before a gateway is there, and before one is gone.
        let open = if config.serves("acl.conf") {
            self.reload_acl(snapshot)
        } else {
            troubles.push(
                "no call comes in by a gateway, for \"serve\" in pbx.conf leaves out acl.conf, which says from where"
                    .to_owned(),
            );
            true
        };
        let wants = self.wants(snapshot);
        if !wants.is_empty() {
            match self.profile() {
                Profile::Ours => self.start_tried = None,
                Profile::Anothers => {
                    troubles.push(format!(
                        "the sofia profile {PROFILE} that runs is not mod_pbx's, and gateways are not used: type \
                         sofia profile {PROFILE} restart"
                    ));
                    return Duration::from_secs(5);
                }
                Profile::None => return self.start_profile(answers, troubles),
            }
        }
        let plan = self.sofia.plan(&wants, &rows, Instant::now());
        self.carry_out(&plan);
        self.hear(snapshot, &rows, &plan);
        for (name, why) in &plan.refused {
            troubles.push(format!("gateway {name} is not used: {why}"));
        }
        self.some = any || rows.iter().any(is_ours);
        if plan.waits || !plan.steps.is_empty() || !open {
            BUSY
        } else if plan.refused.is_empty() {
            TICK
        } else {
            SOON
        }
    }

    /// The gateways that mod_sofia can be told of.
    fn wants(&self, snapshot: &Snapshot) -> Vec<Want> {
        let told = |gateway: &&Arc<Gateway>| !gateway.register || self.passwords.contains_key(&gateway.id);
        let gateways = snapshot.gateways.enabled().filter(told);
        gateways
            .map(|gateway| Want {
                name: gateway.name.to_string(),
                context: context(gateway),
            })
            .collect()
    }

    /// Whether the core's list is as it should be.
    fn reload_acl(&mut self, snapshot: &Snapshot) -> bool {
        let networks = snapshot.gateways.networks();
        if self.acl.as_ref() == Some(&networks) {
            return true;
        }
        // A switch that never had a gateway needs no list.
        let done = (self.acl.is_none() && networks.is_empty())
            || self.api("reloadacl", "").is_some_and(|said| said.contains("+OK"));
        if done {
            self.acl = Some(networks);
        } else {
            tracing::warn!("the switch did not reload its ACLs; {ACL} is as it was");
        }
        done
    }

    fn profile(&self) -> Profile {
        let running = profiles(&self.api("sofia", "xmlstatus").unwrap_or_default());
        if !running.iter().any(|name| name == PROFILE) {
            return Profile::None;
        }
        let about = self.api("sofia", &format!("xmlstatus profile {PROFILE}"));
        let own = format!("<context>{PROFILE_CONTEXT}</context>");
        if about.is_some_and(|about| about.lines().any(|line| line.trim() == own)) {
            Profile::Ours
        } else {
            Profile::Anothers
        }
    }

    fn start_profile(&mut self, answers: Instant, troubles: &mut Vec<String>) -> Duration {
        if let Some(left) = STARTED.checked_sub(answers.elapsed()) {
            return left.max(BUSY);
        }
        match self.start_tried.map(|at| at.elapsed()) {
            Some(ago) if ago < START_AGAIN => {
                if ago > SOON {
                    troubles.push(format!(
                        "the sofia profile {PROFILE} does not start: is the port in use (pbx setting show \
                         gateway-port)? The switch's log says why"
                    ));
                }
            }
            _ => {
                self.start_tried = Some(Instant::now());
                tracing::info!("starting the sofia profile {PROFILE}: there are gateways");
                self.api("sofia", &format!("profile {PROFILE} start"));
            }
        }
        Duration::from_millis(500)
    }

    fn carry_out(&self, plan: &Plan) {
        for step in &plan.steps {
            let (verb, name) = match step {
                Step::Kill(name) => ("killgw", name),
                Step::Start(name) => ("startgw", name),
            };
            let said = self.api("sofia", &format!("profile {PROFILE} {verb} {name}"));
            tracing::debug!("{verb} {name}: {}", said.unwrap_or_default().trim_end());
        }
    }

    /// Takes mod_sofia's list for the truth.
    fn hear(&mut self, snapshot: &Snapshot, rows: &[Row], plan: &Plan) {
        let mut news = false;
        for gateway in snapshot.gateways.enabled() {
            let own = context(gateway);
            let row = rows.iter().find(|row| is_ours(row) && row.context == own);
            let refused = plan
                .refused
                .iter()
                .find(|(name, _)| *name == gateway.name.as_str());
            let known = self
                .states
                .get(&gateway.id)
                .map(|said| (said.state, said.why.clone()));
            news |= match (refused, row) {
                (Some((_, why)), _) => self.say(gateway, State::Down, why.clone()),
                (None, Some(row)) => {
                    let state = status::state(&row.status);
                    // What the event said is more than the list says.
                    let why = match known {
                        Some((known, why)) if known == state && !why.is_empty() => why,
                        _ => status::meaning(&row.state).to_owned(),
                    };
                    self.say(gateway, state, why)
                }
                (None, None) if gateway.register && !self.passwords.contains_key(&gateway.id) => self.say(
                    gateway,
                    State::Down,
                    "its password does not open: set it again".to_owned(),
                ),
                (None, None) => self.states.remove(&gateway.id).is_some(),
            };
        }
        if news {
            self.publish();
        }
    }

    fn api(&self, command: &str, arguments: &str) -> Option<String> {
        self.shared.host.api(command, arguments).ok()
    }
}

/// The sofia profile called `external`.
enum Profile {
    Ours,
    /// The operator's, which was started before there were gateways.
    Anothers,
    None,
}

/// What the other side wrote, on one line and not too long.
fn reason(text: &str) -> String {
    let plain = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(LONGEST_REASON).collect()
}
