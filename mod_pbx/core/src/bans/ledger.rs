//! The policy: which failures make a ban, and how long it lasts. Knows no clock, no thread and no store.

use std::collections::{HashMap, HashSet};

use super::culprit::{Account, Culprit, Net};
use crate::presence::view::Moment;
use crate::store::settings::{self, Settings};

/// Failures count together within this many seconds.
const WINDOW: u64 = 600;

/// No ban lasts longer than this, in seconds.
pub(super) const LONGEST: u64 = 86_400;

/// For how long after its end, in seconds, a ban makes the next one longer.
pub(super) const MEMORY: u64 = 86_400;

/// How many culprits are remembered. A flood from more addresses than this pushes out those that failed
/// longest ago, never a ban while there is anything else.
pub(super) const MOST: usize = 32_768;

/// When a ban is due, as the settings have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Failures of one line from one net.
    pub(super) account: u64,
    /// Failures from one net.
    pub(super) net: u64,
    /// Seconds of the first ban.
    pub(super) first: u64,
}

impl Limits {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            account: settings.number(&settings::BAN_ACCOUNT_FAILURES),
            net: settings.number(&settings::BAN_ADDRESS_FAILURES),
            first: settings.number(&settings::BAN_SECONDS),
        }
    }
}

/// A ban, in force or not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ban {
    /// How many there have been.
    pub(super) times: u32,
    /// Since when.
    pub(super) begun: Moment,
    /// Until when.
    pub(super) ends: Moment,
}

/// What is remembered of a culprit.
#[derive(Debug, Clone, Copy, Default)]
struct Record {
    /// Failures since `since`.
    failures: u64,
    since: Moment,
    last: Moment,
    ban: Option<Ban>,
}

impl Record {
    fn is_banned(&self, now: Moment) -> bool {
        self.ban.is_some_and(|ban| now < ban.ends)
    }

    /// When nothing of it matters any more.
    fn forgotten(&self) -> Moment {
        match self.ban {
            Some(ban) => ban.ends.plus_seconds(MEMORY).max(self.last),
            None => self.last.plus_seconds(WINDOW),
        }
    }
}

/// Who failed, and who is banned.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    records: HashMap<Culprit, Record>,
    /// Whose ban changed since it was last asked.
    changed: HashSet<Culprit>,
}

impl Ledger {
    /// Counts a failure. While it, or all that comes from there, is banned a failure is the ban's doing and
    /// says nothing. `spared` are those who are not banned whatever happens; it is asked when a ban is due.
    pub(super) fn failed(
        &mut self,
        net: Net,
        account: Option<&Account>,
        now: Moment,
        limits: Limits,
        mut spared: impl FnMut(&Culprit) -> bool,
    ) {
        let one = account.map(|account| Culprit {
            net,
            account: Some(account.clone()),
        });
        let banned = |culprit: &Culprit| self.records.get(culprit).is_some_and(|r| r.is_banned(now));
        if banned(&net.into()) || one.as_ref().is_some_and(banned) {
            return;
        }
        if let Some(one) = one {
            self.count(one, limits.account, now, limits.first, &mut spared);
        }
        self.count(net.into(), limits.net, now, limits.first, &mut spared);
    }

    fn count(
        &mut self,
        culprit: Culprit,
        limit: u64,
        now: Moment,
        first: u64,
        spared: &mut impl FnMut(&Culprit) -> bool,
    ) {
        if self.records.len() >= MOST && !self.records.contains_key(&culprit) {
            self.make_room(now);
        }
        let record = self.records.entry(culprit.clone()).or_default();
        if record.ban.is_some() && record.forgotten() <= now {
            *record = Record::default();
            self.changed.insert(culprit.clone());
        }
        if record.failures == 0 || now.seconds_since(record.since) >= WINDOW {
            record.failures = 0;
            record.since = now;
        }
        record.failures += 1;
        record.last = now;
        if record.failures < limit {
            return;
        }
        record.failures = 0;
        if spared(&culprit) {
            return;
        }
        let times = record.ban.map_or(0, |ban| ban.times).saturating_add(1);
        let seconds = first.saturating_mul(1 << (times - 1).min(20)).min(LONGEST);
        record.ban = Some(Ban {
            times,
            begun: now,
            ends: now.plus_seconds(seconds),
        });
        tracing::warn!("{culprit} is banned for {seconds} s: too many wrong passwords or names");
        self.changed.insert(culprit);
    }

    /// Takes over a ban from before the start.
    pub(super) fn remember(&mut self, culprit: Culprit, ban: Ban) {
        if self.records.len() < MOST {
            let record = self.records.entry(culprit).or_default();
            record.ban = Some(ban);
            record.last = ban.begun;
        }
    }

    /// Ends a ban early, and forgets that it was; false: there is none in force.
    pub(super) fn lift(&mut self, culprit: &Culprit, now: Moment) -> bool {
        let Some(record) = self.records.remove(culprit) else {
            return false;
        };
        if record.ban.is_some() {
            self.changed.insert(culprit.clone());
        }
        record.is_banned(now)
    }

    /// The bans in force of lines that come from `net`.
    pub(super) fn accounts_at(&self, net: Net, now: Moment) -> Vec<Culprit> {
        let there = |(culprit, record): &(&Culprit, &Record)| {
            culprit.net == net && culprit.account.is_some() && record.is_banned(now)
        };
        let found = self.records.iter().filter(there);
        found.map(|(culprit, _)| culprit.clone()).collect()
    }

    /// The ban of `culprit`; it may have ended.
    pub(super) fn ban(&self, culprit: &Culprit) -> Option<Ban> {
        self.records.get(culprit)?.ban
    }

    /// Whose bans changed since this was last asked.
    pub(super) fn take_changed(&mut self) -> HashSet<Culprit> {
        std::mem::take(&mut self.changed)
    }

    /// Forgets what does not matter any more.
    pub(super) fn tidy(&mut self, now: Moment) {
        let changed = &mut self.changed;
        self.records.retain(|culprit, record| {
            let stays = record.forgotten() > now;
            if !stays && record.ban.is_some() {
                changed.insert(culprit.clone());
            }
            stays
        });
    }

    /// Forgets a quarter, so that a flood pays for this once in many failures.
    fn make_room(&mut self, now: Moment) {
        self.tidy(now);
        if self.records.len() < MOST {
            return;
        }
        let worth = |record: &Record| match record.ban {
            Some(ban) if now < ban.ends => (2, ban.ends),
            Some(ban) => (1, ban.ends),
            None => (0, record.last),
        };
        let mut order: Vec<_> = self.records.values().map(worth).collect();
        let (_, limit, _) = order.select_nth_unstable(MOST / 4);
        let limit = *limit;
        let mut surplus = MOST / 4;
        let changed = &mut self.changed;
        self.records.retain(|culprit, record| {
            let goes = surplus > 0 && worth(record) <= limit;
            if goes {
                surplus -= 1;
                if record.ban.is_some() {
                    changed.insert(culprit.clone());
                }
            }
            !goes
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }
}
