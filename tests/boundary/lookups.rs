//! What a handler is told, whatever the switch brings.

use std::ffi::CString;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use freeswitch_sys::switch_event_types_t as EventType;
use fs_standin::event::Event;
use fs_standin::lookup::Lookup;
use mod_pbx::xml::XmlBinding;
use pbx_core::reply::Reply;
use pbx_core::request::Request;

use super::{Bench, domain, on_a_thread_of_the_switch};

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
