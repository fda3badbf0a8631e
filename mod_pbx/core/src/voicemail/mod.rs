//! What mod_voicemail tells: somebody left a message, somebody changed their PIN by phone.
//!
//! The events only start what is done about it. mod_voicemail's own database has it as well, and is looked
//! through at load and every few minutes: a crash between an event and its work, or an event that was lost,
//! delays a mail and loses none.

mod book;
mod mailbox;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::background::{self, Background};
use crate::event::Event;
use crate::host::Host;
use crate::mail::Mailroom;
use crate::presence::Presence;
use crate::prompts::Sounds;
use crate::store::ConfigStore;

pub use book::{Message, Page};
pub use mailbox::{Mailbox, MailboxError};

/// mod_voicemail's profile that is ours.
pub const PROFILE: &str = "default";

/// How many events may wait. Those beyond are found in mod_voicemail's database later.
const WAITING: usize = 8192;

/// The thread's stack in bytes: it calls SQLite.
const STACK: usize = 1024 * 1024;

/// The thread that works on them.
pub struct Voicemail {
    shared: Arc<Shared>,
    thread: Background<Event>,
}

struct Shared {
    store: Arc<ConfigStore>,
    mail: Arc<Mailroom>,
    host: Arc<dyn Host>,
    sounds: Arc<ArcSwap<Sounds>>,
    presence: Arc<Presence>,
    /// mod_voicemail's database, if it has one of SQLite.
    book: Option<PathBuf>,
}

impl Voicemail {
    /// Starts the thread, which looks at once what there is that nobody was told of.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(
        store: Arc<ConfigStore>,
        mail: Arc<Mailroom>,
        host: Arc<dyn Host>,
        sounds: Arc<ArcSwap<Sounds>>,
        presence: Arc<Presence>,
    ) -> std::io::Result<Self> {
        let folder = host.variable("db_dir");
        let shared = Arc::new(Shared {
            book: folder.map(|folder| Path::new(&folder).join(format!("voicemail_{PROFILE}.db"))),
            store,
            mail,
            host,
            sounds,
            presence,
        });
        let (teller, queue) = background::queue(WAITING);
        let worker = worker::Worker::new(Arc::clone(&shared));
        let thread = Background::start("pbx-voicemail", STACK, teller, move || worker.run(&queue))?;
        Ok(Self { shared, thread })
    }

    /// Takes a `vm::maintenance`. Any thread of the switch; never waits.
    pub fn tell(&self, event: Event) {
        self.thread.tell(event);
    }

    /// Ends the thread.
    pub fn stop(&self) {
        self.thread.stop();
    }
}

#[cfg(test)]
mod tests;
