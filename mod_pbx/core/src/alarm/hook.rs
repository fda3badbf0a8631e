//! The thread that posts webhooks.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::post::Client;
use super::{Shared, time};
use crate::mail::letter::plain_long;
use crate::mail::worker::{is_too_old, pause};
use crate::mail::{Trouble, lock};
use crate::store::mail::{Mail, Part, State};

/// How often the queue is looked at when nobody rings: a pause before another attempt is no shorter than this matters.
const LOOK: Duration = Duration::from_secs(5);

/// A webhook is tried again after 15 s, then twice as long each time, up to this.
const LONGEST: Duration = Duration::from_secs(300);

/// How many are read at once.
const BATCH: u32 = 50;

pub(super) struct Worker {
    shared: Arc<Shared>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(super) fn run(self) {
        while self.wait() {
            self.post();
        }
        lock(&self.shared.hooks).ended = true;
        self.shared.bell.notify_all();
    }

    /// Until there may be something to do; false: stop.
    fn wait(&self) -> bool {
        let until = Instant::now() + LOOK;
        let mut hooks = lock(&self.shared.hooks);
        while !hooks.stop && !hooks.rung {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.shared.bell.wait_timeout(hooks, left);
            hooks = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        hooks.rung = false;
        !hooks.stop
    }

    fn post(&self) {
        let now = time(Timestamp::now());
        let waiting = [State::Waiting, State::Waiting];
        let due = self
            .shared
            .store
            .read(|reader| reader.mail(waiting, &now, BATCH, Part::Webhooks));
        let due = due.unwrap_or_else(|error| {
            tracing::warn!("webhooks cannot be read: {error}");
            Vec::new()
        });
        if due.is_empty() {
            return;
        }
        let client = match Client::new() {
            Ok(client) => client,
            Err(why) => return self.trouble(&why),
        };
        // One that does not answer is not waited for again in this round: others have their turn.
        let mut away: HashSet<&str> = HashSet::new();
        for hook in &due {
            if lock(&self.shared.hooks).stop {
                return;
            }
            let url = hook.recipient.as_str();
            if away.contains(url) {
                continue;
            }
            if !self.post_one(&client, hook) {
                away.insert(url);
            }
        }
    }

    /// Whether it was taken.
    fn post_one(&self, client: &Client, hook: &Mail) -> bool {
        let body = hook.details.as_deref().unwrap_or_default();
        let done = client.post(&hook.recipient, hook.id, body);
        let now = Timestamp::now();
        let (state, next) = match &done {
            Ok(()) => (State::Sent, now),
            Err(_) if is_too_old(&self.shared.store.snapshot().settings, hook, now) => (State::Failed, now),
            Err(_) => (
                State::Waiting,
                now.checked_add(pause(hook.attempts, LONGEST)).unwrap_or(now),
            ),
        };
        match &done {
            Ok(()) => lock(&self.shared.hooks).trouble = None,
            Err(why) => self.trouble(why),
        }
        let error = done.as_ref().err().map(|why| plain_long(why));
        let noted = self
            .shared
            .store
            .mail_attempted(hook.id, state, &time(next), error.as_deref());
        if let Err(error) = noted {
            tracing::warn!("what became of a webhook is not written down: {error}");
            return false;
        }
        if state == State::Failed {
            tracing::error!(
                "the webhook about a call for help of {} is given up",
                hook.mailbox
            );
        }
        done.is_ok()
    }

    fn trouble(&self, why: &str) {
        let mut hooks = lock(&self.shared.hooks);
        let since = hooks.trouble.take().map(|trouble| trouble.since);
        if since.is_none() {
            tracing::warn!("a webhook is not posted: {why}");
        }
        hooks.trouble = Some(Trouble {
            since: since.unwrap_or_else(|| time(Timestamp::now())),
            text: plain_long(why),
        });
    }
}
