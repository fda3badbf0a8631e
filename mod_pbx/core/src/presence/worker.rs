//! The presence thread: applies events, keeps the clock, and asks the switch for its lists.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::background::{self, Queue};
use crate::event::{Event, Kind};
use crate::store::settings;
use crate::store::snapshot::Snapshot;

use super::book::{Book, Known};
use super::calls::{self, Calls};
use super::lamps::Lamps;
use super::registrar::{self, Doubt, Listing, Registrar};
use super::target::OwnAddresses;
use super::view::Moment;
use super::{Shared, Told, status, subscriptions};

/// How many events are applied before what they changed is published.
const BATCH: usize = 256;

/// How often, in milliseconds, lines that are no longer configured are taken out and the calls compared with
/// the switch's list: a leg whose end was missed must not leave a lamp on for ever.
const HOUSEKEEPING: u64 = 60_000;

/// mod_sofia fires `sofia::profile_start` before the profile answers (config_sofia starts its thread, and goes
/// on): asked again after this many milliseconds, and twice as many each time, up to `PATIENCE`.
const AGAIN: u64 = 100;

/// For how long a profile that does not answer is asked, in milliseconds.
const PATIENCE: u64 = 60_000;

/// mod_sofia deletes the registration of a closed connection after it has said so (sofia_glue_execute_sql
/// queues): asked after this many milliseconds.
const DOUBT: u64 = 500;

/// After the first list of calls it is asked for again after these many milliseconds: the switch writes it by a
/// queue, and a call that was just answered may still be listed as ringing.
const LATER: [u64; 3] = [700, 2000, 5000];

/// What the switch is to be asked.
struct Question {
    at: Moment,
    wait: u64,
    since: Moment,
    what: List,
}

enum List {
    /// Every running profile.
    Profiles,
    /// A profile's registrations; whether it has just started.
    Profile(Box<str>, bool),
    /// One line's.
    Line(Doubt),
}

struct Worker<'s> {
    shared: &'s Shared,
    book: Book,
    registrar: Registrar,
    calls: Calls,
    lamps: Lamps,
    questions: Vec<Question>,
    blind: bool,
    /// Events were lost, and what waits behind them is older than a list would be: that is taken first.
    lost: bool,
    housekeeping: Moment,
    /// When the switch is asked for its calls again.
    call_lists: Vec<Moment>,
    rev: u64,
}

/// Runs until told to stop. A panic is a mistake of ours: what is known is thrown away and asked for again.
pub(super) fn run(shared: &Shared, queue: &Queue<Told>) {
    while catch_unwind(AssertUnwindSafe(|| Worker::new(shared).run(queue))).is_err() {
        tracing::error!("presence failed and starts again from what the switch knows");
        std::thread::sleep(Duration::from_secs(1));
    }
}

impl<'s> Worker<'s> {
    fn new(shared: &'s Shared) -> Self {
        let mut worker = Self {
            shared,
            book: Book::default(),
            registrar: Registrar::default(),
            calls: Calls::default(),
            lamps: Lamps::default(),
            questions: Vec::new(),
            blind: false,
            lost: false,
            housekeeping: shared.now().plus_seconds(HOUSEKEEPING / 1000),
            call_lists: Vec::new(),
            rev: 0,
        };
        worker.ask(List::Profiles);
        worker.book.take_browsers(&shared.browsers.load());
        worker
    }

    fn run(mut self, queue: &Queue<Told>) {
        loop {
            let snapshot = (self.shared.snapshots)();
            self.answer_questions(&snapshot);
            let next = self.keep_time(&snapshot);
            self.publish(&snapshot);
            let next = if self.lost { Moment(0) } else { next };
            let wait = Duration::from_millis(next.0.saturating_sub(self.shared.now().0));
            let mut taken = 0;
            for told in queue.wait(wait.max(Duration::from_millis(1)), BATCH) {
                taken += 1;
                match told {
                    // Of now: a line that was added since the last event may have registered.
                    Told::Event(event) => self.apply(&event, &(self.shared.snapshots)()),
                    // The next round begins with it.
                    Told::Look => {}
                    Told::Browsers => self.book.take_browsers(&self.shared.browsers.load()),
                }
            }
            if queue.is_over() {
                self.lamps.darken(&*self.shared.host);
                return;
            }
            if taken < BATCH && std::mem::take(&mut self.lost) {
                tracing::warn!("events were lost; asking the switch who is registered");
                self.ask(List::Profiles);
            }
            if (1..BATCH).contains(&taken) {
                self.publish(&(self.shared.snapshots)());
                background::rest();
            }
        }
    }

    fn apply(&mut self, event: &Event, snapshot: &Snapshot) {
        let now = self.shared.now();
        let book = &mut self.book;
        match event.kind {
            Kind::Registered => self.registrar.registered(book, event, snapshot, now),
            Kind::Unregistered => {
                if let Some(doubt) = self.registrar.unregistered(book, event, snapshot) {
                    self.ask(List::Line(doubt));
                }
            }
            Kind::Expired => self.registrar.expired(book, event, snapshot),
            Kind::Pinged => self.registrar.pinged(book, event, snapshot),
            Kind::ProfileStarted => {
                if let Some(profile) = event.header("profile_name") {
                    self.registrar.profile_started(book, profile);
                    self.ask(List::Profile(profile.into(), true));
                }
            }
            // The concern of the bans, of the browser clients, of voicemail, of the gateways, of call records and alarms.
            Kind::GatewayState
            | Kind::HelpFailed
            | Kind::CallBegan
            | Kind::CallAnswered
            | Kind::CallBridged
            | Kind::Refused
            | Kind::VertoConnected
            | Kind::VertoLogin
            | Kind::VertoLeft
            | Kind::Voicemail => {}
            Kind::CallState => self.calls.changed(book, event, snapshot),
            Kind::CallEnded => self.calls.ended(book, event),
            Kind::LampTold => self.lamps.told(event, snapshot, now),
            Kind::LampAsked => {
                self.lamps
                    .asked(&*self.shared.host, event, &book.view, snapshot, now);
            }
        }
    }

    /// Takes out what ran out. Gives the moment when there is something to do again.
    fn keep_time(&mut self, snapshot: &Snapshot) -> Moment {
        let now = self.shared.now();
        self.lost |= self.shared.lost.swap(false, Relaxed);
        if snapshot.rev != self.rev {
            self.rev = snapshot.rev;
            for gone in registrar::prune(&mut self.book, snapshot) {
                gone.end(&*self.shared.host);
            }
        }
        if self.call_lists.first().is_some_and(|at| *at <= now) {
            self.call_lists.remove(0);
            self.list_calls(snapshot);
        }
        if now >= self.housekeeping {
            self.housekeeping = Moment(now.0 + HOUSEKEEPING);
            if !self.calls.is_empty() {
                self.list_calls(snapshot);
            }
        }
        let host = &*self.shared.host;
        let moments = [
            self.registrar.sweep(&mut self.book, now),
            self.lamps.tell_again(host, &self.book.view, snapshot, now),
            self.questions.iter().map(|question| question.at).min(),
            self.call_lists.first().copied(),
        ];
        moments.into_iter().flatten().fold(self.housekeeping, Moment::min)
    }

    fn publish(&mut self, snapshot: &Snapshot) {
        let settled = self
            .questions
            .iter()
            .all(|question| matches!(question.what, List::Line(_)));
        let changed = self.book.take_changes();
        let view = &mut self.book.view;
        if !changed.is_empty() || settled != view.settled || self.blind != view.blind {
            (view.settled, view.blind) = (settled, self.blind);
            self.shared.view.store(Arc::new(self.book.view.clone()));
            self.shared.feed.tell(&changed);
            self.lamps
                .update(&*self.shared.host, &self.book.view, snapshot, &changed);
        }
    }

    fn ask(&mut self, what: List) {
        let now = self.shared.now();
        let after = if matches!(what, List::Line(_)) { DOUBT } else { 0 };
        let same = |other: &Question| match (&other.what, &what) {
            (List::Profiles, List::Profiles) => true,
            (List::Profile(one, _), List::Profile(other, _)) => one == other,
            (List::Line(one), List::Line(other)) => one == other,
            _ => false,
        };
        self.questions.retain(|question| !same(question));
        self.questions.push(Question {
            at: Moment(now.0 + after),
            wait: AGAIN,
            since: now,
            what,
        });
    }

    fn answer_questions(&mut self, snapshot: &Snapshot) {
        let now = self.shared.now();
        let (due, later) = std::mem::take(&mut self.questions)
            .into_iter()
            .partition(|q| q.at <= now);
        self.questions = later;
        let due: Vec<Question> = due;
        for mut question in due {
            self.shared.relists.fetch_add(1, Relaxed);
            if self.answer(&question.what, snapshot) {
                continue;
            }
            if now.0.saturating_sub(question.since.0) < PATIENCE {
                question.at = Moment(self.shared.now().0 + question.wait);
                question.wait *= 2;
                self.questions.push(question);
            }
        }
    }

    /// Asks one list of the switch. Off: there is no answer yet.
    fn answer(&mut self, what: &List, snapshot: &Snapshot) -> bool {
        match what {
            List::Profiles => {
                self.list_calls(snapshot);
                let now = self.shared.now().0;
                self.call_lists = LATER.iter().map(|later| Moment(now + later)).collect();
                // mod_sofia may not be loaded yet: its profiles tell when they start.
                let profiles = self.shared.host.api("sofia", "xmlstatus");
                self.blind = profiles.is_err();
                let profiles = profiles.unwrap_or_default();
                for profile in status::profiles(&profiles) {
                    self.ask(List::Profile(profile.into(), false));
                }
                true
            }
            List::Profile(profile, just_started) => {
                self.blind = false;
                let arguments = format!("xmlstatus profile {profile} reg");
                let Some(rows) = self.rows(profile, &arguments) else {
                    return false;
                };
                self.learn_own_addresses(snapshot);
                self.take_list(profile, None, &rows, *just_started, snapshot);
                self.take_subscriptions(profile, snapshot);
                true
            }
            List::Line(Doubt { profile, line }) => {
                let Known { domain, username } = line;
                let arguments = format!("xmlstatus profile {profile} user {username}@{domain}");
                if let Some(rows) = self.rows(profile, &arguments) {
                    self.take_list(profile, Some(line), &rows, false, snapshot);
                }
                true
            }
        }
    }

    fn take_list(
        &mut self,
        profile: &str,
        only: Option<&Known>,
        rows: &[status::Row],
        just_started: bool,
        snapshot: &Snapshot,
    ) {
        let listing = Listing {
            profile,
            only,
            rows,
            just_started,
        };
        let now = self.shared.now();
        self.registrar.take_list(&mut self.book, &listing, snapshot, now);
    }

    fn take_subscriptions(&mut self, profile: &str, snapshot: &Snapshot) {
        let host = &*self.shared.host;
        let before = host
            .variable("db_dir")
            .filter(|_| is_name(profile))
            .and_then(|folder| subscriptions::of_profile(Path::new(&folder), profile));
        let (view, now) = (&self.book.view, self.shared.now());
        self.lamps
            .subscribed(host, before.as_deref(), view, snapshot, now);
    }

    fn rows(&self, profile: &str, arguments: &str) -> Option<Vec<status::Row>> {
        if !is_name(profile) {
            return Some(Vec::new());
        }
        status::registrations(&self.shared.host.api("sofia", arguments).ok()?)
    }

    fn list_calls(&mut self, snapshot: &Snapshot) {
        let text = self
            .shared
            .host
            .api("show", "channels as json")
            .unwrap_or_default();
        let channels = calls::shown(&text).unwrap_or_default();
        // Without mod_commands nobody is asked, and nothing is over.
        let exists = |uuid: &str| {
            self.shared
                .host
                .api("uuid_exists", uuid)
                .is_ok_and(|said| said == "true")
        };
        let can_ask = self.shared.host.api("uuid_exists", "none").is_ok();
        self.calls.take_list(
            &mut self.book,
            &channels,
            |uuid| !can_ask || exists(uuid),
            snapshot,
        );
    }

    /// What the switch listens on, by its running profiles and our settings: never called as a phone.
    fn learn_own_addresses(&mut self, snapshot: &Snapshot) {
        let host = &self.shared.host;
        let profiles = status::profiles(&host.api("sofia", "xmlstatus").unwrap_or_default());
        let listeners = profiles.iter().flat_map(|profile| {
            let text = host.api("sofia", &format!("xmlstatus profile {profile}"));
            status::listeners(&text.unwrap_or_default())
        });
        let sockets = listeners.collect();
        let set = [&settings::SIP_ADDRESS, &settings::EXTERNAL_ADDRESS];
        let set = set
            .into_iter()
            .filter_map(|setting| snapshot.settings.address(setting));
        let known = ["local_ip_v4", "local_ip_v6"]
            .into_iter()
            .filter_map(|name| host.variable(name)?.parse().ok());
        let others = set.chain(known).collect();
        self.registrar
            .learn_own(&mut self.book, OwnAddresses { sockets, others });
    }
}

/// Names of profiles come from events, in which only mod_sofia writes; still, they become a command, and a file's name.
fn is_name(profile: &str) -> bool {
    profile
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}
