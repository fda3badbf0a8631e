//! What calls out count, as they are decided and as the switch then tells of them.

use std::sync::Arc;

use uuid::Uuid;

use super::world::{World, berlin, extension, gateway, route};
use crate::caps::Caps;
use crate::caps::view::Used;
use crate::clients;
use crate::event::{Kind, made_of};
use crate::gateways;
use crate::gateways::view::State;
use crate::host::{FakeHost, Host};
use crate::registry::View;
use crate::routing::leg::charge;
use crate::routing::outside::{Limits, Parts};
use crate::routing::{Class, Decision, Limit, Payer, Refusal, Watch, decide};
use crate::store::gateways::{Gateway, Gateways};
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

    /// What a call of 1001 that takes place is decided by.
    fn view(&self) -> View<'_> {
        View {
            notes: &Live,
            caps: self.caps.view(),
            ..self.world.view(None)
        }
    }

    fn payer(&self) -> Payer<'_> {
        Payer {
            domain: &self.world.domain,
            extension: self.world.domain.find("1001").unwrap(),
            line: None,
        }
    }

    /// What the switch is answered for a channel, as the leg's charge.
    fn asks(&self, channel: &str, dialled: &str) -> Result<String, Refusal> {
        let (view, payer) = (self.view(), self.payer());
        match decide(&view, &payer, dialled, view.now()) {
            Decision::Out(mut out) => {
                let charge = charge(&view, &payer, &mut out, Some(channel));
                charge.map(|charge| charge.to_string())
            }
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

/// Stolen credentials may send many calls at once, and be of somebody who never called out before: all of them are decided
/// about before the first counts.
#[test]
fn of_calls_that_are_asked_about_at_once_no_more_go_than_a_cap_says() {
    type Change = fn(&mut Limits);
    let caps: [(Change, usize); 4] = [
        (|limits| limits.concurrent = Some(1), 1),
        (|limits| limits.per_hour = Some(2), 2),
        (|limits| limits.per_day = Some(3), 3),
        (|limits| limits.class_per_day[Class::Local as usize] = Some(4), 4),
    ];
    for (change, most) in caps {
        let mut limits = Limits::default();
        change(&mut limits);
        let bench = Bench::new(limits);
        let decided = std::sync::Barrier::new(16);
        let gone: usize = std::thread::scope(|scope| {
            let ask = || {
                let (view, payer) = (bench.view(), bench.payer());
                let Decision::Out(out) = decide(&view, &payer, "030123456", view.now()) else {
                    panic!("there is room");
                };
                decided.wait();
                let goes = |_: &u8| charge(&view, &payer, &mut out.clone(), None).is_ok();
                (0..10).filter(goes).count()
            };
            let all: Vec<_> = (0..16)
                .map(|n| {
                    let thread = std::thread::Builder::new().name(format!("asks-{n}"));
                    thread.spawn_scoped(scope, ask).unwrap()
                })
                .collect();
            all.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(gone, most, "{limits:?}");
        // One for help goes all the same.
        assert!(bench.asks("x", "112").is_ok());
    }
}

/// Nothing counts of what is only looked at, and of what finds no gateway.
#[test]
fn what_does_not_take_place_takes_no_place() {
    let limits = Limits {
        concurrent: Some(1),
        per_hour: Some(1),
        ..Limits::default()
    };
    let mut bench = Bench::new(limits);
    let domain = Arc::clone(&bench.world.domain);
    let payer = Payer {
        domain: &domain,
        extension: domain.find("1001").unwrap(),
        line: None,
    };
    let decided = |view: &View<'_>| match decide(view, &payer, "030123456", view.now()) {
        Decision::Out(out) => out,
        Decision::Refused(why) => panic!("{}", why.code()),
    };
    for _ in 0..3 {
        let watch = Watch::default();
        let view = View {
            caps: bench.caps.view(),
            ..bench.world.view(Some(&watch))
        };
        assert!(charge(&view, &payer, &mut decided(&view), Some("x")).is_ok());
    }
    // The gateway is full by the time it is asked for.
    let carrier = bench.world.snapshot.gateways.iter().next().unwrap().clone();
    let full = Gateway {
        max_calls: 1,
        ..Gateway::clone(&carrier)
    };
    bench.world.snapshot.gateways = Arc::new(Gateways::new([full]));
    let view = bench.view();
    let mut out = decided(&view);
    let mut busy = gateways::view::View::default();
    busy.pretend(carrier.id, State::Up, 1);
    let busy = View {
        gateways: &busy,
        ..view
    };
    let refused = charge(&busy, &payer, &mut out, Some("x"));
    assert_eq!(refused, Err(Refusal::NoGateway));
    let used = bench.caps.view().of(payer.extension.channel, view.now());
    assert_eq!(used, Used::default());
    assert!(charge(&view, &payer, &mut out, Some("x")).is_ok());
    let refused = charge(&view, &payer, &mut out, Some("y"));
    assert_eq!(refused, Err(Refusal::Capped(Limit::Concurrent)));
}
