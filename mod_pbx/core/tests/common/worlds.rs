//! The worlds that golden cases name.

use std::sync::Arc;

use pbx_core::prompts::Sounds;
use pbx_core::routing::countries;
use pbx_core::routing::outside::{Block, Limits, Outside, Parts, Route, To};
use pbx_core::store::gateways::{Gateway, Gateways};
use pbx_core::store::rows;
use pbx_core::store::settings::Settings;
use pbx_core::store::snapshot::Domain;
use uuid::Uuid;

use super::{World, channel, domain, extension};

impl World {
    /// The world that a golden case names.
    pub fn named(name: &str) -> Self {
        match name {
            "empty" => Self::new([]),
            "one" => Self::new([pbx_test()]),
            "two" => Self::new([pbx_test(), other_test()]),
            "phones" => Self::new([pbx_test(), other_test()]).with_phones(PHONES),
            "settings" => Self::new([pbx_test()]).with_settings(),
            "operator" => Self::new([pbx_test()]).with_operators_files(OPERATORS),
            "hostile" => Self::new([pbx_test()]).with_operators_files(HOSTILE),
            "no-sounds" => {
                let mut world = Self::new([pbx_test()]);
                world.sounds = Sounds::default();
                world
            }
            "gateways" => Self::new([pbx_test()]).with_gateways(),
            "outside" => Self::new([pbx_test()]).with_gateways().with_routes(),
            "outside-no-sounds" => {
                let mut world = Self::named("outside");
                world.sounds = Sounds::default();
                world
            }
            "serve-none" => {
                let mut world = Self::new([pbx_test()]);
                world.config.serve.clear();
                world
            }
            _ => panic!("no world {name:?}"),
        }
    }

    /// Two that are there, one whose password is not open, and one that is off.
    fn with_gateways(mut self) -> Self {
        let gateway = |name: &str, proxy: &str, sources: &[&str]| Gateway {
            id: Uuid::from_u128(name.bytes().fold(1, |id, byte| id * 31 + u128::from(byte))),
            domain: None,
            name: name.parse().unwrap(),
            proxy: proxy.parse().unwrap(),
            transport: rows::Transport::Udp,
            realm: None,
            username: None,
            password: None,
            register: false,
            from_domain: None,
            sources: sources.iter().map(|text| text.parse().unwrap()).collect(),
            max_calls: 0,
            caller_id_style: rows::CallerIdStyle::Pai,
            ping_seconds: 30,
            enabled: true,
            country: None,
        };
        let mut second = gateway(
            "second",
            "[2001:db8::7]:5090",
            &["198.51.100.0/24", "2001:db8::7"],
        );
        second.transport = rows::Transport::Tcp;
        second.username = Some("me+you".into());
        second.realm = Some("voip.example.com".parse().unwrap());
        second.from_domain = Some("pbx.example.com".parse().unwrap());
        second.caller_id_style = rows::CallerIdStyle::From;
        second.ping_seconds = 0;
        let mut locked = gateway("locked", "sip.example.net", &[]);
        (locked.username, locked.password, locked.register) =
            (Some("x".into()), Some("sealed:1:".into()), true);
        let mut off = gateway("off", "sip.example.net", &["192.0.2.0/24"]);
        off.enabled = false;
        let first = gateway("first", "sip.example.com", &["198.51.100.0/24", "203.0.113.9"]);
        self.snapshot.gateways = Arc::new(Gateways::new([second, locked, off, first]));
        self
    }

    /// alice may call out in Germany, and by a gateway that is off elsewhere; bob nowhere any more; some numbers are
    /// blocked.
    fn with_routes(mut self) -> Self {
        let to = |name: &str| {
            let gateway = self.snapshot.gateways.by_name(name).unwrap();
            Box::from([To {
                gateway: gateway.id,
                caller_id: None,
            }])
        };
        let route = |name: &str, numbers: &str, gateway: &str, who: &[&str]| Route {
            id: Uuid::from_u128(name.len() as u128),
            name: name.parse().unwrap(),
            priority: 100,
            numbers: numbers.into(),
            strip: 0,
            prepend: "".into(),
            emergency: who.is_empty(),
            class: None,
            caller_id: None,
            schedule: None,
            enabled: true,
            gateways: to(gateway),
            grants: who.iter().map(|number| channel("pbx.test", number)).collect(),
        };
        let capped = Limits {
            concurrent: Some(0),
            ..Limits::default()
        };
        let parts = Parts {
            plan: countries::plan("49"),
            routes: vec![
                route("germany", "+49*", "first", &["1001", "1002"]),
                route("elsewhere", "+44*", "off", &["1001"]),
                route("help", "112 110", "first", &[]),
            ],
            blocks: vec![Block {
                pattern: "+4930666*".parse().unwrap(),
                note: "".into(),
            }],
            own_limits: [(channel("pbx.test", "1002"), capped)].into(),
            ..Parts::default()
        };
        let name = "pbx.test".parse().unwrap();
        self.snapshot.outside.insert(name, Arc::new(Outside::new(parts)));
        self
    }

    fn with_settings(mut self) -> Self {
        self.snapshot.settings = Arc::new(Settings::new([
            ("sip-address", "192.0.2.1"),
            ("sip-port", "5080"),
            ("sip-tls", "yes"),
            ("sip-tls-port", "5081"),
            ("sip-tls-directory", "/etc/pbx/tls"),
            ("external-address", "203.0.113.5"),
            ("local-networks", "192.0.2.0/24 2001:db8::1 10.1.2.3"),
            ("registration-seconds", "300"),
            ("verto-address", "::1"),
            ("verto-port", "8091"),
            ("voicemail-max-seconds", "120"),
        ]));
        self.host
            .variables
            .insert("local_ip_v4".into(), "192.0.2.9".into());
        self
    }

    fn with_operators_files(mut self, files: [(&str, &str); 4]) -> Self {
        self.host.configurations = files
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into();
        self
    }
}

/// alice is at home and at her desk; of bob's two lines one has a phone behind NAT and one what calls the
/// switch itself; 1004 would dial a gateway.
pub const PHONES: &[(&str, &str, &str)] = &[
    (
        "alice@pbx.test",
        "\"Alice\" <sip:alice@192.0.2.7:5062;transport=tls;line=a&b>",
        "192.0.2.7:40000",
    ),
    ("alice@pbx.test", "<sip:alice@192.0.2.8>", "192.0.2.8:5060"),
    (
        "bob@pbx.test",
        "<sip:bob@192.168.1.9:5060;ob>",
        "203.0.113.9:1025",
    ),
    (
        "bob-desk@pbx.test",
        "<sip:9999@127.0.0.1:5060>",
        "192.0.2.66:5060",
    ),
    (
        "1004@pbx.test",
        "<sip:a,sofia/gateway/g1/1900@192.0.2.66>",
        "192.0.2.66:5060",
    ),
];

/// alice has a phone; bob has two and no mailbox; carol has no phone and no PIN; 1004's phone has its
/// number for a username and a name that does not behave; dave's may only come from some networks,
/// and speak SRTP only.
pub fn pbx_test() -> Domain {
    let d = "pbx.test";
    let mut bob = extension(d, "1002", "Bob", &["bob", "bob-desk"]);
    bob.voicemail = false;
    bob.voicemail_pin = None;
    let mut carol = extension(d, "1003", "Carol", &[]);
    carol.voicemail_pin = None;
    let rude = extension(d, "1004", "O'Brien, \"Bob\" ${system(id)}<a>&\n", &["1004"]);
    let mut dave = extension(d, "1005", "Dave", &["dave"]);
    dave.lines[0].source_acl = Some("10.0.0.0/8 2001:db8::/32".into());
    dave.lines[0].srtp_required = true;
    let mut lost = extension(d, "1006", "Lost", &[]);
    lost.voicemail = false;
    domain(
        d,
        [
            extension(d, "1001", "Alice", &["alice"]),
            bob,
            carol,
            rude,
            dave,
            lost,
        ],
    )
}

/// The same usernames and numbers, other people.
pub fn other_test() -> Domain {
    let d = "other.test";
    domain(
        d,
        [
            extension(d, "1001", "CANARY Anna", &["alice"]),
            extension(d, "1002", "CANARY Bert", &["bob", "canary-desk"]),
        ],
    )
}

/// What an operator may have in the switch's own files.
const OPERATORS: [(&str, &str); 4] = [
    (
        "acl.conf",
        "<configuration name=\"acl.conf\" description=\"Network Lists\"><network-lists>\
         <list name=\"carrier\" default=\"deny\"><node type=\"allow\" cidr=\"198.51.100.0/24\"/></list>\
         <list name=\"PBX_local_networks\" default=\"allow\"/></network-lists></configuration>",
    ),
    (
        "sofia.conf",
        "<configuration name=\"sofia.conf\"><global_settings><param name=\"log-level\" value=\"0\"/></global_settings>\
         <profiles><profile name=\"external\"><gateways><gateway name=\"a&amp;b\"><param name=\"password\" \
         value=\"&lt;&quot;'$\"/></gateway></gateways><settings><param name=\"sip-port\" value=\"5090\"/></settings>\
         </profile><profile name=\"Internal\"><settings><param name=\"auth-calls\" value=\"false\"/></settings>\
         </profile></profiles></configuration>",
    ),
    (
        "verto.conf",
        "<configuration name=\"verto.conf\"><settings><param name=\"debug\" value=\"0\"/></settings><profiles>\
         <profile name=\"lobby\"><param name=\"bind-local\" value=\"127.0.0.1:8099\"/></profile></profiles>\
         </configuration>",
    ),
    (
        "voicemail.conf",
        "<configuration name=\"voicemail.conf\"><profiles><profile name=\"default\"><param name=\"mine\" \
         value=\"no\"/></profile><profile name=\"hotel\"><email><body><![CDATA[Hi ${x}\nbye]]></body></email>\
         </profile></profiles></configuration>",
    ),
];

/// Files that cannot be read, or are not what they should be.
const HOSTILE: [(&str, &str); 4] = [
    ("acl.conf", "<configuration><network-lists><list name=\"x\">"),
    (
        "sofia.conf",
        "<!DOCTYPE x [<!ENTITY e \"ha\">]><configuration>&e;</configuration>",
    ),
    (
        "verto.conf",
        "<other><profiles/>text<profiles><profile name=\"late\"/></profiles></other>",
    ),
    ("voicemail.conf", "\u{0}not xml at all & < >"),
];
