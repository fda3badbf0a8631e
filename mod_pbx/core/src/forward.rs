//! Do not disturb, and forwards: what an extension says of calls to it.
//!
//! Which of them a call meets, and where it ends, is told by [`crate::follow`].

use serde::{Deserialize, Serialize};

use crate::names::Number;

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
    pub fn as_str(self) -> &'static str {
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

    /// The same where it is kept for every extension: hardly any has wishes.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}
