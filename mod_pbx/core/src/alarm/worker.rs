//! The thread that writes down what is to be told.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use super::{Addressees, Failed, Notice, Shared, Told, time};
use crate::background::Queue;
use crate::caps::Charge;
use crate::event::Event;
use crate::gateways::LEG;
use crate::mail::letter::plain;
use crate::mail::lock;
use crate::names::DomainName;
use crate::store::StoreError;
use crate::store::mail::{Kind, Mail, State};

/// How soon it is tried again to write down what could not be.
const AGAIN: Duration = Duration::from_secs(5);

/// What cannot be written down is kept in memory, no more than this.
const MOST: usize = 1000;

/// How many events are worked on before what they tell is written down.
const BATCH: usize = 16;

/// For how long a call is remembered: its next gateway is no other call.
const MEMORY: Duration = Duration::from_secs(600);

pub(super) struct Worker {
    shared: Arc<Shared>,
    /// Calls that were told of, by what their legs are charged for.
    known: HashMap<Uuid, Instant>,
    unsaved: VecDeque<Mail>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            known: HashMap::new(),
            unsaved: VecDeque::new(),
        }
    }

    pub(super) fn run(mut self, queue: &Queue<Told>) {
        while !queue.is_over() {
            for told in queue.wait(AGAIN, BATCH) {
                match told {
                    Told::Began(event, charge) => self.began(&event, charge),
                    Told::Failed(event) => self.failed(&event),
                    Told::Test(domain, done) => {
                        // Who asked may have given up.
                        let _ = done.send(self.test(&domain));
                    }
                }
            }
            self.save();
        }
    }

    fn began(&mut self, event: &Event, charge: Charge) {
        let now = Instant::now();
        self.known.retain(|_, at| now - *at < MEMORY);
        if self.known.insert(charge.call, now).is_some() {
            return;
        }
        let Some(notice) = self.notice(event) else {
            tracing::warn!("somebody calls for help, and it is not known who");
            return;
        };
        tracing::warn!(
            "call for help: extension {}@{} dialled {}",
            notice.extension,
            notice.domain,
            notice.dialled
        );
        self.queue(&notice);
    }

    /// No gateway took a call: whoever is told of those that go out is told that this one did not.
    fn failed(&mut self, event: &Event) {
        let Some(notice) = self.failure(event) else {
            tracing::error!("a call for help FAILED, and it is not known whose");
            return;
        };
        let from = format!("{}@{}", notice.extension, notice.domain);
        tracing::error!(
            "call for help FAILED: {from} dialled {}, and no gateway took it",
            notice.dialled
        );
        {
            let mut failed = lock(&self.shared.failed);
            failed.0 += 1;
            failed.1 = Some(Failed {
                at: notice.at.clone(),
                from,
                dialled: notice.dialled.clone(),
            });
        }
        self.queue(&notice);
    }

    fn queue(&mut self, notice: &Notice) {
        let addressees = self.addressees(&notice.domain);
        self.unsaved.extend(mails(notice, &addressees));
    }

    /// What our dialplan says of a call that failed.
    fn failure(&self, event: &Event) -> Option<Notice> {
        let (number, domain) = event.header("pbx-from")?.split_once('@')?;
        Some(Notice {
            call: event
                .header("Unique-ID")
                .and_then(|channel| self.shared.calls.record_of(channel)),
            at: time(event.moment()),
            name: self.name(number, domain),
            line: event.header("pbx-line").map(str::to_owned),
            dialled: event.header("pbx-dialled")?.to_owned(),
            failed: true,
            ..Notice::of(Notice::CALL, number, domain)
        })
    }

    /// What an extension is called.
    fn name(&self, number: &str, domain: &str) -> String {
        let snapshot = self.shared.store.snapshot();
        let extension = snapshot.domain(domain).and_then(|domain| domain.find(number));
        extension.map_or_else(String::new, |extension| plain(&extension.caller_id_name))
    }

    /// What the leg says: all of it was written by us into its dial string.
    fn notice(&self, event: &Event) -> Option<Notice> {
        let (number, domain) = event.header("variable_pbx_identity")?.split_once('@')?;
        let (dialled, line) = event.header("variable_pbx_help")?.split_once('.')?;
        let caller_id = event.header("Caller-Caller-ID-Number");
        Some(Notice {
            call: event
                .header("Unique-ID")
                .and_then(|leg| self.shared.calls.record_of(leg)),
            at: time(event.moment()),
            name: self.name(number, domain),
            line: (!line.is_empty()).then(|| line.to_owned()),
            dialled: dialled.to_owned(),
            gateway: event
                .header("Channel-Presence-Data")
                .and_then(|leg| leg.strip_prefix(LEG))
                .map(str::to_owned),
            caller_id: caller_id
                .filter(|number| *number != "anonymous")
                .map(str::to_owned),
            ..Notice::of(Notice::CALL, number, domain)
        })
    }

    fn addressees(&self, domain: &str) -> Addressees {
        let snapshot = self.shared.store.snapshot();
        let domain: Option<DomainName> = domain.parse().ok();
        let outside = domain.as_ref().and_then(|domain| snapshot.outside(domain));
        outside.map_or_else(Addressees::default, |outside| Addressees {
            email: outside.notify_email.as_deref().map(str::to_owned),
            url: outside.notify_url.as_deref().map(str::to_owned),
        })
    }

    fn test(&mut self, domain: &DomainName) -> Result<Addressees, StoreError> {
        let addressees = self.addressees(domain.as_str());
        let notice = Notice {
            at: time(Timestamp::now()),
            ..Notice::of(Notice::TEST, "", domain.as_str())
        };
        for mail in mails(&notice, &addressees) {
            self.shared.store.queue_mail(&mail)?;
        }
        self.ring();
        Ok(addressees)
    }

    /// Writes down what is not; what cannot be is tried again.
    fn save(&mut self) {
        if self.unsaved.is_empty() {
            return;
        }
        while let Some(mail) = self.unsaved.front() {
            if let Err(error) = self.shared.store.queue_mail(mail) {
                tracing::error!("whom to tell of a call for help is not written down: {error}");
                break;
            }
            self.unsaved.pop_front();
        }
        let over = self.unsaved.len().saturating_sub(MOST);
        self.unsaved.drain(..over);
        self.shared.dropped.fetch_add(over as u64, Relaxed);
        self.shared.unsaved.store(self.unsaved.len(), Relaxed);
        self.ring();
    }

    fn ring(&self) {
        self.shared.mail.ring();
        self.shared.ring();
    }
}

/// What goes to each of them.
fn mails(notice: &Notice, addressees: &Addressees) -> Vec<Mail> {
    // It is made of text and ids alone.
    let details = serde_json::to_string(notice).unwrap_or_default();
    let mail = |kind: Kind, to: &String| Mail {
        id: Uuid::now_v7(),
        kind,
        source: format!(
            "{}:{}",
            notice.id,
            if kind == Kind::Webhook { "webhook" } else { "mail" }
        ),
        state: State::Waiting,
        recipient: to.clone(),
        mailbox: format!("{}@{}", notice.extension, notice.domain),
        caller_name: notice.name.clone(),
        caller_number: notice.extension.clone(),
        left_at: notice.at.clone(),
        seconds: 0,
        attempts: 0,
        next_at: String::new(),
        last_error: None,
        queued_at: String::new(),
        details: Some(details.clone()),
    };
    let email = addressees.email.iter().map(|to| mail(Kind::Emergency, to));
    let url = addressees.url.iter().map(|to| mail(Kind::Webhook, to));
    email.chain(url).collect()
}
