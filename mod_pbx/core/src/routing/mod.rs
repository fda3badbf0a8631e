//! Who may call out, by what way, and as whom: what [`crate::store`] keeps of it, and the decision.

mod class;
pub mod countries;
mod decide;
mod decision;
pub mod expect;
pub mod help;
pub mod leg;
pub mod outside;
pub mod pattern;
pub mod plan;
mod watch;
mod ways;

#[cfg(test)]
mod tests;

pub use class::Class;
pub use decide::{Facts, Payer, decide, decide_by, is_emergency};
pub use decision::{Decision, Limit, Out, Refusal, Sent, Way};
pub use watch::{Step, Watch};
