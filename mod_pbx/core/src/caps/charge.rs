//! What a leg that goes out carries, so that it is counted: in the variable `pbx_charge` of its dial string.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::routing::{Class, Out};

/// Who pays for a leg, and what it counts as. Legs of one call, of which the next is tried when one fails, count once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Charge {
    /// Who pays: the extension's channel.
    pub payer: Uuid,
    /// What it counts as; none: a call for help, which counts as nothing.
    pub class: Option<Class>,
    /// The call: an id of ours, made when it was let out.
    pub call: Uuid,
}

impl Charge {
    /// What the legs of this call carry.
    pub fn of(out: &Out, call: Uuid) -> Self {
        Self {
            payer: out.payer,
            class: out.class,
            call,
        }
    }
}

/// Nothing in it means anything in a dial string.
impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { payer, class, call } = self;
        let class = class.map_or(HELP, Class::as_str);
        write!(f, "{}.{class}.{}", payer.hyphenated(), call.hyphenated())
    }
}

/// In the place of a class: a call for help.
const HELP: &str = "help";

/// It is no charge of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCharge;

impl FromStr for Charge {
    type Err = NoCharge;
    fn from_str(text: &str) -> Result<Self, NoCharge> {
        let mut parts = text.split('.');
        let (Some(payer), Some(class), Some(call), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NoCharge);
        };
        let known = Class::ALL.into_iter().find(|known| known.as_str() == class);
        if known.is_none() && class != HELP {
            return Err(NoCharge);
        }
        Ok(Self {
            payer: payer.parse().map_err(|_| NoCharge)?,
            class: known,
            call: call.parse().map_err(|_| NoCharge)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_carries_what_is_read_again() {
        let charge = |class| Charge {
            payer: Uuid::now_v7(),
            class,
            call: Uuid::new_v4(),
        };
        for charge in [charge(None), charge(Some(Class::Mobile))] {
            let text = charge.to_string();
            let plain = |b: u8| b.is_ascii_alphanumeric() || b".-".contains(&b);
            assert!(text.bytes().all(plain));
            assert_eq!(text.parse(), Ok(charge));
        }
        let text = charge(None).to_string();
        for bad in ["", "a.b.c", &text[1..], &format!("{text}.x")] {
            assert_eq!(bad.parse::<Charge>(), Err(NoCharge), "{bad}");
        }
    }
}
