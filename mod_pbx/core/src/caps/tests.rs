//! Calls out are counted once each, whatever gateways they try, and over a restart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use super::view::Used;
use super::*;
use crate::event::made_of;
use crate::host::FakeHost;
use crate::routing::Class;
use crate::routing::outside::Limits;
use crate::store::StoreOptions;

struct Bench {
    dir: tempfile::TempDir,
    host: Arc<FakeHost>,
    store: Arc<ConfigStore>,
    caps: Caps,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = ConfigStore::open(StoreOptions::new(dir.path().join("pbx.db"))).unwrap();
        let host = Arc::new(FakeHost::default());
        let caps = Caps::start(Arc::clone(&store), Arc::clone(&host) as Arc<dyn Host>).unwrap();
        Self {
            dir,
            host,
            store,
            caps,
        }
    }

    /// As after the module was loaded again; `kill`: without a last word.
    fn again(&mut self) {
        self.caps.stop();
        self.store.close();
        self.store = ConfigStore::open(StoreOptions::new(self.dir.path().join("pbx.db"))).unwrap();
        self.caps = Caps::start(Arc::clone(&self.store), Arc::clone(&self.host) as Arc<dyn Host>).unwrap();
    }

    fn begin(&self, leg: Uuid, charge: &str) {
        let pairs = [
            ("Unique-ID", leg.to_string()),
            ("Call-Direction", "outbound".to_owned()),
            ("variable_pbx_charge", charge.to_owned()),
        ];
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.host.say(&format!("uuid_exists {leg}"), "true");
        self.caps.tell(&made_of(Kind::CallBegan, &pairs));
    }

    fn end(&self, leg: Uuid) {
        self.host.say(&format!("uuid_exists {leg}"), "false");
        self.caps
            .tell(&made_of(Kind::CallEnded, &[("Unique-ID", &leg.to_string())]));
    }

    #[track_caller]
    fn becomes(&self, payer: Uuid, concurrent: u32, hour: u32, classes: [u32; 5]) {
        let day = classes.iter().sum();
        let wanted = Used {
            concurrent,
            hour,
            day,
            classes,
        };
        let begin = Instant::now();
        loop {
            let used = self.caps.view().of(payer, Timestamp::now());
            if used == wanted {
                return;
            }
            assert!(
                begin.elapsed() < Duration::from_secs(10),
                "{used:?}, not {wanted:?}"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn charge(payer: Uuid, class: Class, call: Uuid) -> String {
    Charge {
        payer,
        class: Some(class),
        call,
    }
    .to_string()
}

#[test]
fn a_call_counts_once_whatever_gateways_it_tries() {
    let bench = Bench::new();
    let (payer, call) = (Uuid::now_v7(), Uuid::new_v4());
    let text = charge(payer, Class::National, call);
    let (one, two, other) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    bench.begin(one, &text);
    bench.becomes(payer, 1, 1, [0, 1, 0, 0, 0]);
    bench.end(one);
    bench.becomes(payer, 0, 1, [0, 1, 0, 0, 0]);
    bench.begin(two, &text);
    bench.begin(two, &text);
    bench.becomes(payer, 1, 1, [0, 1, 0, 0, 0]);
    bench.begin(other, &charge(payer, Class::Premium, Uuid::new_v4()));
    bench.becomes(payer, 2, 2, [0, 1, 0, 0, 1]);
    bench.end(two);
    bench.end(two);
    bench.end(Uuid::new_v4());
    bench.becomes(payer, 1, 2, [0, 1, 0, 0, 1]);
}

#[test]
fn a_call_counts_from_the_moment_it_is_let_out() {
    let bench = Bench::new();
    let (payer, first, second) = (Uuid::now_v7(), Uuid::new_v4(), Uuid::new_v4());
    let let_out = |call: Uuid| {
        let class = Some(Class::National);
        let (channel, at) = (&call.to_string(), Timestamp::now());
        let charge = Charge { payer, class, call };
        let place = bench.caps.view().hold(charge, &Limits::default(), at);
        place.unwrap().keep(Asker { channel, at });
    };
    let_out(first);
    bench.becomes(payer, 1, 1, [0, 1, 0, 0, 0]);
    let leg = Uuid::new_v4();
    bench.begin(leg, &charge(payer, Class::National, first));
    bench.end(leg);
    bench.becomes(payer, 0, 1, [0, 1, 0, 0, 0]);
    // Who is known counts at once, and each call once.
    let_out(second);
    assert_eq!(bench.caps.view().of(payer, Timestamp::now()).concurrent, 1);
    let_out(second);
    bench.becomes(payer, 1, 2, [0, 2, 0, 0, 0]);
    // The caller has gone before there was a leg. One of the same id had gone earlier: a browser chooses its own.
    let earlier = [
        ("Unique-ID", second.to_string()),
        ("Event-Date-Timestamp", "1795330800000000".to_owned()),
    ];
    let earlier = earlier.each_ref().map(|(name, value)| (*name, value.as_str()));
    bench.caps.tell(&made_of(Kind::CallEnded, &earlier));
    let other = Uuid::new_v4();
    bench.begin(Uuid::new_v4(), &charge(other, Class::Local, other));
    bench.becomes(other, 1, 1, [1, 0, 0, 0, 0]);
    bench.becomes(payer, 1, 2, [0, 2, 0, 0, 0]);
    bench.end(second);
    bench.becomes(payer, 0, 1, [0, 1, 0, 0, 0]);
    // The next gateway of a call that is known is no other call.
    let_out(first);
    bench.becomes(payer, 0, 1, [0, 1, 0, 0, 0]);
}

#[test]
fn a_promise_of_which_nothing_comes_ends() {
    let bench = Bench::new();
    let mut worker = worker::Worker::new(Arc::clone(&bench.caps.shared));
    let (payer, class) = (Uuid::now_v7(), Some(Class::Local));
    let (channel, at) = ("x", Timestamp::now());
    let view = bench.caps.view();
    for call in [Uuid::new_v4(), Uuid::new_v4()] {
        let tally = view.tally(payer);
        let periods = tally.take(Class::Local, view.periods(at), &Limits::default());
        let asked = Asker { channel, at }.kept();
        worker.promised(Charge { payer, class, call }, asked, periods.unwrap());
    }
    let used = || bench.caps.view().of(payer, Timestamp::now());
    assert_eq!((used().concurrent, used().classes), (2, [2, 0, 0, 0, 0]));
    worker.break_promises(Instant::now());
    assert_eq!(used().concurrent, 2);
    worker.break_promises(Instant::now() + worker::PROMISE);
    assert_eq!(used(), Used::default());
}

#[test]
fn each_who_pays_for_legs_of_one_call_is_charged_for_their_own() {
    let bench = Bench::new();
    let (one, two, call) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::new_v4());
    let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
    bench.begin(first, &charge(one, Class::National, call));
    bench.begin(second, &charge(two, Class::Mobile, call));
    bench.becomes(one, 1, 1, [0, 1, 0, 0, 0]);
    bench.becomes(two, 1, 1, [0, 0, 1, 0, 0]);
    bench.end(first);
    bench.becomes(one, 0, 1, [0, 1, 0, 0, 0]);
    bench.becomes(two, 1, 1, [0, 0, 1, 0, 0]);
    bench.end(second);
    bench.becomes(two, 0, 1, [0, 0, 1, 0, 0]);
}

#[test]
fn what_callers_say_counts_for_nobody() {
    let bench = Bench::new();
    let payer = Uuid::now_v7();
    bench.begin(Uuid::new_v4(), "nonsense");
    let (help, call) = (None, Uuid::new_v4());
    let help = Charge {
        payer,
        class: help,
        call,
    };
    bench.begin(Uuid::new_v4(), &help.to_string());
    let inbound = [
        ("Unique-ID", "7a1cf8ad-9a4d-4e1a-8f2f-5a0d3a1b2c3d"),
        ("Call-Direction", "inbound"),
        (
            "variable_pbx_charge",
            &*charge(payer, Class::Local, Uuid::new_v4()),
        ),
    ];
    bench.caps.tell(&made_of(Kind::CallBegan, &inbound));
    let known = Uuid::now_v7();
    bench.begin(Uuid::new_v4(), &charge(known, Class::Local, Uuid::new_v4()));
    bench.becomes(known, 1, 1, [1, 0, 0, 0, 0]);
    bench.becomes(payer, 0, 0, [0; 5]);
}

#[test]
fn counts_and_calls_outlive_a_restart() {
    let mut bench = Bench::new();
    let payer = Uuid::now_v7();
    let (stays, ends) = (Uuid::new_v4(), Uuid::new_v4());
    bench.begin(stays, &charge(payer, Class::Mobile, Uuid::new_v4()));
    bench.begin(ends, &charge(payer, Class::Mobile, Uuid::new_v4()));
    bench.becomes(payer, 2, 2, [0, 0, 2, 0, 0]);
    // While the module is away.
    bench.caps.stop();
    bench.host.say(&format!("uuid_exists {ends}"), "false");
    bench.again();
    bench.becomes(payer, 1, 2, [0, 0, 2, 0, 0]);
    bench.end(stays);
    bench.becomes(payer, 0, 2, [0, 0, 2, 0, 0]);
    bench.again();
    bench.becomes(payer, 0, 2, [0, 0, 2, 0, 0]);
    assert_eq!(bench.store.read(|reader| reader.cap_legs()).unwrap(), []);
}

#[test]
fn a_second_after_a_call_began_it_is_in_the_database() {
    let bench = Bench::new();
    let payer = Uuid::now_v7();
    bench.begin(Uuid::new_v4(), &charge(payer, Class::Local, Uuid::new_v4()));
    let begin = Instant::now();
    while bench.store.read(|reader| reader.caps_used()).unwrap().is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(bench.store.read(|reader| reader.cap_legs()).unwrap().len(), 1);
}
