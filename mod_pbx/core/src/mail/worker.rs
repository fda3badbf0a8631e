//! The thread that sends mail.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::help;
use super::letter::{self, Recording};
use super::post::{Failure, Server};
use super::{Shared, Trouble, is_configured, lock};
use crate::store::mail::{Kind, Mail, Part, State};
use crate::store::settings::{self, Settings};
use jiff::{SignedDuration, Timestamp};

/// How soon a mail is tried again the first time; each further pause is twice as long, up to an hour. A server
/// that does not answer is tried every five minutes at least, for whatever waits, and so is mail about calls for help.
const AGAIN: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_secs(3600);
const LONGEST_OF_A_SERVER: Duration = Duration::from_secs(300);

/// How often the queue is looked at when nobody rings.
const LOOK: Duration = Duration::from_secs(30);

/// How many mails are read at once.
const BATCH: u32 = 20;

/// For how long it is remembered what became of a mail.
const MEMORY: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) struct Worker {
    shared: Arc<Shared>,
    /// How often the server has failed in a row, and when it is tried again.
    failures: u32,
    retry_at: Option<Instant>,
    tidy_at: Instant,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            failures: 0,
            retry_at: None,
            tidy_at: Instant::now(),
        }
    }

    pub(super) fn run(mut self) {
        while self.wait() {
            if self.tidy_at <= Instant::now() {
                self.tidy();
            }
            if self.retry_at.is_none_or(|at| at <= Instant::now()) {
                self.send();
            }
        }
        lock(&self.shared.state).ended = true;
        self.shared.bell.notify_all();
    }

    /// Until there may be something to do; false: stop.
    fn wait(&mut self) -> bool {
        let mut state = lock(&self.shared.state);
        let planned = self.retry_at.unwrap_or_else(|| Instant::now() + LOOK);
        let until = planned.min(Instant::now() + LOOK);
        while !state.stop && !state.rung {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.shared.bell.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if std::mem::take(&mut state.rung) {
            self.retry_at = None;
        }
        !state.stop
    }

    fn send(&mut self) {
        let snapshot = self.shared.store.snapshot();
        let settings = &*snapshot.settings;
        if !is_configured(settings) {
            lock(&self.shared.state).trouble = None;
            return;
        }
        loop {
            let now = time(Timestamp::now());
            let waiting = [State::Waiting, State::Waiting];
            let due = self
                .shared
                .store
                .read(|reader| reader.mail(waiting, &now, BATCH, Part::Mail));
            let due = due.unwrap_or_else(|error| {
                tracing::warn!("the mail queue cannot be read: {error}");
                Vec::new()
            });
            if due.is_empty() {
                return;
            }
            let server = match Server::of(settings, &self.shared.vault, &self.shared.host) {
                Ok(server) => server,
                Err(failure) => return self.away(settings, &due[0], &failure),
            };
            for mail in &due {
                if lock(&self.shared.state).stop || !self.send_one(settings, &server, mail) {
                    return;
                }
            }
        }
    }

    /// Whether to go on with the next.
    fn send_one(&mut self, settings: &Settings, server: &Server, mail: &Mail) -> bool {
        let from = settings.get(&settings::MAIL_FROM);
        let message = match mail.kind {
            Kind::Voicemail => letter::compose(mail, from, self.recording(settings, mail)),
            Kind::Emergency | Kind::Webhook => help::compose(mail, from),
        };
        let sent = message
            .map_err(Failure::Never)
            .and_then(|message| server.send(&message));
        if let Err(failure @ (Failure::Away(_) | Failure::Broken(_))) = &sent {
            self.away(settings, mail, failure);
            return false;
        }
        self.failures = 0;
        self.retry_at = None;
        let now = Timestamp::now();
        let (state, next, error) = match &sent {
            Ok(()) => (State::Sent, now, None),
            Err(Failure::Never(text)) => (State::Failed, now, Some(text.as_str())),
            Err(failure) => {
                let (state, next) = later(settings, mail, now);
                (state, next, Some(failure.text()))
            }
        };
        match &sent {
            Err(failure @ Failure::Us(_)) => self.trouble(failure.text()),
            _ => lock(&self.shared.state).trouble = None,
        }
        self.note(mail, state, next, error)
    }

    /// No mail goes at all: this one is written down as tried, and all wait for the next attempt.
    fn away(&mut self, settings: &Settings, mail: &Mail, failure: &Failure) {
        let now = Timestamp::now();
        let (state, mut next) = later(settings, mail, now);
        if let Failure::Away(_) = failure {
            // It had no part in that, and is due as it was: whoever waited longest is tried first when the server is
            // back. Whatever else it was may be due to this mail, and others go before it.
            next = mail.next_at.parse().unwrap_or(now);
        }
        self.note(mail, state, next, Some(failure.text()));
        self.retry_at = Some(Instant::now() + pause(self.failures, LONGEST_OF_A_SERVER));
        self.failures = self.failures.saturating_add(1);
        self.trouble(failure.text());
    }

    /// Has people told why mail is not sent.
    fn trouble(&self, text: &str) {
        let mut post = lock(&self.shared.state);
        let since = post.trouble.take().map(|trouble| trouble.since);
        if since.is_none() {
            tracing::warn!("mail is not sent: {text}");
        }
        post.trouble = Some(Trouble {
            since: since.unwrap_or_else(|| time(Timestamp::now())),
            text: letter::plain_long(text),
        });
    }

    /// Writes down how an attempt ended; false: it cannot be written, so nothing more is sent for now.
    fn note(&mut self, mail: &Mail, state: State, next: Timestamp, error: Option<&str>) -> bool {
        let error = error.map(letter::plain_long);
        let noted = self
            .shared
            .store
            .mail_attempted(mail.id, state, &time(next), error.as_deref());
        if let Err(error) = noted {
            tracing::warn!("what became of a mail is not written down: {error}");
            self.retry_at = Some(Instant::now() + LOOK);
            return false;
        }
        match state {
            State::Sent => self.shared.release(mail.id),
            State::Failed => tracing::warn!(
                "mail to {} about {} is given up: {}",
                letter::plain(&mail.recipient),
                mail.mailbox,
                error.unwrap_or_default()
            ),
            _ => {}
        }
        true
    }

    fn recording(&self, settings: &Settings, mail: &Mail) -> Recording {
        let file = self.shared.kept(mail.id);
        let most = settings.number(&settings::MAIL_MAX_MEGABYTES) * 1_000_000;
        match std::fs::metadata(&file) {
            Ok(about) if about.len() > most => Recording::TooLarge(about.len()),
            Ok(_) => std::fs::read(&file).map_or(Recording::Gone, Recording::Attached),
            Err(_) => Recording::Gone,
        }
    }

    fn tidy(&mut self) {
        self.tidy_at = Instant::now() + LONGEST;
        let before = Timestamp::now().checked_sub(MEMORY).unwrap_or_default();
        match self.shared.store.forget_mail(&time(before)) {
            Ok(gone) => gone.iter().for_each(|id| self.shared.release(*id)),
            Err(error) => tracing::warn!("old mail is not forgotten: {error}"),
        }
    }
}

/// When a mail that was not taken is tried again, if it is.
fn later(settings: &Settings, mail: &Mail, now: Timestamp) -> (State, Timestamp) {
    if is_too_old(settings, mail, now) {
        return (State::Failed, now);
    }
    // A call for help is to be told of while it matters.
    let longest = match mail.kind {
        Kind::Voicemail => LONGEST,
        Kind::Emergency | Kind::Webhook => LONGEST_OF_A_SERVER,
    };
    let pause = pause(mail.attempts, longest);
    (State::Waiting, now.checked_add(pause).unwrap_or(now))
}

pub(crate) fn is_too_old(settings: &Settings, mail: &Mail, now: Timestamp) -> bool {
    let days = i64::try_from(settings.number(&settings::MAIL_DAYS)).unwrap_or(1);
    let queued = mail.queued_at.parse::<Timestamp>().unwrap_or(now);
    now.duration_since(queued) > SignedDuration::from_hours(24 * days)
}

/// The pause after this many failures before.
pub(crate) fn pause(failures: u32, longest: Duration) -> Duration {
    AGAIN.saturating_mul(1 << failures.min(16)).min(longest)
}

/// As the tables have it: text that sorts as time does.
pub(crate) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_end() {
        let pauses: Vec<u64> = (0..11).map(|n| pause(n, LONGEST).as_secs()).collect();
        assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert_eq!(pause(u32::MAX, LONGEST_OF_A_SERVER).as_secs(), 300);
    }
}
