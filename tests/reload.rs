//! Loading and unloading the built module in the stand-in host, which counts what the module takes.
//!
//! The module is opened as the switch opens it, so nothing here may use the crate `mod_pbx` itself.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use freeswitch_sys::switch_event_types_t as EventType;
use fs_standin::event::{Event, settle};
use fs_standin::ledger::{Balance, Kind, balance};
use fs_standin::log::Capture;
use fs_standin::measure::{descriptors, heap, resident, settles, threads};
use fs_standin::scene::{MODULE, Scene, static_user_is_found};
use fs_standin::{Core, lookup};

/// What a module may not keep.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    threads: usize,
    descriptors: usize,
}

fn held() -> Held {
    Held {
        threads: threads(),
        descriptors: descriptors(),
    }
}

fn nothing_is_kept(before: Held, books: Balance) {
    settle();
    assert_eq!(
        balance().difference(&books),
        [],
        "taken and not given back:\n{}",
        balance()
    );
    let now = Held {
        threads: settles(threads, before.threads),
        descriptors: settles(descriptors, before.descriptors),
    };
    assert_eq!(now, before);
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
    let (heap_at_20, resident_at_20) = (heap(), resident());
    for _ in 20..120 {
        cycle(&core);
    }
    let per_cycle = |then: usize, now: usize| now.saturating_sub(then) / 100;
    let (heap_slope, resident_slope) = (
        per_cycle(heap_at_20, heap()),
        per_cycle(resident_at_20, resident()),
    );
    println!("per cycle: heap {heap_slope} B, resident {resident_slope} B");
    assert!(
        heap_slope <= 4096,
        "{heap_slope} bytes of heap are kept per cycle"
    );
    assert!(
        resident_slope <= 4096,
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
    let unreadable = scene.path().join("run/unreadable.sqlite");
    std::fs::write(
        &unreadable,
        "this is not a database, and long enough to be seen as none".repeat(50),
    )
    .expect("a file");
    let unreadable = unreadable.display().to_string();
    let missing = scene
        .path()
        .join("no/such/folder/pbx.sqlite")
        .display()
        .to_string();
    for (parameter, value) in [
        ("no-such-parameter", "1"),
        ("log-level", "loud"),
        ("database", unreadable.as_str()),
        ("database", missing.as_str()),
    ] {
        scene.configure(&[(parameter, value)]);
        core.execute("reloadxml");
        let log = Capture::start();
        let refused = core.load(MODULE);
        assert!(refused.is_err(), "{parameter}={value} was accepted");
        let named = if parameter == "database" { value } else { parameter };
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
