//! Do not disturb, and forwards: what an extension says of calls to it.
//!
//! Which of them a call meets, and where it ends, is told by [`crate::follow`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::names::{BadName, Number};
use crate::store::rows;

/// When a call is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// Instead of ringing.
    Always,
    /// When every phone is busy or refuses, and with do not disturb.
    Busy,
    /// When nobody answers within the extension's ring time.
    NoAnswer,
    /// When no phone is registered, or none can be reached.
    Offline,
}

impl When {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Always, Self::Busy, Self::NoAnswer, Self::Offline];

    /// As it is typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Offline => "offline",
        }
    }
}

/// An extension's wishes, under the names of their columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwards {
    /// Do not disturb: no phone rings.
    #[serde(default)]
    pub dnd: bool,
    /// [`When::Always`].
    #[serde(default)]
    pub forward_always: Option<Number>,
    /// [`When::Busy`].
    #[serde(default)]
    pub forward_busy: Option<Number>,
    /// [`When::NoAnswer`].
    #[serde(default)]
    pub forward_no_answer: Option<Number>,
    /// [`When::Offline`].
    #[serde(default)]
    pub forward_offline: Option<Number>,
}

impl Forwards {
    /// Where calls go then.
    pub fn target(&self, when: When) -> Option<&Number> {
        match when {
            When::Always => &self.forward_always,
            When::Busy => &self.forward_busy,
            When::NoAnswer => &self.forward_no_answer,
            When::Offline => &self.forward_offline,
        }
        .as_ref()
    }

    /// From now on calls go there then; none: they do not.
    pub fn forward(&mut self, when: When, target: Option<Number>) {
        *match when {
            When::Always => &mut self.forward_always,
            When::Busy => &mut self.forward_busy,
            When::NoAnswer => &mut self.forward_no_answer,
            When::Offline => &mut self.forward_offline,
        } = target;
    }

    /// Every forward there is.
    pub fn targets(&self) -> impl Iterator<Item = (When, &Number)> {
        When::ALL
            .into_iter()
            .filter_map(|when| Some((when, self.target(when)?)))
    }

    /// As programs read them, by what is typed.
    pub fn fields(&self) -> Value {
        let target = |when| self.target(when).map(Number::as_str);
        json!({
            "dnd": self.dnd,
            "always": target(When::Always),
            "busy": target(When::Busy),
            "no-answer": target(When::NoAnswer),
            "offline": target(When::Offline),
        })
    }

    /// The same where it is kept for every extension: hardly any has wishes.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// Where calls are to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To an extension of the same domain.
    To(Number),
    /// Nowhere else.
    Off,
}

impl FromStr for Target {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        match text {
            "off" => Ok(Self::Off),
            number => number.parse().map(Self::To).map_err(|_| {
                BadName(format!(
                    "{:?} is neither off nor an extension's number: calls to other numbers are not possible yet",
                    number.chars().take(64).collect::<String>()
                ))
            }),
        }
    }
}

/// What somebody wants to be otherwise: only what is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// Do not disturb.
    pub dnd: Option<bool>,
    /// Where calls go then.
    pub targets: Vec<(When, Target)>,
    /// How long the phones ring, in seconds.
    pub ring_seconds: Option<u32>,
}

impl Edit {
    /// Makes it so.
    pub fn apply(&self, extension: &mut rows::Extension) {
        extension.forwards.dnd = self.dnd.unwrap_or(extension.forwards.dnd);
        for (when, target) in &self.targets {
            let target = match target {
                Target::To(number) => Some(number.clone()),
                Target::Off => None,
            };
            extension.forwards.forward(*when, target);
        }
        extension.ring_seconds = self.ring_seconds.unwrap_or(extension.ring_seconds);
    }
}

/// In a few words: `forward busy to 1002, do not disturb on`.
impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets = self.targets.iter().map(|(when, target)| match target {
            Target::To(number) => format!("forward {} to {number}", when.as_str()),
            Target::Off => format!("forward {} off", when.as_str()),
        });
        let dnd = self
            .dnd
            .map(|on| format!("do not disturb {}", if on { "on" } else { "off" }));
        // Beside a forward it says when that one is.
        let ring = self.ring_seconds.filter(|_| self.targets.is_empty());
        let ring = ring.map(|seconds| format!("rings for {seconds} s"));
        let all: Vec<String> = targets.chain(dnd).chain(ring).collect();
        f.write_str(&all.join(", "))
    }
}
