//! Calendars as they are found, and as somebody would write them to harm.

use super::*;
use proptest::prelude::*;

fn calendar(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n{events}END:VCALENDAR\r\n")
}

fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20260101T000000Z\r\n{lines}\r\nEND:VEVENT\r\n")
}

fn today() -> Date {
    Date::new(2026, 11, 22).unwrap()
}

fn taken(lines: &str) -> Result<String, String> {
    read(&calendar(&event(lines)), today()).map(|read| read.holidays.to_string())
}

#[test]
fn whole_days_are_taken_once_or_every_year() {
    for (lines, kept) in [
        ("SUMMARY:Eve\r\nDTSTART;VALUE=DATE:20261224", "2026-12-24 Eve"),
        (
            "SUMMARY:Eve\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261224",
            "2026-12-24 Eve",
        ),
        (
            "SUMMARY:Christ\r\n mas\\, both days\r\nDTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227",
            "2026-12-25 Christmas, both days\n2026-12-26 Christmas, both days",
        ),
        ("DTSTART;VALUE=DATE:20261224\r\nDURATION:P1D", "2026-12-24"),
        (
            "SUMMARY:New Year\r\nDTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY",
            "*-01-01 New Year",
        ),
        (
            "SUMMARY:Three\r\nDTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=YEARLY;COUNT=3;BYMONTH=5",
            "2027-05-01 Three\n2028-05-01 Three",
        ),
        (
            "SUMMARY:Until\r\nDTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=YEARLY;UNTIL=20280430",
            "2027-05-01 Until",
        ),
    ] {
        assert_eq!(taken(lines).as_deref(), Ok(kept), "{lines}");
    }
    let old = read(&calendar(&event("DTSTART;VALUE=DATE:20200101")), today()).unwrap();
    assert_eq!((old.holidays.len(), old.over), (0, 1));
}

#[test]
fn what_would_be_understood_wrongly_is_refused_by_name() {
    for (lines, why) in [
        ("SUMMARY:Party\r\nDTSTART:20261224T180000Z", "time of day"),
        (
            "SUMMARY:Party\r\nDTSTART;TZID=Europe/Berlin:20261224T000000",
            "time of day",
        ),
        ("SUMMARY:Party", "no date"),
        ("SUMMARY:Party\r\nDTSTART;VALUE=DATE:20261332", "no date"),
        (
            "SUMMARY:Party\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND:20261224T180000Z",
            "ends at",
        ),
        (
            "SUMMARY:Party\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20281224",
            "lasts",
        ),
        (
            "SUMMARY:Party\r\nDTSTART;VALUE=DATE:20261224\r\nDURATION:PT1H",
            "part of a day",
        ),
        (
            "SUMMARY:Party\r\nDTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=WEEKLY",
            "repeats",
        ),
        (
            "SUMMARY:Party\r\nDTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=YEARLY;BYDAY=4TH",
            "repeats",
        ),
        (
            "SUMMARY:Party\r\nDTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=YEARLY;COUNT=30000",
            "repeats",
        ),
        (
            "SUMMARY:Party\r\nDTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=YEARLY;UNTIL=99991231",
            "repeats",
        ),
        (
            "SUMMARY:Party\r\nDTSTART;VALUE=DATE:20261224\r\nEXDATE;VALUE=DATE:20271224",
            "exceptions",
        ),
    ] {
        let refusal = taken(lines).unwrap_err();
        assert!(
            refusal.contains(why) && refusal.contains("\"Party\""),
            "{lines}: {refusal}"
        );
    }
    assert_eq!(
        taken("STATUS:CANCELLED\r\nDTSTART:20261224T180000Z"),
        Err("the file has no event".to_owned())
    );
}

#[test]
fn hostile_files_are_refused_before_they_are_parsed() {
    let one = event("DTSTART;VALUE=DATE:20261224");
    let deep = |n| {
        format!(
            "{}{}",
            "BEGIN:VCALENDAR\r\n".repeat(n),
            "END:VCALENDAR\r\n".repeat(n)
        )
    };
    for (text, why) in [
        (String::new(), "not an iCalendar"),
        ("x".repeat(LONGEST + 1), "longer"),
        ("\n".repeat(MOST_LINES + 1), "lines"),
        (
            calendar(&format!("X-A:{}\r\n{one}", "a".repeat(LONGEST_LINE))),
            "lines",
        ),
        (deep(100_000 / 16), "deep"),
        ("BEGIN:VCALENDAR\r\n".repeat(10_000), "not an iCalendar"),
        ("END:VCALENDAR\r\n".to_owned(), "not an iCalendar"),
        (calendar(""), "no event"),
        (one.clone(), "not an iCalendar"),
        (
            "<html>\n<body>BEGIN:VCALENDAR</body>".to_owned(),
            "not an iCalendar",
        ),
    ] {
        let refusal = read(&text, today()).unwrap_err();
        assert!(
            refusal.contains(why),
            "{:?}: {refusal}",
            text.chars().take(40).collect::<String>()
        );
    }
    let many: String = (0..1500)
        .map(|n| {
            let date = today().checked_add(Span::new().days(n)).unwrap();
            event(&format!(
                "SUMMARY:x\r\nDTSTART;VALUE=DATE:{}",
                date.strftime("%Y%m%d")
            ))
        })
        .collect();
    assert!(read(&calendar(&many), today()).unwrap_err().contains("too many"));
}

proptest! {
    #[test]
    fn whatever_is_in_an_event_it_is_taken_or_refused(lines in "([A-Z-]{1,8}[:;=][ -~]{0,20}\r\n){0,6}") {
        let _ = read(&calendar(&event(&lines)), today());
    }

    #[test]
    fn any_text_is_taken_or_refused(text in any::<String>()) {
        let _ = read(&text, today());
        let _ = read(&calendar(&text), today());
    }
}
