//! Handlers and hooks that fail: whoever is asked for is refused, and nobody else is harmed.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use freeswitch_sys::switch_event_types_t as EventType;
use fs_standin::event::{Event, settle};
use fs_standin::log::Capture;
use fs_standin::lookup::Lookup;
use fs_standin::scene::static_user_is_found;
use mod_pbx::event::EventNode;
use mod_pbx::xml::XmlBinding;
use pbx_core::reply::Reply;
use pbx_core::request::Request;

use super::{Bench, domain};

/// A lookup of the dialplan, as `mod_dialplan_xml` makes it.
const DIALPLAN: Lookup<'_> = Lookup {
    section: c"dialplan",
    tag: None,
    key: None,
    value: None,
    params: None,
};

/// Whoever is asked for, nobody is there, and every call is refused: no static file is asked.
fn all_is_refused() {
    assert!(!static_user_is_found(), "no static file answers in its place");
    let user = Event::params("test", [("action", "sip_auth"), ("key", "id"), ("user", "a")]);
    for (name, written) in [(c"pbx.test", "pbx.test"), (c"a\"<b>&'", "a&quot;&lt;b&gt;&amp;")] {
        let nobody = domain(name, Some(&user)).run().expect("an answer of ours");
        assert!(
            nobody.starts_with(&format!("<domain name=\"{written}")),
            "{nobody}"
        );
        assert!(!nobody.contains("<user"), "{nobody}");
    }
    let calls = DIALPLAN.run().expect("an answer of ours");
    assert!(!calls.contains("static-context"), "{calls}");
    assert!(
        calls.contains("<context name=\"global\">") && calls.contains("\"503\""),
        "{calls}"
    );
    let everybody = Lookup {
        section: c"directory",
        ..DIALPLAN
    };
    let everybody = everybody.run().expect("an answer of ours");
    assert!(!everybody.contains("static.test"), "{everybody}");
}

/// The configuration of others is theirs, whatever fails here.
fn static_configuration_is_found() -> bool {
    let found = Lookup {
        section: c"configuration",
        tag: Some(c"configuration"),
        value: Some(c"pbx.conf"),
        ..domain(c"", None)
    };
    found.run().is_some_and(|text| text.contains("database"))
}

#[test]
fn who_is_asked_for_is_refused_where_a_handler_panics() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let bench = Bench::new();
    let binding = XmlBinding::bind(|_: &Request<'_>| -> Reply {
        CALLS.fetch_add(1, Ordering::Relaxed);
        panic!("a handler that fails");
    })
    .expect("bound");
    let log = Capture::start();
    all_is_refused();
    assert!(static_configuration_is_found());
    drop(binding);
    let calls = CALLS.load(Ordering::Relaxed);
    assert_eq!(calls, 6);
    let lines = log.containing("a handler that fails");
    assert_eq!(lines.len(), calls, "{:#?}", log.lines());
    assert!(
        lines.iter().all(|line| line.text.contains("failures.rs")),
        "{lines:#?}"
    );
    bench.is_even();
}

#[test]
fn so_where_its_panic_panics_when_it_is_dropped() {
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("a panic that is dropped");
        }
    }
    let bench = Bench::new();
    let binding = XmlBinding::bind(|_: &Request<'_>| -> Reply { panic_any(Grenade) }).expect("bound");
    let log = Capture::start();
    all_is_refused();
    drop(binding);
    assert_eq!(
        log.containing("a panic that is dropped").len(),
        5,
        "{:#?}",
        log.lines()
    );
    bench.is_even();
}

#[test]
fn a_handler_that_panics_when_it_goes_is_unbound_first() {
    struct Reluctant;
    impl Drop for Reluctant {
        fn drop(&mut self) {
            panic!("a handler that will not go");
        }
    }
    let bench = Bench::new();
    let reluctant = Reluctant;
    let binding = XmlBinding::bind(move |_: &Request<'_>| {
        let _kept = &reluctant;
        Reply::NotOurs
    })
    .expect("bound");
    assert!(catch_unwind(AssertUnwindSafe(|| drop(binding))).is_err());
    bench.is_even();
}

#[test]
fn who_is_asked_for_is_refused_where_the_answer_is_no_xml() {
    let bench = Bench::new();
    for (answer, logged) in [
        ("<document><section name=\"directory\">", "no XML"),
        ("no XML at all", "no XML"),
        ("<document>\0</document>", "NUL"),
        ("", "empty"),
    ] {
        let binding =
            XmlBinding::bind(move |_: &Request<'_>| Reply::Document(answer.to_owned())).expect("bound");
        let log = Capture::start();
        all_is_refused();
        assert!(static_configuration_is_found(), "{answer:?}");
        drop(binding);
        assert_eq!(log.containing(logged).len(), 6, "{answer:?}: {:#?}", log.lines());
    }
    bench.is_even();
}

#[test]
fn an_event_hook_that_panics_does_not_keep_events_from_others() {
    static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let bench = Bench::new();
    let hear = |event: &mod_pbx::event::EventView<'_>| {
        let contact = event.header("CONTACT").unwrap_or_default().into_owned();
        HEARD.lock().expect("not poisoned").push(contact);
    };
    let (custom, register) = (EventType::SWITCH_EVENT_CUSTOM, c"sofia::register");
    let before = EventNode::bind(custom, Some(register), hear).expect("bound");
    let custom = EventType::SWITCH_EVENT_CUSTOM;
    let failing = EventNode::bind(custom, Some(register), |_: &mod_pbx::event::EventView<'_>| {
        panic!("a hook that fails")
    })
    .expect("bound");
    let custom = EventType::SWITCH_EVENT_CUSTOM;
    let after = EventNode::bind(custom, Some(register), hear).expect("bound");
    let log = Capture::start();
    for subclass in ["sofia::register", "sofia::expire"] {
        let mut event = Event::new(EventType::SWITCH_EVENT_CUSTOM, Some(subclass));
        event.add_bytes(c"contact", c"sip:a\xFF@b");
        event.fire();
    }
    settle();
    assert_eq!(*HEARD.lock().expect("not poisoned"), ["sip:a\u{FFFD}@b"; 2]);
    assert_eq!(log.containing("a hook that fails").len(), 1, "{:#?}", log.lines());
    drop((before, failing, after));
    bench.is_even();
}
