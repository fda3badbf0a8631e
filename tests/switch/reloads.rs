//! The module is loaded and unloaded again and again: under traffic without harm, and without leaving anything
//! behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::group::{Group, note};
use crate::growth;
use crate::keeper::Keeper;
use crate::rig::{DOMAINS, Rig, password};
use crate::running::{self, Size};
use crate::storage::{known_phone, went_on};

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("reloads", Rig::whole).add(
        trials,
        &[
            ("twenty_cycles_under_traffic", twenty_cycles_under_traffic),
            (
                "a_reload_in_place_is_not_noticed",
                a_reload_in_place_is_not_noticed,
            ),
        ],
    );
    Group::new("growth", Rig::quiet).add(
        trials,
        &[("hundreds_of_cycles_leave_nothing", cycles_leave_nothing)],
    );
}

const ACME: &str = DOMAINS[0];

/// Lookups without a pause on a connection of their own, until told to stop; how many.
struct Traffic {
    stop: Arc<AtomicBool>,
    found: Arc<AtomicU32>,
    thread: JoinHandle<u32>,
}

impl Traffic {
    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let found = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&found);
        let mut connection = running::connect().unwrap();
        let work = move || {
            let mut missed = 0;
            while !told.load(Ordering::Relaxed) {
                let answer = connection
                    .api(&format!("user_exists id alice {ACME}"))
                    .expect("the switch lives");
                match answer.trim() {
                    "true" => {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    "false" => missed += 1,
                    other => panic!("{other}"),
                }
            }
            missed
        };
        let thread = Builder::new().name("traffic".to_owned()).spawn(work).unwrap();
        Self { stop, found, thread }
    }

    /// How many lookups have found who is there.
    fn found(&self) -> u32 {
        self.found.load(Ordering::Relaxed)
    }

    /// Ends it: how many found who is there, and how many did not.
    fn stop(self) -> (u32, u32) {
        self.stop.store(true, Ordering::Relaxed);
        let missed = self
            .thread
            .join()
            .expect("every lookup is answered, one way or the other");
        (self.found.load(Ordering::Relaxed), missed)
    }
}

/// Two connections look up, two phones register. While the module is out nobody is known and registrations are
/// refused; that is all.
fn twenty_cycles_under_traffic(rig: &mut Rig) {
    let traffic = [Traffic::start(), Traffic::start()];
    let phones = ["alice", "bob"]
        .map(|name| Keeper::start(name, ACME, &password(name, ACME), Duration::from_millis(10)));
    let mut longest = Duration::ZERO;
    for _ in 0..20 {
        let begin = Instant::now();
        rig.switch.ok("unload mod_pbx");
        longest = longest.max(begin.elapsed());
        sleep(Duration::from_millis(20));
        rig.switch.ok("load mod_pbx");
        // Some of the traffic must find the module.
        sleep(Duration::from_millis(100));
    }
    let (mut found, mut missed, mut registered) = (0, 0, 0);
    for one in traffic {
        let (f, m) = one.stop();
        (found, missed) = (found + f, missed + m);
    }
    for phone in phones {
        let kept = phone.stop();
        registered += kept.registered;
        let others: Vec<_> = kept.failed.iter().filter(|status| *status != "403").collect();
        assert!(others.is_empty(), "{kept:?}");
    }
    assert!(
        found > 500 && missed > 0 && registered > 50,
        "{found} {missed} {registered}"
    );
    // Mostly 2 ms. Unbinding from events waits for whichever handler the switch is in, and those of mod_sofia
    // and mod_voicemail take up to half a second under this load (`switch_event_unbind`).
    assert!(longest < Duration::from_secs(2), "an unload took {longest:?}");
    note(&format!(
        "{found} found, {missed} missed, {registered} registrations, longest unload {longest:.0?}; "
    ));
    went_on(known_phone());
}

/// `pbx reload` takes a new pbx.conf while phones register and lookups run.
fn a_reload_in_place_is_not_noticed(rig: &mut Rig) {
    let (phone, traffic) = (known_phone(), Traffic::start());
    let begun = Instant::now();
    for level in ["debug", "info", "warn", "info"].into_iter().cycle() {
        let conf = rig.site.pbx_conf(&[("log-level", level)]);
        rig.site.write("conf/autoload_configs/pbx.conf.xml", &conf);
        rig.switch.api("reloadxml");
        rig.switch.ok("pbx reload");
        assert!(
            rig.switch
                .ok("pbx status")
                .contains(&format!("log-level        {level}"))
        );
        sleep(Duration::from_millis(100));
        if traffic.found() > 100 || begun.elapsed() > Duration::from_secs(60) {
            break;
        }
    }
    let (found, missed) = traffic.stop();
    assert!(found > 100 && missed == 0, "{found} {missed}");
    went_on(phone);
}

/// Threads and open files no more than before, but for the switch's own database handles, which come and go;
/// memory does not rise with the number of cycles.
///
/// A FreeSWITCH that has just started takes 13 kB for each of the first 150 modules that come and go, whosever
/// they are: so one of its own comes and goes before ours is looked at.
fn cycles_leave_nothing(rig: &mut Rig) {
    for _ in 0..200 {
        rig.switch.ok("load mod_tone_stream");
        rig.switch.ok("unload mod_tone_stream");
    }
    let cycle = |rig: &mut Rig| {
        rig.switch.ok("unload mod_pbx");
        rig.switch.ok("load mod_pbx");
        assert_eq!(
            rig.switch.api(&format!("user_exists id alice {ACME}")).trim(),
            "true"
        );
        rig.switch.size()
    };
    let before = (0..50).map(|_| cycle(rig)).last().unwrap();
    let sizes: Vec<Size> = (0..1000).map(|_| cycle(rig)).collect();
    let after = sizes[999];
    let lost = growth::per_cycle(&sizes.iter().map(|size| size.rss_kb as f64).collect::<Vec<_>>());
    note(&format!("{before:?} to {after:?}, {lost:.2} kB a cycle; "));
    assert!(
        after.threads <= before.threads && after.files <= before.files + 2,
        "{before:?} {after:?}"
    );
    // What is lost in large pieces shows here.
    assert!(after.rss_kb < before.rss_kb + 2048, "{before:?} {after:?}");
    assert!(lost <= 4.0, "{lost} kB a cycle: {sizes:?}");
}
