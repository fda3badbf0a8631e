//! Holidays out of an iCalendar file (RFC 5545), which anybody may have written.
//!
//! What would be understood wrongly is refused, with the name of the event: a holiday that is missing is noticed
//! on that day only.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use icalendar::parser::{self, Component, Property};
use jiff::Span;
use jiff::civil::Date;

use super::{Day, Holidays};

/// The longest file that is read, in bytes. A country's holidays of ten years take a tenth.
pub const LONGEST: usize = 1 << 20;

/// Bounds on what the parser is given, which recurses into components.
const MOST_LINES: usize = 20_000;
const LONGEST_LINE: usize = 8 << 10;
const DEEPEST: usize = 4;

/// The longest holiday, in days, and the most years that a repetition with an end is followed.
const MOST_DAYS: i32 = 31;
const MOST_YEARS: i16 = 100;

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// The holidays of today or later.
    pub holidays: Holidays,
    /// How many days were over.
    pub over: usize,
}

/// The holidays in `text`.
///
/// # Errors
/// It is not a calendar, too large, or an event in it cannot be taken; the text says which and why.
pub fn read(text: &str, today: Date) -> Result<Read, String> {
    bounded(text)?;
    let unfolded = parser::unfold(text.trim_start_matches('\u{feff}'));
    let calendar = parser::read_calendar(&unfolded).map_err(|_| not_a_calendar())?;
    let mut read = Read::default();
    for component in &calendar.components {
        // What is the first of several calendars' is at the top; those behind it are components.
        if component.name == "VCALENDAR" {
            each(&component.components, today, &mut read)?;
        }
    }
    each(&calendar.components, today, &mut read)?;
    if read.holidays.is_empty() && read.over == 0 {
        return Err("the file has no event".to_owned());
    }
    Ok(read)
}

fn not_a_calendar() -> String {
    "the file is not an iCalendar file (BEGIN:VCALENDAR … END:VCALENDAR)".to_owned()
}

/// Refuses what would cost too much to parse.
fn bounded(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("the file is longer than {LONGEST} bytes"));
    }
    let (mut depth, mut deepest, mut lines, mut calendars) = (0_usize, 0, 0, 0);
    for line in text.lines() {
        lines += 1;
        if lines > MOST_LINES || line.len() > LONGEST_LINE {
            return Err(format!(
                "the file has more than {MOST_LINES} lines, or one of more than {LONGEST_LINE} bytes"
            ));
        }
        let word = |word: &str| {
            line.trim_start()
                .get(..word.len())
                .is_some_and(|l| l.eq_ignore_ascii_case(word))
        };
        if word("BEGIN:") {
            depth += 1;
            deepest = deepest.max(depth);
            calendars += usize::from(word("BEGIN:VCALENDAR"));
        } else if word("END:") {
            depth = depth.checked_sub(1).ok_or_else(not_a_calendar)?;
        }
    }
    match (calendars, depth) {
        (1.., 0) if deepest <= DEEPEST => Ok(()),
        (1.., 0) => Err(format!("the file has components in components, {deepest} deep")),
        _ => Err(not_a_calendar()),
    }
}

fn each(components: &[Component<'_>], today: Date, read: &mut Read) -> Result<(), String> {
    for component in components.iter().filter(|component| component.name == "VEVENT") {
        let event = Event(component);
        event
            .take(today, read)
            .map_err(|why| format!("the event {:?} {why}; nothing was taken over", event.name()))?;
    }
    Ok(())
}

struct Event<'a>(&'a Component<'a>);

impl Event<'_> {
    fn property(&self, name: &str) -> Option<&Property<'_>> {
        self.0.find_prop(name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.property(name).map(|property| property.val.as_str().trim())
    }

    fn name(&self) -> String {
        let summary = self.value("SUMMARY").unwrap_or_default();
        let text = summary.replace("\\n", " ").replace("\\N", " ").replace('\\', "");
        text.chars().take(64).collect()
    }

    fn take(&self, today: Date, read: &mut Read) -> Result<(), String> {
        if self
            .value("STATUS")
            .is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED"))
        {
            return Ok(());
        }
        if ["RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"]
            .iter()
            .any(|name| self.property(name).is_some())
        {
            return Err("has exceptions to how it repeats, which are not understood".to_owned());
        }
        let first =
            day(self.value("DTSTART")).ok_or("has a time of day, or no date: holidays are whole days")?;
        let days = self.days(first)?;
        let rule = self
            .value("RRULE")
            .map(|rule| Rule::read(rule, first))
            .transpose()?;
        for step in 0..days {
            let date = later(first, step)?;
            match &rule {
                None => keep(date, &self.name(), today, read)?,
                Some(rule) => rule.keep(date, &self.name(), today, read)?,
            }
        }
        Ok(())
    }

    /// How many days it lasts.
    fn days(&self, first: Date) -> Result<i32, String> {
        let days = match (self.value("DTEND"), self.value("DURATION")) {
            (None, None) => 1,
            (Some(end), _) => {
                let end = day(Some(end)).ok_or("ends at a time of day: holidays are whole days")?;
                first.until(end).map_or(0, |span| span.get_days())
            }
            (None, Some(duration)) => whole_days(duration).ok_or("lasts for a part of a day")?,
        };
        // Many write the end of a single day as that day itself.
        match days {
            0 => Ok(1),
            1..=MOST_DAYS => Ok(days),
            _ => Err(format!("lasts {days} days: a holiday has 1 to {MOST_DAYS}")),
        }
    }
}

fn later(date: Date, days: i32) -> Result<Date, String> {
    date.checked_add(Span::new().days(days))
        .map_err(|_| "is beyond the calendar".to_owned())
}

fn keep(date: Date, name: &str, today: Date, read: &mut Read) -> Result<(), String> {
    if date < today {
        read.over += 1;
        return Ok(());
    }
    read.holidays
        .add(Day::Once(date), name)
        .map_err(|bad| format!("is one too many: {}", bad.0))
}

/// `20261224`; a time behind it makes it none.
fn day(value: Option<&str>) -> Option<Date> {
    let text = value?;
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Date::new(
        text[..4].parse().ok()?,
        text[4..6].parse().ok()?,
        text[6..].parse().ok()?,
    )
    .ok()
}

/// `P1D`, `P2W`.
fn whole_days(text: &str) -> Option<i32> {
    let text = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    let (number, each) = match (text.strip_suffix('D'), text.strip_suffix('W')) {
        (Some(days), _) => (days, 1),
        (_, Some(weeks)) => (weeks, 7),
        _ => return None,
    };
    let good = (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    if good {
        number.parse::<i32>().ok().map(|n| n * each)
    } else {
        None
    }
}

/// How an event repeats: every year on the same day, for ever or up to a year.
struct Rule {
    last: Option<i16>,
}

impl Rule {
    fn read(text: &str, first: Date) -> Result<Self, String> {
        let unknown = || format!("repeats in a way that is not understood: {:?}", clip(text));
        let mut parts = HashMap::new();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(unknown)?;
            if parts
                .insert(name.to_ascii_uppercase(), value.to_ascii_uppercase())
                .is_some()
            {
                return Err(unknown());
            }
        }
        let mut take = |name: &str| parts.remove(name);
        let same = |part: Option<String>, own: i8| part.is_none_or(|value| value.parse() == Ok(own));
        let yearly = take("FREQ").as_deref() == Some("YEARLY")
            && take("INTERVAL").is_none_or(|each| each == "1")
            && same(take("BYMONTH"), first.month())
            && same(take("BYMONTHDAY"), first.day());
        let (count, until) = (take("COUNT"), take("UNTIL"));
        // On which day a week begins means nothing to a year.
        take("WKST");
        if !yearly || !parts.is_empty() {
            return Err(unknown());
        }
        let last = match (count, until) {
            (None, None) => None,
            (Some(count), None) => {
                let count: i16 = count.parse().map_err(|_| unknown())?;
                Some(first.year().checked_add(count).ok_or_else(unknown)? - 1)
            }
            (None, Some(until)) => {
                let end = day(until.get(..8)).ok_or_else(unknown)?;
                // Of the last year, the day must have come.
                let came = (end.month(), end.day()) >= (first.month(), first.day());
                Some(if came { end.year() } else { end.year() - 1 })
            }
            (Some(_), Some(_)) => return Err(unknown()),
        };
        match last {
            Some(last) if last < first.year() || last - first.year() > MOST_YEARS => Err(unknown()),
            last => Ok(Self { last }),
        }
    }

    fn keep(&self, date: Date, name: &str, today: Date, read: &mut Read) -> Result<(), String> {
        let Some(last) = self.last else {
            let added = read.holidays.add(Day::Yearly(date.month(), date.day()), name);
            return added.map_err(|bad| format!("is one too many: {}", bad.0));
        };
        for year in date.year()..=last {
            // The 29th of February is skipped where there is none.
            if let Ok(date) = Date::new(year, date.month(), date.day()) {
                keep(date, name, today, read)?;
            }
        }
        Ok(())
    }
}

fn clip(text: &str) -> String {
    text.chars().take(64).collect()
}
