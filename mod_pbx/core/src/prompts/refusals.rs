//! What a caller is told whose call cannot be.

use super::Prompt;
use crate::routing::Refusal;

impl Prompt {
    /// Nobody has the number, or it is none.
    pub const UNKNOWN_NUMBER: Self = Self("refused-unknown-number");
    /// Who calls may not.
    pub const NOT_PERMITTED: Self = Self("refused-not-permitted");
    const BLOCKED: Self = Self("refused-blocked");
    const CLOSED: Self = Self("refused-closed");
    const PREMIUM: Self = Self("refused-premium");
    const TOO_MANY: Self = Self("refused-too-many-calls");
    const NO_GATEWAY: Self = Self("refused-no-gateway");
    /// Nobody heard a call for help.
    pub const HELP_FAILED: Self = Self("refused-help");
}

/// The sentence for a refusal.
pub fn refusal(why: Refusal) -> Prompt {
    match why {
        Refusal::NoNumber(_) => Prompt::UNKNOWN_NUMBER,
        Refusal::Blocked => Prompt::BLOCKED,
        Refusal::NotGranted => Prompt::NOT_PERMITTED,
        Refusal::Closed => Prompt::CLOSED,
        Refusal::Premium => Prompt::PREMIUM,
        Refusal::Capped(_) => Prompt::TOO_MANY,
        Refusal::NoGateway => Prompt::NO_GATEWAY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::known;
    use crate::routing::{Class, Limit};

    #[test]
    fn there_is_a_sound_for_every_refusal() {
        let known = known();
        for why in [
            Refusal::NoNumber(crate::routing::plan::NotOutside::Length),
            Refusal::Blocked,
            Refusal::NotGranted,
            Refusal::Closed,
            Refusal::Premium,
            Refusal::Capped(Limit::Concurrent),
            Refusal::Capped(Limit::Class(Class::Mobile)),
            Refusal::NoGateway,
        ] {
            assert!(known.contains(&refusal(why)), "{why:?}");
        }
        assert!(known.contains(&Prompt::HELP_FAILED));
    }
}
