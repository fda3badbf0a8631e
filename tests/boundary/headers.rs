//! Headers of an event that are read in one walk.

use std::ffi::CStr;
use std::sync::{Arc, Mutex};

use freeswitch_sys::switch_event_types_t as EventType;
use fs_standin::event::{Event, settle};
use mod_pbx::event::{EventNode, EventView, Headers};

use super::Bench;

/// What of this event is found under these names, in their order.
fn found(names: &[&'static CStr], event: Event) -> Vec<Option<String>> {
    let all: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
    let headers = Headers::named(names).expect("there is memory");
    let (count, told) = (names.len(), Arc::clone(&all));
    let read = move |event: &EventView<'_>| {
        let values = headers.read(event);
        assert!(
            values[count..].iter().all(Option::is_none),
            "nobody asked for these"
        );
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let values = values[..count].iter().map(|value| value.map(text));
        *told.lock().expect("not poisoned") = values.collect();
    };
    let custom = EventType::SWITCH_EVENT_CUSTOM;
    let node = EventNode::bind(custom, Some(c"sofia::register"), read).expect("bound");
    event.fire();
    settle();
    drop(node);
    std::mem::take(&mut *all.lock().expect("not poisoned"))
}

fn registered(headers: &[(&str, &str)]) -> Event {
    let mut event = Event::new(EventType::SWITCH_EVENT_CUSTOM, Some("sofia::register"));
    for (name, value) in headers {
        event.add(name, value);
    }
    event
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn they_are_found_in_any_order_and_spelling_and_the_first_of_a_name_counts() {
    let bench = Bench::new();
    let event = registered(&[
        ("call-id", "one"),
        ("CONTACT", "sip:a@b"),
        ("Call-Id", "two"),
        ("contacts", "other"),
    ]);
    let values = found(&[c"contact", c"absent", c"Call-ID", c"contac"], event);
    assert_eq!(values, [some("sip:a@b"), None, some("one"), None]);
    bench.is_even();
}

#[test]
fn those_whose_names_the_switch_has_made_no_hash_of_are_found_too() {
    let bench = Bench::new();
    let event = registered(&[("call-id", "one"), ("contact", "sip:a@b")]);
    // SAFETY: our own event, which nobody else has seen.
    let mut next = unsafe { (*event.as_ptr()).headers };
    // SAFETY: NULL or a header of that event.
    while let Some(header) = unsafe { next.as_mut() } {
        header.hash = 0;
        next = header.next;
    }
    assert_eq!(
        found(&[c"contact", c"call-id"], event),
        [some("sip:a@b"), some("one")]
    );
    bench.is_even();
}
