//! What calls are expected to do: stored with the configuration, and asked of each state of it.
//!
//! A test is asked with every gateway and every phone there and nothing spent, so that it tells of the configuration
//! alone. Do not disturb, forwards and a schedule's override are configuration too, but people change them by phone: such a
//! change is never refused for a test (`Commit::force`), and `pbx check` tells of it.

mod ask;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::names::{BadName, E164, GatewayName, Number};
use crate::store::rows::RouteTest;
use crate::store::snapshot::Snapshot;

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// The call goes out.
    Out,
    /// It does not, or the number is nobody's.
    Refused,
    /// Extensions ring, or numbers outside for a DID.
    Rings,
    /// A mailbox answers.
    Voicemail,
    /// A recording is played.
    Announcement,
    /// It ends: nobody is there, and no mailbox.
    Ends,
}

impl Expected {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Out,
        Self::Refused,
        Self::Rings,
        Self::Voicemail,
        Self::Announcement,
        Self::Ends,
    ];

    /// As it is typed and stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Refused => "refused",
            Self::Rings => "rings",
            Self::Voicemail => "voicemail",
            Self::Announcement => "announcement",
            Self::Ends => "ends",
        }
    }

    /// Whether it says whom, or which.
    pub fn has_target(self) -> bool {
        matches!(self, Self::Rings | Self::Voicemail | Self::Announcement)
    }
}

/// Who calls: `1001`, or `gateway:carrier` for whom a gateway brings in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Origin {
    /// An extension.
    Extension(Number),
    /// Somebody outside, by this gateway.
    Gateway(GatewayName),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension(number) => number.fmt(f),
            Self::Gateway(name) => write!(f, "gateway:{name}"),
        }
    }
}

impl FromStr for Origin {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        match text.strip_prefix("gateway:") {
            Some(name) => name.parse().map(Self::Gateway),
            None => text.parse().map(Self::Extension),
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

/// One expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// Who calls.
    pub number: Origin,
    /// What is dialled.
    pub dialled: Box<str>,
    /// The caller's number, of somebody outside; none: it gives none.
    pub caller: Option<Box<str>>,
    /// When; none: whenever it is asked.
    pub at: Option<Timestamp>,
    /// What is to happen.
    pub expected: Expected,
    /// Who rings, whose mailbox answers, or what is played.
    pub target: Option<Box<str>>,
    /// By which gateway first; none: by any.
    pub gateway: Option<GatewayName>,
    /// As whom; none: as anybody.
    pub caller_id: Option<E164>,
}

impl From<&RouteTest> for Test {
    fn from(row: &RouteTest) -> Self {
        Self {
            number: row.number.clone(),
            dialled: row.dialled.as_str().into(),
            caller: row.caller.as_deref().map(Into::into),
            at: row.at_time.parse().ok(),
            expected: row.expect,
            target: row.target.as_deref().map(Into::into),
            gateway: row.gateway.clone(),
            caller_id: row.caller_id.clone(),
        }
    }
}

/// `1001 calling 0900123456 is refused`.
impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calling {}", self.number, self.dialled)?;
        if let Some(caller) = &self.caller {
            write!(f, " as {caller}")?;
        }
        if let Some(at) = self.at {
            write!(f, " at {at}")?;
        }
        let target = self.target.as_deref().unwrap_or_default();
        match self.expected {
            Expected::Out => f.write_str(" goes out")?,
            Expected::Refused => return f.write_str(" is refused"),
            Expected::Rings => return write!(f, " rings {target}"),
            Expected::Voicemail => return write!(f, " reaches the mailbox of {target}"),
            Expected::Announcement => return write!(f, " hears the announcement {target}"),
            Expected::Ends => return f.write_str(" ends"),
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
