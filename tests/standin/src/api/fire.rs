//! `fire`: there are no phones here; whoever needs one says what the switch would tell of it.

use freeswitch_sys::switch_event_types_t;

use crate::event::{Event, called, settle};

const USAGE: &str = "-USAGE: <event> [<subclass>] [<name>=<value> ...]\n";

/// Fires an event with these headers, whose values have no spaces, and waits until all have heard of it.
pub(crate) fn fire(arguments: &str) -> String {
    let mut words = arguments.split_whitespace().peekable();
    let Some(kind) = words.next().and_then(called) else {
        return USAGE.to_owned();
    };
    let subclass = words.next_if(|word| !word.contains('='));
    // The switch makes no such event either (switch_event_create_subclass_detailed).
    if subclass.is_some() != (kind == switch_event_types_t::SWITCH_EVENT_CUSTOM) {
        return USAGE.to_owned();
    }
    let headers: Option<Vec<_>> = words.map(|word| word.split_once('=')).collect();
    let Some(headers) = headers else {
        return USAGE.to_owned();
    };
    let mut event = Event::new(kind, subclass);
    for (name, value) in headers {
        event.add(name, value);
    }
    event.fire();
    settle();
    "+OK\n".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_switch_could_fire_is_fired() {
        for wrong in [
            "",
            "NO_SUCH_EVENT",
            "CUSTOM a=b",
            "CHANNEL_CALLSTATE a::b",
            "CUSTOM a::b c",
        ] {
            assert_eq!(fire(wrong), USAGE, "{wrong}");
        }
        // Nobody listens here; it is taken all the same.
        assert_eq!(fire("custom a::b Name=x=y"), "+OK\n");
    }
}
