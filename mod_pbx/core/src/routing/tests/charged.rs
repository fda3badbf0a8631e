//! What calls out count, as they are decided and as the switch then tells of them.

use std::sync::Arc;

use uuid::Uuid;

use super::world::{World, berlin, extension, gateway, route};
use crate::caps::Caps;
use crate::clients;
use crate::event::{Kind, made_of};
use crate::host::{FakeHost, Host};
use crate::registry::View;
use crate::routing::leg::charge;
use crate::routing::outside::{Limits, Parts};
use crate::routing::{Class, Decision, Payer, Refusal, decide};
use crate::store::{ConfigStore, StoreOptions};

/// Calls take place.
struct Live;

impl clients::Notes for Live {
    fn note(&self, _: clients::Note) {}
}

/// A domain, and the counts of a running PBX.
struct Bench {
    _dir: tempfile::TempDir,
    world: World,
    caps: Caps,
}

impl Bench {
    /// 1001 may call everybody, within these limits.
    fn new(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = ConfigStore::open(StoreOptions::new(dir.path().join("pbx.db"))).unwrap();
        let host: Arc<dyn Host> = Arc::new(FakeHost::default());
        let (alice, carrier) = (extension("1001"), gateway("a", None, true));
        let parts = Parts {
            plan: berlin(),
            routes: vec![route("all", "*", &[&carrier], &[alice.channel])],
            limits,
            ..Parts::default()
        };
        Self {
            _dir: dir,
            world: World::new(&[alice], vec![carrier], parts),
            caps: Caps::start(store, host).unwrap(),
        }
    }

    /// What the switch is answered for a channel, as the leg's charge.
    fn asks(&self, channel: &str, dialled: &str) -> Result<String, Refusal> {
        let caps = self.caps.view();
        let view = View {
            notes: &Live,
            caps: &caps,
            ..self.world.view(None)
        };
        let payer = Payer {
            domain: &self.world.domain,
            extension: self.world.domain.find("1001").unwrap(),
            line: None,
        };
        match decide(&view, &payer, dialled, view.now()) {
            Decision::Out(mut out) => Ok(charge(&view, &mut out, Some(channel)).unwrap().to_string()),
            Decision::Refused(why) => Err(why),
        }
    }

    fn ends(&self, channel: &str) {
        self.caps
            .tell(&made_of(Kind::CallEnded, &[("Unique-ID", channel)]));
    }

    /// A whole call of this channel: its leg begins and ends, and so does it.
    fn calls(&self, channel: &str, dialled: &str) -> Result<(), Refusal> {
        let charge = self.asks(channel, dialled)?;
        let leg = Uuid::new_v4().to_string();
        let began = [
            ("Unique-ID", leg.as_str()),
            ("Call-Direction", "outbound"),
            ("variable_pbx_charge", charge.as_str()),
        ];
        self.caps.tell(&made_of(Kind::CallBegan, &began));
        self.ends(&leg);
        self.ends(channel);
        // One who calls after that: the thread works in order.
        let mark = Uuid::now_v7();
        let told = format!("{mark}.local.{mark}");
        let other = [
            ("Unique-ID", "mark"),
            ("Call-Direction", "outbound"),
            ("variable_pbx_charge", told.as_str()),
        ];
        self.caps.tell(&made_of(Kind::CallBegan, &other));
        let begun = std::time::Instant::now();
        while self.caps.view().of(mark, jiff::Timestamp::now()).day == 0 {
            assert!(begun.elapsed() < std::time::Duration::from_secs(10));
            std::thread::yield_now();
        }
        self.ends("mark");
        Ok(())
    }
}

/// A browser chooses the id of its channel, and may choose the same for the next call.
#[test]
fn a_channel_whose_id_comes_again_is_another_call() {
    let mut limits = Limits::default();
    limits.class_per_day[Class::Premium as usize] = Some(2);
    let bench = Bench::new(limits);
    let id = Uuid::new_v4().to_string();
    bench.calls(&id, "030123456").unwrap();
    let premium = || bench.calls(&id, "0900123456");
    assert_eq!(premium(), Ok(()));
    assert_eq!(premium(), Ok(()));
    assert_eq!(premium().map_err(Refusal::code), Err("cap-class"));
    // Nor may it be spelled otherwise, for two at once.
    let (one, two) = (
        bench.asks(&id, "030123456"),
        bench.asks(&id.to_uppercase(), "030123456"),
    );
    assert_ne!(one, two);
    // Of calls for help each is told of by this.
    assert_ne!(bench.asks(&id, "112"), bench.asks(&id, "112"));
}
