//! What voicemail says, and why a call cannot be.
//!
//! mod_voicemail hangs up where the switch knows no phrase macros, and says nothing where it has no sounds
//! (`switch_ivr_phrase_macro`). It asks for each phrase by the macro's name with what is to be said, so the
//! answer is decided here: a list of sounds, each a word or a sentence. Numbers and dates are put together
//! here as well; no `say` interface and no sound package of the switch's takes part. The sounds are spoken
//! from `deploy/prompts/en.txt` by `deploy/prompts.sh`; which of them a machine has is told by [`Sounds`].

mod phrases;
mod refusals;
mod sounds;
mod speech;

#[cfg(test)]
use std::collections::HashSet;

pub use phrases::{Moment, say};
pub use refusals::refusal;
pub use sounds::{Announcement, Folder, Sounds};

/// A sound, by its name in `deploy/prompts/en.txt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prompt(&'static str);

impl Prompt {
    /// The name: letters, digits and `-`.
    pub fn name(self) -> &'static str {
        self.0
    }
}

const TEXTS: &str = include_str!("../../../../deploy/prompts/en.txt");

/// Every sound there should be, with its words, in the order of the file.
pub fn catalogue() -> impl Iterator<Item = (Prompt, &'static str)> {
    let lines = TEXTS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(": ").map(|(name, words)| (Prompt(name), words)))
}

/// The same, to look names up in.
#[cfg(test)]
fn known() -> HashSet<Prompt> {
    catalogue().map(|(prompt, _)| prompt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_texts_is_a_sound_with_a_harmless_name() {
        let lines = TEXTS
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert_eq!(lines.count(), catalogue().count());
        assert_eq!(known().len(), catalogue().count(), "a name twice");
        for (prompt, words) in catalogue() {
            let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(!prompt.0.is_empty() && prompt.0.chars().all(name), "{prompt:?}");
            assert!(!words.trim().is_empty() && words.is_ascii(), "{words:?}");
        }
    }
}
