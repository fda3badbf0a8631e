//! The thread: tells by mail, takes PINs over, looks which sounds there are.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::book::{self, Left, Pin};
use super::{Mailbox, Shared};
use crate::background::Queue;
use crate::event::Event;
use crate::mail::Notice;
use crate::pin;
use crate::store::{Change, Commit, StoreError};

/// How often mod_voicemail's database is looked through, and how soon again after something failed.
const LOOK: Duration = Duration::from_secs(300);
const AGAIN: Duration = Duration::from_secs(5);

/// How often the sounds are looked for.
const SOUNDS: Duration = Duration::from_secs(60);

/// Messages that were left so many seconds before the newest that is known are looked at again: mod_voicemail
/// writes its table after it has told of the message.
const MARGIN: i64 = 120;

pub(super) struct Worker {
    shared: Arc<Shared>,
    look_at: Instant,
    sounds_at: Instant,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        Self {
            shared,
            look_at: now,
            sounds_at: now + SOUNDS,
        }
    }

    pub(super) fn run(mut self, queue: &Queue<Event>) {
        loop {
            let until = self.look_at.min(self.sounds_at);
            let told = queue
                .wait(until.saturating_duration_since(Instant::now()), 1)
                .next();
            match told {
                Some(event) => self.take(&event),
                None if queue.is_over() => return,
                None => self.tick(),
            }
        }
    }

    fn take(&mut self, event: &Event) {
        let header = |name| event.header(name).unwrap_or_default().to_owned();
        let done = match event.header("VM-Action") {
            Some("leave-message") => self.tell(&Left {
                user: header("VM-User"),
                domain: header("VM-Domain"),
                caller_name: header("VM-Caller-ID-Name"),
                caller_number: header("VM-Caller-ID-Number"),
                file: header("VM-File-Path"),
                seconds: header("VM-Message-Len").parse().unwrap_or(0),
                left: header("VM-Timestamp")
                    .parse()
                    .unwrap_or_else(|_| Timestamp::now().as_second()),
            }),
            Some("change-password") => self.change_pin(&Pin {
                user: header("VM-User"),
                domain: header("VM-Domain"),
                pin: header("VM-User-Password"),
            }),
            // After a message was left, heard or deleted, and mod_voicemail has written it down.
            Some("mwi-update") => {
                let (domain, number) = (header("VM-Domain").parse(), header("VM-User").parse());
                if let (Ok(domain), Ok(number)) = (domain, number) {
                    self.shared.presence.touched(domain, number);
                }
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(error) = done {
            // Both are in mod_voicemail's database too.
            tracing::warn!("voicemail: {error}; it is tried again");
            self.look_at = self.look_at.min(Instant::now() + AGAIN);
        }
    }

    /// Puts a mail into the queue if the mailbox's owner has an address.
    fn tell(&self, message: &Left) -> Result<(), StoreError> {
        if !self.shared.mail.is_configured() || message.file.is_empty() {
            return Ok(());
        }
        let snapshot = self.shared.store.snapshot();
        let domain = snapshot.domain(&message.domain);
        let Some((domain, extension)) = domain.and_then(|d| Some((d, d.find(&message.user)?))) else {
            return Ok(());
        };
        let Some(address) = extension.email.as_deref().filter(|address| !address.is_empty()) else {
            return Ok(());
        };
        self.shared.mail.queue(&Notice {
            recording: PathBuf::from(&message.file),
            recipient: address.to_owned(),
            mailbox: format!("{}@{}", extension.number, domain.name),
            caller_name: message.caller_name.clone(),
            caller_number: message.caller_number.clone(),
            left_at: Timestamp::from_second(message.left).unwrap_or_else(|_| Timestamp::now()),
            seconds: message.seconds,
        })
    }

    /// Makes a PIN that was chosen by phone the mailbox's own, and has mod_voicemail forget its copy, which
    /// would be taken besides ours (`voicemail_check_main`), also after ours is changed again.
    fn change_pin(&self, chosen: &Pin) -> Result<(), StoreError> {
        let snapshot = self.shared.store.snapshot();
        let domain = snapshot.domain(&chosen.domain);
        let Some((domain, extension)) = domain.and_then(|d| Some((d, d.find(&chosen.user)?))) else {
            return Ok(());
        };
        let (number, domain) = (&extension.number, &domain.name);
        let is_new = extension.voicemail_pin.as_deref() != Some(chosen.pin.as_str());
        if is_new && pin::check(number, &chosen.pin).is_ok() {
            let row = self.shared.store.read(|reader| {
                let domain = reader.domain_by_name(domain.as_str())?;
                domain.map_or(Ok(None), |domain| {
                    reader.extension_by_number(domain.id, number.as_str())
                })
            })?;
            let Some(mut row) = row else { return Ok(()) };
            row.voicemail_pin = Some(chosen.pin.clone());
            let mut commit = Commit::new("voicemail", format!("PIN of {number}@{domain} changed by phone"));
            commit.changes = vec![Change::edit(row)];
            self.shared.store.commit(commit)?;
        }
        self.shared.forget_pin(Mailbox { domain, number });
        Ok(())
    }

    fn tick(&mut self) {
        let now = Instant::now();
        if self.sounds_at <= now {
            let before = self.shared.sounds.load_full();
            self.shared
                .sounds
                .store(Arc::new(before.again(&*self.shared.host)));
            self.sounds_at = now + SOUNDS;
        }
        if self.look_at <= now {
            let pause = match self.look() {
                Ok(()) => LOOK,
                Err(error) => {
                    tracing::warn!("what was left in the mailboxes meanwhile is not known: {error}");
                    AGAIN
                }
            };
            self.look_at = Instant::now() + pause;
        }
    }

    /// Looks for what no event told of.
    fn look(&self) -> Result<(), String> {
        let text = |error: StoreError| error.to_string();
        let store = &self.shared.store;
        let now = Timestamp::now().as_second();
        let Some(seen) = store.read(|reader| reader.voicemail_seen()).map_err(text)? else {
            // The messages that are there already are old ones.
            return store.see_voicemail(now).map_err(text);
        };
        let Some(file) = &self.shared.book else {
            return Ok(());
        };
        let (messages, pins) =
            book::read(file, seen - MARGIN).map_err(|error| format!("{}: {error}", file.display()))?;
        let newest = messages.last().map_or(seen, |message| message.left.min(now));
        for message in &messages {
            self.tell(message).map_err(text)?;
        }
        for pin in &pins {
            self.change_pin(pin).map_err(text)?;
        }
        if newest > seen {
            store.see_voicemail(newest).map_err(text)?;
        }
        Ok(())
    }
}
