//! Which numbers a route or a block is for: `+4930*`, `+49301234xx`, `116117`, `*`.
//!
//! A pattern is compared with a number as [`super::plan`] spells it, never with what was dialled: `0900…`,
//! `0049900…` and `+49900…` are one number, and one pattern finds it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::names::BadName;

/// The longest pattern, in characters: a number has 16 at most.
const LONGEST: usize = 20;

/// A beginning of numbers, packed into a word: what routes are found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix(u64);

impl Prefix {
    /// That of every number.
    pub const EMPTY: Self = Self(1);

    /// After one more character; none: it would be longer than any number.
    pub(super) fn then(self, byte: u8) -> Option<Self> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'+' => 10,
            _ => return None,
        };
        let packed = self.0.checked_mul(11)?.checked_add(digit.into())?;
        Some(Self(packed))
    }
}

/// A pattern: an optional `+`, digits and `x` (any digit), and an optional `*` (whatever follows).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Box<str>);

impl Pattern {
    /// As it is typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `number` is one of its numbers.
    pub fn matches(&self, number: &str) -> bool {
        let (body, open) = match self.0.strip_suffix('*') {
            Some(body) => (body, true),
            None => (&*self.0, false),
        };
        let fits = |(own, other): (u8, u8)| own == other || own == b'x' && other.is_ascii_digit();
        let long_enough = number.len() == body.len() || open && number.len() > body.len();
        long_enough && body.bytes().zip(number.bytes()).all(fits)
    }

    /// What every number of it begins with, and how long that is.
    pub fn prefix(&self) -> (Prefix, usize) {
        let mut prefix = (Prefix::EMPTY, 0);
        for byte in self.0.bytes() {
            match prefix.0.then(byte) {
                Some(longer) => prefix = (longer, prefix.1 + 1),
                None => break,
            }
        }
        prefix
    }
}

impl std::str::FromStr for Pattern {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        let text = text.to_ascii_lowercase();
        let body = text.strip_suffix('*').unwrap_or(&text);
        let digits = body.strip_prefix('+').unwrap_or(body);
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'x');
        if text.is_empty() || text.len() > LONGEST || !plain || body == "+" && !text.ends_with('*') {
            return Err(BadName(format!(
                "{:?} is not a pattern: use a number such as +4930123456 or 116117, x for any digit, * at its \
                 end for whatever follows (+49900*), or * alone for every number",
                text.chars().take(64).collect::<String>()
            )));
        }
        Ok(Self(text.into_boxed_str()))
    }
}

impl TryFrom<String> for Pattern {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0.into_string()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, number: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().matches(number)
    }

    #[test]
    fn a_pattern_is_for_its_numbers_and_no_others() {
        assert!(
            matches("+4930*", "+4930123") && matches("+4930*", "+4930") && !matches("+4930*", "+4931123")
        );
        assert!(matches("+4930xx", "+493012") && !matches("+4930xx", "+4930123"));
        assert!(!matches("+4930xx", "+4930+1"), "x is a digit");
        assert!(matches("116117", "116117") && !matches("116117", "1161170"));
        assert!(matches("*", "+1") && matches("+*", "+1") && !matches("+*", "116117"));
        assert!(matches("+49X0*", "+4930") && !matches("+4930123*", "+4930"));
    }

    #[test]
    fn nothing_else_is_a_pattern() {
        for bad in [
            "",
            "+",
            "49+30",
            "+49*30",
            "4 9",
            "**",
            "+49${x}",
            "a",
            "+49,1",
            &"1".repeat(21),
        ] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_prefix_of_a_pattern_is_one_of_each_of_its_numbers() {
        let prefix = |pattern: &str| pattern.parse::<Pattern>().unwrap().prefix();
        assert_eq!(prefix("*"), (Prefix::EMPTY, 0));
        assert_eq!(prefix("+49x0*"), prefix("+49"));
        assert_ne!(prefix("+49"), prefix("49"));
        assert_ne!(prefix("0"), prefix("00"));
        assert_eq!(
            prefix("+999999999999999").1,
            16,
            "the longest number fits into a word"
        );
    }
}
