//! What a call costs, roughly: what caps count by.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The class of a number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// In the area of the domain's own area code.
    Local,
    /// In the domain's country.
    National,
    /// A mobile number of that country.
    Mobile,
    /// Abroad.
    International,
    /// Dearer than all others: premium rate, satellites, and short numbers of which nothing is known.
    Premium,
}

impl Class {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Local,
        Self::National,
        Self::Mobile,
        Self::International,
        Self::Premium,
    ];

    /// As it is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::National => "national",
            Self::Mobile => "mobile",
            Self::International => "international",
            Self::Premium => "premium",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
