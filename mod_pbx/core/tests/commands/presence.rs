//! `pbx presence`: who is online.

use std::ffi::CStr;
use std::time::Duration;

use pbx_core::event::{Event, Kind, SUBSCRIPTIONS};

use super::support::{Desk, fields};

/// An event as the module's hook copies it.
fn event(kind: Kind, headers: &[(&CStr, &str)]) -> Event {
    let subscription = SUBSCRIPTIONS.iter().find(|s| s.kind == kind).unwrap();
    let value = |name: &CStr| {
        headers
            .iter()
            .find(|(header, _)| *header == name)
            .map(|(_, v)| v.as_bytes())
    };
    Event::copy(subscription, value).unwrap()
}

impl Desk {
    pub(crate) fn registers(&self, user: &str, contact: &str, ip: &str) {
        let changes = self.pbx.presence().subscribe();
        let before = self.pbx.presence().view().registrations;
        self.pbx.tell(Some(event(
            Kind::Registered,
            &[
                (c"profile-name", "internal"),
                (c"from-user", user),
                (c"from-host", "pbx.test"),
                (c"call-id", contact),
                (c"contact", contact),
                (c"expires", "120"),
                (c"network-ip", ip),
                (c"network-port", "5062"),
                (c"user-agent", "Phone\u{1b}[2J 1.0"),
            ],
        )));
        for _ in 0..500 {
            if self.pbx.presence().view().registrations > before {
                return;
            }
            changes.wait(Duration::from_millis(10));
        }
        panic!("the registration of {user} is not seen");
    }

    /// A channel begins, as the directory or a dial string says whose it is.
    pub(crate) fn channel_began(&self, id: &str, direction: &str, name: &str, identity: &str) {
        self.pbx.tell(Some(event(
            Kind::CallBegan,
            &[
                (c"Unique-ID", id),
                (c"Call-Direction", direction),
                (c"Caller-Channel-Name", name),
                (c"variable_pbx_identity", identity),
            ],
        )));
    }

    /// Two channels speak with each other.
    pub(crate) fn channels_bridged(&self, one: &str, other: &str) {
        self.pbx.tell(Some(event(
            Kind::CallBridged,
            &[(c"Bridge-A-Unique-ID", one), (c"Bridge-B-Unique-ID", other)],
        )));
    }
}

fn desk() -> Desk {
    let desk = Desk::small();
    desk.ok("line add alice-desk --extension 1001");
    desk.ok("extension add 1002 --user bob --name 'Bob Brown' --line bob");
    desk.registers("1001", "<sip:1001@192.0.2.7:5062>", "192.0.2.7");
    desk.registers("alice-desk", "<sip:a,loopback/1900@192.0.2.8>", "192.0.2.8");
    desk
}

#[test]
fn those_who_are_online_are_listed() {
    let desk = desk();
    let said = desk.say("presence");
    assert!(
        said.contains("1001@pbx.test  online  1       Alice Adams"),
        "{said}"
    );
    assert!(!said.contains("1002"), "{said}");
    assert!(desk.say("presence --all").contains("1002@pbx.test  offline  0"));
    assert!(desk.say("presence --search 1002").starts_with("0 extensions"));
    let json = desk.json("presence --all");
    assert_eq!(json["total"], 2);
    assert_eq!(json["rows"][0]["state"], "online");
    assert_eq!(
        fields(&json["rows"][0]),
        ["caller_id_name", "domain", "number", "phones", "state"]
    );
}

#[test]
fn an_extension_shows_its_phones_and_why_one_is_not_called() {
    let desk = desk();
    let said = desk.say("presence 1001");
    assert!(said.contains("state   online"), "{said}");
    assert!(
        said.contains("Phone[2J 1.0") && !said.contains("\u{1b}"),
        "{said}"
    );
    assert!(
        said.contains("no: the Contact's user part has characters that are not dialled"),
        "{said}"
    );
    let json = desk.json("presence 1001@pbx.test");
    let lines = json["lines"].as_array().unwrap();
    let desk_line = lines
        .iter()
        .find(|line| line["username"] == "alice-desk")
        .unwrap();
    assert_eq!(desk_line["state"], "offline");
    assert_eq!(desk_line["registrations"][0]["called"], false);
    let own = lines.iter().find(|line| line["username"] == "1001").unwrap();
    let phone = &own["registrations"][0];
    assert_eq!(
        (&phone["called"], &phone["source"]),
        (&true.into(), &"192.0.2.7:5062".into())
    );
    assert!(
        (175..=180).contains(&phone["expires_seconds"].as_u64().unwrap()),
        "{phone}"
    );
    let status = desk.json("status");
    assert_eq!(status["presence"]["registrations"], 2);
}

#[test]
fn a_call_shows_as_it_goes() {
    let desk = desk();
    let changes = desk.pbx.presence().subscribe();
    for (state, expected) in [("RINGING", "ringing"), ("ACTIVE", "busy"), ("HANGUP", "online")] {
        desk.pbx.tell(Some(event(
            Kind::CallState,
            &[
                (c"Unique-ID", "u-1"),
                (c"Call-Direction", "outbound"),
                (c"Channel-Call-State", state),
                (c"Channel-Presence-Data", "1001@pbx.test"),
            ],
        )));
        for _ in 0..500 {
            if desk.json("presence 1001")["state"] == expected {
                break;
            }
            changes.wait(Duration::from_millis(10));
        }
        assert_eq!(desk.json("presence 1001")["state"], expected);
    }
}

#[test]
fn what_is_not_there_is_refused() {
    let desk = desk();
    assert!(
        desk.refused("presence 1999")
            .contains("there is no extension 1999 in pbx.test")
    );
    assert!(desk.refused("presence alice").contains("not an extension number"));
    assert!(
        desk.refused("presence --domain other.test")
            .contains("there is no domain other.test")
    );
    desk.ok("domain add other.test");
    assert!(desk.refused("presence 1001").contains("say which one"));
    assert!(desk.say("presence 1001@pbx.test").contains("online"));
    desk.ok("extension set 1001@pbx.test --enabled no");
    assert!(desk.refused("presence 1001@pbx.test").contains("not enabled"));
}

#[test]
fn the_number_completes() {
    let desk = desk();
    assert_eq!(desk.pbx.complete("pbx pres"), ["presence"]);
    assert_eq!(desk.pbx.complete("pbx presence 10"), ["1001", "1002"]);
}
