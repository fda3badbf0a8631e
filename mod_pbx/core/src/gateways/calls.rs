//! How many calls each gateway carries: the switch's legs that say so in `presence_data`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use serde::Deserialize;
use uuid::Uuid;

use super::LEG;
use crate::event::{Event, Kind};
use crate::host::Host;
use crate::store::gateways::Gateways;

/// One row of `show channels as json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Channel {
    uuid: String,
    presence_data: String,
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    rows: Vec<Channel>,
}

/// The legs that gateways carry.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Which gateway a leg is by.
    legs: HashMap<Box<str>, Uuid>,
    counts: HashMap<Uuid, Arc<AtomicU32>>,
}

impl Calls {
    /// The count of a gateway, which stays the same as long as this lives.
    pub(super) fn count(&mut self, gateway: Uuid) -> Arc<AtomicU32> {
        Arc::clone(self.counts.entry(gateway).or_default())
    }

    /// Forgets the counts of gateways that are gone, with their legs.
    pub(super) fn keep(&mut self, exists: impl Fn(Uuid) -> bool) {
        self.legs.retain(|_, gateway| exists(*gateway));
        self.counts.retain(|gateway, _| exists(*gateway));
    }

    /// Takes an event of a channel.
    pub(super) fn take(&mut self, event: &Event, gateways: &Gateways) {
        let Some(uuid) = event.header("Unique-ID") else {
            return;
        };
        let over = event.kind == Kind::CallEnded
            || event
                .header("Channel-Call-State")
                .is_some_and(|state| state.eq_ignore_ascii_case("HANGUP"));
        if over {
            self.end(uuid);
        } else {
            self.begin(
                uuid,
                event.header("Channel-Presence-Data").unwrap_or_default(),
                gateways,
            );
        }
    }

    fn begin(&mut self, uuid: &str, presence_data: &str, gateways: &Gateways) {
        let named = presence_data.strip_prefix(LEG);
        let Some(gateway) = named.and_then(|name| gateways.by_name(name)) else {
            return;
        };
        if self.legs.get(uuid) != Some(&gateway.id) {
            self.end(uuid);
            self.legs.insert(uuid.into(), gateway.id);
            self.count(gateway.id).fetch_add(1, Relaxed);
        }
    }

    fn end(&mut self, uuid: &str) {
        if let Some(gateway) = self.legs.remove(uuid) {
            self.count(gateway).fetch_sub(1, Relaxed);
        }
    }

    /// Takes up what the switch's own list has, and ends what is over. The list is written by a queue and may be a
    /// second late either way: `uuid_exists` asks the switch itself.
    pub(super) fn list(&mut self, host: &dyn Host, gateways: &Gateways) {
        let exists = |uuid: &str| host.api("uuid_exists", uuid);
        // Without mod_commands nobody is asked, and nothing is over.
        if exists("none").is_err() {
            return;
        }
        let exists = |uuid: &str| exists(uuid).is_ok_and(|said| said == "true");
        let over: Vec<Box<str>> = self.legs.keys().filter(|uuid| !exists(uuid)).cloned().collect();
        for uuid in over {
            self.end(&uuid);
        }
        let text = host.api("show", "channels as json").unwrap_or_default();
        let shown: Vec<Channel> =
            serde_json::from_str(&text).map_or_else(|_| Vec::new(), |shown: Shown| shown.rows);
        for channel in shown {
            if channel.presence_data.starts_with(LEG)
                && !self.legs.contains_key(channel.uuid.as_str())
                && exists(&channel.uuid)
            {
                self.begin(&channel.uuid, &channel.presence_data, gateways);
            }
        }
    }

    /// Whether there is any leg.
    pub(super) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }
}
