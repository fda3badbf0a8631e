//! One domain with all that a decision reads.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::config::Config;
use crate::host::FakeHost;
use crate::prompts::Sounds;
use crate::registry::View;
use crate::routing::outside::{CallerId, Outside, Parts, Route, To};
use crate::routing::plan::Plan;
use crate::routing::{Decision, Payer, Watch, Way, countries, decide};
use crate::store::gateways::{Gateway, Gateways};
use crate::store::rows::{CallerIdStyle, Transport};
use crate::store::snapshot::{Domain, Extension, Snapshot};
use crate::{bans, caps, clients, gateways, presence};

const NOON: &str = "2026-11-22T12:00:00Z";

pub(super) fn noon() -> Timestamp {
    NOON.parse().unwrap()
}

/// One domain with all that a decision reads.
pub(super) struct World {
    pub(super) snapshot: Snapshot,
    pub(super) domain: Arc<Domain>,
    pub(super) gateways: gateways::view::View,
    pub(super) caps: caps::view::View,
    config: Config,
    presence: presence::view::View,
    bans: bans::view::View,
    clients: clients::view::View,
    sounds: Sounds,
    host: FakeHost,
    pub(super) legs: crate::legs::Legs,
}

pub(super) fn extension(number: &str) -> Extension {
    Extension {
        number: number.parse().unwrap(),
        channel: Uuid::new_v4(),
        caller_id_name: "".into(),
        ring_seconds: 20,
        voicemail: false,
        voicemail_pin: None,
        forwards: None,
        email: None,
        lines: Box::default(),
    }
}

pub(super) fn gateway(name: &str, domain: Option<&str>, enabled: bool) -> Gateway {
    Gateway {
        id: Uuid::new_v4(),
        domain: domain.map(|name| name.parse().unwrap()),
        name: format!("gw-{name}").parse().unwrap(),
        proxy: "sip.example.com".parse().unwrap(),
        transport: Transport::Udp,
        realm: None,
        username: None,
        password: None,
        register: false,
        from_domain: None,
        sources: Box::default(),
        max_calls: 0,
        caller_id_style: CallerIdStyle::Pai,
        ping_seconds: 0,
        enabled,
        country: None,
    }
}

pub(super) fn route(name: &str, numbers: &str, to: &[&Gateway], grants: &[Uuid]) -> Route {
    let mut grants = grants.to_vec();
    grants.sort_unstable();
    Route {
        id: Uuid::new_v4(),
        name: name.parse().unwrap(),
        priority: 100,
        numbers: numbers.into(),
        strip: 0,
        prepend: "".into(),
        emergency: false,
        class: None,
        caller_id: None,
        schedule: None,
        enabled: true,
        gateways: to
            .iter()
            .map(|gateway| To {
                gateway: gateway.id,
                caller_id: None,
            })
            .collect(),
        grants: grants.into(),
    }
}

pub(super) fn caller_id(number: &str) -> Option<CallerId> {
    Some(CallerId {
        number: number.parse().unwrap(),
        name: "".into(),
    })
}

pub(super) fn berlin() -> Plan {
    Plan {
        area_code: "30".to_owned(),
        ..countries::plan("49")
    }
}

impl World {
    pub(super) fn new(extensions: &[Extension], gateways: Vec<Gateway>, parts: Parts) -> Self {
        let mut domain = Domain::new("pbx.test".parse().unwrap());
        for extension in extensions {
            domain.insert(extension.clone()).unwrap();
        }
        let domain = Arc::new(domain);
        let mut snapshot = Snapshot::default();
        snapshot.domains.insert(domain.name.clone(), Arc::clone(&domain));
        snapshot
            .outside
            .insert(domain.name.clone(), Arc::new(Outside::new(parts)));
        snapshot.gateways = Arc::new(Gateways::new(gateways));
        let host = FakeHost::default();
        Self {
            snapshot,
            domain,
            gateways: gateways::view::View::default(),
            caps: caps::view::View::new(TimeZone::UTC),
            config: Config::new(&[], &host).unwrap(),
            presence: presence::view::View::default(),
            bans: bans::view::View::default(),
            clients: clients::view::View::default(),
            sounds: Sounds::complete(Path::new("/")),
            host,
            legs: Default::default(),
        }
    }

    pub(super) fn view<'a>(&'a self, watch: Option<&'a Watch>) -> View<'a> {
        View {
            snapshot: &self.snapshot,
            config: &self.config,
            presence: &self.presence,
            bans: &self.bans,
            clients: &self.clients,
            notes: &(),
            sounds: &self.sounds,
            host: &self.host,
            gateways: &self.gateways,
            caps: &self.caps,
            legs: &self.legs,
            watch,
        }
    }

    pub(super) fn ask_as(&self, number: &str, line: Option<&str>, dialled: &str) -> Decision {
        self.ask_at(number, line, dialled, noon())
    }

    /// What is decided then; whoever listens hears of the same decision, and its end last.
    pub(super) fn ask_at(&self, number: &str, line: Option<&str>, dialled: &str, at: Timestamp) -> Decision {
        let payer = Payer {
            domain: &self.domain,
            extension: self.domain.find(number).unwrap(),
            line,
        };
        let decision = decide(&self.view(None), &payer, dialled, at);
        let watch = Watch::at(at);
        assert_eq!(
            decide(&self.view(Some(&watch)), &payer, dialled, at),
            decision,
            "{dialled}"
        );
        let last = watch.steps().pop().unwrap();
        let out = matches!(decision, Decision::Out(_));
        assert_eq!((last.depth, last.verdict), (0, Some(out)), "{}", last.text);
        decision
    }

    pub(super) fn ask(&self, number: &str, dialled: &str) -> Decision {
        self.ask_as(number, None, dialled)
    }

    /// By which gateways, and what is sent.
    pub(super) fn out(&self, number: &str, dialled: &str) -> Vec<String> {
        match self.ask(number, dialled) {
            Decision::Out(out) => {
                let ways = out.ways.iter();
                let how = |way: &Way| if way.straight.is_some() { " straight" } else { "" };
                ways.map(|way| format!("{} {}{}", &way.name.as_str()[3..], way.number.as_str(), how(way)))
                    .collect()
            }
            Decision::Refused(why) => vec![why.code().to_owned()],
        }
    }
}
