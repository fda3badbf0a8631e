//! What calls out are expected to do: stored with the configuration, and asked of each state of it.
//!
//! A test is asked with every gateway up and nothing spent, so that it tells of the configuration alone.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::decide::{Facts, Payer, decide_by};
use super::decision::Decision;
use crate::names::{DomainName, E164, GatewayName, Number};
use crate::resolve;
use crate::store::snapshot::Snapshot;
use crate::{caps, gateways};

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// The call goes out.
    Out,
    /// It does not.
    Refused,
}

impl Expected {
    /// As it is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Refused => "refused",
        }
    }
}

/// One expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// Who calls.
    pub number: Number,
    /// What is dialled.
    pub dialled: Box<str>,
    /// When; none: whenever it is asked.
    pub at: Option<Timestamp>,
    /// What is to happen.
    pub expected: Expected,
    /// By which gateway first; none: by any.
    pub gateway: Option<GatewayName>,
    /// As whom; none: as anybody.
    pub caller_id: Option<E164>,
}

/// `1001 calling 0900123456 is refused`.
impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calling {}", self.number, self.dialled)?;
        if let Some(at) = self.at {
            write!(f, " at {at}")?;
        }
        match self.expected {
            Expected::Refused => return f.write_str(" is refused"),
            Expected::Out => f.write_str(" goes out")?,
        }
        if let Some(gateway) = &self.gateway {
            write!(f, " by {gateway}")?;
        }
        if let Some(caller_id) = &self.caller_id {
            write!(f, " as {caller_id}")?;
        }
        Ok(())
    }
}

impl Test {
    /// Why the configuration does otherwise; none: it does as expected.
    pub fn failure(&self, snapshot: &Snapshot, domain: &DomainName) -> Option<String> {
        let (gateways, caps) = (gateways::view::View::default(), caps::view::View::default());
        let facts = Facts {
            snapshot,
            gateways: &gateways,
            caps: &caps,
            watch: None,
        };
        let home = snapshot.domains.get(domain)?;
        let Some(extension) = resolve::number(home, self.number.as_str()) else {
            return Some(format!("there is no extension {}", self.number));
        };
        let payer = Payer {
            domain: home,
            extension,
            line: None,
        };
        let at = self.at.unwrap_or_else(Timestamp::now);
        match (decide_by(&facts, &payer, &self.dialled, at), self.expected) {
            (Decision::Refused(_), Expected::Refused) => None,
            (Decision::Refused(why), Expected::Out) => Some(format!("it is refused: {}", why.text())),
            (Decision::Out(out), Expected::Refused) => {
                let route = out
                    .route
                    .map_or_else(|| "no route".to_owned(), |route| route.to_string());
                Some(format!("it goes out by {route}"))
            }
            (Decision::Out(out), Expected::Out) => {
                // There is one at least.
                let way = out.ways.first()?;
                let number = way.caller_id.as_ref().map(|own| &own.number);
                if self.gateway.as_ref().is_some_and(|gateway| *gateway != way.name) {
                    return Some(format!("it goes out by gateway {}", way.name));
                }
                if self.caller_id.is_some() && self.caller_id.as_ref() != number {
                    let number = number.map_or("nobody", E164::as_str);
                    return Some(format!("it goes out as {number}"));
                }
                None
            }
        }
    }
}

/// Every test that the next state fails and the one before did not, in words.
pub fn broken(before: &Snapshot, next: &Snapshot) -> Vec<String> {
    let mut broken = Vec::new();
    for (domain, outside) in &next.outside {
        for test in &outside.tests {
            let Some(why) = test.failure(next, domain) else {
                continue;
            };
            let old = before.outside.get(domain).map(|outside| &outside.tests);
            let was_there = old.is_some_and(|tests| tests.contains(test));
            if !was_there || test.failure(before, domain).is_none() {
                broken.push(format!("{test} ({domain}), but {why}"));
            }
        }
    }
    broken
}
