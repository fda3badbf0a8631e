//! Numbers, digits and times as English sounds.

use jiff::civil::{Date, Weekday};
use jiff::{Span, Zoned};

use super::Prompt;

const UP_TO_TWENTY: [&str; 21] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18",
    "19", "20",
];
const TENS: [&str; 10] = ["", "10", "20", "30", "40", "50", "60", "70", "80", "90"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 31] = [
    "1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th", "11th", "12th", "13th", "14th",
    "15th", "16th", "17th", "18th", "19th", "20th", "21st", "22nd", "23rd", "24th", "25th", "26th", "27th",
    "28th", "29th", "30th", "31st",
];

/// How many, up to 999,999; beyond that nobody counts.
pub(super) fn number(count: u32, out: &mut Vec<Prompt>) {
    let count = count.min(999_999);
    if count >= 1000 {
        number(count / 1000, out);
        out.push(Prompt("thousand"));
        if count.is_multiple_of(1000) {
            return;
        }
    }
    let mut rest = count % 1000;
    if rest >= 100 {
        out.push(small(rest / 100));
        out.push(Prompt("hundred"));
        rest %= 100;
        if rest == 0 {
            return;
        }
    }
    if rest > 20 {
        out.push(Prompt(TENS[(rest / 10) as usize]));
        rest %= 10;
        if rest == 0 {
            return;
        }
    }
    out.push(small(rest));
}

fn small(number: u32) -> Prompt {
    Prompt(UP_TO_TWENTY.get(number as usize).copied().unwrap_or("0"))
}

/// A key, or one character of a number that is dialled; nothing for any other.
pub(super) fn key(c: char) -> Option<Prompt> {
    match c {
        '*' => Some(Prompt("star")),
        '#' => Some(Prompt("pound")),
        c => c.to_digit(10).map(small),
    }
}

/// A number that is dialled, digit by digit; no more of it than anybody remembers.
pub(super) fn digits(text: &str, out: &mut Vec<Prompt>) {
    out.extend(text.chars().filter_map(key).take(20));
}

/// When something was: `today at two oh five P M`.
pub(super) fn time(then: &Zoned, now: &Zoned, out: &mut Vec<Prompt>) {
    day(then.date(), now.date(), out);
    out.push(Prompt("at"));
    let (hour, minute) = (then.hour().unsigned_abs(), then.minute().unsigned_abs());
    number(u32::from((hour + 11) % 12 + 1), out);
    if minute > 0 {
        if minute < 10 {
            out.push(Prompt("oh"));
        }
        number(u32::from(minute), out);
    }
    out.push(Prompt(if hour < 12 { "am" } else { "pm" }));
}

fn day(then: Date, now: Date, out: &mut Vec<Prompt>) {
    if then == now {
        return out.push(Prompt("today"));
    }
    if now
        .checked_sub(Span::new().days(1))
        .is_ok_and(|date| date == then)
    {
        return out.push(Prompt("yesterday"));
    }
    out.push(Prompt(match then.weekday() {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }));
    let of = |list: &'static [&'static str], number: i8| {
        let at = usize::from(number.unsigned_abs()).saturating_sub(1);
        list.get(at).copied().unwrap_or("oh")
    };
    out.push(Prompt(of(&MONTHS, then.month())));
    out.push(Prompt(of(&DAYS, then.day())));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::known;

    fn names(fill: impl FnOnce(&mut Vec<Prompt>)) -> String {
        let mut out = Vec::new();
        fill(&mut out);
        let names: Vec<_> = out.iter().map(|prompt| prompt.name()).collect();
        names.join(" ")
    }

    #[test]
    fn numbers_are_said_as_people_do() {
        for (count, said) in [
            (0, "0"),
            (7, "7"),
            (20, "20"),
            (21, "20 1"),
            (40, "40"),
            (100, "1 hundred"),
            (115, "1 hundred 15"),
            (999, "9 hundred 90 9"),
            (1000, "1 thousand"),
            (12_030, "12 thousand 30"),
            (u32::MAX, "9 hundred 90 9 thousand 9 hundred 90 9"),
        ] {
            assert_eq!(names(|out| number(count, out)), said, "{count}");
        }
    }

    #[test]
    fn digits_and_keys_and_nothing_else() {
        assert_eq!(names(|out| digits("+1 0*#${x}", out)), "1 0 star pound");
        assert_eq!(names(|out| digits(&"7".repeat(1000), out)).len(), 39);
    }

    #[test]
    fn times_are_said_as_people_do() {
        let at = |text: &str| text.parse::<Zoned>().unwrap();
        let now = at("2026-03-02T09:00:00+00:00[UTC]");
        for (then, said) in [
            ("2026-03-02T00:00:00+00:00[UTC]", "today at 12 am"),
            ("2026-03-01T12:05:00+00:00[UTC]", "yesterday at 12 oh 5 pm"),
            (
                "2026-02-28T14:41:00+00:00[UTC]",
                "saturday february 28th at 2 40 1 pm",
            ),
            (
                "2025-12-31T23:30:00+00:00[UTC]",
                "wednesday december 31st at 11 30 pm",
            ),
        ] {
            assert_eq!(names(|out| time(&at(then), &now, out)), said);
        }
    }

    #[test]
    fn there_is_a_sound_for_every_word() {
        let known = known();
        let mut said = Vec::new();
        (0..1100).for_each(|count| number(count, &mut said));
        digits("0123456789*#", &mut said);
        let now: Zoned = "2026-03-02T09:00:00+00:00[UTC]".parse().unwrap();
        for hours in 0..24 * 366 {
            let then = now.checked_sub(Span::new().hours(hours)).unwrap();
            time(&then, &now, &mut said);
        }
        assert!(said.iter().all(|prompt| known.contains(prompt)));
    }
}
