//! Lines and where they registered, in the database: after a restart no ban is for them there, as before.

use std::collections::HashSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::culprit::{Account, Culprit, Net};
use super::view::{Day, Met, View};
use crate::names::{DomainName, Username};
use crate::store::bans::Friend;
use crate::store::{ConfigStore, StoreError};

/// For how many days a line that registered from somewhere is never banned there.
const FRIENDSHIP: Day = 30;

/// How many such lines are remembered. Each had the right password: this is for switches beyond all bounds.
const MOST: usize = 1 << 20;

/// How many wait to be saved at most: all that are read again, as after a load, when everybody is met at once.
const UNSAVED: usize = MOST / 2;

/// How many one transaction saves.
const ROWS: usize = 1024;

/// What the database does not have yet.
#[derive(Debug, Default)]
pub(super) struct Friends {
    unsaved: HashSet<Culprit>,
    /// Those who were not there for so many days are to be taken out of the database.
    forget: Option<Day>,
}

impl Friends {
    /// Takes over those of the database, the latest first. One that cannot be read is left out: the next registration
    /// tells.
    pub(super) fn take_over(&mut self, store: &ConfigStore, view: &mut View, now: Day) {
        let rows = store.read(|reader| reader.friends(MOST / 2));
        let rows = rows.unwrap_or_else(|error| {
            tracing::warn!("from where lines registered before is not known: {error}");
            Vec::new()
        });
        let today = today();
        for row in rows {
            match read(&row, today) {
                Some((net, Account { domain, username }, days)) => {
                    let day = now.saturating_sub(days);
                    view.befriend(net, domain.as_str(), username.as_str(), day);
                }
                None => self.forget = Some(FRIENDSHIP),
            }
        }
    }

    /// Notes that a line registered from there; true: lookups are to know.
    pub(super) fn met(
        &mut self,
        view: &mut View,
        net: Net,
        (domain, username): (&DomainName, &Username),
        today: Day,
    ) -> bool {
        let met = view.befriend(net, domain.as_str(), username.as_str(), today);
        if met != Met::Today && self.unsaved.len() < UNSAVED {
            let account = Account {
                domain: domain.clone(),
                username: username.clone(),
            };
            self.unsaved.insert(Culprit {
                net,
                account: Some(account),
            });
        }
        met == Met::New
    }

    /// Whether no more can be noted before some are saved.
    pub(super) fn is_full(&self) -> bool {
        self.unsaved.len() >= UNSAVED
    }

    /// Forgets those who were not there for long.
    pub(super) fn forget(&mut self, view: &mut View, today: Day) {
        let kept = if view.friends() > MOST { 1 } else { FRIENDSHIP };
        if view.forget_friends(today.saturating_sub(kept)) {
            self.forget = Some(kept);
        }
    }

    /// Whether there is nothing to save.
    pub(super) fn are_saved(&self) -> bool {
        self.unsaved.is_empty() && self.forget.is_none()
    }

    /// Saves some of what is not saved.
    ///
    /// # Errors
    /// Nothing was saved.
    pub(super) fn save(&mut self, store: &ConfigStore) -> Result<(), StoreError> {
        if self.are_saved() {
            return Ok(());
        }
        let some: Vec<Culprit> = self.unsaved.iter().take(ROWS).cloned().collect();
        let day = today().to_string();
        let rows: Vec<Friend> = some
            .iter()
            .filter_map(|culprit| {
                Some(Friend {
                    network: culprit.net.to_string(),
                    account: culprit.account.as_ref()?.to_string(),
                    day: day.clone(),
                })
            })
            .collect();
        let before = self
            .forget
            .and_then(|days| today().checked_sub(i64::from(days).days()).ok());
        store.keep_friends(&rows, before.map(|day| day.to_string()).as_deref())?;
        for culprit in &some {
            self.unsaved.remove(culprit);
        }
        self.forget = None;
        Ok(())
    }
}

/// Who it is, and how many days ago it was; none: it does not matter any more, or is none that we wrote. What the clock
/// makes a day to come was today.
fn read(row: &Friend, today: Date) -> Option<(Net, Account, Day)> {
    let day: Date = row.day.parse().ok()?;
    let days = Day::try_from(day.until(today).ok()?.get_days().max(0)).ok()?;
    let known = days <= FRIENDSHIP;
    known.then_some((row.network.parse().ok()?, row.account.parse().ok()?, days))
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_there_within_a_month_is_known() {
        let today: Date = "2026-03-02".parse().unwrap();
        let days = |day: &str| {
            let row = Friend {
                network: "2001:db8::/64".to_owned(),
                account: "alice@pbx.test".to_owned(),
                day: day.to_owned(),
            };
            read(&row, today).map(|(_, _, days)| days)
        };
        assert_eq!(days("2026-03-02"), Some(0));
        assert_eq!(days("2026-02-27"), Some(3));
        assert_eq!(days("2026-01-31"), Some(30));
        assert_eq!(days("2027-01-01"), Some(0));
        for gone in ["2026-01-30", "2020-02-29", "yesterday", ""] {
            assert_eq!(days(gone), None, "{gone}");
        }
    }
}
