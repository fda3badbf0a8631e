//! Do not disturb, and forwards: what an extension says of calls to it.
//!
//! Which of them a call meets, and where it ends, is told by [`crate::follow`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::names::{BadName, Dialled, E164, Number};
use crate::routing::Refusal;
use crate::routing::plan::Plan;
use crate::store::settings::EMERGENCY_NUMBERS;
use crate::store::{Reader, StoreError, rows};

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

/// Where a forward leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// To an extension of the same domain.
    Inside(Number),
    /// Out, as a call of the extension that forwards: by its grants, caps and caller IDs.
    Outside(E164),
}

impl Place {
    /// As text: a number outside begins with `+`, which no extension's does.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Inside(number) => number.as_str(),
            Self::Outside(number) => number.as_str(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Place {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        if text.starts_with('+') {
            text.parse().map(Self::Outside)
        } else {
            text.parse().map(Self::Inside)
        }
    }
}

impl TryFrom<String> for Place {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.as_str().to_owned()
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
    pub forward_always: Option<Place>,
    /// [`When::Busy`].
    #[serde(default)]
    pub forward_busy: Option<Place>,
    /// [`When::NoAnswer`].
    #[serde(default)]
    pub forward_no_answer: Option<Place>,
    /// [`When::Offline`].
    #[serde(default)]
    pub forward_offline: Option<Place>,
}

impl Forwards {
    /// Where calls go then.
    pub fn target(&self, when: When) -> Option<&Place> {
        match when {
            When::Always => &self.forward_always,
            When::Busy => &self.forward_busy,
            When::NoAnswer => &self.forward_no_answer,
            When::Offline => &self.forward_offline,
        }
        .as_ref()
    }

    /// From now on calls go there then; none: they do not.
    pub fn forward(&mut self, when: When, target: Option<Place>) {
        *match when {
            When::Always => &mut self.forward_always,
            When::Busy => &mut self.forward_busy,
            When::NoAnswer => &mut self.forward_no_answer,
            When::Offline => &mut self.forward_offline,
        } = target;
    }

    /// Every forward there is.
    pub fn targets(&self) -> impl Iterator<Item = (When, &Place)> {
        When::ALL
            .into_iter()
            .filter_map(|when| Some((when, self.target(when)?)))
    }

    /// As programs read them, by what is typed.
    pub fn fields(&self) -> Value {
        let target = |when| self.target(when).map(Place::as_str);
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

/// Where calls are to go, as somebody typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To this number: [`Target::place`] says whose it is.
    To(Dialled),
    /// Nowhere else.
    Off,
}

impl FromStr for Target {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        if text == "off" {
            return Ok(Self::Off);
        }
        // As people write numbers: +49 (30) 123-456.
        let number: String = text.chars().filter(|c| !" -()/.".contains(*c)).collect();
        number.parse().map(Self::To).map_err(|_| {
            BadName(format!(
                "{:?} is neither off nor a number: write an extension's, or one outside as it is dialled, such as \
                 +4930123456",
                text.chars().take(64).collect::<String>()
            ))
        })
    }
}

impl Target {
    /// Where that is for an extension of this domain; none: nowhere else. A number outside is spelled as the domain's
    /// number plan says.
    ///
    /// # Errors
    /// [`StoreError::Invalid`]: calls cannot be forwarded there; the text says why.
    pub fn place(&self, reader: &Reader<'_>, domain: Uuid) -> Result<Option<Place>, StoreError> {
        let typed = match self {
            Self::Off => return Ok(None),
            Self::To(typed) => typed,
        };
        if let Ok(number) = typed.as_str().parse::<Number>()
            && reader.extension_by_number(domain, number.as_str())?.is_some()
        {
            return Ok(Some(Place::Inside(number)));
        }
        let plan = reader.number_plan(domain)?.map(|row| *row.plan);
        let plan = plan.unwrap_or_default();
        let help = is_for_help(reader, domain, &plan, typed.as_str())?;
        outside(&plan, typed.as_str(), help)
            .map(|number| Some(Place::Outside(number)))
            .map_err(|message| StoreError::Invalid {
                change: None,
                field: None,
                message,
            })
    }
}

/// The number outside that was typed.
fn outside(plan: &Plan, typed: &str, help: bool) -> Result<E164, String> {
    let not = format!("{typed} is not an extension of this domain");
    if help {
        return Err(format!(
            "{typed} is for calls for help, which nobody is sent on to"
        ));
    }
    let number = plan.number(typed).map_err(|why| {
        let dialled = match plan.access_prefix.as_str() {
            "" => String::new(),
            prefix => format!(", behind {prefix} as it is dialled"),
        };
        let why = Refusal::NoNumber(why).text();
        format!("{not}, and no number outside either: {why}. Write such a one as +4930123456{dialled}")
    })?;
    // A service's number has no country code, and often costs what nobody expects.
    number.as_str().parse().map_err(|_| {
        format!(
            "{not}, and calls can be forwarded outside only to numbers with a country code: write + and the code, or \
             say how numbers are dialled here (pbx plan set)"
        )
    })
}

/// Whether a call to it is one for help, here or wherever nothing is said of that.
fn is_for_help(reader: &Reader<'_>, domain: Uuid, plan: &Plan, typed: &str) -> Result<bool, StoreError> {
    let behind = plan.without_access(typed).unwrap_or(typed);
    let is = |list: &str| list.split(' ').any(|one| one == typed || one == behind);
    let own = reader.setting(EMERGENCY_NUMBERS.name)?;
    let set = own.map_or_else(|| EMERGENCY_NUMBERS.default.to_owned(), |row| row.value);
    let routes = reader.routes(domain)?;
    Ok(is(&set) || routes.iter().any(|route| route.emergency && is(&route.pattern)))
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
    ///
    /// # Errors
    /// As [`Target::place`]; nothing is changed then.
    pub fn apply(&self, reader: &Reader<'_>, extension: &mut rows::Extension) -> Result<(), StoreError> {
        let mut places = Vec::with_capacity(self.targets.len());
        for (when, target) in &self.targets {
            places.push((*when, target.place(reader, extension.domain_id)?));
        }
        for (when, place) in places {
            extension.forwards.forward(when, place);
        }
        extension.forwards.dnd = self.dnd.unwrap_or(extension.forwards.dnd);
        extension.ring_seconds = self.ring_seconds.unwrap_or(extension.ring_seconds);
        Ok(())
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
