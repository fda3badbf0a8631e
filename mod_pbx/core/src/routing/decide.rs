//! The decision: whether a call goes out, by what way, and as whom.
//!
//! There is one for every leg that goes out, whoever asks: a call, a forward, a DID's member outside, a transfer,
//! `pbx explain`, a test of routes. It reads the snapshot and the view, takes no lock and no file.

use std::fmt;

use jiff::Timestamp;

use super::class::Class;
use super::decision::{Decision, Limit, Out, Refusal};
use super::outside::{Limits, Outside, Route};
use super::pattern::Pattern;
use super::watch::Watch;
use crate::registry::View;
use crate::resolve;
use crate::schedules;
use crate::store::settings::EMERGENCY_NUMBERS;
use crate::store::snapshot::{Domain, Extension, Snapshot};
use crate::{caps, gateways};

/// Who pays for a call, and as whom it goes out: the extension that causes it, which is the forwarder where a call is
/// forwarded, and never the stranger who called.
#[derive(Clone, Copy)]
pub struct Payer<'a> {
    /// Its domain.
    pub domain: &'a Domain,
    /// The extension.
    pub extension: &'a Extension,
    /// The username of its line that calls; none: none does.
    pub line: Option<&'a str>,
}

/// What a decision is made from. Everything in it is read without a lock.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The configuration.
    pub snapshot: &'a Snapshot,
    /// Which gateways are there.
    pub gateways: &'a gateways::view::View,
    /// How much was called out.
    pub caps: &'a caps::view::View,
    /// Who listens.
    pub watch: Option<&'a Watch>,
}

impl<'a> From<&View<'a>> for Facts<'a> {
    fn from(view: &View<'a>) -> Self {
        Self {
            snapshot: view.snapshot,
            gateways: view.gateways,
            caps: view.caps,
            watch: view.watch,
        }
    }
}

/// Decides about a call to what was dialled, at that time ([`View::now`]).
pub fn decide(view: &View<'_>, payer: &Payer<'_>, dialled: &str, at: Timestamp) -> Decision {
    decide_by(&view.into(), payer, dialled, at)
}

/// The same by these facts.
pub fn decide_by(view: &Facts<'_>, payer: &Payer<'_>, dialled: &str, at: Timestamp) -> Decision {
    let case = Case {
        view,
        payer,
        outside: view.snapshot.outside(&payer.domain.name),
        at,
    };
    let decision = case.decide(dialled);
    match &decision {
        Decision::Out(out) => case.good(0, format_args!("goes out to {}", out.number)),
        Decision::Refused(why) => case.bad(0, format_args!("refused ({}): {}", why.code(), why.text())),
    }
    decision
}

/// Whether a call to exactly this is one for help: those go before everything, extensions and feature codes included.
/// The setting `emergency-numbers` counts where the domain has no emergency route for the number, and nobody in it
/// is called so.
pub fn is_emergency(view: &View<'_>, domain: &Domain, dialled: &str) -> bool {
    let outside = view.snapshot.outside(&domain.name);
    emergency_number(&view.into(), domain, outside, dialled).is_some()
}

/// The number for help that was dialled, and its route if it has one.
fn emergency_number<'a, 'd>(
    view: &Facts<'_>,
    domain: &Domain,
    outside: Option<&'a Outside>,
    dialled: &'d str,
) -> Option<(&'d str, Option<&'a Route>)> {
    let behind_access = outside.and_then(|outside| outside.plan.without_access(dialled).ok());
    let spellings = || [Some(dialled), behind_access].into_iter().flatten();
    let routed = spellings().find_map(|number| Some((number, Some(outside?.emergency(number)?))));
    let set = || {
        let mut numbers = spellings();
        let number = numbers.find(|number| {
            let mut set = view.snapshot.settings.each(&EMERGENCY_NUMBERS);
            set.any(|one| one == *number)
        })?;
        resolve::number(domain, dialled)
            .is_none()
            .then_some((number, None))
    };
    routed.or_else(set)
}

/// One call that is decided about.
pub(super) struct Case<'c, 'v> {
    pub(super) view: &'c Facts<'v>,
    pub(super) payer: &'c Payer<'c>,
    pub(super) outside: Option<&'c Outside>,
    at: Timestamp,
}

impl Case<'_, '_> {
    fn decide(&self, dialled: &str) -> Decision {
        let domain = self.payer.domain;
        if let Some((number, route)) = emergency_number(self.view, domain, self.outside, dialled) {
            return self.help(number, route);
        }
        self.note(1, format_args!("no number for calls for help"));
        match self.ordinary(dialled) {
            Ok(out) => Decision::Out(out),
            Err(why) => Decision::Refused(why),
        }
    }

    fn ordinary(&self, dialled: &str) -> Result<Out, Refusal> {
        let Some(outside) = self.outside else {
            self.bad(1, format_args!("the domain has no routes"));
            return Err(Refusal::NotGranted);
        };
        let number = outside.plan.number(dialled).map_err(|why| {
            let why = Refusal::NoNumber(why);
            self.bad(1, format_args!("{}", why.text()));
            why
        })?;
        self.note(1, format_args!("the number is {number}"));
        if let Some(block) = outside.block(number.as_str()) {
            self.bad(1, format_args!("blocked by {} ({})", block.pattern, block.note));
            return Err(Refusal::Blocked);
        }
        self.good(1, format_args!("no block is for it"));
        let route = self.route(outside, number.as_str())?;
        let class = route.class.unwrap_or_else(|| outside.plan.class(&number));
        self.note(1, format_args!("it counts as {class}"));
        self.capped(&outside.limits(self.payer.extension.channel), class)?;
        let ways = self.ways(route, number.as_str(), false);
        if ways.is_empty() {
            self.bad(1, format_args!("no gateway is left"));
            return Err(Refusal::NoGateway);
        }
        Ok(Out {
            ways,
            number: number.as_str().into(),
            route: Some(route.name.clone()),
            class: Some(class),
            payer: self.payer.extension.channel,
        })
    }

    /// The first route by priority that is for the number, granted, and open.
    fn route<'o>(&self, outside: &'o Outside, number: &str) -> Result<&'o Route, Refusal> {
        let channel = self.payer.extension.channel;
        self.note(1, format_args!("routes, in their order"));
        let mut why = Refusal::NotGranted;
        let mut take = |(pattern, route): &'o (Pattern, Route)| {
            let against =
                |why: fmt::Arguments<'_>| self.bad(2, format_args!("{} ({pattern}): {why}", route.name));
            if !pattern.matches(number) {
                against(format_args!("not for this number"));
            } else if !route.enabled {
                against(format_args!("disabled"));
            } else if !outside.is_granted(route, channel) {
                against(format_args!(
                    "not granted to extension {}",
                    self.payer.extension.number
                ));
            } else if !self.is_open(route) {
                against(format_args!("closed at this time"));
                why = Refusal::Closed;
            } else {
                self.good(2, format_args!("{} ({pattern}): taken", route.name));
                return true;
            }
            false
        };
        // Who listens hears of those as well that are not granted; the rest is the same.
        let found = match self.view.watch {
            None => outside.granted(channel, number).find(|each| take(each)),
            Some(_) => outside.candidates(number).into_iter().find(|each| take(each)),
        };
        found.map(|(_, route)| route).ok_or(why)
    }

    fn is_open(&self, route: &Route) -> bool {
        match route.schedule {
            None => true,
            // One that is not there cannot be open.
            Some(id) => {
                let schedule = self.view.snapshot.schedules.get(id);
                schedule.is_some_and(|schedule| schedules::open(schedule, self.at))
            }
        }
    }

    fn capped(&self, limits: &Limits, class: Class) -> Result<(), Refusal> {
        let used = self.view.caps.of(self.payer.extension.channel, self.at);
        let index = class as usize;
        let all = [
            (Limit::Concurrent, used.concurrent, limits.concurrent),
            (Limit::Hour, used.hour, limits.per_hour),
            (Limit::Day, used.day, limits.per_day),
            (
                Limit::Class(class),
                used.classes[index],
                limits.class_per_day[index],
            ),
        ];
        for (limit, used, most) in all {
            let Some(most) = most else { continue };
            let name = match limit {
                Limit::Concurrent => "calls at once",
                Limit::Hour => "calls in this hour",
                Limit::Day => "calls today",
                Limit::Class(class) => match class {
                    Class::Local => "local calls today",
                    Class::National => "national calls today",
                    Class::Mobile => "mobile calls today",
                    Class::International => "international calls today",
                    Class::Premium => "premium calls today",
                },
            };
            if used < most {
                self.good(1, format_args!("{name}: {used} of {most}"));
                continue;
            }
            self.bad(1, format_args!("{name}: {used} of {most}"));
            return Err(match limit {
                Limit::Class(Class::Premium) if most == 0 => Refusal::Premium,
                limit => Refusal::Capped(limit),
            });
        }
        Ok(())
    }

    pub(super) fn note(&self, depth: u8, text: fmt::Arguments<'_>) {
        self.say(depth, None, text);
    }

    pub(super) fn good(&self, depth: u8, text: fmt::Arguments<'_>) {
        self.say(depth, Some(true), text);
    }

    pub(super) fn bad(&self, depth: u8, text: fmt::Arguments<'_>) {
        self.say(depth, Some(false), text);
    }

    fn say(&self, depth: u8, verdict: Option<bool>, text: fmt::Arguments<'_>) {
        if let Some(watch) = self.view.watch {
            watch.note(depth, verdict, text);
        }
    }
}
