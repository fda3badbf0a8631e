//! For which channel a call is let out.

use jiff::Timestamp;

/// Ids that are longer than this many bytes are not kept: a browser may choose its own.
const LONGEST: usize = 64;

/// The channel that a call is for, and when it was let out. When that channel ends, and nothing has come of the call, its
/// place is free.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The switch's id of the channel; empty: it is not known.
    pub channel: &'a str,
    /// When it asked.
    pub at: Timestamp,
}

/// The same, kept.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    channel: Box<str>,
    at: Timestamp,
}

impl Asker<'_> {
    pub(crate) fn kept(&self) -> Asked {
        let fits = self.channel.len() <= LONGEST;
        Asked {
            channel: if fits { self.channel } else { "" }.into(),
            at: self.at,
        }
    }
}

impl Asked {
    /// The channel; empty: it is not known.
    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    /// Whether the end of a channel with its id, at that time, is its own: a browser may give the next call the same id,
    /// and the event of an end comes late.
    pub(crate) fn ended_by(&self, at: Timestamp) -> bool {
        self.at <= at
    }
}
