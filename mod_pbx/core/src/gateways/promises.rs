//! Calls that were let through and have no leg yet.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use super::view::one_less;
use crate::caps::Asked;

/// For how long a call counts that was let through and got no leg: its gateways are tried at once.
pub(super) const PROMISE: Duration = Duration::from_secs(10);

/// A call that was let through.
#[derive(Debug)]
struct Promise {
    gateway: Uuid,
    since: Instant,
    asked: Asked,
}

/// What was promised, as it is counted by gateway.
#[derive(Debug, Default)]
pub(super) struct Promises {
    /// By the call.
    open: HashMap<Uuid, Vec<Promise>>,
    counts: HashMap<Uuid, Arc<AtomicU32>>,
}

impl Promises {
    /// The count of a gateway, which stays the same as long as this lives.
    pub(super) fn count(&mut self, gateway: Uuid) -> Arc<AtomicU32> {
        Arc::clone(self.counts.entry(gateway).or_default())
    }

    /// Forgets those of gateways that are gone.
    pub(super) fn keep(&mut self, exists: impl Fn(Uuid) -> bool) {
        for all in self.open.values_mut() {
            all.retain(|promise| exists(promise.gateway));
        }
        self.open.retain(|_, all| !all.is_empty());
        self.counts.retain(|gateway, _| exists(*gateway));
    }

    /// A call is let through; `counts`: the count says so already. One that is known has its place.
    pub(super) fn add(&mut self, (call, asked): (Uuid, Asked), gateway: Uuid, counts: bool) {
        let count = self.count(gateway);
        let all = self.open.entry(call).or_default();
        if all.iter().any(|promise| promise.gateway == gateway) {
            if counts {
                one_less(&count);
            }
            return;
        }
        if !counts {
            count.fetch_add(1, Relaxed);
        }
        let since = Instant::now();
        all.push(Promise {
            gateway,
            since,
            asked,
        });
    }

    /// The one of this call by a gateway does not count any more.
    pub(super) fn end(&mut self, call: Uuid, gateway: Uuid) {
        self.take_out(call, |promise| promise.gateway == gateway);
    }

    /// A channel ended: nothing comes of what it asked for.
    pub(super) fn end_asked(&mut self, channel: &str, at: Timestamp) {
        let is_its = |promise: &Promise| promise.asked.channel() == channel && promise.asked.ended_by(at);
        // They are few: no more than gateways have places.
        self.take_out_all(is_its);
    }

    fn take_out_all(&mut self, is: impl Fn(&Promise) -> bool) {
        let some = |(_, all): &(&Uuid, &Vec<Promise>)| all.iter().any(&is);
        let calls: Vec<Uuid> = self.open.iter().filter(some).map(|(call, _)| *call).collect();
        for call in calls {
            self.take_out(call, &is);
        }
    }

    fn take_out(&mut self, call: Uuid, is: impl Fn(&Promise) -> bool) {
        let Some(mut all) = self.open.remove(&call) else {
            return;
        };
        for promise in all.extract_if(.., |promise| is(promise)) {
            if let Some(count) = self.counts.get(&promise.gateway) {
                one_less(count);
            }
        }
        if !all.is_empty() {
            self.open.insert(call, all);
        }
    }

    /// When the first of them ends of itself; none: there is none.
    pub(super) fn breaks_at(&self) -> Option<Instant> {
        let since = self.open.values().flatten().map(|promise| promise.since);
        since.min().map(|since| since + PROMISE)
    }

    /// Forgets those that nothing came of.
    pub(super) fn break_old(&mut self, now: Instant) {
        self.take_out_all(|promise| now.saturating_duration_since(promise.since) >= PROMISE);
    }
}
