//! Feature codes: what a phone asks the PBX for, instead of for a number.
//!
//! A code that changes something does so in three steps, for a lookup must not write: the dialplan's answer
//! runs the application `pbx_feature` with a [`Wish`] that it has parsed, the application makes it a revision
//! ([`Wish::grant`]), and the next answer compares the wish with what is in force and says yes or no by a
//! tone. So what the caller hears is what the next call will meet.

use std::fmt;
use std::str::FromStr;

use crate::forward::{Place, Target, When};
use crate::names::{Dialled, DomainName, Number};
use crate::schedules::Override;
use crate::store::rows::Schedule;
use crate::store::settings::{self, Definition, Settings};
use crate::store::snapshot::{Domain, Extension, Snapshot};
use crate::store::{Change, Commit, ConfigStore, StoreError};

/// What was dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feature {
    /// The caller's own mailbox.
    OwnMailbox,
    /// A mailbox that is asked for.
    AnyMailbox,
    /// Hear oneself.
    Echo,
    /// Forward to a number that is asked for.
    Ask(When),
    /// Something is to be otherwise.
    Wish(Wish),
    /// The schedule with this code is to be switched.
    Switch(u16),
}

/// What is to be otherwise, mostly about the caller's extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Do not disturb.
    Dnd(bool),
    /// Where calls go then; none: nowhere.
    Forward(When, Option<Dialled>),
    /// What the schedule with this code says, whatever its hours.
    Schedule(u16, Override),
}

#[derive(Debug, Clone, Copy)]
enum Code {
    OwnMailbox,
    AnyMailbox,
    Echo,
    Dnd(bool),
    /// The number follows, or is asked for.
    Forward(When),
    Off(When),
    /// A schedule's own code follows.
    Schedule,
}

static CODES: [(&Definition, Code); 14] = [
    (&settings::CODE_VOICEMAIL, Code::OwnMailbox),
    (&settings::CODE_VOICEMAIL_ANY, Code::AnyMailbox),
    (&settings::CODE_ECHO, Code::Echo),
    (&settings::CODE_DND_ON, Code::Dnd(true)),
    (&settings::CODE_DND_OFF, Code::Dnd(false)),
    (&settings::CODE_FORWARD_ALWAYS, Code::Forward(When::Always)),
    (&settings::CODE_FORWARD_ALWAYS_OFF, Code::Off(When::Always)),
    (&settings::CODE_FORWARD_BUSY, Code::Forward(When::Busy)),
    (&settings::CODE_FORWARD_BUSY_OFF, Code::Off(When::Busy)),
    (&settings::CODE_FORWARD_NO_ANSWER, Code::Forward(When::NoAnswer)),
    (&settings::CODE_FORWARD_NO_ANSWER_OFF, Code::Off(When::NoAnswer)),
    (&settings::CODE_FORWARD_OFFLINE, Code::Forward(When::Offline)),
    (&settings::CODE_FORWARD_OFFLINE_OFF, Code::Off(When::Offline)),
    (&settings::CODE_SCHEDULE, Code::Schedule),
];

/// What was asked for by dialling this; none: it is no code.
pub fn dialled(settings: &Settings, dialled: &str) -> Option<Feature> {
    // No number begins so, and every code does.
    if !dialled.starts_with('*') {
        return None;
    }
    CODES.iter().find_map(|(definition, code)| {
        let own = settings.get(definition);
        let rest = dialled.strip_prefix(own).filter(|_| !own.is_empty())?;
        match (*code, rest) {
            (Code::Forward(when), "") => Some(Feature::Ask(when)),
            (Code::Forward(when), number) => {
                let target = number.parse().ok()?;
                Some(Feature::Wish(Wish::Forward(when, Some(target))))
            }
            (Code::Schedule, code) => schedule_code(code).map(Feature::Switch),
            (_, rest) if !rest.is_empty() => None,
            (Code::OwnMailbox, _) => Some(Feature::OwnMailbox),
            (Code::AnyMailbox, _) => Some(Feature::AnyMailbox),
            (Code::Echo, _) => Some(Feature::Echo),
            (Code::Dnd(on), _) => Some(Feature::Wish(Wish::Dnd(on))),
            (Code::Off(when), _) => Some(Feature::Wish(Wish::Forward(when, None))),
        }
    })
}

/// One to three digits.
fn schedule_code(text: &str) -> Option<u16> {
    let good = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

/// Two codes that cannot be told apart while they are dialled, in words; none: all can.
pub fn clash(settings: &Settings) -> Option<String> {
    let codes = || {
        let all = CODES
            .iter()
            .map(|(definition, _)| (definition.name, settings.get(definition)));
        all.filter(|(_, code)| !code.is_empty())
    };
    codes().find_map(|(name, code)| {
        let (other, longer) = codes().find(|(other, longer)| *other != name && longer.starts_with(code))?;
        Some(format!(
            "{name} ({code}) and {other} ({longer}) begin alike: give one of them another code, or none"
        ))
    })
}

impl Wish {
    /// Whether it is as wished, for this extension and its domain.
    pub fn holds(&self, snapshot: &Snapshot, domain: &Domain, extension: &Extension) -> bool {
        match self {
            Self::Schedule(code, forced) => {
                let schedule = snapshot.schedules.by_code(&domain.name, *code);
                schedule.is_some_and(|schedule| schedule.forced == *forced)
            }
            Self::Dnd(on) => extension.dnd() == *on,
            Self::Forward(when, target) => match (extension.forwards_to(*when), target) {
                (None, None) => true,
                (Some(Place::Inside(number)), Some(dialled)) => number.as_str() == dialled.as_str(),
                (Some(Place::Outside(number)), Some(dialled)) => {
                    let outside = snapshot.outside(&domain.name);
                    let plan = outside.map(|outside| outside.plan.number(dialled.as_str()));
                    number.as_str() == dialled.as_str()
                        || plan
                            .is_some_and(|spelled| spelled.is_ok_and(|one| one.as_str() == number.as_str()))
                }
                _ => false,
            },
        }
    }

    /// Makes it so for this extension, as a revision unless it is so already. Blocks on the database.
    ///
    /// # Errors
    /// Nothing was saved; the text says why.
    pub fn grant(self, store: &ConfigStore, domain: &DomainName, number: &Number) -> Result<(), StoreError> {
        let name = format!("{number}@{domain}");
        if let Self::Schedule(code, forced) = self {
            return switch(store, domain, number, code, forced);
        }
        let unknown = || StoreError::NotFound(format!("there is no extension {name}"));
        for last in [false, false, true] {
            let found = store.read(|reader| match reader.domain_by_name(domain.as_str())? {
                Some(domain) => reader.extension_by_number(domain.id, number.as_str()),
                None => Ok(None),
            })?;
            let before = found.ok_or_else(unknown)?;
            let mut extension = before.clone();
            match &self {
                Self::Dnd(on) => extension.forwards.dnd = *on,
                Self::Forward(when, target) => {
                    let target = target.clone().map_or(Target::Off, Target::To);
                    let place = store.read(|reader| target.place(reader, extension.domain_id))?;
                    extension.forwards.forward(*when, place);
                }
                Self::Schedule(..) => {}
            }
            if extension == before {
                return Ok(());
            }
            let commit = Commit::new(format!("phone {name}"), format!("{self} of extension {name}"));
            // What a person wants of their own phone is not for a route test to refuse.
            let commit = commit.with(Change::edit(extension)).forced();
            match store.commit(commit) {
                // Somebody else was faster.
                Err(StoreError::Conflict(_)) if !last => {}
                done => return done.map(drop),
            }
        }
        Ok(())
    }
}

/// Switches a schedule, for an extension that may.
fn switch(
    store: &ConfigStore,
    domain: &DomainName,
    number: &Number,
    code: u16,
    forced: Override,
) -> Result<(), StoreError> {
    let phone = format!("phone {number}@{domain}");
    for last in [false, false, true] {
        let found = store.read(|reader| match reader.domain_by_name(domain.as_str())? {
            Some(domain) => reader.schedule_by_code(domain.id, code),
            None => Ok(None),
        })?;
        let may = |schedule: &Schedule| schedule.keys.split(' ').any(|key| key == number.as_str());
        let Some(mut schedule) = found.filter(may) else {
            return Err(StoreError::NotFound(format!(
                "there is no schedule with the code {code} that extension {number}@{domain} may switch"
            )));
        };
        if schedule.forced == forced {
            return Ok(());
        }
        schedule.forced = forced;
        let summary = format!(
            "schedule {}@{domain}: override {}",
            schedule.name,
            forced.as_str()
        );
        let commit = Commit::new(&phone, summary).with(Change::edit(schedule));
        match store.commit(commit.forced()) {
            // Somebody else was faster.
            Err(StoreError::Conflict(_)) if !last => {}
            done => return done.map(drop),
        }
    }
    Ok(())
}

/// As the application `pbx_feature` and the contexts after it read it.
impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dnd(on) => write!(f, "dnd-{}", if *on { "on" } else { "off" }),
            Self::Forward(when, None) => write!(f, "forward-{}-off", when.as_str()),
            Self::Forward(when, Some(number)) => write!(f, "forward-{}-{number}", when.as_str()),
            Self::Schedule(code, forced) => write!(f, "schedule-{code}-{}", forced.as_str()),
        }
    }
}

/// It is no wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoWish;

impl FromStr for Wish {
    type Err = NoWish;
    fn from_str(text: &str) -> Result<Self, NoWish> {
        match text {
            "dnd-on" => return Ok(Self::Dnd(true)),
            "dnd-off" => return Ok(Self::Dnd(false)),
            _ => {}
        }
        if let Some(rest) = text.strip_prefix("schedule-") {
            let (code, forced) = rest.split_once('-').ok_or(NoWish)?;
            let is = |one: &Override| one.as_str() == forced;
            let forced = Override::ALL.into_iter().find(is).ok_or(NoWish)?;
            return Ok(Self::Schedule(schedule_code(code).ok_or(NoWish)?, forced));
        }
        let rest = text.strip_prefix("forward-").ok_or(NoWish)?;
        let (when, target) = When::ALL
            .into_iter()
            .find_map(|when| Some((when, rest.strip_prefix(when.as_str())?.strip_prefix('-')?)))
            .ok_or(NoWish)?;
        match target {
            "off" => Ok(Self::Forward(when, None)),
            number => Ok(Self::Forward(when, Some(number.parse().map_err(|_| NoWish)?))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(settings: &Settings, text: &str) -> Option<Feature> {
        dialled(settings, text)
    }

    #[test]
    fn codes_are_what_people_know_and_can_be_others() {
        let settings = Settings::default();
        let forward = |when, target: &str| {
            let target = (!target.is_empty()).then(|| target.parse().unwrap());
            Some(Feature::Wish(Wish::Forward(when, target)))
        };
        assert_eq!(ask(&settings, "*97"), Some(Feature::OwnMailbox));
        assert_eq!(ask(&settings, "*98"), Some(Feature::AnyMailbox));
        assert_eq!(ask(&settings, "*43"), Some(Feature::Echo));
        assert_eq!(ask(&settings, "*78"), Some(Feature::Wish(Wish::Dnd(true))));
        assert_eq!(ask(&settings, "*79"), Some(Feature::Wish(Wish::Dnd(false))));
        assert_eq!(ask(&settings, "*72"), Some(Feature::Ask(When::Always)));
        assert_eq!(ask(&settings, "*721002"), forward(When::Always, "1002"));
        assert_eq!(ask(&settings, "*901002"), forward(When::Busy, "1002"));
        assert_eq!(ask(&settings, "*921002"), forward(When::NoAnswer, "1002"));
        assert_eq!(ask(&settings, "*941002"), forward(When::Offline, "1002"));
        for (code, when) in [
            ("*73", When::Always),
            ("*91", When::Busy),
            ("*93", When::NoAnswer),
            ("*95", When::Offline),
        ] {
            assert_eq!(ask(&settings, code), forward(when, ""));
        }
        assert_eq!(ask(&settings, "*281"), Some(Feature::Switch(1)));
        assert_eq!(ask(&settings, "*28999"), Some(Feature::Switch(999)));
        for other in [
            "*28", "*281000", "*28+1", "97", "*", "*9", "*971", "*72*73", "*721", "*72${x}", "*731002",
            "**97", "",
        ] {
            assert_eq!(ask(&settings, other), None, "{other}");
        }
        let changed = Settings::new([("code-echo", "*9196"), ("code-voicemail", "")]);
        assert_eq!(ask(&changed, "*9196"), Some(Feature::Echo));
        assert_eq!((ask(&changed, "*43"), ask(&changed, "*97")), (None, None));
        assert_eq!(clash(&settings), None);
        assert!(clash(&changed).unwrap().contains("*91"), "*91 comes first");
        assert!(clash(&Settings::new([("code-echo", "*97")])).is_some());
        assert_eq!(
            clash(&Settings::new([("code-echo", ""), ("code-dnd-on", "")])),
            None
        );
    }

    #[test]
    fn a_wish_reads_as_it_is_written() {
        let mut all = vec![Wish::Dnd(true), Wish::Dnd(false)];
        for when in When::ALL {
            all.extend([None, Some("1002".parse().unwrap())].map(|target| Wish::Forward(when, target)));
        }
        all.extend(Override::ALL.map(|forced| Wish::Schedule(42, forced)));
        for wish in all {
            assert_eq!(wish.to_string().parse(), Ok(wish));
        }
        for none in [
            "",
            "dnd",
            "forward-always-",
            "forward-sometimes-1002",
            "forward-busy-x",
            "forward-busy-1",
            "schedule-1-shut",
            "schedule--open",
            "schedule-1",
        ] {
            assert_eq!(none.parse::<Wish>(), Err(NoWish), "{none}");
        }
    }
}
