//! Weekly hours: `mon-fri 08:00-12:00 13:00-17:00; sat 09:00-12:00`.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::names::BadName;

/// The longest text that is read, in bytes.
const LONGEST: usize = 1024;

/// The most spans a day has.
const MOST: usize = 8;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// When something is open, week by week, in local time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    /// From Monday on; each in order.
    days: Box<[Vec<Span>; 7]>,
}

/// In minutes since midnight; an end that is not behind the beginning is on the day after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    from: u16,
    to: u16,
}

impl Span {
    fn is_overnight(self) -> bool {
        self.to <= self.from
    }
}

impl Hours {
    /// Whether it is open at this minute of a day (0: Monday). `today` and `yesterday`: whether those days count;
    /// hours that go past midnight belong to the day on which they begin.
    pub fn hold(&self, weekday: usize, minute: u16, today: bool, yesterday: bool) -> bool {
        let begun = |span: &Span| span.from <= minute && (minute < span.to || span.is_overnight());
        let goes_on = |span: &Span| span.is_overnight() && minute < span.to;
        let before = (weekday + 6) % 7;
        today
            && (self.days[weekday % 7].iter().any(begun)
                || yesterday && self.days[before].iter().any(goes_on))
    }

    /// Whether it is never open.
    pub fn is_empty(&self) -> bool {
        self.days.iter().all(Vec::is_empty)
    }
}

impl FromStr for Hours {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        if text.len() > LONGEST {
            return Err(BadName(format!("hours have at most {LONGEST} bytes")));
        }
        let mut hours = Self::default();
        let text = text.trim().to_ascii_lowercase();
        match text.as_str() {
            "" | "never" => return Ok(hours),
            "always" => {
                hours.days = Box::new(std::array::from_fn(|_| vec![Span { from: 0, to: DAY }]));
                return Ok(hours);
            }
            _ => {}
        }
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (days, spans) = part.split_once(' ').ok_or_else(|| bad(part))?;
            let spans: Vec<Span> = spans
                .split_ascii_whitespace()
                .map(|text| span(text).ok_or_else(|| bad(text)))
                .collect::<Result<_, _>>()?;
            for day in each_day(days)? {
                hours.days[day].extend(&spans);
            }
        }
        for day in hours.days.iter_mut() {
            day.sort_unstable();
            day.dedup();
            if day.len() > MOST {
                return Err(BadName(format!("a day has at most {MOST} spans of hours")));
            }
        }
        Ok(hours)
    }
}

fn bad(text: &str) -> BadName {
    BadName(format!(
        "{:?} is not hours: use always, never, or days and times such as \"mon-fri 08:00-12:00 13:00-17:00; \
         sat,sun 09:00-12:00\"",
        text.chars().take(64).collect::<String>()
    ))
}

/// `mon`, `mon-fri`, `sat,sun`, `daily`.
fn each_day(text: &str) -> Result<Vec<usize>, BadName> {
    let day = |name: &str| {
        NAMES
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| bad(text))
    };
    let mut all = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            _ if part == "daily" => all.extend(0..7),
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                let days = (last + 7 - first) % 7;
                all.extend((0..=days).map(|step| (first + step) % 7));
            }
            None => all.push(day(part)?),
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// `08:00-12:00`.
fn span(text: &str) -> Option<Span> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    let to = if to == 0 { DAY } else { to };
    (from < DAY && from != to).then_some(Span { from, to })
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
}

/// The one spelling: days that follow each other and are alike are said together.
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("never");
        }
        let mut first = 0;
        let mut begun = false;
        while first < 7 {
            let alike = self.days[first..]
                .iter()
                .take_while(|day| **day == self.days[first]);
            let last = first + alike.count() - 1;
            if !self.days[first].is_empty() {
                if std::mem::replace(&mut begun, true) {
                    f.write_str("; ")?;
                }
                f.write_str(NAMES[first])?;
                if last > first {
                    write!(f, "-{}", NAMES[last])?;
                }
                for span in &self.days[first] {
                    f.write_char(' ')?;
                    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
                    write!(f, "{}-{}", clock(span.from), clock(span.to))?;
                }
            }
            first = last + 1;
        }
        Ok(())
    }
}

impl TryFrom<String> for Hours {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hours(text: &str) -> Hours {
        text.parse().unwrap()
    }

    #[test]
    fn hours_have_one_spelling() {
        for (typed, kept) in [
            ("mon-fri 8:00-17:00", "mon-fri 08:00-17:00"),
            (
                "Sat,Sun 09:00-12:00; mon 13:00-17:00 08:00-12:00",
                "mon 08:00-12:00 13:00-17:00; sat-sun 09:00-12:00",
            ),
            ("always", "mon-sun 00:00-24:00"),
            ("daily 22:00-06:00", "mon-sun 22:00-06:00"),
            ("fri-mon 10:00-00:00", "mon 10:00-24:00; fri-sun 10:00-24:00"),
            ("", "never"),
            (" never ", "never"),
        ] {
            assert_eq!(hours(typed).to_string(), kept, "{typed}");
            assert_eq!(hours(kept).to_string(), kept);
        }
        for bad in [
            "mon",
            "mon 8-17",
            "mon 08:00",
            "mon 08:00-25:00",
            "mon 08:60-09:00",
            "mon 08:00-08:00",
            "xyz 08:00-09:00",
            "mon-xyz 08:00-09:00",
            "mon 24:00-24:00",
            "mon +8:00-09:00",
            "mon 08:00-09:00 mon",
            "08:00-09:00",
        ] {
            assert!(bad.parse::<Hours>().is_err(), "{bad}");
        }
        assert!(
            "mon 00:00-00:01; ".repeat(200).parse::<Hours>().is_err(),
            "too long"
        );
    }

    #[test]
    fn an_end_is_not_part_of_it_and_a_night_belongs_to_the_day_before() {
        let office = hours("mon-fri 08:00-12:00");
        let at = |hours: &Hours, day, hour: u16, minute| hours.hold(day, hour * 60 + minute, true, true);
        assert!(at(&office, 0, 8, 0) && at(&office, 4, 11, 59));
        assert!(!at(&office, 0, 7, 59) && !at(&office, 0, 12, 0) && !at(&office, 5, 9, 0));
        let bar = hours("sun 22:00-04:00");
        assert!(at(&bar, 6, 23, 0) && at(&bar, 0, 3, 59) && !at(&bar, 0, 4, 0) && !at(&bar, 6, 3, 0));
        assert!(
            !bar.hold(0, 60, true, false),
            "what began on a holiday did not begin"
        );
        assert!(!bar.hold(0, 60, false, true), "a holiday ends what goes into it");
        assert!(at(&hours("always"), 3, 23, 59) && !at(&hours("never"), 3, 12, 0));
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_as_it_is_read(text in "[a-z:;, 0-9-]{0,40}") {
            if let Ok(read) = text.parse::<Hours>() {
                prop_assert_eq!(read.to_string().parse::<Hours>().unwrap(), read);
            }
        }
    }
}
