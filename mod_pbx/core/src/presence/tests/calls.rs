//! Calls: who rings and who is busy.

use std::sync::Arc;

use super::{HOME, call, register, start, state, until};
use crate::event::{Kind, made_of};
use crate::host::FakeHost;
use crate::presence::view::State;

#[test]
fn calls_make_a_line_ring_and_busy() {
    let presence = start(&Arc::default());
    presence.tell(register("alice", "c1", HOME, "10.0.0.5:5062", "120"));
    presence.tell(call("out", "outbound", "RINGING", "alice@pbx.test"));
    until(&presence, |view| state(view, "1001") == State::Ringing);
    presence.tell(call("out", "outbound", "ACTIVE", "alice@pbx.test"));
    until(&presence, |view| state(view, "1001") == State::Busy);
    // A second call comes in meanwhile, and both end in turn.
    presence.tell(call("out2", "outbound", "RINGING", "alice-desk@pbx.test"));
    until(&presence, |view| {
        view.line_state("pbx.test", "alice-desk") == State::Ringing
    });
    assert_eq!(state(&presence.view(), "1001"), State::Busy);
    presence.tell(call("out", "outbound", "HANGUP", "alice@pbx.test"));
    until(&presence, |view| state(view, "1001") == State::Ringing);
    let ended = [("Unique-ID", "out2"), ("Channel-Presence-Data", "1001@pbx.test")];
    presence.tell(made_of(Kind::CallEnded, &ended));
    until(&presence, |view| state(view, "1001") == State::Online);
    // A phone that calls is busy from the start; an extension's own leg has no line.
    presence.tell(call("in", "inbound", "RINGING", "bob@pbx.test"));
    presence.tell(call("own", "outbound", "EARLY", "1001@pbx.test"));
    until(&presence, |view| {
        state(view, "1002") == State::Busy && state(view, "1001") == State::Ringing
    });
    presence.tell(call("in", "inbound", "HANGUP", "bob@pbx.test"));
    presence.tell(call("own", "outbound", "HANGUP", "1001@pbx.test"));
    until(&presence, |view| {
        state(view, "1002") == State::Offline && state(view, "1001") == State::Online
    });
}

#[test]
fn a_list_of_calls_that_lags_behind_does_no_harm() {
    let host: Arc<FakeHost> = Arc::default();
    host.say("uuid_exists none", "false");
    // Over, but still listed; and one that is listed as ringing after it was answered.
    host.say("uuid_exists gone", "false");
    host.say("uuid_exists late", "true");
    let row = |uuid: &str, state: &str, whose: &str| {
        format!(
            r#"{{"uuid":"{uuid}","direction":"outbound","callstate":"{state}","presence_data":"{whose}@pbx.test"}}"#
        )
    };
    let rows = |rows: &[String]| format!(r#"{{"row_count":1,"rows":[{}]}}"#, rows.join(","));
    let stale = [row("gone", "ACTIVE", "alice"), row("late", "RINGING", "bob")];
    host.say("show channels as json", &rows(&stale));
    let presence = start(&host);
    until(&presence, |view| {
        view.settled && state(view, "1002") == State::Ringing
    });
    assert_eq!(state(&presence.view(), "1001"), State::Offline);
    // A call that the list does not have yet stays.
    host.say("uuid_exists new", "true");
    presence.tell(call("new", "outbound", "ACTIVE", "alice@pbx.test"));
    until(&presence, |view| state(view, "1001") == State::Busy);
    host.say(
        "show channels as json",
        &rows(&[row("late", "ACTIVE", "bob"), row("new", "RINGING", "alice")]),
    );
    until(&presence, |view| state(view, "1002") == State::Busy);
    assert_eq!(state(&presence.view(), "1001"), State::Busy);
    host.say("uuid_exists new", "false");
    until(&presence, |view| state(view, "1001") == State::Offline);
}
