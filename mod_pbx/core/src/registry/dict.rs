//! A registry that maps one field of a lookup to a handler.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Expect, FsapiHandler, HandlerRow, RegistryError, Required, View};
use crate::reply::Reply;
use crate::request::Request;

/// A section of FreeSWITCH's XML registry that has a registry of its own here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    /// Configuration files, by their name (`key_value`).
    #[default]
    Configuration,
    /// Users, by domain (`key_value`; empty when all domains are asked for).
    Directory,
    /// Routing, by context (`Hunt-Context`, else `Caller-Context`).
    Dialplan,
    /// Phrases, by the name of the macro (`macro_name`).
    Languages,
}

impl Section {
    /// What FreeSWITCH calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Directory => "directory",
            Self::Dialplan => "dialplan",
            Self::Languages => "languages",
        }
    }

    fn required(self) -> &'static [Required] {
        const NAMED: Required = Required {
            field: "key_value",
            expect: Expect::NonEmpty,
        };
        match self {
            Self::Configuration => &const { [Required::literal("section", "configuration"), NAMED] },
            Self::Directory => &const { [Required::literal("section", "directory")] },
            Self::Dialplan => &const { [Required::literal("section", "dialplan")] },
            Self::Languages => &const { [Required::literal("section", "languages")] },
        }
    }

    /// The field that picks the handler. The dialplan's `Hunt-` fields are those of the caller profile
    /// that is being routed; the channel's own (`Caller-`) may be another after a transfer.
    fn key<'a>(self, rq: &Request<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Configuration => rq.field("key_value"),
            Self::Directory => Some(rq.field("key_value").unwrap_or_default()),
            Self::Dialplan => rq.param("Hunt-Context").or_else(|| rq.param("Caller-Context")),
            Self::Languages => rq.param("macro_name"),
        }
    }
}

/// Answers what is asked under one key, or under every key of a kind that the data holds.
///
/// Called on any of the switch's threads, several at once: no blocking, no disk, at most 64 kB of stack.
pub trait Handler: Send + Sync {
    /// What `pbx handlers` calls it.
    fn name(&self) -> &'static str;
    /// The answer; none: the key is not one of those in the data, let the next handler look.
    fn process(&self, key: &str, rq: &Request<'_>, view: &View<'_>) -> Option<Reply>;
}

/// One section's keys. Literal ones come first, then those that come from the data, in order.
#[derive(Default)]
pub struct Dict {
    pub(super) section: Section,
    literal: BTreeMap<&'static str, Arc<dyn Handler>>,
    data: Vec<(&'static str, Box<dyn Handler>)>,
}

impl Dict {
    /// Gives `handler` the key `key` (lower case).
    ///
    /// # Errors
    /// Somebody has it.
    pub fn literal(&mut self, key: &'static str, handler: Arc<dyn Handler>) -> Result<(), RegistryError> {
        if let Some(first) = self.literal.get(key) {
            return Err(RegistryError::DuplicateKey {
                section: self.section.name(),
                key,
                first: first.name(),
                second: handler.name(),
            });
        }
        self.literal.insert(key, handler);
        Ok(())
    }

    /// Gives `handler` every key of a kind that the data holds, such as `each SIP domain`.
    pub fn data(&mut self, kind: &'static str, handler: impl Handler + 'static) {
        self.data.push((kind, Box::new(handler)));
    }

    fn process(&self, rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        let key = self.section.key(rq)?;
        if let Some(handler) = self.find_literal(&key) {
            return handler.process(&key, rq, view);
        }
        self.data
            .iter()
            .find_map(|(_, handler)| handler.process(&key, rq, view))
    }

    fn find_literal(&self, key: &str) -> Option<&Arc<dyn Handler>> {
        if key.bytes().any(|b| b.is_ascii_uppercase()) {
            self.literal.get(key.to_ascii_lowercase().as_str())
        } else {
            self.literal.get(key)
        }
    }

    pub(super) fn describe(&self) -> Vec<HandlerRow> {
        let registry = self.section.name();
        let literal = self.literal.iter().map(|(key, handler)| (*key, handler.name()));
        let data = self.data.iter().map(|(kind, handler)| (*kind, handler.name()));
        literal
            .chain(data)
            .map(|(key, handler)| HandlerRow {
                registry,
                key: if key.is_empty() { "(none)" } else { key }.to_owned(),
                handler,
            })
            .collect()
    }
}

/// The fsapi handler that stands for a section.
pub(super) struct SectionHandler {
    section: Section,
    dict: Arc<Dict>,
}

impl SectionHandler {
    pub(super) fn new(section: Section, dict: Arc<Dict>) -> Self {
        Self { section, dict }
    }
}

impl FsapiHandler for SectionHandler {
    fn name(&self) -> &'static str {
        self.section.name()
    }

    fn required(&self) -> &[Required] {
        self.section.required()
    }

    fn process(&self, rq: &Request<'_>, view: &View<'_>) -> Reply {
        self.dict.process(rq, view).unwrap_or(Reply::NotOurs)
    }
}
