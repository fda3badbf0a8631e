//! `switch_xml_*`: trees, search functions and look-ups.
//!
//! A real tree with the switch's observable behaviour, written from that behaviour. It is not the switch's
//! parser: what that parser does with text that is not well-formed is not imitated, it is an error here.

mod exports;
pub(crate) mod locate;
pub(crate) mod node;
mod parse;
mod print;
pub(crate) mod read;
pub(crate) mod root;

pub(crate) use print::to_text;

#[cfg(test)]
mod tests;
