//! The presence thread as a whole: events, lists and clock in, view and feed out.

mod bounds;
mod calls;
mod lists;
mod losses;
mod phones;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::view::State;
use crate::event::{Event, Kind, made_of};
use crate::host::{FakeHost, Host};
use crate::names::DomainName;
use crate::presence::Presence;
use crate::presence::view::View;
use crate::store::snapshot::{Domain, Extension, Line, Snapshot};

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

const TLS: &str = "<sip:bob@10.0.0.9:5061;transport=tls>";
