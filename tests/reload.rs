//! Loading and unloading the built module in the stand-in host, which counts what the module takes.
//!
//! The module is opened as the switch opens it, so nothing here may use the crate `mod_pbx` itself.

mod growth;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use freeswitch_sys::switch_event_types_t as EventType;
use fs_standin::event::{Event, settle};
use fs_standin::ledger::{Balance, Kind, balance};
use fs_standin::log::Capture;
use fs_standin::measure::{descriptors, heap, resident, settled, threads};
use fs_standin::scene::{MODULE, Scene, static_user_is_found};
use fs_standin::{Core, lookup};

/// Threads and descriptors of the process.
fn held() -> [usize; 2] {
    [threads(), descriptors()]
}

/// The books are even, and the process holds no more than `before`. It may hold less: a test that ended just
/// before this one began may not have been all gone.
fn nothing_is_kept(before: [usize; 2], books: Balance) {
    settle();
    assert_eq!(
        balance().difference(&books),
        [],
        "taken and not given back:\n{}",
        balance()
    );
    let [threads_before, descriptors_before] = before;
    let now = [
        settled(threads, threads_before),
        settled(descriptors, descriptors_before),
    ];
    assert!(
        now[0] <= threads_before,
        "threads: {} were {threads_before}",
        now[0]
    );
    assert!(
        now[1] <= descriptors_before,
        "descriptors: {} were {descriptors_before}",
        now[1]
    );
}

/// What happens to a module between load and unload.
fn use_it(core: &Core) {
    for user in ["nobody", "1001", "alice"] {
        let _ = lookup::sip_auth(user, "pbx.test");
    }
    assert!(static_user_is_found());
    assert!(!core.execute("pbx status").is_empty());
    assert!(!core.execute("pbx no such thing").is_empty());
    let _ = core.complete("pbx ");
    for event in [
        EventType::SWITCH_EVENT_CHANNEL_CREATE,
        EventType::SWITCH_EVENT_GENERAL,
    ] {
        Event::new(event, None).fire();
    }
    Event::new(EventType::SWITCH_EVENT_CUSTOM, Some("sofia::register")).fire();
    settle();
}

fn cycle(core: &Core) {
    core.load(MODULE).expect("the module loads");
    use_it(core);
    core.unload(MODULE).expect("the module unloads");
}

#[test]
fn a_hundred_and_twenty_cycles_keep_nothing() {
    let scene = Scene::new(&[]);
    let core = scene.start();
    // What a first use makes once for the process, such as thread-local storage, is not growth.
    cycle(&core);
    let (before, books) = (held(), balance());
    for _ in 0..20 {
        cycle(&core);
    }
    let heap_at_20 = heap();
    let resident_sizes: Vec<f64> = (20..120)
        .map(|_| {
            cycle(&core);
            resident() as f64
        })
        .collect();
    let heap_slope = heap().saturating_sub(heap_at_20) / 100;
    let resident_slope = growth::per_cycle(&resident_sizes);
    println!("per cycle: heap {heap_slope} B, resident {resident_slope:.0} B");
    assert!(
        heap_slope <= 1024,
        "{heap_slope} bytes of heap are kept per cycle"
    );
    // Which pages of the stacks that glibc keeps for the next threads are resident is chance: up to 30 kB a cycle, either
    // way. What the heap keeps is told above, threads and descriptors below; this is for mappings.
    assert!(
        resident_slope <= 65_536.0,
        "{resident_slope} bytes stay resident per cycle"
    );
    nothing_is_kept(before, books);
    assert!(
        books.taken(Kind::Binding) > 0,
        "the module bound nothing: this test saw nothing"
    );
}

#[test]
fn a_load_that_fails_leaves_nothing_bound_and_the_next_one_works() {
    let scene = Scene::new(&[]);
    let core = scene.start();
    cycle(&core);
    let (before, books) = (held(), balance());
    let file = |name: &str| scene.path().join("run").join(name);
    std::fs::write(
        file("foreign"),
        "this is no database, and long enough to be seen as none".repeat(50),
    )
    .expect("a file");
    std::fs::copy(scene.database(), file("newer")).expect("the database that the first cycle made");
    rusqlite::Connection::open(file("newer"))
        .and_then(|database| database.pragma_update(None, "user_version", 9999))
        .expect("its version is changed");
    let [foreign, newer, below_a_file] =
        ["foreign", "newer", "foreign/pbx.sqlite"].map(|name| file(name).display().to_string());
    for (parameter, value, named) in [
        ("no-such-parameter", "1", "no-such-parameter"),
        ("log-level", "loud", "log-level"),
        ("database", &*foreign, &*foreign),
        ("database", &newer, &newer),
        // The folder cannot be made: it is a file.
        ("database", &below_a_file, &foreign),
    ] {
        scene.configure(&[(parameter, value)]);
        core.execute("reloadxml");
        let log = Capture::start();
        let refused = core.load(MODULE);
        assert!(refused.is_err(), "{parameter}={value} was accepted");
        assert!(
            !log.containing(named).is_empty(),
            "the log does not name `{named}`: {:#?}",
            log.lines()
        );
        drop(log);
        assert!(core.execute("pbx status").contains("Command not found"));
        assert!(static_user_is_found());
    }
    nothing_is_kept(before, books);
    scene.configure(&[]);
    core.execute("reloadxml");
    cycle(&core);
}

#[test]
fn it_is_unloaded_under_look_ups_and_its_threads_outlive_it() {
    let scene = Scene::new(&[]);
    let core = scene.start();
    core.load(MODULE).expect("the module loads");
    let (stop, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (took, cycles) = std::thread::scope(|scope| {
        for _ in 0..4 {
            // As the switch's: they called into the module before it went, and end after.
            std::thread::Builder::new()
                .stack_size(240 * 1024)
                .spawn_scoped(scope, || {
                    while !stop.load(Ordering::Relaxed) {
                        let _ = lookup::sip_auth("1001", "pbx.test");
                        assert!(static_user_is_found());
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                })
                .expect("a thread");
        }
        let mut slowest = Duration::ZERO;
        for cycle in 0..5 {
            let until = asked.load(Ordering::Relaxed) + 50;
            while asked.load(Ordering::Relaxed) < until {
                std::thread::sleep(Duration::from_millis(1));
            }
            let start = Instant::now();
            core.unload(MODULE).expect("the module unloads");
            slowest = slowest.max(start.elapsed());
            if cycle < 4 {
                core.load(MODULE).expect("the module loads again");
            }
        }
        stop.store(true, Ordering::Relaxed);
        (slowest, asked.load(Ordering::Relaxed))
    });
    println!("slowest of 5 unloads under {cycles} look-ups: {took:?}");
    // The bound that is promised, 200 ms, is measured by `make bench`; here a hang must not pass.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(balance().out(Kind::Binding), 0);
}

#[test]
fn it_says_so_when_it_is_loaded_twice_or_not_at_all() {
    let scene = Scene::new(&[]);
    let core = scene.start();
    assert_eq!(core.execute("unload mod_pbx"), "-ERR [No such module!]\n");
    core.load(MODULE).expect("the module loads");
    assert_eq!(core.load(MODULE), Err("Module already loaded"));
    assert_eq!(core.execute("module_exists mod_pbx"), "true");
    let answer = core.execute("reload mod_pbx");
    assert_eq!(
        answer,
        "+OK Reloading XML\n+OK module unloaded\n+OK module loaded\n"
    );
}
