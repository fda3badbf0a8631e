//! What mod_sofia is told, change by change.

use super::*;
use crate::event::{Kind, made_of};
use crate::host::FakeHost;
use crate::presence::book::{Book, Known};
use crate::store::snapshot::{Domain, Extension};

fn snapshot() -> Snapshot {
    let mut domain = Domain::new("pbx.test".parse().unwrap());
    for (number, usernames) in [("1001", vec!["alice", "alice-desk"]), ("1002", vec!["1002"])] {
        let line = |username: &str| snapshot::Line {
            username: username.parse().unwrap(),
            a1: [0; 16],
            max_registrations: 3,
            source_acl: None,
            srtp_required: false,
        };
        let extension = Extension {
            number: number.parse().unwrap(),
            channel: uuid::Uuid::nil(),
            caller_id_name: "x".into(),
            ring_seconds: 20,
            voicemail: true,
            voicemail_pin: None,
            forwards: None,
            email: None,
            lines: usernames.into_iter().map(line).collect(),
        };
        domain.insert(extension).unwrap();
    }
    let mut snapshot = Snapshot::default();
    snapshot
        .domains
        .insert("pbx.test".parse().unwrap(), Arc::new(domain));
    snapshot
}

#[derive(Default)]
struct Scene {
    host: FakeHost,
    book: Book,
    lamps: Lamps,
}

impl Scene {
    /// In which somebody asked for each lamp.
    fn watched() -> Self {
        let mut scene = Self::default();
        for name in ["1001", "alice", "alice-desk", "1002"] {
            assert!(scene.asks(&format!("{name}@pbx.test"), Some("dialog")).is_empty());
        }
        scene
    }

    /// What mod_sofia's table has of those who asked before.
    fn subscribed(&mut self, before: Option<&[(&str, &str)]>) {
        let before = before.map(|all| {
            let subscription = |(to, package): &(&str, &str)| Subscription {
                to: (*to).to_owned(),
                package: (*package).to_owned(),
            };
            all.iter().map(subscription).collect::<Vec<_>>()
        });
        let (view, snapshot) = (&self.book.view, snapshot());
        self.lamps
            .subscribed(&self.host, before.as_deref(), view, &snapshot, Moment(0));
    }

    /// The calls of a line are now these; what mod_sofia is told, as `from answer-state unique-id`.
    fn calls(&mut self, username: &str, calls: &[(&str, Phase)]) -> Vec<String> {
        let known = Known {
            domain: "pbx.test".parse().unwrap(),
            username: username.parse().unwrap(),
        };
        let call = |(uuid, phase): &(&str, Phase)| Call {
            uuid: Arc::from(*uuid),
            phase: *phase,
            called: *phase == Phase::Ringing,
        };
        self.book
            .change_line(&known, |line| line.calls = calls.iter().map(call).collect());
        let changed = self.book.take_changes();
        self.lamps
            .update(&self.host, &self.book.view, &snapshot(), &changed);
        self.told()
    }

    fn told(&mut self) -> Vec<String> {
        let fired = std::mem::take(&mut *self.host.fired.lock().unwrap());
        let mut told: Vec<String> = fired
            .into_iter()
            .map(|headers| {
                let header = |name| {
                    headers
                        .iter()
                        .find(|(n, _)| *n == name)
                        .map_or("-", |(_, v)| v.as_str())
                };
                assert!(headers.iter().all(|(_, value)| !value.is_empty()));
                format!(
                    "{} {} {}",
                    header("from"),
                    header("answer-state"),
                    header("unique-id")
                )
            })
            .collect();
        told.sort();
        told
    }

    fn asks(&mut self, to: &str, package: Option<&str>) -> Vec<Vec<(&'static str, String)>> {
        let pairs = [
            ("to", to),
            ("sub-call-id", "s1"),
            ("proto-specific-event-name", package.unwrap_or_default()),
        ];
        let event = made_of(Kind::LampAsked, &pairs);
        self.lamps
            .asked(&self.host, &event, &self.book.view, &snapshot(), Moment(0));
        std::mem::take(&mut *self.host.fired.lock().unwrap())
    }
}

use Phase::{Busy, Ringing};

#[test]
fn a_lamp_follows_ringing_busy_and_idle() {
    let mut scene = Scene::watched();
    assert_eq!(
        scene.calls("alice", &[("u1", Ringing)]),
        ["1001@pbx.test early u1", "alice@pbx.test early u1"]
    );
    assert_eq!(
        scene.calls("alice", &[("u1", Busy)]),
        ["1001@pbx.test answered u1", "alice@pbx.test answered u1"]
    );
    assert_eq!(
        scene.calls("alice", &[]),
        ["1001@pbx.test hangup u1", "alice@pbx.test hangup u1"]
    );
    // One lamp where number and username are the same.
    assert_eq!(
        scene.calls("1002", &[("u2", Busy)]),
        ["1002@pbx.test answered u2"]
    );
    assert_eq!(scene.lamps.lit.len(), 1);
}

#[test]
fn one_phone_that_rejects_does_not_darken_the_lamp_of_those_that_ring() {
    let mut scene = Scene::watched();
    scene.calls("alice", &[("u1", Ringing), ("u2", Ringing)]);
    assert_eq!(
        scene.calls("alice-desk", &[("u3", Ringing)]),
        ["alice-desk@pbx.test early u3"]
    );
    // The leg that stood for the extension ends: another stands for it, and is named, for mod_sofia takes the
    // first one's NOTIFY for the end if its channel is gone.
    assert_eq!(
        scene.calls("alice", &[("u2", Ringing)]),
        ["1001@pbx.test early u2", "alice@pbx.test early u2"]
    );
    assert_eq!(
        scene.calls("alice", &[]),
        ["1001@pbx.test early u3", "alice@pbx.test hangup u2"]
    );
    // Answered on the desk phone: busy outweighs.
    assert_eq!(
        scene.calls("alice-desk", &[("u3", Busy)]),
        ["1001@pbx.test answered u3", "alice-desk@pbx.test answered u3"]
    );
    assert_eq!(
        scene.calls("alice", &[("u4", Ringing)]),
        ["alice@pbx.test early u4"]
    );
}

#[test]
fn who_subscribes_is_told_what_is_lit() {
    let mut scene = Scene::default();
    assert!(scene.asks("1001@pbx.test", Some("dialog")).is_empty());
    scene.calls("alice", &[("u1", Busy)]);
    scene.told();
    let told = scene.asks("1001@PBX.test", Some("dialog"));
    assert!(
        told[0].contains(&("unique-id", "u1".to_owned())) && told[0].contains(&("call-id", "s1".to_owned()))
    );
    assert!(scene.asks("1999@pbx.test", Some("dialog")).is_empty());
    // There is one domain, so a phone may be pointed at an address.
    assert_eq!(scene.asks("1001@192.0.2.1", Some("dialog")).len(), 1);
    assert!(scene.asks("nonsense", Some("dialog")).is_empty());
}

#[test]
fn who_watches_presence_is_told_of_online_and_offline_and_nobody_else() {
    let mut scene = Scene::default();
    let status = |told: &[Vec<(&'static str, String)>]| -> Vec<String> {
        let find = |headers: &Vec<(&'static str, String)>| {
            headers.iter().find(|(n, _)| *n == "status").unwrap().1.clone()
        };
        told.iter().map(find).collect()
    };
    assert!(scene.asks("1001@pbx.test", None).is_empty());
    let again = |scene: &mut Scene, now| {
        scene
            .lamps
            .tell_again(&scene.host, &scene.book.view, &snapshot(), Moment(now))
    };
    assert_eq!(again(&mut scene, AGAIN - 1), Some(Moment(AGAIN)));
    assert_eq!(again(&mut scene, AGAIN), None);
    let told = std::mem::take(&mut *scene.host.fired.lock().unwrap());
    assert_eq!(status(&told), ["Unregistered"]);
    let calls = |scene: &mut Scene, calls: &[(&str, Phase)]| {
        let known = Known {
            domain: "pbx.test".parse().unwrap(),
            username: "alice".parse().unwrap(),
        };
        let call = |(uuid, phase): &(&str, Phase)| Call {
            uuid: Arc::from(*uuid),
            phase: *phase,
            called: false,
        };
        scene
            .book
            .change_line(&known, |line| line.calls = calls.iter().map(call).collect());
        let changed = scene.book.take_changes();
        scene
            .lamps
            .update(&scene.host, &scene.book.view, &snapshot(), &changed);
        std::mem::take(&mut *scene.host.fired.lock().unwrap())
    };
    calls(&mut scene, &[("u1", Busy)]);
    // Dark again, and then what it is without a call.
    let told: Vec<_> = calls(&mut scene, &[])
        .into_iter()
        .filter(|t| t.contains(&("from", "1001@pbx.test".to_owned())))
        .collect();
    assert_eq!(status(&told), ["CS_HANGUP", "Unregistered"]);
    assert!(
        calls(&mut scene, &[]).is_empty(),
        "nothing changed, nobody is told"
    );
}

#[test]
fn no_lamp_is_left_on_when_the_module_goes() {
    let mut scene = Scene::watched();
    scene.calls("1002", &[("u1", Busy)]);
    scene.lamps.darken(&scene.host);
    assert_eq!(scene.told(), ["1002@pbx.test hangup u1"]);
    scene.lamps.darken(&scene.host);
    assert!(scene.told().is_empty());
}

#[test]
fn what_others_say_of_a_lamp_is_put_right() {
    let mut scene = Scene::watched();
    scene.calls("1002", &[("u1", Busy)]);
    let says = |from: &str, login: &str| made_of(Kind::LampTold, &[("from", from), ("login", login)]);
    assert!(!is_told_by_others(&says("1002@pbx.test", LOGIN)));
    assert!(!is_told_by_others(&says("none", "src/switch_channel.c")));
    let published = says("1002@pbx.test", "sip:mod_sofia@192.0.2.1:5060");
    assert!(is_told_by_others(&published));
    for _ in 0..1000 {
        scene.lamps.told(&published, &snapshot(), Moment(7));
        scene
            .lamps
            .told(&says("nobody@pbx.test", "x"), &snapshot(), Moment(7));
        scene
            .lamps
            .told(&says("1001@pbx.test", "x"), &snapshot(), Moment(7));
    }
    assert_eq!(scene.lamps.again.len(), 1);
    let next = scene
        .lamps
        .tell_again(&scene.host, &scene.book.view, &snapshot(), Moment(7 + AGAIN));
    assert_eq!(
        (next, scene.told()),
        (None, vec!["1002@pbx.test answered u1".to_owned()])
    );
}

#[test]
fn of_a_lamp_that_nobody_asked_for_nothing_is_told() {
    let mut scene = Scene::default();
    scene.asks("alice@pbx.test", Some("dialog"));
    assert_eq!(
        scene.calls("alice", &[("u1", Ringing)]),
        ["alice@pbx.test early u1"]
    );
    // Asked for while it is lit: from then on it is followed, and goes out.
    assert_eq!(scene.asks("1001@pbx.test", Some("dialog")).len(), 1);
    assert_eq!(
        scene.calls("alice", &[]),
        ["1001@pbx.test hangup u1", "alice@pbx.test hangup u1"]
    );
    assert!(scene.calls("1002", &[("u2", Busy)]).is_empty());
    assert!(scene.calls("1002", &[]).is_empty());
    assert!(scene.lamps.lit.is_empty());
}

#[test]
fn who_asked_before_we_listened_is_told() {
    let mut scene = Scene::default();
    scene.calls("alice", &[("u1", Busy)]);
    let before = [
        ("1001@pbx.test", "dialog"),
        ("1002@pbx.test", "presence"),
        ("nobody@pbx.test", "dialog"),
        ("nonsense", "dialog"),
    ];
    scene.subscribed(Some(&before));
    assert_eq!(scene.told(), ["1001@pbx.test answered u1"]);
    // A profile that starts again is read again.
    scene.subscribed(Some(&before));
    assert!(scene.told().is_empty());
    let again = Moment(AGAIN);
    scene
        .lamps
        .tell_again(&scene.host, &scene.book.view, &snapshot(), again);
    assert_eq!(scene.told(), ["1002@pbx.test - -"]);
    assert_eq!(scene.calls("alice", &[]), ["1001@pbx.test hangup u1"]);
}

#[test]
fn everybody_is_told_where_the_table_cannot_be_read() {
    let mut scene = Scene::default();
    scene.subscribed(None);
    scene.subscribed(Some(&[]));
    assert_eq!(
        scene.calls("1002", &[("u1", Busy)]),
        ["1002@pbx.test answered u1"]
    );
}
