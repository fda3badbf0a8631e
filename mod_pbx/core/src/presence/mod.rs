//! Who is online, and how they are reached.

pub mod contact;
pub mod target;
