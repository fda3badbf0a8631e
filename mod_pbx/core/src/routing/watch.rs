//! What a decision looked at, line by line: `pbx explain` listens to the same decision that answers the switch.

use std::cell::RefCell;
use std::fmt;

use jiff::Timestamp;

use crate::names::DomainName;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// How deep in the tree it is.
    pub depth: u8,
    /// Whether it spoke for the call or against it; none: neither.
    pub verdict: Option<bool>,
    /// In words.
    pub text: String,
}

/// Somebody who listens.
#[derive(Debug, Default)]
pub struct Watch {
    /// When the call is to be thought of; none: now.
    pub at: Option<Timestamp>,
    /// Who is thought of as having transferred the call, as `NAME@DOMAIN`: a call that is only thought of has no channels
    /// that would say so.
    pub sender: Option<String>,
    steps: RefCell<Vec<Step>>,
    whose: RefCell<Option<DomainName>>,
}

impl Watch {
    /// One who listens to a call at that time.
    pub fn at(at: Timestamp) -> Self {
        Self {
            at: Some(at),
            ..Self::default()
        }
    }

    /// Notes a step.
    pub fn note(&self, depth: u8, verdict: Option<bool>, text: fmt::Arguments<'_>) {
        // Never borrowed longer than in these two functions.
        self.steps.borrow_mut().push(Step {
            depth,
            verdict,
            text: text.to_string(),
        });
    }

    /// Notes to which domain the number belongs that was called from outside.
    pub fn is_of(&self, domain: &DomainName) {
        self.whose.replace(Some(domain.clone()));
    }

    /// To which domain it belongs; none: nobody has it, or it is dialled inside.
    pub fn whose(&self) -> Option<DomainName> {
        self.whose.borrow().clone()
    }

    /// All that was noted, in order.
    pub fn steps(self) -> Vec<Step> {
        self.steps.into_inner()
    }
}
