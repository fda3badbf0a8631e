//! The edge between the switch and the module, called as nobody should call it.
//!
//! The trampolines are the module's own, linked into this test; the stand-in host calls them as the switch
//! does. What fails must come back as the fallback and a line in the log, never as an abort.

use std::ffi::{CStr, CString};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use freeswitch_sys::switch_event_types_t as EventType;
use fs_standin::event::{Event, settle};
use fs_standin::ledger::{Balance, Kind, balance};
use fs_standin::log::Capture;
use fs_standin::lookup::Lookup;
use fs_standin::scene::{MODULE, Scene, static_user_is_found};
use fs_standin::{Core, Source};
use mod_pbx::entry::mod_pbx_module_interface;
use mod_pbx::event::EventNode;
use mod_pbx::xml::XmlBinding;
use pbx_core::reply::Reply;
use pbx_core::request::Request;

/// The stand-in with the module's log attached and its panics logged, but the module not loaded.
struct Bench {
    core: Core,
    books: Balance,
    _scene: Scene,
}

impl Bench {
    fn new() -> Self {
        let scene = Scene::new(&[]);
        let core = scene.start_with(Source::Linked(&mod_pbx_module_interface));
        mod_pbx::guard::log_panics();
        mod_pbx::log::attach(tracing::Level::INFO);
        settle();
        Self {
            core,
            books: balance(),
            _scene: scene,
        }
    }

    /// Everything is back, and the host answers as if nothing had been.
    fn is_even(&self) {
        settle();
        assert_eq!(balance().difference(&self.books), [], "{}", balance());
        assert!(static_user_is_found());
    }
}

/// A look-up of a domain by a name of any bytes.
fn domain<'a>(name: &'a CStr, params: Option<&'a Event>) -> Lookup<'a> {
    Lookup {
        section: c"directory",
        tag: Some(c"domain"),
        key: Some(c"name"),
        value: Some(name),
        params,
    }
}

/// A document with the element that [`domain`] looks for.
fn document(name: &str) -> Reply {
    Reply::Document(format!(
        "<document type=\"freeswitch/xml\"><section name=\"directory\">\
         <domain name=\"{name}\" said=\"by us\"/></section></document>"
    ))
}

/// What a handler saw: the four fields, and the parameter `user`.
type Seen = Mutex<Vec<[String; 5]>>;

fn recording(seen: &'static Seen, answer: fn() -> Reply) -> impl Fn(&Request<'_>) -> Reply + Send + Sync {
    move |request| {
        let user = request
            .param("user")
            .map_or_else(|| "absent".to_owned(), |user| user.into_owned());
        let [section, tag, key, value] = [
            request.section,
            request.tag_name,
            request.key_name,
            request.key_value,
        ]
        .map(str::to_owned);
        seen.lock()
            .expect("not poisoned")
            .push([section, tag, key, value, user]);
        answer()
    }
}

#[test]
fn null_is_empty_and_no_parameters_are_none() {
    static SEEN: Seen = Mutex::new(Vec::new());
    let bench = Bench::new();
    let binding = XmlBinding::bind(recording(&SEEN, || Reply::NotOurs)).expect("bound");
    let lookup = Lookup {
        section: c"directory",
        tag: None,
        key: None,
        value: None,
        params: None,
    };
    // Without a tag the whole static section is the answer, as when the switch lists users.
    assert!(lookup.run().is_some_and(|text| text.contains("static.test")));
    let empty = Event::params("test", []);
    let _ = Lookup {
        params: Some(&empty),
        ..lookup
    }
    .run();
    drop(binding);
    drop(empty);
    let nothing = ["directory", "", "", "", "absent"].map(str::to_owned);
    assert_eq!(*SEEN.lock().expect("not poisoned"), [nothing.clone(), nothing]);
    bench.is_even();
}

#[test]
fn bytes_that_are_no_text_match_nothing_and_do_no_harm() {
    static SEEN: Seen = Mutex::new(Vec::new());
    let bench = Bench::new();
    let binding = XmlBinding::bind(recording(&SEEN, || document("pbx.test"))).expect("bound");
    let mut params = Event::params("test", []);
    params.add_bytes(c"user", c"al\xFFice\xC3");
    params.add_bytes(c"n\xE4me", c"\x80");
    assert_eq!(domain(c"pbx\xFE.test", Some(&params)).run(), None);
    assert!(
        domain(c"pbx.test", Some(&params))
            .run()
            .is_some_and(|text| text.contains("by us"))
    );
    drop(binding);
    let seen = SEEN.lock().expect("not poisoned");
    assert_eq!(seen[0][3], "pbx\u{FFFD}.test");
    assert_eq!(seen[0][4], "al\u{FFFD}ice\u{FFFD}");
    drop((seen, params));
    bench.is_even();
}

#[test]
fn huge_values_fit_on_a_thread_of_the_switch() {
    static LENGTH: AtomicUsize = AtomicUsize::new(0);
    let bench = Bench::new();
    let binding = XmlBinding::bind(|request: &Request<'_>| {
        let user = request.param("user").unwrap_or_default();
        LENGTH.store(request.key_value.len() + user.len(), Ordering::Relaxed);
        document("pbx.test")
    })
    .expect("bound");
    let name = CString::new("x".repeat(1 << 20)).expect("no NUL");
    let user = CString::new("u".repeat(1 << 20)).expect("no NUL");
    on_a_thread_of_the_switch(|| {
        let mut params = Event::new(EventType::SWITCH_EVENT_GENERAL, None);
        for number in 0..2000 {
            params.add(&format!("header-{number}-{}", "n".repeat(64)), "value");
        }
        params.add_bytes(c"user", &user);
        assert_eq!(domain(&name, Some(&params)).run(), None);
    });
    drop(binding);
    assert_eq!(LENGTH.load(Ordering::Relaxed), 2 << 20);
    bench.is_even();
}

/// `SWITCH_THREAD_STACKSIZE` is 240 kB.
fn on_a_thread_of_the_switch(f: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(240 * 1024)
            .spawn_scoped(scope, f);
        thread.expect("a thread").join().expect("it does not panic");
    });
}

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
        lines.iter().all(|line| line.text.contains("boundary.rs")),
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

#[test]
fn the_module_withstands_what_a_stranger_can_send() {
    let bench = Bench::new();
    bench.core.load(MODULE).expect("the module loads");
    let huge = "9".repeat(100_000);
    let values = [
        "",
        "*",
        "%",
        "'; DROP TABLE line; --",
        "${system(touch /tmp/x)}",
        "]]><x/>",
        "\u{1}\u{7f}",
        &huge,
    ];
    on_a_thread_of_the_switch(|| {
        for section in [
            c"directory",
            c"dialplan",
            c"configuration",
            c"languages",
            c"chatplan",
            c"",
            c"\xFF",
        ] {
            for value in values {
                let name = CString::new(value).expect("no NUL");
                let params = Event::params(
                    "test",
                    [
                        ("action", value),
                        ("purpose", value),
                        ("key", "id"),
                        ("user", value),
                        ("domain", value),
                        ("Hunt-Context", value),
                        ("Hunt-Destination-Number", value),
                        ("Caller-Context", value),
                    ],
                );
                for params in [None, Some(&params)] {
                    let fields = Lookup {
                        section,
                        ..domain(&name, params)
                    };
                    let _ = fields.run();
                    let _ = Lookup {
                        tag: None,
                        key: None,
                        ..fields
                    }
                    .run();
                    let _ = Lookup {
                        tag: None,
                        key: None,
                        value: None,
                        ..fields
                    }
                    .run();
                }
            }
        }
    });
    assert!(static_user_is_found());
    bench.core.unload(MODULE).expect("the module unloads");
    bench.is_even();
}

#[test]
fn its_commands_withstand_what_a_person_can_type() {
    let bench = Bench::new();
    bench.core.load(MODULE).expect("the module loads");
    let huge = CString::new(format!("user add {}", "x".repeat(1 << 20))).expect("no NUL");
    let deep = CString::new("\"'".repeat(10_000)).expect("no NUL");
    for line in [
        None,
        Some(c""),
        Some(c" "),
        Some(c"\xFF\xFE"),
        Some(c"lookup \xC3( x=y"),
        Some(&*huge),
        Some(&*deep),
    ] {
        on_a_thread_of_the_switch(|| {
            let answer = bench.core.call("pbx", line).expect("the command is there");
            assert!(!answer.is_empty(), "{line:?} is answered with nothing");
        });
    }
    for data in [
        None,
        Some(c""),
        Some(c"dnd-on"),
        Some(c"\xFF \xFE@\xC3("),
        Some(&*huge),
        Some(c"dnd-on 1001@nowhere.test"),
    ] {
        on_a_thread_of_the_switch(|| assert!(bench.core.run_application("pbx_feature", data)));
    }
    for line in [
        "pbx",
        "pbx ",
        "pbx \u{fffd}",
        "pbx user add \"",
        "pbx lookup directory key_value=",
    ] {
        let _ = bench.core.complete(line);
    }
    assert_eq!(
        balance().out(Kind::Match),
        0,
        "lists of candidates are given back"
    );
    bench.core.unload(MODULE).expect("the module unloads");
    assert_eq!(bench.core.call("pbx", None), None);
    bench.is_even();
}
