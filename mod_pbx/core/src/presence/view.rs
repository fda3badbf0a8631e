//! Who is online, as lookups, the web and `pbx presence` read it: a state that never changes once published.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::names::{DomainName, Number, Username};
use crate::store::snapshot;
use uuid::Uuid;

use super::contact::Refusal;
use super::target::Target;

/// Milliseconds on a clock that is never set (`CLOCK_MONOTONIC`), since presence started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(pub u64);

impl Moment {
    /// This much later.
    pub fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Whole seconds from `earlier` to this; 0 if it is not earlier.
    pub fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1000
    }
}

/// What a lamp would show, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// No phone can be reached.
    Offline,
    /// A phone can be reached.
    Online,
    /// A phone is being called.
    Ringing,
    /// A phone is in a call, or is calling.
    Busy,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Offline => "offline",
            Self::Online => "online",
            Self::Ringing => "ringing",
            Self::Busy => "busy",
        })
    }
}

/// One phone's registration of one line.
#[derive(Debug)]
pub struct Registration {
    /// The SIP profile that it registered with.
    pub profile: Box<str>,
    /// The REGISTER's Call-ID: what a phone keeps through refreshes.
    pub call_id: Box<str>,
    /// The Contact as mod_sofia keeps it.
    pub contact: Box<str>,
    /// Where a call goes, or why none does.
    pub target: Result<Target, Refusal>,
    /// Where the REGISTER came from.
    pub source: Option<SocketAddr>,
    /// `user@ip` of its Contact, if that is the host that the REGISTER came from: the phone's own beyond doubt.
    pub(super) at: Option<Box<str>>,
    /// What the phone calls itself.
    pub user_agent: Box<str>,
    /// Since when, as far as this module saw.
    pub since: Moment,
    /// Whether it lives on one connection and dies with it (TCP, TLS, websocket).
    pub on_a_connection: bool,
    /// Whether it came from elsewhere before, under the same Call-ID: an older connection may still close.
    pub(super) moved: bool,
    /// Off: the phone did not answer OPTIONS.
    pub reachable: bool,
    /// When it runs out. Only a refresh changes it, which is no change that anybody is told of.
    pub(super) deadline: AtomicU64,
}

impl Registration {
    /// When it runs out.
    pub fn deadline(&self) -> Moment {
        Moment(self.deadline.load(Relaxed))
    }

    /// Where a call to it goes now; none: it is not called.
    pub fn dialled(&self) -> Option<&Target> {
        self.target.as_ref().ok().filter(|_| self.reachable)
    }

    /// Why calls do not go to it, in words; none: they do.
    pub fn not_called(&self) -> Option<String> {
        match &self.target {
            Err(refusal) => Some(refusal.to_string()),
            Ok(_) if !self.reachable => Some("it does not answer OPTIONS".to_owned()),
            Ok(_) => None,
        }
    }

    pub(super) fn refresh(&self, deadline: Moment) {
        self.deadline.store(deadline.0, Relaxed);
    }

    /// The same with something changed.
    pub(super) fn but(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = Self {
            profile: self.profile.clone(),
            call_id: self.call_id.clone(),
            contact: self.contact.clone(),
            target: self.target.clone(),
            at: self.at.clone(),
            user_agent: self.user_agent.clone(),
            deadline: AtomicU64::new(self.deadline().0),
            ..*self
        };
        change(&mut other);
        other
    }
}

/// A browser client that is logged in by verto.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Browser {
    /// The channel that it logged in to.
    pub channel: Uuid,
    /// Its session id: where it is called.
    pub session: Uuid,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It rings.
    Ringing,
    /// It is answered, or comes from here.
    Busy,
}

/// One leg of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The channel's `Unique-ID`.
    pub uuid: Arc<str>,
    /// How far it is.
    pub phase: Phase,
    /// Whether the switch called the phone; else the phone called.
    pub called: bool,
}

/// What is known of one line.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// Its phones, the latest last.
    pub registrations: Vec<Arc<Registration>>,
    /// Its legs.
    pub calls: Vec<Call>,
}

impl Line {
    /// What its lamp shows.
    pub fn state(&self) -> State {
        let online = self.registrations.iter().any(|r| r.dialled().is_some());
        let idle = if online { State::Online } else { State::Offline };
        calls_state(&self.calls).max(idle)
    }

    /// Where its calls go.
    pub fn targets(&self) -> impl Iterator<Item = &Target> + Clone {
        self.registrations.iter().filter_map(|r| r.dialled())
    }
}

fn calls_state(calls: &[Call]) -> State {
    let state = |call: &Call| match call.phase {
        Phase::Ringing => State::Ringing,
        Phase::Busy => State::Busy,
    };
    calls.iter().map(state).max().unwrap_or(State::Offline)
}

/// One domain.
#[derive(Debug, Clone, Default)]
pub struct Domain {
    /// Lines that have a registration or a call.
    pub(super) lines: imbl::HashMap<Username, Arc<Line>>,
    /// Calls that belong to an extension and to none of its lines.
    pub(super) numbers: imbl::HashMap<Number, Arc<Vec<Call>>>,
    /// Browser clients, by the extension whose they are.
    pub(super) browsers: imbl::HashMap<Number, Arc<[Browser]>>,
}

/// Who is online.
#[derive(Debug, Clone, Default)]
pub struct View {
    pub(super) domains: imbl::HashMap<DomainName, Arc<Domain>>,
    /// Which lines, as `username@domain`, have a phone of their own at an address, as `user@ip`.
    pub(super) addresses: imbl::HashMap<Box<str>, Vec<Box<str>>>,
    /// Whether the switch has been asked for all that it knew before us. Until then, who is not here may
    /// be online all the same.
    pub settled: bool,
    /// There is no mod_sofia in this switch, so that phones register at another, which asks us over HTTP
    /// (`POST /fsapi`) and knows itself where they are.
    pub blind: bool,
    /// How many registrations there are.
    pub registrations: usize,
    /// Everybody is taken to be there: nobody was looked for.
    pub(crate) everybody: bool,
}

impl View {
    /// One that takes everybody to be there, for what is asked about the configuration alone.
    pub(crate) fn assumed() -> Self {
        Self {
            everybody: true,
            ..Self::default()
        }
    }

    /// What is known of a line: none, if it has neither a registration nor a call. Names in lower case.
    pub fn line(&self, domain: &str, username: &str) -> Option<&Arc<Line>> {
        self.domains.get(domain)?.lines.get(username)
    }

    /// How many legs of calls belong to a line or an extension.
    pub fn calls(&self) -> usize {
        let of = |domain: &Arc<Domain>| {
            let lines: usize = domain.lines.values().map(|line| line.calls.len()).sum();
            lines + domain.numbers.values().map(|calls| calls.len()).sum::<usize>()
        };
        self.domains.values().map(of).sum()
    }

    /// Each registration with its line.
    pub fn each_registration(&self) -> impl Iterator<Item = (&DomainName, &Username, &Registration)> {
        self.domains.iter().flat_map(|(domain, seen)| {
            let lines = seen.lines.iter();
            lines.flat_map(move |(username, line)| {
                let registrations = line.registrations.iter();
                registrations.map(move |registration| (domain, username, &**registration))
            })
        })
    }

    /// Where each registration came from, with its line.
    pub fn sources(&self) -> impl Iterator<Item = (&DomainName, &Username, IpAddr)> {
        self.each_registration()
            .filter_map(|(domain, username, r)| Some((domain, username, r.source?.ip())))
    }

    /// Whether a Contact `user@ip` is that of a phone of another line than this, beyond doubt. Names in lower
    /// case.
    pub fn is_anothers(&self, user: &str, ip: IpAddr, domain: &str, username: &str) -> bool {
        let is_own = |line: &str| line.split_once('@') == Some((username, domain));
        let lines = self.addresses.get(format!("{user}@{ip}").as_str());
        lines.is_some_and(|lines| lines.iter().any(|line| !is_own(line)))
    }

    /// The state of one line. Names in lower case.
    pub fn line_state(&self, domain: &str, username: &str) -> State {
        self.line(domain, username)
            .map_or(State::Offline, |line| line.state())
    }

    /// The state of an extension: the most that one of its lines shows.
    pub fn extension_state(&self, domain: &str, extension: &snapshot::Extension) -> State {
        self.domain(domain)
            .map_or(State::Offline, |seen| seen.extension_state(extension))
    }

    /// What is known of a domain; none: nobody of it is there. Its name in lower case.
    pub fn domain(&self, domain: &str) -> Option<&Arc<Domain>> {
        self.domains.get(domain)
    }

    /// The browser clients of an extension: those that logged in to the channel it has now.
    pub fn browsers<'v>(
        &'v self,
        domain: &str,
        extension: &'v snapshot::Extension,
    ) -> impl Iterator<Item = &'v Browser> + Clone + use<'v> {
        let seen = self.domains.get(domain).into_iter();
        seen.flat_map(|seen| seen.browsers(extension))
    }

    /// The calls of an extension that belong to none of its lines.
    pub fn extension_calls(&self, domain: &str, extension: &snapshot::Extension) -> &[Call] {
        let seen = self.domains.get(domain);
        seen.map_or(&[], |seen| seen.extension_calls(extension))
    }
}

impl Domain {
    /// The state of an extension of it: the most that one of its lines shows.
    pub fn extension_state(&self, extension: &snapshot::Extension) -> State {
        let lines = extension
            .lines
            .iter()
            .filter_map(|line| self.lines.get(line.username.as_str()));
        let idle = match self.browsers(extension).next() {
            Some(_) => State::Online,
            None => State::Offline,
        };
        let own = calls_state(self.extension_calls(extension)).max(idle);
        lines.map(|line| line.state()).fold(own, State::max)
    }

    fn browsers<'v>(
        &'v self,
        extension: &'v snapshot::Extension,
    ) -> impl Iterator<Item = &'v Browser> + Clone + use<'v> {
        let all = self.browsers.get(extension.number.as_str());
        let all: &[Browser] = all.map_or(&[], |browsers| browsers);
        all.iter().filter(|browser| browser.channel == extension.channel)
    }

    fn extension_calls(&self, extension: &snapshot::Extension) -> &[Call] {
        let calls = self.numbers.get(extension.number.as_str());
        calls.map_or(&[], |calls| calls)
    }
}
