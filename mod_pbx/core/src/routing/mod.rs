//! Who may call out, by what way, and as whom: what [`crate::store`] keeps of it, and the decision.

mod class;
pub mod outside;
pub mod pattern;
pub mod plan;

pub use class::Class;
