//! Bans of those who try passwords, by `sofia::register_failure`.
//!
//! What an event says is the attacker's choice: the line it names, and over UDP even the address. So a line
//! is banned only from the address that failed for it, an address only while no phone is registered from
//! there, and neither touches a line that has registered from that address before: nobody bans somebody
//! else's phone. A ban is enforced where the directory gives out a line's credential, as if there were no
//! such line, which is the answer that unknown names and wrong passwords get as well (403); a call for
//! help is not refused by it.
//!
//! Events are counted in a thread of ours, which publishes who is banned and keeps that in the database.

mod culprit;
mod firewall;
mod friends;
mod ledger;
mod tries;
pub mod view;
mod worker;

use std::net::IpAddr;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};

use crate::background::{self, Background};
use crate::event::Event;
use crate::presence::Presence;
use crate::store::ConfigStore;

pub use culprit::{Account, Culprit, Net};
use view::View;

/// How many events may wait. Those beyond are dropped: whoever sends so many is not forgotten for it.
const WAITING: usize = 8192;

/// The thread's stack in bytes: it calls SQLite.
const STACK: usize = 512 * 1024;

/// The bans.
pub struct Bans {
    shared: Arc<Shared>,
    thread: Background<Told>,
}

struct Shared {
    store: Arc<ConfigStore>,
    presence: Arc<Presence>,
    view: ArcSwap<View>,
    /// What is wrong with the firewall.
    trouble: Mutex<Option<String>>,
}

/// A refused digest.
struct Failure {
    address: IpAddr,
    /// To, user and host: only a REGISTER's names the line; any other request's names who is called.
    named: Option<(Box<str>, Box<str>)>,
}

enum Told {
    Failure(Failure),
    /// End the bans of these: of all that comes from there, or of one line.
    Lift(Culprit, Sender<Vec<Culprit>>),
}

/// A ban in force.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Listed {
    /// Where from: an IPv4 address, or an IPv6 network of 64 bits.
    pub address: String,
    /// Which line (`username@domain`); none: any.
    pub account: Option<String>,
    /// How many bans so far: each is twice as long as the last.
    pub times: u32,
    /// RFC 3339 in UTC.
    pub begun: String,
    /// RFC 3339 in UTC.
    pub ends: String,
    /// Seconds that are left of it.
    pub seconds_left: u64,
}

impl Bans {
    /// Takes over the bans that the database has, and starts the thread.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(store: Arc<ConfigStore>, presence: Arc<Presence>) -> std::io::Result<Self> {
        let (teller, queue) = background::queue(WAITING);
        let shared = Arc::new(Shared {
            store,
            presence,
            view: ArcSwap::default(),
            trouble: Mutex::default(),
        });
        let worker = worker::Worker::new(Arc::clone(&shared));
        let thread = Background::start("pbx-bans", STACK, teller, move || worker.run(&queue))?;
        Ok(Self { shared, thread })
    }

    /// Takes a `sofia::register_failure`. Any thread of the switch; never waits.
    pub fn tell(&self, event: &Event) {
        let Some(address) = event.header("network-ip").and_then(|ip| ip.parse().ok()) else {
            return;
        };
        let registers = event.header("registration-type") == Some("REGISTER");
        let names = || Some((event.header("to-user")?.into(), event.header("to-host")?.into()));
        let failure = Failure {
            address,
            named: if registers { names() } else { None },
        };
        self.thread.tell(Told::Failure(failure));
    }

    /// Who is banned. Any thread; takes no lock.
    pub fn view(&self) -> Guard<Arc<View>> {
        self.shared.view.load()
    }

    /// The bans in force, by address.
    pub fn list(&self) -> Vec<Listed> {
        let view = self.view();
        let now = view.now();
        let all = view.bans(now).into_iter();
        all.map(|(culprit, ban)| Listed {
            address: culprit.net.to_string(),
            account: culprit.account.as_ref().map(ToString::to_string),
            times: ban.times,
            begun: worker::spoken(ban.begun, now),
            ends: worker::spoken(ban.ends, now),
            seconds_left: ban.ends.seconds_since(now),
        })
        .collect()
    }

    /// Why banned addresses are not in the firewall's set; none: they are, or there is to be none.
    pub fn firewall_trouble(&self) -> Option<String> {
        let trouble = self.shared.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the ban of a line from a net, or of all that comes from there; gives those that were in force.
    /// Blocks.
    pub fn lift(&self, net: Net, account: Option<Account>) -> Vec<Culprit> {
        let lifted = self
            .thread
            .ask(|answer| Told::Lift(Culprit { net, account }, answer));
        lifted.unwrap_or_default()
    }

    /// Saves what is not saved, and ends the thread. Bans stay in force for lookups.
    pub fn stop(&self) {
        self.thread.stop();
    }
}

#[cfg(test)]
mod policy_tests;
#[cfg(test)]
mod tests;
