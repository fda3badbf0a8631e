//! What the tests of answers share: small worlds to ask about, and a way to ask.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::allow_attributes,
    reason = "each test file uses a part of it"
)]

mod documents;
mod worlds;

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
use pbx_core::store::snapshot::{Domain, Extension, Line, Snapshot};
use pbx_core::xml::user::Decoy;
use uuid::Uuid;

pub use documents::{elements, users, value};
pub use worlds::{PHONES, other_test, pbx_test};

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
    pub legs: pbx_core::legs::Legs,
    pub caps: pbx_core::caps::view::View,
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
            apps::transfers::register,
        ])
        .unwrap();
        Self {
            snapshot,
            config: Config::new(&[], &host).unwrap(),
            host,
            registries,
            legs: Default::default(),
            caps: Default::default(),
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
            caps: &self.caps,
            legs: &self.legs,
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
