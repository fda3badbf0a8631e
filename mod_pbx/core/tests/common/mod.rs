//! What the tests of answers share: small worlds to ask about, and a way to ask.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    reason = "each test file uses a part of it"
)]

use std::ffi::CStr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pbx_core::apps;
use pbx_core::clients;
use pbx_core::config::Config;
use pbx_core::event::{Event, Kind, SUBSCRIPTIONS};
use pbx_core::gateways;
use pbx_core::host::FakeHost;
use pbx_core::presence::{self, Presence};
use pbx_core::prompts::Sounds;
use pbx_core::registry::{Registries, View};
use pbx_core::reply::Reply;
use pbx_core::request::Request;
use pbx_core::store::gateways::{Gateway, Gateways};
use pbx_core::store::rows;
use pbx_core::store::settings::Settings;
use pbx_core::store::snapshot::{Domain, Extension, Line, Snapshot};
use pbx_core::xml::tree::Element;
use pbx_core::xml::user::Decoy;
use uuid::Uuid;

/// The hash in every document that is not for a digest.
pub const DECOY: [u8; 16] = [0xde; 16];

/// Everything that an answer is made from.
pub struct World {
    pub snapshot: Snapshot,
    pub config: Config,
    pub host: FakeHost,
    pub registries: Registries,
    /// As it is at load, before the switch was asked, unless the world has phones.
    pub presence: Arc<presence::view::View>,
    pub clients: clients::view::View,
    pub gateways: gateways::view::View,
    /// What voicemail can say: everything, unless the world has no sounds.
    pub sounds: Sounds,
}

/// An extension with a mailbox and these lines. The A1 of a line is the MD5 that belongs to its username,
/// the domain and the password `secret`, so that no two are the same.
pub fn extension(domain: &str, number: &str, name: &str, lines: &[&str]) -> Extension {
    Extension {
        number: number.parse().unwrap(),
        channel: channel(domain, number),
        caller_id_name: name.into(),
        ring_seconds: 25,
        voicemail: true,
        voicemail_pin: Some("4711".into()),
        forwards: None,
        email: Some("someone@example.com".into()),
        lines: lines.iter().map(|username| line(domain, username)).collect(),
    }
}

/// The channel of an extension: one of its own.
pub fn channel(domain: &str, number: &str) -> Uuid {
    let bytes = format!("{number}@{domain}")
        .bytes()
        .cycle()
        .take(16)
        .collect::<Vec<_>>();
    Uuid::from_slice(&bytes).unwrap()
}

pub fn line(domain: &str, username: &str) -> Line {
    use md5::{Digest, Md5};
    Line {
        username: username.parse().unwrap(),
        a1: Md5::digest(format!("{username}:{domain}:secret")).into(),
        max_registrations: 5,
        source_acl: None,
        srtp_required: false,
    }
}

pub fn domain(name: &str, extensions: impl IntoIterator<Item = Extension>) -> Domain {
    let mut domain = Domain::new(name.parse().unwrap());
    for extension in extensions {
        domain.insert(extension).unwrap();
    }
    domain
}

impl World {
    pub fn new(domains: impl IntoIterator<Item = Domain>) -> Self {
        let host = FakeHost::default();
        let mut snapshot = Snapshot::default();
        for domain in domains {
            snapshot.domains.insert(domain.name.clone(), Arc::new(domain));
        }
        let directory: apps::Register =
            |builder| apps::directory::register_with(builder, Decoy::fixed(DECOY));
        let registries = Registries::with(&[
            apps::configuration::register,
            directory,
            apps::dialplan::register,
            apps::browsers::register,
            apps::languages::register,
        ])
        .unwrap();
        Self {
            snapshot,
            config: Config::new(&[], &host).unwrap(),
            host,
            registries,
            presence: Arc::default(),
            clients: clients::view::View::default(),
            gateways: gateways::view::View::default(),
            sounds: Sounds::complete(Path::new("/var/lib/pbx/sounds")),
        }
    }

    /// The switch has been asked, and these registered: line, Contact, where the REGISTER came from.
    pub fn with_phones(mut self, phones: &[(&str, &str, &str)]) -> Self {
        let snapshot = Arc::new(self.snapshot.clone());
        let running = Presence::start(Arc::new(switch()), Box::new(move || Arc::clone(&snapshot)));
        let running = running.unwrap();
        let changes = running.subscribe();
        for (call_id, (line, contact, source)) in phones.iter().enumerate() {
            running.tell(registered(line, contact, source, &call_id.to_string()));
        }
        while running.view().registrations < phones.len() || !running.view().settled {
            changes.wait(Duration::from_millis(10));
        }
        self.presence = Arc::clone(&running.view());
        self
    }

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

    /// Asks as the switch does. Pairs are parameters, but for `tag_name`, `key_name` and `key_value`.
    pub fn ask<'a>(&self, section: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Reply {
        let (mut tag_name, mut key_name, mut key_value) = ("", "", "");
        let mut params = Vec::new();
        for (name, value) in pairs {
            match name {
                "tag_name" => tag_name = value,
                "key_name" => key_name = value,
                "key_value" => key_value = value,
                _ => params.push((name.to_owned(), value.to_owned())),
            }
        }
        if !key_value.is_empty() && tag_name.is_empty() {
            (tag_name, key_name) = match section {
                "configuration" => ("configuration", "name"),
                _ => ("domain", "name"),
            };
        }
        self.answer(section, tag_name, key_name, key_value, &params)
    }

    pub fn answer(
        &self,
        section: &str,
        tag_name: &str,
        key_name: &str,
        key_value: &str,
        params: &Vec<(String, String)>,
    ) -> Reply {
        let rq = Request {
            section,
            tag_name,
            key_name,
            key_value,
            params,
        };
        self.look(|view| self.registries.answer(&rq, view))
    }

    /// Looks at the world as a lookup does.
    pub fn look<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        self.look_with(&(), look)
    }

    /// The same for a call that takes place.
    pub fn look_live<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        struct Live;
        impl clients::Notes for Live {
            fn note(&self, _: clients::Note) {}
        }
        self.look_with(&Live, look)
    }

    fn look_with<T>(&self, notes: &dyn clients::Notes, look: impl FnOnce(&View<'_>) -> T) -> T {
        look(&View {
            snapshot: &self.snapshot,
            config: &self.config,
            presence: &self.presence,
            bans: &pbx_core::bans::view::View::default(),
            clients: &self.clients,
            gateways: &self.gateways,
            notes,
            caps: &pbx_core::caps::view::View::default(),
            watch: None,
            sounds: &self.sounds,
            host: &self.host,
        })
    }

    /// The document, which there must be.
    pub fn document<'a>(&self, section: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        match self.ask(section, pairs) {
            Reply::Document(text) => text,
            Reply::NotOurs | Reply::Text(_) => panic!("no document"),
        }
    }
}

/// `sofia::register`, as the module's hook copies it.
fn registered(line: &str, contact: &str, source: &str, call_id: &str) -> Event {
    let (user, domain) = line.split_once('@').unwrap();
    let (ip, port) = source.rsplit_once(':').unwrap();
    let headers = [
        (c"profile-name", "internal"),
        (c"from-user", user),
        (c"from-host", domain),
        (c"call-id", call_id),
        (c"contact", contact),
        (c"expires", "180"),
        (c"network-ip", ip),
        (c"network-port", port),
    ];
    let subscription = SUBSCRIPTIONS.iter().find(|s| s.kind == Kind::Registered).unwrap();
    let value = |name: &CStr| {
        headers
            .iter()
            .find(|(header, _)| *header == name)
            .map(|(_, v)| v.as_bytes())
    };
    Event::copy(subscription, value).unwrap()
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

/// Every element of a document, outermost first.
pub fn elements(document: &str) -> Vec<Element> {
    fn walk(element: &Element, into: &mut Vec<Element>) {
        into.push(element.clone());
        for child in element.children() {
            walk(child, into);
        }
    }
    let mut all = Vec::new();
    walk(&Element::parse(document).unwrap(), &mut all);
    all
}

/// The users in a document.
pub fn users(document: &str) -> Vec<Element> {
    elements(document)
        .into_iter()
        .filter(|e| e.name() == "user")
        .collect()
}

/// The value of a user's parameter or variable; there must not be two.
pub fn value(user: &Element, container: &str, name: &str) -> Option<String> {
    let mut values = user
        .child(container)?
        .children()
        .filter(|pair| pair.attribute("name") == Some(name))
        .map(|pair| pair.attribute("value").unwrap().to_owned());
    let value = values.next();
    assert!(values.next().is_none(), "two of {name}");
    value
}

/// What mod_sofia says when a digest is to be checked (`sofia_reg_parse_auth`).
pub fn auth<'a>(user: &'a str, domain: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("key_value", domain),
        ("Event-Calling-Function", "sofia_reg_parse_auth"),
        ("action", "sip_auth"),
        ("sip_profile", "internal"),
        ("sip_auth_username", user),
        ("sip_auth_realm", domain),
        ("sip_to_user", user),
        ("sip_to_host", domain),
        ("sip_from_user", user),
        ("sip_from_host", domain),
        ("sip_auth_method", "REGISTER"),
        ("key", "id"),
        ("user", user),
        ("domain", domain),
        ("ip", "192.0.2.77"),
    ]
}

/// `pairs` with one of them changed, or added.
pub fn with<'a>(
    mut pairs: Vec<(&'a str, &'a str)>,
    name: &'a str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    match pairs.iter_mut().find(|(n, _)| *n == name) {
        Some(pair) => pair.1 = value,
        None => pairs.push((name, value)),
    }
    pairs
}

/// A switch that has mod_sofia, with no profile started yet.
fn switch() -> FakeHost {
    let host = FakeHost::default();
    host.say("sofia xmlstatus", "<profiles></profiles>");
    host
}
