//! What events are called, and the headers that every one carries.

use std::sync::atomic::{AtomicU64, Ordering};

use freeswitch_sys::switch_event_types_t as EventType;

/// The events that we name.
const KNOWN: [(EventType, &str); 15] = [
    (EventType::SWITCH_EVENT_CUSTOM, "CUSTOM"),
    (EventType::SWITCH_EVENT_CLONE, "CLONE"),
    (EventType::SWITCH_EVENT_CHANNEL_CREATE, "CHANNEL_CREATE"),
    (EventType::SWITCH_EVENT_CHANNEL_CALLSTATE, "CHANNEL_CALLSTATE"),
    (EventType::SWITCH_EVENT_CHANNEL_ANSWER, "CHANNEL_ANSWER"),
    (
        EventType::SWITCH_EVENT_CHANNEL_HANGUP_COMPLETE,
        "CHANNEL_HANGUP_COMPLETE",
    ),
    (EventType::SWITCH_EVENT_CHANNEL_BRIDGE, "CHANNEL_BRIDGE"),
    (EventType::SWITCH_EVENT_PRESENCE_IN, "PRESENCE_IN"),
    (EventType::SWITCH_EVENT_PRESENCE_PROBE, "PRESENCE_PROBE"),
    (EventType::SWITCH_EVENT_API, "API"),
    (EventType::SWITCH_EVENT_MODULE_LOAD, "MODULE_LOAD"),
    (EventType::SWITCH_EVENT_MODULE_UNLOAD, "MODULE_UNLOAD"),
    (EventType::SWITCH_EVENT_RELOADXML, "RELOADXML"),
    (EventType::SWITCH_EVENT_REQUEST_PARAMS, "REQUEST_PARAMS"),
    (EventType::SWITCH_EVENT_GENERAL, "GENERAL"),
];

/// `switch_event_name`.
pub(super) fn of(event: &EventType) -> String {
    let name = KNOWN.iter().find(|(known, _)| known == event);
    name.map_or_else(|| format!("EVENT_{}", event.0), |(_, name)| (*name).to_owned())
}

/// `switch_name_event`, for the events that we name.
pub(crate) fn called(name: &str) -> Option<EventType> {
    let known = KNOWN
        .into_iter()
        .find(|(_, known)| known.eq_ignore_ascii_case(name));
    known.map(|(event, _)| event)
}

/// `switch_event_prep_for_delivery_detailed`.
pub(super) fn common_headers(
    event: &EventType,
    file: &str,
    function: &str,
    line: i32,
) -> Vec<(&'static str, String)> {
    static SEQUENCE: AtomicU64 = AtomicU64::new(1);
    let now = jiff::Timestamp::now();
    vec![
        ("Event-Name", of(event)),
        ("Core-UUID", "5ea7d0c5-0000-4000-8000-57a4d1000000".to_owned()),
        ("FreeSWITCH-Hostname", "standin".to_owned()),
        ("FreeSWITCH-Switchname", "standin".to_owned()),
        ("Event-Date-Timestamp", now.as_microsecond().to_string()),
        ("Event-Calling-File", file.to_owned()),
        ("Event-Calling-Function", function.to_owned()),
        ("Event-Calling-Line-Number", line.to_string()),
        (
            "Event-Sequence",
            SEQUENCE.fetch_add(1, Ordering::Relaxed).to_string(),
        ),
    ]
}
