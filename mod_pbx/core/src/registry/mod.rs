//! The registries of the seed "FreeSWITCH configuration".
//!
//! A lookup meets the fsapi handlers in order; each names the fields it requires and what they must
//! hold, and the first that matches answers. Four of them stand for a section (`configuration`,
//! `directory`, `dialplan`, `languages`) and pass the lookup on by one field, through a [`dict::Dict`]. Lookups from
//! the switch and `POST /fsapi` take the same way. What the answers say is not known here: see
//! [`crate::apps`].

pub mod dict;

use std::sync::Arc;

use jiff::Timestamp;

use crate::bans;
use crate::caps;
use crate::clients;
use crate::config::Config;
use crate::gateways;
use crate::host::Host;
use crate::legs::Legs;
use crate::presence;
use crate::prompts::Sounds;
use crate::reply::Reply;
use crate::request::Request;
use crate::routing::Watch;
use crate::store::snapshot::Snapshot;

pub use dict::{Dict, Handler, Section};

/// What an answer is made from. Everything in it is read without a lock.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The last committed configuration.
    pub snapshot: &'a Snapshot,
    /// `pbx.conf`.
    pub config: &'a Config,
    /// Who is online.
    pub presence: &'a presence::view::View,
    /// Who is banned.
    pub bans: &'a bans::view::View,
    /// The browser clients.
    pub clients: &'a clients::view::View,
    /// Which gateways are there.
    pub gateways: &'a gateways::view::View,
    /// How much was called out.
    pub caps: &'a caps::view::View,
    /// Which channels spoke with each other.
    pub legs: &'a Legs,
    /// Who listens to what is looked at; none: nobody, as with every lookup of the switch.
    pub watch: Option<&'a Watch>,
    /// Where a handler notes that a browser client logged in or left.
    pub notes: &'a dyn clients::Notes,
    /// What voicemail can say.
    pub sounds: &'a Sounds,
    /// The switch.
    pub host: &'a dyn Host,
}

impl View<'_> {
    /// What time it is: the clock's, or that which who listens asks about.
    pub fn now(&self) -> Timestamp {
        let asked = self.watch.and_then(|watch| watch.at);
        asked.unwrap_or_else(Timestamp::now)
    }

    /// Tells who listens, if anybody does, what was looked at: how deep in the tree it is, and whether it speaks for
    /// the call.
    pub fn note(&self, depth: u8, verdict: Option<bool>, text: std::fmt::Arguments<'_>) {
        if let Some(watch) = self.watch {
            watch.note(depth, verdict, text);
        }
    }
}

/// What a required field must hold. Text compares without regard to case, as FreeSWITCH does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// This text.
    Literal(&'static str),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Anything but nothing.
    NonEmpty,
}

/// A field that a handler requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Required {
    /// The field, under the name that mod_xml_curl posts.
    pub field: &'static str,
    /// What it must hold.
    pub expect: Expect,
}

impl Required {
    /// `field` must hold `text`.
    pub const fn literal(field: &'static str, text: &'static str) -> Self {
        Self {
            field,
            expect: Expect::Literal(text),
        }
    }

    /// Whether the lookup has it.
    pub fn matches(&self, rq: &Request<'_>) -> bool {
        let Some(value) = rq.field(self.field) else {
            return false;
        };
        match self.expect {
            Expect::Literal(text) => value.eq_ignore_ascii_case(text),
            Expect::OneOf(texts) => texts.iter().any(|text| value.eq_ignore_ascii_case(text)),
            Expect::NonEmpty => !value.is_empty(),
        }
    }
}

/// Answers the lookups that have the fields it requires.
///
/// Called on any of the switch's threads, several at once: no blocking, no disk, at most 64 kB of stack.
pub trait FsapiHandler: Send + Sync {
    /// What `pbx handlers` calls it.
    fn name(&self) -> &'static str;
    /// The fields it requires; all must match.
    fn required(&self) -> &[Required];
    /// The answer.
    fn process(&self, rq: &Request<'_>, view: &View<'_>) -> Reply;
}

/// Why the registries could not be built: a mistake in the program, so the module does not load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// Two apps want the same key.
    #[error("the {section} registry has the key {key:?} twice: {first} and {second}")]
    DuplicateKey {
        /// The registry.
        section: &'static str,
        /// The key.
        key: &'static str,
        /// Who had it first.
        first: &'static str,
        /// Who asked for it again.
        second: &'static str,
    },
    /// The decoy in place of a password hash cannot be drawn.
    #[error("no random bytes from the kernel: {0}")]
    Random(String),
}

/// One line of `pbx handlers`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HandlerRow {
    /// `fsapi`, `configuration`, `directory` or `dialplan`.
    pub registry: &'static str,
    /// What a lookup must have to reach it: fields, or a key.
    pub key: String,
    /// Who answers.
    pub handler: &'static str,
}

/// What apps register themselves in.
#[derive(Default)]
pub struct Builder {
    fsapi: Vec<Slot>,
    dicts: [Dict; 4],
}

enum Slot {
    Handler(Box<dyn FsapiHandler>),
    Section(Section),
}

impl Builder {
    /// Adds a handler after those that are there.
    pub fn fsapi(&mut self, handler: impl FsapiHandler + 'static) {
        self.fsapi.push(Slot::Handler(Box::new(handler)));
    }

    /// Adds the handler of a section after those that are there.
    pub fn section(&mut self, section: Section) {
        self.fsapi.push(Slot::Section(section));
    }

    /// The registry of a section, to add keys to.
    pub fn dict(&mut self, section: Section) -> &mut Dict {
        let dict = &mut self.dicts[section as usize];
        dict.section = section;
        dict
    }

    fn finish(self) -> Registries {
        let dicts = self.dicts.map(Arc::new);
        let fsapi = self
            .fsapi
            .into_iter()
            .map(|slot| match slot {
                Slot::Handler(handler) => handler,
                Slot::Section(section) => Box::new(dict::SectionHandler::new(
                    section,
                    Arc::clone(&dicts[section as usize]),
                )),
            })
            .collect();
        Registries { fsapi, dicts }
    }
}

/// All registries, filled by the apps.
pub struct Registries {
    fsapi: Vec<Box<dyn FsapiHandler>>,
    dicts: [Arc<Dict>; 4],
}

impl Registries {
    /// The registries with every app in them.
    ///
    /// # Errors
    /// Two apps claim the same key.
    pub fn new() -> Result<Self, RegistryError> {
        Self::with(crate::apps::APPS)
    }

    /// The registries with these apps in them, in this order.
    ///
    /// # Errors
    /// Two apps claim the same key.
    pub fn with(apps: &[crate::apps::Register]) -> Result<Self, RegistryError> {
        let mut builder = Builder::default();
        for register in apps {
            register(&mut builder)?;
        }
        Ok(builder.finish())
    }

    /// Answers a lookup. Any thread of the switch; wait-free.
    pub fn answer(&self, rq: &Request<'_>, view: &View<'_>) -> Reply {
        self.fsapi
            .iter()
            .find(|handler| handler.required().iter().all(|required| required.matches(rq)))
            .map_or(Reply::NotOurs, |handler| handler.process(rq, view))
    }

    /// The tables, as `pbx handlers` prints them: the fsapi handlers in order, then each section's keys.
    pub fn describe(&self) -> Vec<HandlerRow> {
        let fsapi = self.fsapi.iter().map(|handler| HandlerRow {
            registry: "fsapi",
            key: describe_required(handler.required()),
            handler: handler.name(),
        });
        fsapi
            .chain(self.dicts.iter().flat_map(|dict| dict.describe()))
            .collect()
    }
}

fn describe_required(required: &[Required]) -> String {
    let one = |required: &Required| match required.expect {
        Expect::Literal(text) => format!("{}={text}", required.field),
        Expect::OneOf(texts) => format!("{}={}", required.field, texts.join("|")),
        Expect::NonEmpty => format!("{}=…", required.field),
    };
    required.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
