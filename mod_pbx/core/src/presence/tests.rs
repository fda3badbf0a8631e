//! The presence thread as a whole: events, lists and clock in, view and feed out.

use std::time::Duration;

use super::view::State;
use super::*;
use crate::event::{Kind, made_of};
use crate::host::FakeHost;
use crate::names::DomainName;
use crate::store::snapshot::{Domain, Extension, Line};

fn line(username: &str) -> Line {
    Line {
        username: username.parse().unwrap(),
        a1: [0; 16],
        max_registrations: 3,
        source_acl: None,
        srtp_required: false,
    }
}

fn snapshot() -> Snapshot {
    let name: DomainName = "pbx.test".parse().unwrap();
    let mut domain = Domain::new(name.clone());
    for (number, lines) in [
        ("1001", vec![line("alice"), line("alice-desk")]),
        ("1002", vec![line("bob")]),
    ] {
        let extension = Extension {
            number: number.parse().unwrap(),
            channel: uuid::Uuid::nil(),
            caller_id_name: "x".into(),
            ring_seconds: 20,
            voicemail: true,
            voicemail_pin: None,
            forwards: None,
            email: None,
            lines: lines.into(),
        };
        domain.insert(extension).unwrap();
    }
    let mut snapshot = Snapshot::default();
    snapshot.domains.insert(name, Arc::new(domain));
    snapshot
}

fn start(host: &Arc<FakeHost>) -> Presence {
    let snapshot = Arc::new(snapshot());
    let host: Arc<dyn Host> = Arc::<FakeHost>::clone(host);
    Presence::start(host, Box::new(move || Arc::clone(&snapshot))).unwrap()
}

/// Waits until the view is as wanted: events are applied by another thread.
#[track_caller]
fn until(presence: &Presence, wanted: impl Fn(&View) -> bool) {
    let feed = presence.subscribe();
    let begun = Instant::now();
    while !wanted(&presence.view()) {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{:#?}",
            presence.view()
        );
        feed.wait(Duration::from_millis(20));
    }
}

fn state(view: &View, number: &str) -> State {
    let snapshot = snapshot();
    let domain = snapshot.domain("pbx.test").unwrap();
    view.extension_state("pbx.test", domain.find(number).unwrap())
}

fn dialled(view: &View, username: &str) -> Vec<String> {
    let line = view.line("pbx.test", username);
    line.into_iter()
        .flat_map(|line| {
            line.targets()
                .map(|target| target.as_str().replace("sofia/internal/", ""))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn register(user: &str, call_id: &str, contact: &str, source: &str, expires: &str) -> Event {
    let (ip, port) = source.rsplit_once(':').unwrap();
    made_of(
        Kind::Registered,
        &[
            ("profile-name", "internal"),
            ("from-user", user),
            ("from-host", "pbx.test"),
            ("call-id", call_id),
            ("contact", contact),
            ("expires", expires),
            ("network-ip", ip),
            ("network-port", port),
            ("user-agent", "test"),
        ],
    )
}

fn unregister(user: &str, call_id: &str, contact: &str) -> Event {
    let pairs = [
        ("profile-name", "internal"),
        ("from-user", user),
        ("from-host", "pbx.test"),
        ("call-id", call_id),
    ];
    let with_contact = [&pairs[..], &[("contact", contact)]].concat();
    made_of(
        Kind::Unregistered,
        if contact.is_empty() { &pairs } else { &with_contact },
    )
}

fn call(uuid: &str, direction: &str, state: &str, id: &str) -> Event {
    made_of(
        Kind::CallState,
        &[
            ("Unique-ID", uuid),
            ("Call-Direction", direction),
            ("Channel-Call-State", state),
            ("Channel-Presence-Data", id),
        ],
    )
}

const HOME: &str = "\"A\" <sip:alice@10.0.0.5:5062>";
const DESK: &str = "<sip:alice@10.0.0.6:5062>";

#[test]
fn phones_come_and_go() {
    let presence = start(&Arc::default());
    presence.tell(register("Alice", "c1", HOME, "10.0.0.5:5062", "120"));
    presence.tell(register("alice", "c2", DESK, "10.0.0.6:5062", "120"));
    presence.tell(register(
        "alice-desk",
        "c3",
        "<sip:d@10.0.0.7>",
        "10.0.0.7:5060",
        "120",
    ));
    until(&presence, |view| view.registrations == 3);
    let both = ["sip:alice@10.0.0.5:5062", "sip:alice@10.0.0.6:5062"];
    assert_eq!(dialled(&presence.view(), "alice"), both);
    assert_eq!(state(&presence.view(), "1001"), State::Online);
    assert_eq!(state(&presence.view(), "1002"), State::Offline);

    presence.tell(unregister("alice", "c1", HOME));
    until(&presence, |view| view.registrations == 2);
    assert_eq!(dialled(&presence.view(), "alice"), both[1..]);
    let expired = [
        ("profile-name", "internal"),
        ("user", "alice"),
        ("host", "pbx.test"),
        ("call-id", "c2"),
        ("contact", DESK),
    ];
    presence.tell(made_of(Kind::Expired, &expired));
    // A connection that closed: no Contact.
    presence.tell(unregister("alice-desk", "c3", ""));
    until(&presence, |view| view.registrations == 0);
    assert_eq!(state(&presence.view(), "1001"), State::Offline);
    assert!(presence.view().domains.is_empty());
}

#[test]
fn a_line_that_was_just_added_may_register_at_once() {
    let configured = Arc::new(arc_swap::ArcSwap::from_pointee(Snapshot::default()));
    let theirs = Arc::clone(&configured);
    let host: Arc<FakeHost> = Arc::default();
    let presence = Presence::start(host, Box::new(move || theirs.load_full())).unwrap();
    until(&presence, |view| view.settled);
    // The thread now waits for an event.
    std::thread::sleep(Duration::from_millis(50));
    configured.store(Arc::new(snapshot()));
    presence.tell(register("bob", "c", "<sip:bob@10.0.0.9>", "10.0.0.9:5060", "120"));
    until(&presence, |view| view.registrations == 1);
}

#[test]
fn strangers_never_enter() {
    let presence = start(&Arc::default());
    for n in 0..2000 {
        presence.tell(register(
            &format!("stranger{n}"),
            "c",
            HOME,
            "10.0.0.5:5062",
            "120",
        ));
    }
    presence.tell(register("bob", "c", "<sip:bob@10.0.0.9>", "10.0.0.9:5060", "120"));
    until(&presence, |view| view.registrations == 1);
    assert_eq!(presence.health().dropped, 0);
}

#[test]
fn a_phone_that_comes_back_replaces_itself_and_nobody_else() {
    let presence = start(&Arc::default());
    presence.tell(register("alice", "c1", HOME, "10.0.0.5:5062", "120"));
    presence.tell(register(
        "bob",
        "c9",
        "<sip:bob@10.0.0.9>",
        "10.0.0.9:5060",
        "120",
    ));
    // Rebooted: another Call-ID, the same Contact.
    presence.tell(register("alice", "c2", HOME, "10.0.0.5:5062", "120"));
    // Got another address: the same Call-ID, another Contact.
    presence.tell(register("alice", "c2", DESK, "10.0.0.6:5062", "120"));
    // Alice's password used to take bob's phone off: his Contact, then his Call-ID.
    presence.tell(register(
        "alice",
        "c3",
        "<sip:bob@10.0.0.9>",
        "10.0.0.66:5060",
        "120",
    ));
    presence.tell(register(
        "alice",
        "c9",
        "<sip:evil@10.0.0.66>",
        "10.0.0.66:5060",
        "120",
    ));
    presence.tell(unregister("alice", "c9", "<sip:bob@10.0.0.9>"));
    until(&presence, |view| dialled(view, "alice").len() == 2);
    assert_eq!(dialled(&presence.view(), "bob"), ["sip:bob@10.0.0.9"]);
    assert_eq!(
        dialled(&presence.view(), "alice"),
        ["sip:alice@10.0.0.6:5062", "sip:evil@10.0.0.66"]
    );
}

#[test]
fn no_line_has_more_phones_than_it_may() {
    let presence = start(&Arc::default());
    for n in 1..=50 {
        let contact = format!("<sip:alice@10.0.0.{n}>");
        presence.tell(register(
            "alice",
            &format!("c{n}"),
            &contact,
            &format!("10.0.0.{n}:5060"),
            "120",
        ));
    }
    until(&presence, |view| {
        dialled(view, "alice")
            .last()
            .is_some_and(|last| last == "sip:alice@10.0.0.50")
    });
    assert_eq!(presence.view().registrations, 3);
}

#[test]
fn a_refresh_is_no_change_and_keeps_the_phone() {
    let host = Arc::default();
    let presence = start(&host);
    presence.tell(register("bob", "c", "<sip:bob@10.0.0.9>", "10.0.0.9:5060", "120"));
    until(&presence, |view| view.registrations == 1);
    let feed = presence.subscribe();
    feed.wait(Duration::ZERO);
    let before = presence.view().line("pbx.test", "bob").unwrap().registrations[0].deadline();
    presence.tell(register(
        "bob",
        "c",
        "<sip:bob@10.0.0.9>",
        "10.0.0.9:5060",
        "3600",
    ));
    until(&presence, |view| {
        view.line("pbx.test", "bob").unwrap().registrations[0].deadline() > before
    });
    assert_eq!(feed.wait(Duration::from_millis(50)), None);
}

#[test]
fn a_phone_that_does_not_answer_options_is_not_called() {
    let presence = start(&Arc::default());
    presence.tell(register("bob", "c", "<sip:bob@10.0.0.9>", "10.0.0.9:5060", "120"));
    let pinged = |result, status| {
        let pairs = [
            ("profile-name", "internal"),
            ("from-user", "bob"),
            ("from-host", "pbx.test"),
            ("call-id", "c"),
            ("Ping-Status", result),
            ("Status", status),
        ];
        made_of(Kind::Pinged, &pairs)
    };
    presence.tell(pinged("UNREACHABLE", "408"));
    until(&presence, |view| {
        view.registrations == 1 && state(view, "1002") == State::Offline
    });
    presence.tell(pinged("REACHABLE", "200"));
    until(&presence, |view| state(view, "1002") == State::Online);
    // An answer, if a rude one: mod_sofia calls the phone unreachable, but it is there.
    presence.tell(pinged("UNREACHABLE", "405"));
    presence.tell(call("u", "outbound", "RINGING", "bob@pbx.test"));
    until(&presence, |view| state(view, "1002") == State::Ringing);
    assert_eq!(dialled(&presence.view(), "bob"), ["sip:bob@10.0.0.9"]);
}

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

fn list(rows: &[(&str, &str, &str, &str)]) -> String {
    let row = |(call_id, user, contact, source): &(&str, &str, &str, &str)| {
        let (ip, port) = source.rsplit_once(':').unwrap();
        let contact = contact
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        format!(
            "    <registration>\n        <call-id>{call_id}</call-id>\n        <user>{user}@pbx.test</user>\n        \
             <contact>{contact}</contact>\n        <agent>x</agent>\n        \
             <status>Registered(UDP)(unknown) exp(x) expsecs(100)</status>\n        \
             <ping-status>Reachable</ping-status>\n        <ping-time>0.00</ping-time>\n        <host>h</host>\n        \
             <network-ip>{ip}</network-ip>\n        <network-port>{port}</network-port>\n        \
             <sip-auth-user>u</sip-auth-user>\n        <sip-auth-realm>r</sip-auth-realm>\n        \
             <mwi-account>m</mwi-account>\n    </registration>\n"
        )
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<profile>\n  <registrations>\n{rows}  </registrations>\n</profile>\n"
    )
}

const PROFILES: &str = "<?xml version=\"1.0\"?>\n<profiles>\n<profile>\n<name>internal</name>\n<type>profile</type>\n\
                        <data>sip:mod_sofia@10.0.0.1:5060</data>\n</profile>\n</profiles>\n";
const OWN: &str = "<profile>\n  <profile-info>\n    <url>sip:mod_sofia@10.0.0.1:5060</url>\n";
const TLS: &str = "<sip:bob@10.0.0.9:5061;transport=tls>";

#[test]
fn what_the_switch_knew_before_us_is_asked_for() {
    let host: Arc<FakeHost> = Arc::default();
    host.say("sofia xmlstatus", PROFILES);
    host.say("sofia xmlstatus profile internal", OWN);
    let rows = [
        ("c1", "alice", HOME, "10.0.0.5:5062"),
        ("c2", "bob", TLS, "10.0.0.9:40000"),
        ("c3", "stranger", HOME, "10.0.0.5:5062"),
        ("c4", "alice-desk", "<sip:x@10.0.0.1:5060>", "10.0.0.66:5060"),
    ];
    host.say("sofia xmlstatus profile internal reg", &list(&rows));
    let channels = r#"{"row_count":2,"rows":[{"uuid":"u1","direction":"inbound","callstate":"ACTIVE",
        "presence_data":"bob@pbx.test"},{"uuid":"u2","callstate":"ACTIVE"}]}"#;
    host.say("show channels as json", channels);
    host.say("uuid_exists none", "false");
    host.say("uuid_exists u1", "true");
    host.say("uuid_exists u2", "true");
    let presence = start(&host);
    until(&presence, |view| view.settled);
    assert_eq!(presence.view().registrations, 3);
    assert_eq!(dialled(&presence.view(), "alice"), ["sip:alice@10.0.0.5:5062"]);
    // Within the same process its connection still stands.
    assert_eq!(state(&presence.view(), "1002"), State::Busy);
    assert_eq!(dialled(&presence.view(), "bob").len(), 1);
    let refused = presence
        .view()
        .line("pbx.test", "alice-desk")
        .unwrap()
        .registrations[0]
        .target
        .clone();
    assert_eq!(refused, Err(contact::Refusal::Own));
}

#[test]
fn after_a_profile_started_its_list_is_the_truth_but_for_connections() {
    let host: Arc<FakeHost> = Arc::default();
    let presence = start(&host);
    until(&presence, |view| view.settled);
    presence.tell(register("alice", "c1", DESK, "10.0.0.6:5062", "120"));
    presence.tell(register("bob", "c2", TLS, "10.0.0.9:40000", "120"));
    until(&presence, |view| view.registrations == 2);
    presence.tell(made_of(Kind::ProfileStarted, &[("profile_name", "internal")]));
    until(&presence, |view| !view.settled && view.registrations == 1);
    // The profile does not answer at once, and what it then lists is what its database kept.
    host.say("sofia xmlstatus profile internal reg", "Invalid Profile!\n");
    std::thread::sleep(Duration::from_millis(150));
    let rows = [
        ("c2", "bob", TLS, "10.0.0.9:40000"),
        ("c7", "alice", HOME, "10.0.0.5:5062"),
    ];
    host.say("sofia xmlstatus profile internal reg", &list(&rows));
    until(&presence, |view| view.settled);
    assert_eq!(dialled(&presence.view(), "alice"), ["sip:alice@10.0.0.5:5062"]);
    assert_eq!(state(&presence.view(), "1002"), State::Offline);
}

#[test]
fn an_old_connection_that_closes_does_not_take_the_new_one_with_it() {
    let host: Arc<FakeHost> = Arc::default();
    let presence = start(&host);
    until(&presence, |view| view.settled);
    presence.tell(register("bob", "c2", TLS, "10.0.0.9:40000", "120"));
    presence.tell(register("bob", "c2", TLS, "10.0.0.9:40001", "120"));
    let reg = "sofia xmlstatus profile internal user bob@pbx.test";
    host.say(reg, &list(&[("c2", "bob", TLS, "10.0.0.9:40001")]));
    presence.tell(unregister("bob", "c2", ""));
    let asked = presence.health().relists;
    until(&presence, |_| presence.health().relists > asked);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(state(&presence.view(), "1002"), State::Online);
    // The new one closes as well.
    host.say(reg, &list(&[]));
    presence.tell(unregister("bob", "c2", ""));
    until(&presence, |view| state(view, "1002") == State::Offline);
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

#[test]
fn lost_events_are_made_good() {
    let host: Arc<FakeHost> = Arc::default();
    let presence = start(&host);
    until(&presence, |view| view.settled);
    host.say("sofia xmlstatus", PROFILES);
    host.say(
        "sofia xmlstatus profile internal reg",
        &list(&[("c1", "alice", HOME, "10.0.0.5:5062")]),
    );
    presence.lose();
    presence.tell(register("bob", "c2", TLS, "10.0.0.9:40000", "120"));
    until(&presence, |view| {
        view.settled && dialled(view, "alice").len() == 1
    });
    assert_eq!(presence.health().dropped, 1);
}

#[test]
fn a_flood_of_events_is_bounded_counted_and_made_good() {
    // A switch that does not answer keeps the thread from taking events.
    let host: Arc<FakeHost> = Arc::default();
    let blocked = host.answers.lock().unwrap();
    let presence = start(&host);
    let flood = WAITING as u64 + 100;
    for n in 0..flood {
        presence.tell(register("bob", &n.to_string(), TLS, "10.0.0.9:40000", "120"));
    }
    let health = presence.health();
    assert_eq!(health.events + health.dropped, flood);
    assert!(health.dropped >= 100, "{health:?}");
    drop(blocked);
    host.say("sofia xmlstatus", PROFILES);
    host.say(
        "sofia xmlstatus profile internal reg",
        &list(&[("c1", "alice", HOME, "10.0.0.5:5062")]),
    );
    until(&presence, |view| {
        view.settled && dialled(view, "alice").len() == 1
    });
    until(&presence, |view| state(view, "1002") == State::Offline);
}

#[test]
fn stopping_tells_readers_and_keeps_the_view() {
    let presence = start(&Arc::default());
    presence.tell(register("bob", "c", "<sip:bob@10.0.0.9>", "10.0.0.9:5060", "120"));
    until(&presence, |view| view.registrations == 1);
    let feed = presence.subscribe();
    feed.wait(Duration::ZERO);
    presence.stop();
    assert!(feed.is_closed());
    presence.tell(register("bob", "d", "<sip:bob@10.0.0.8>", "10.0.0.8:5060", "120"));
    assert_eq!(presence.view().registrations, 1);
}
