//! Holidays: days on which hours do not count, once or every year.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::names::BadName;

/// The most of one schedule: ten years of any country.
pub const MOST: usize = 1000;

/// Longest name, in characters.
const LONGEST_NAME: usize = 64;

/// Which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Day {
    /// Every year: month and day.
    Yearly(i8, i8),
    /// Once.
    Once(Date),
}

/// Holidays with their names, in order. As text a line each: `2026-12-24 Christmas Eve`, `*-12-25 Christmas Day`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Holidays(BTreeMap<Day, Box<str>>);

impl Holidays {
    /// What that day is called, if it is one.
    pub fn on(&self, date: Date) -> Option<&str> {
        let once = self.0.get(&Day::Once(date));
        once.or_else(|| self.0.get(&Day::Yearly(date.month(), date.day())))
            .map(|name| &**name)
    }

    /// Adds one, or gives it another name.
    ///
    /// # Errors
    /// There are too many.
    pub fn add(&mut self, day: Day, name: &str) -> Result<(), BadName> {
        if self.0.len() >= MOST && !self.0.contains_key(&day) {
            return Err(BadName(format!(
                "a schedule has at most {MOST} holidays: take out those that are over"
            )));
        }
        self.0.insert(day, plain(name).into());
        Ok(())
    }

    /// Takes one out; false: it was none.
    pub fn remove(&mut self, day: Day) -> bool {
        self.0.remove(&day).is_some()
    }

    /// Takes out those that come once and are before that day; how many.
    pub fn forget_before(&mut self, date: Date) -> usize {
        let before = self.0.len();
        self.0
            .retain(|day, _| !matches!(day, Day::Once(once) if *once < date));
        before - self.0.len()
    }

    /// Each, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Day, &str)> {
        self.0.iter().map(|(day, name)| (*day, &**name))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A name on one line, not too long, that FreeSWITCH would not expand.
fn plain(name: &str) -> String {
    let one_line = name
        .chars()
        .map(|c| if c.is_control() || c == '$' { ' ' } else { c });
    let short: String = one_line.take(LONGEST_NAME).collect();
    short.trim().to_owned()
}

impl FromStr for Day {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        let bad = || {
            BadName(format!(
                "{:?} is not a day: use 2026-12-24, or *-12-25 for every year",
                text.chars().take(64).collect::<String>()
            ))
        };
        let number = |text: &str, digits: usize| {
            let good = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
            if good { text.parse::<i16>().ok() } else { None }
        };
        let read = || {
            let (year, rest) = text.split_once('-')?;
            let (month, day) = rest.split_once('-')?;
            let month = i8::try_from(number(month, 2)?).ok()?;
            let day = i8::try_from(number(day, 2)?).ok()?;
            // A leap year, so that the 29th of February may be one.
            let date = Date::new(if year == "*" { 2024 } else { number(year, 4)? }, month, day).ok()?;
            Some(if year == "*" {
                Self::Yearly(month, day)
            } else {
                Self::Once(date)
            })
        };
        read().ok_or_else(bad)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yearly(month, day) => write!(f, "*-{month:02}-{day:02}"),
            Self::Once(date) => date.fmt(f),
        }
    }
}

/// `DAY NAME`, as it is typed and kept; a name need not be.
pub fn named(text: &str) -> Result<(Day, &str), BadName> {
    let (day, name) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    Ok((day.parse()?, name.trim()))
}

impl FromStr for Holidays {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        let mut all = Self::default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (day, name) = named(line)?;
            all.add(day, name)?;
        }
        Ok(all)
    }
}

impl fmt::Display for Holidays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (day, name)) in self.iter().enumerate() {
            let (line, blank) = (
                if index > 0 { "\n" } else { "" },
                if name.is_empty() { "" } else { " " },
            );
            write!(f, "{line}{day}{blank}{name}")?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Holidays {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<Holidays> for String {
    fn from(holidays: Holidays) -> Self {
        holidays.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_once_or_every_year() {
        let all: Holidays = "2026-12-24 Christmas Eve\n*-12-25\n\n*-02-29 Leap day"
            .parse()
            .unwrap();
        let on = |y, m, d| all.on(Date::new(y, m, d).unwrap());
        assert_eq!(
            (on(2026, 12, 24), on(2027, 12, 24)),
            (Some("Christmas Eve"), None)
        );
        assert_eq!((on(2026, 12, 25), on(2030, 12, 25)), (Some(""), Some("")));
        assert_eq!((on(2028, 2, 29), on(2027, 2, 28)), (Some("Leap day"), None));
        assert_eq!(
            all.to_string(),
            "*-02-29 Leap day\n*-12-25\n2026-12-24 Christmas Eve"
        );
        assert_eq!(all.to_string().parse::<Holidays>().unwrap(), all);
        for bad in [
            "2026-13-01",
            "2026-02-30",
            "*-02-30",
            "26-01-01",
            "x",
            "*-1-1",
            "2026-+1-01",
            "-001-01-01",
        ] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_stay_on_their_line_and_there_is_an_end() {
        let mut all = Holidays::default();
        all.add("*-01-01".parse().unwrap(), "New\r\n*-02-02 Year${x}")
            .unwrap();
        assert_eq!(all.to_string().lines().count(), 1);
        let mut date = Date::new(2000, 1, 1).unwrap();
        while all.len() < MOST {
            all.add(Day::Once(date), "").unwrap();
            date = date.tomorrow().unwrap();
        }
        assert!(all.add(Day::Once(date), "").is_err());
        assert_eq!(all.forget_before(Date::new(2000, 1, 11).unwrap()), 10);
        assert!(all.add(Day::Once(date), "").is_ok());
    }
}
