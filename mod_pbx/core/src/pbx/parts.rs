//! What the PBX is made of, for commands and the web server.

use std::sync::Arc;
use std::time::Duration;

use super::Pbx;
use crate::alarm::Alarm;
use crate::bans::Bans;
use crate::calls::Calls;
use crate::caps::Caps;
use crate::clients::Clients;
use crate::commands;
use crate::config::Config;
use crate::counters::Counters;
use crate::gateways::Gateways;
use crate::host::Host;
use crate::mail::Mailroom;
use crate::people::People;
use crate::presence::Presence;
use crate::prompts::Sounds;
use crate::registry::Registries;
use crate::store::ConfigStore;
use crate::voicemail::Voicemail;

impl Pbx {
    /// The effective `pbx.conf`.
    pub fn config(&self) -> Arc<Config> {
        self.config.load_full()
    }

    /// The switch.
    pub fn host(&self) -> &dyn Host {
        &*self.host
    }

    /// The tables of handlers.
    pub fn registries(&self) -> &Registries {
        &self.registries
    }

    /// Who is online.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Who is banned.
    pub fn bans(&self) -> &Bans {
        &self.bans
    }

    /// The records of calls.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Who is told of calls for help.
    pub fn alarm(&self) -> &Alarm {
        &self.alarm
    }

    /// The browser clients.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// How much was called out.
    pub fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Which gateways are there.
    pub fn gateways(&self) -> &Gateways {
        &self.gateways
    }

    /// Who signs in to the web pages.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// The database.
    pub fn store(&self) -> &ConfigStore {
        &self.store
    }

    /// What voicemail can say, as of when it was last looked.
    pub fn sounds(&self) -> Arc<Sounds> {
        self.sounds.load_full()
    }

    /// Mail about voicemail.
    pub fn mail(&self) -> &Mailroom {
        &self.mail
    }

    /// The mailboxes.
    pub fn voicemail(&self) -> &Voicemail {
        &self.voicemail
    }

    /// Lookups so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The long command that is running, if one is.
    pub fn progress(&self) -> &commands::Progress {
        &self.progress
    }

    /// How long it has been running.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}
