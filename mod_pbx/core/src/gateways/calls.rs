//! How many calls each gateway carries: the switch's legs that say so in `presence_data`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::time::Instant;

use serde::Deserialize;
use uuid::Uuid;

use super::LEG;
use super::promises::Promises;
use crate::caps::{Asked, Charge};
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
    promises: Promises,
}

impl Calls {
    /// The count of a gateway, which stays the same as long as this lives.
    pub(super) fn count(&mut self, gateway: Uuid) -> Arc<AtomicU32> {
        Arc::clone(self.counts.entry(gateway).or_default())
    }

    /// The count of calls that were let through and have no leg yet.
    pub(super) fn promises(&mut self, gateway: Uuid) -> Arc<AtomicU32> {
        self.promises.count(gateway)
    }

    /// A call is let through; `counts`: that count says so already.
    pub(super) fn promised(&mut self, (call, asked): (Uuid, Asked), gateway: Uuid, counts: bool) {
        self.promises.add((call, asked), gateway, counts);
        // A call that came in, and is asked about again.
        if self.legs.get(call.to_string().as_str()) == Some(&gateway) {
            self.promises.end(call, gateway);
        }
    }

    /// Forgets calls that were let through and came to nothing.
    pub(super) fn break_promises(&mut self, now: Instant) {
        self.promises.break_old(now);
    }

    /// When that is to be done; none: there is none.
    pub(super) fn breaks_at(&self) -> Option<Instant> {
        self.promises.breaks_at()
    }

    /// Forgets the counts of gateways that are gone, with their legs.
    pub(super) fn keep(&mut self, exists: impl Fn(Uuid) -> bool) {
        self.promises.keep(&exists);
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
            // Who asked for a call that got no leg is gone.
            self.promises.end_asked(uuid, event.moment());
        } else {
            let charge = event
                .header("variable_pbx_charge")
                .and_then(|text| text.parse().ok());
            let call = charge.map(|charge: Charge| charge.call);
            self.begin(
                (uuid, call),
                event.header("Channel-Presence-Data").unwrap_or_default(),
                gateways,
            );
        }
    }

    /// A leg is there; which call it was promised for, if it says so: else its own.
    fn begin(&mut self, (uuid, call): (&str, Option<Uuid>), presence_data: &str, gateways: &Gateways) {
        let named = presence_data.strip_prefix(LEG);
        let Some(gateway) = named.and_then(|name| gateways.by_name(name)) else {
            return;
        };
        if self.legs.get(uuid) != Some(&gateway.id) {
            self.end(uuid);
            self.legs.insert(uuid.into(), gateway.id);
            // Before the promise ends, so that there is no moment at which neither counts.
            self.count(gateway.id).fetch_add(1, Release);
            if let Some(call) = call.or_else(|| uuid.parse().ok()) {
                self.promises.end(call, gateway.id);
            }
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
                self.begin((&channel.uuid, None), &channel.presence_data, gateways);
            }
        }
    }

    /// Whether there is any leg.
    pub(super) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::background;
    use crate::caps::Asker;
    use crate::event::made_of;
    use crate::gateways::Told;
    use crate::gateways::promises::PROMISE;
    use crate::gateways::view::{Seen, View};
    use crate::store::gateways::Gateway;
    use crate::store::rows::{CallerIdStyle, Transport};

    fn carrier(max_calls: u32) -> Gateway {
        Gateway {
            id: Uuid::now_v7(),
            domain: None,
            name: "carrier".parse().unwrap(),
            proxy: "sip.example.com".parse().unwrap(),
            transport: Transport::Udp,
            realm: None,
            username: None,
            password: None,
            register: false,
            from_domain: None,
            sources: Box::default(),
            max_calls,
            caller_id_style: CallerIdStyle::Pai,
            ping_seconds: 0,
            enabled: true,
            country: None,
        }
    }

    /// What the thread has, the view that lookups read, and what they tell it.
    struct Bench {
        calls: Calls,
        gateways: Gateways,
        view: View,
        queue: background::Queue<Told>,
        carrier: Gateway,
    }

    impl Bench {
        fn new(max_calls: u32) -> Self {
            let carrier = carrier(max_calls);
            let (teller, queue) = background::queue(100);
            let mut calls = Calls::default();
            let seen = Seen {
                calls: calls.count(carrier.id),
                promised: calls.promises(carrier.id),
                ..Seen::default()
            };
            let view = View {
                seen: [(carrier.id, seen)].into(),
                teller: Some(teller),
                ..View::default()
            };
            Self {
                calls,
                gateways: Gateways::new([carrier.clone()]),
                view,
                queue,
                carrier,
            }
        }

        fn hold(&self, call: Uuid) -> bool {
            self.holds(call, false)
        }

        /// A call that the channel with its own id asks for, now.
        fn holds(&self, call: Uuid, always: bool) -> bool {
            let channel = &call.to_string();
            let at = Timestamp::now();
            self.view.hold(&self.carrier, call, Asker { channel, at }, always)
        }

        fn work(&mut self) {
            for told in self.queue.wait(std::time::Duration::ZERO, 100) {
                if let Told::Promised {
                    call,
                    asked,
                    gateway,
                    counts,
                } = told
                {
                    self.calls.promised((call, asked), gateway, counts);
                }
            }
        }

        fn begin(&mut self, leg: Uuid, call: Uuid) {
            let charge = format!("{}.local.{call}", Uuid::now_v7());
            let leg = leg.to_string();
            let event = made_of(
                Kind::CallBegan,
                &[
                    ("Unique-ID", leg.as_str()),
                    ("Channel-Presence-Data", "pbx_gateway_carrier"),
                    ("Call-Direction", "outbound"),
                    ("variable_pbx_charge", charge.as_str()),
                ],
            );
            self.calls.take(&event, &self.gateways);
        }

        fn end(&mut self, channel: Uuid) {
            let event = made_of(Kind::CallEnded, &[("Unique-ID", &channel.to_string())]);
            self.calls.take(&event, &self.gateways);
        }
    }

    #[test]
    fn of_calls_that_are_decided_at_once_no_more_find_room_than_there_is() {
        let bench = Bench::new(8);
        let (view, carrier) = (&bench.view, &bench.carrier);
        let asker = Asker {
            channel: "",
            at: Timestamp::now(),
        };
        let found: usize = std::thread::scope(|scope| {
            let ask = || {
                let finds = |_: &u8| view.hold(carrier, Uuid::new_v4(), asker, false);
                (0..50).filter(finds).count()
            };
            let all: Vec<_> = (0..8)
                .map(|n| {
                    let thread = std::thread::Builder::new().name(format!("asks-{n}"));
                    thread.spawn_scoped(scope, ask).unwrap()
                })
                .collect();
            all.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(found, 8);
        assert!(!bench.view.has_room(&bench.carrier));
        // One for help goes all the same, and where nothing is limited nothing is counted.
        assert!(bench.holds(Uuid::new_v4(), true));
        assert!(Bench::new(0).hold(Uuid::new_v4()));
    }

    #[test]
    fn a_place_is_kept_by_the_leg_and_free_when_that_ends_or_never_comes() {
        let mut bench = Bench::new(1);
        let (first, leg) = (Uuid::new_v4(), Uuid::new_v4());
        assert!(bench.hold(first) && !bench.hold(Uuid::new_v4()));
        bench.work();
        assert_eq!(bench.view.calls(bench.carrier.id), 0, "no call yet");
        bench.begin(leg, first);
        assert_eq!(bench.view.calls(bench.carrier.id), 1);
        assert!(!bench.view.has_room(&bench.carrier) && bench.calls.breaks_at().is_none());
        bench.end(leg);
        assert!(bench.view.has_room(&bench.carrier));
        // Asked about twice it is one call.
        assert!(bench.holds(first, true) && bench.holds(first, true));
        bench.work();
        bench.end(first);
        assert!(bench.view.has_room(&bench.carrier), "who asked is gone");
        // A channel of the same id that ended before is another one.
        assert!(bench.hold(first));
        bench.work();
        let id = first.to_string();
        let earlier = ("Event-Date-Timestamp", "1795330800000000");
        let event = made_of(Kind::CallEnded, &[("Unique-ID", &id), earlier]);
        bench.calls.take(&event, &bench.gateways);
        assert!(!bench.view.has_room(&bench.carrier));
        bench.end(first);
        assert!(bench.view.has_room(&bench.carrier));
        assert!(bench.hold(first));
        bench.work();
        bench.calls.break_promises(Instant::now());
        assert!(!bench.view.has_room(&bench.carrier));
        bench.calls.break_promises(Instant::now() + PROMISE);
        assert!(bench.view.has_room(&bench.carrier), "nothing came of it");
        // A call that comes in is its own.
        assert!(bench.hold(leg));
        bench.work();
        let id = leg.to_string();
        let state = made_of(
            Kind::CallState,
            &[
                ("Unique-ID", id.as_str()),
                ("Channel-Presence-Data", "pbx_gateway_carrier"),
            ],
        );
        bench.calls.take(&state, &bench.gateways);
        assert_eq!(
            (bench.view.calls(bench.carrier.id), bench.calls.breaks_at()),
            (1, None)
        );
        // A view of before the gateway was known counts by the thread.
        let mut later = Bench::new(1);
        later.view.seen.clear();
        assert!(later.hold(first));
        later.work();
        assert_eq!(later.calls.promises(later.carrier.id).load(Relaxed), 1);
        later.calls.keep(|_| false);
        assert!(Arc::ptr_eq(
            &later.calls.promises(first),
            &later.calls.promises(first)
        ));
        assert_eq!(later.calls.breaks_at(), None);
    }
}
