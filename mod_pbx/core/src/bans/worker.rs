//! The thread of the bans: counts failures, learns who registers from where, publishes, saves.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::culprit::{Account, Culprit, Net};
use super::firewall::Firewall;
use super::friends::Friends;
use super::ledger::{self, Ban, Ledger, Limits};
use super::view::{Day, View};
use super::{Failure, Shared, Told};
use crate::background::Queue;
use crate::names::{DomainName, Username};
use crate::network;
use crate::presence::feed::{Changes, Subject, Subscriber};
use crate::presence::view::Moment;
use crate::store::bans::Ban as Row;
use crate::store::settings::{BAN_EXEMPT_NETWORKS, BAN_NFTABLES_SET};

/// How many events are counted before what they changed is published.
const BATCH: usize = 256;

/// How often it is looked who registered, while nobody fails.
const TICK: Duration = Duration::from_secs(5);

/// How often what has ended is taken out.
const TIDY: Duration = Duration::from_secs(60);

/// How often bans are saved at most, and how often it is tried again.
const SAVE: Duration = Duration::from_secs(1);
const SAVE_AGAIN: Duration = Duration::from_secs(60);

/// For how long who is registered from where is believed, while bans are due one after the other.
const FRESH: Duration = Duration::from_secs(1);

/// How many bans one transaction saves.
const ROWS: usize = 1024;

pub(super) struct Worker {
    shared: Arc<Shared>,
    ledger: Ledger,
    view: View,
    registrations: Subscriber,
    /// Whether `view` differs from what is published.
    news: bool,
    unsaved: HashSet<Culprit>,
    friends: Friends,
    save_at: Instant,
    tidy_at: Instant,
    today: Day,
    /// From where phones are registered, and as of when.
    live: Option<(Instant, HashSet<Net>)>,
    firewall: Firewall,
}

impl Worker {
    /// With the bans of the database in force already.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        let mut worker = Self {
            registrations: shared.presence.subscribe(),
            shared,
            ledger: Ledger::default(),
            view: View::default(),
            news: true,
            unsaved: HashSet::new(),
            friends: Friends::default(),
            save_at: now,
            tidy_at: now,
            today: 0,
            live: None,
            firewall: Firewall::new("nft"),
        };
        worker.take_over();
        worker.publish();
        worker
    }

    pub(super) fn run(mut self, queue: &Queue<Told>) {
        loop {
            let saved = self.unsaved.is_empty() && self.friends.are_saved();
            let told = queue.wait(if saved { TICK } else { SAVE }, BATCH);
            // Before anybody is banned: who has registered by now is spared.
            self.learn();
            for told in told {
                match told {
                    Told::Failure(failure) => self.failed(&failure),
                    Told::Lift(culprit, answer) => {
                        let lifted = self.lift(culprit);
                        self.publish();
                        // Who asked may have given up.
                        let _ = answer.send(lifted);
                    }
                }
            }
            if queue.is_over() {
                self.publish();
                self.save();
                self.firewall.stop();
                return;
            }
            if self.tidy_at <= Instant::now() {
                self.tidy();
            }
            self.publish();
            if self.save_at <= Instant::now() {
                self.save();
            }
            self.shield();
        }
    }

    /// Has the firewall drop what comes from banned addresses, if it is to.
    fn shield(&mut self) {
        let snapshot = self.shared.store.snapshot();
        let (view, set) = (&self.view, snapshot.settings.get(&BAN_NFTABLES_SET));
        self.firewall.follow(set, || view.strangers(view.now()));
        let trouble = self.firewall.trouble();
        let mut told = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if told.as_deref() != trouble {
            *told = trouble.map(str::to_owned);
        }
    }

    fn failed(&mut self, failure: &Failure) {
        let snapshot = self.shared.store.snapshot();
        let named = failure.named.as_ref();
        let account = named.and_then(|(user, host)| Account::named(&snapshot, user, host));
        let net = Net::from(failure.address);
        if account
            .as_ref()
            .is_some_and(|account| self.view.is_excused(net, account))
        {
            return;
        }
        let (now, limits) = (self.view.now(), Limits::of(&snapshot.settings));
        let exempt =
            |address: IpAddr| network::one_holds(snapshot.settings.each(&BAN_EXEMPT_NETWORKS), address);
        let (shared, view, live) = (&self.shared, &self.view, &mut self.live);
        self.ledger.failed(net, account.as_ref(), now, limits, |culprit| {
            exempt(failure.address) || view.spares(culprit, |net| is_live(shared, live, net))
        });
    }

    /// Looks who registered since the last time: they are friends, and end the ban of where they are.
    fn learn(&mut self) {
        let Some(changes) = self.registrations.wait(Duration::ZERO) else {
            return;
        };
        let presence = Arc::clone(&self.shared.presence.view());
        match changes {
            Changes::Everything => {
                for (domain, username, address) in presence.sources() {
                    self.met(domain, username, address);
                }
            }
            Changes::These(subjects) => {
                for subject in &subjects {
                    let Subject::Line(domain, username) = subject else {
                        continue;
                    };
                    let line = presence.line(domain.as_str(), username.as_str());
                    let registrations = line.iter().flat_map(|line| &line.registrations);
                    for source in registrations.filter_map(|r| r.source) {
                        self.met(domain, username, source.ip());
                    }
                }
            }
        }
    }

    fn met(&mut self, domain: &DomainName, username: &Username, address: IpAddr) {
        let net = Net::from(address);
        let now = self.view.now();
        self.news |= self
            .friends
            .met(&mut self.view, net, (domain, username), day(now));
        let whole = Culprit::from(net);
        if self.ledger.ban(&whole).is_some_and(|ban| now < ban.ends) {
            self.ledger.lift(&whole, now);
        }
    }

    fn lift(&mut self, culprit: Culprit) -> Vec<Culprit> {
        let now = self.view.now();
        let mut all = match culprit.account {
            Some(_) => Vec::new(),
            None => self.ledger.accounts_at(culprit.net, now),
        };
        all.push(culprit);
        all.retain(|culprit| self.ledger.lift(culprit, now));
        all.sort();
        all
    }

    fn tidy(&mut self) {
        self.tidy_at = Instant::now() + TIDY;
        let now = self.view.now();
        self.ledger.tidy(now);
        self.news |= self.view.drop_ended(now);
        if self.today != day(now) && self.keep_friends(day(now)) {
            self.today = day(now);
        }
    }

    /// A phone that stays registered is no news to the feed: once a day it is asked who all is there. False: there are
    /// so many that the rest is for the next time.
    fn keep_friends(&mut self, today: Day) -> bool {
        self.news = true;
        let presence = Arc::clone(&self.shared.presence.view());
        for (domain, username, address) in presence.sources() {
            if self.friends.is_full() {
                return false;
            }
            self.friends
                .met(&mut self.view, address.into(), (domain, username), today);
        }
        self.friends.forget(&mut self.view, today);
        true
    }

    fn publish(&mut self) {
        let now = self.view.now();
        let changed = self.view.follow(&mut self.ledger, now);
        self.news |= !changed.is_empty();
        self.unsaved.extend(changed);
        if std::mem::take(&mut self.news) {
            self.shared.view.store(Arc::new(self.view.clone()));
        }
    }

    /// Saves what changed. What cannot be saved stays in force, and is tried again.
    fn save(&mut self) {
        let now = self.view.now();
        while !self.unsaved.is_empty() {
            let some: Vec<Culprit> = self.unsaved.iter().take(ROWS).cloned().collect();
            let (mut kept, mut gone) = (Vec::new(), Vec::new());
            for culprit in &some {
                let (network, account) = names(culprit);
                match self.ledger.ban(culprit) {
                    Some(ban) => kept.push(Row {
                        network,
                        account,
                        times: ban.times,
                        begun: spoken(ban.begun, now),
                        ends: spoken(ban.ends, now),
                    }),
                    None => gone.push((network, account)),
                }
            }
            if let Err(error) = self.shared.store.keep_bans(&kept, &gone) {
                tracing::warn!("bans are in force but not saved: {error}");
                self.save_at = Instant::now() + SAVE_AGAIN;
                if self.unsaved.len() > 2 * ledger::MOST {
                    // Those who were banned and forgotten meanwhile; at the next start they have ended.
                    let ledger = &self.ledger;
                    self.unsaved.retain(|culprit| ledger.ban(culprit).is_some());
                }
                return;
            }
            for culprit in &some {
                self.unsaved.remove(culprit);
            }
        }
        self.save_at = Instant::now() + SAVE;
        if let Err(error) = self.friends.save(&self.shared.store) {
            tracing::warn!("from where lines register is known but not saved: {error}");
            self.save_at = Instant::now() + SAVE_AGAIN;
        }
    }

    /// Takes over the bans of the database. One that cannot be read is left out: nobody is refused by mistake.
    fn take_over(&mut self) {
        let rows = self.shared.store.read(|reader| reader.bans());
        let rows = rows.unwrap_or_else(|error| {
            tracing::warn!("bans of before are not known: {error}");
            Vec::new()
        });
        let (now, clock) = (self.view.now(), Timestamp::now());
        self.friends
            .take_over(&self.shared.store, &mut self.view, day(now));
        for row in rows {
            let Some((culprit, ban)) = read(&row, now, clock) else {
                continue;
            };
            if now < ban.ends {
                self.view.set(&culprit, Some(ban));
            }
            self.ledger.remember(culprit, ban);
        }
    }
}

/// Whether a phone is registered from there. Until the switch's lists are in nobody knows, so it may be.
fn is_live(shared: &Shared, live: &mut Option<(Instant, HashSet<Net>)>, net: Net) -> bool {
    let presence = shared.presence.view();
    if !presence.settled {
        return true;
    }
    let fresh = live.as_ref().is_some_and(|(at, _)| at.elapsed() < FRESH);
    if !fresh {
        let nets = presence.sources().map(|(_, _, address)| Net::from(address));
        *live = Some((Instant::now(), nets.collect()));
    }
    live.as_ref().is_some_and(|(_, nets)| nets.contains(&net))
}

fn day(now: Moment) -> Day {
    Day::try_from(now.0 / 86_400_000).unwrap_or(Day::MAX)
}

fn names(culprit: &Culprit) -> (String, String) {
    let account = culprit.account.as_ref().map(ToString::to_string);
    (culprit.net.to_string(), account.unwrap_or_default())
}

/// A moment on the clock that people read, RFC 3339 in UTC.
pub(super) fn spoken(moment: Moment, now: Moment) -> String {
    let away = i64::try_from(moment.0).unwrap_or(i64::MAX) - i64::try_from(now.0).unwrap_or(i64::MAX);
    let at = Timestamp::now().checked_add(SignedDuration::from_millis(away));
    format!("{:.0}", at.unwrap_or(Timestamp::MAX))
}

/// A stored ban on our clock; none: it is none that we wrote, or does not matter any more. A clock that was
/// set does not make it longer than it was.
fn read(row: &Row, now: Moment, clock: Timestamp) -> Option<(Culprit, Ban)> {
    let account = match row.account.as_str() {
        "" => None,
        text => Some(text.parse().ok()?),
    };
    let net = row.network.parse().ok()?;
    let (begun, ends): (Timestamp, Timestamp) = (row.begun.parse().ok()?, row.ends.parse().ok()?);
    let whole = ends.duration_since(begun).as_secs();
    let left = ends.duration_since(clock).as_secs().min(whole);
    let longest = i64::try_from(ledger::LONGEST).ok()?;
    let memory = i64::try_from(ledger::MEMORY).ok()?;
    if !(0..=longest).contains(&whole) || left < -memory {
        return None;
    }
    let at = |seconds: i64| Moment(now.0.saturating_add_signed(seconds * 1000));
    let ban = Ban {
        times: row.times.max(1),
        begun: at(left - whole),
        ends: at(left),
    };
    Some((Culprit { net, account }, ban))
}
