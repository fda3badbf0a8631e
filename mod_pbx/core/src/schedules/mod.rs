//! When something is open: weekly hours in a time zone, holidays, and an override by day or night.

mod holidays;
mod hours;
pub mod import;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use holidays::{Day, Holidays, MOST as MOST_HOLIDAYS, named as holiday};
pub use hours::Hours;

use crate::names::{BadName, DomainName, Number, Slug};

/// What somebody has said for now, whatever the hours are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Override {
    /// Nothing: the hours count.
    #[default]
    Off,
    /// It is open.
    Open,
    /// It is closed.
    Closed,
}

impl Override {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Off, Self::Open, Self::Closed];

    /// As it is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// A schedule as lookups read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its row.
    pub id: Uuid,
    /// Whose it is.
    pub domain: DomainName,
    /// What it is called there.
    pub name: Slug,
    /// Where the hours are meant.
    pub zone: TimeZone,
    /// When it is open.
    pub hours: Hours,
    /// When it is not, all day long.
    pub holidays: Holidays,
    /// What counts instead for now.
    pub forced: Override,
    /// What is dialled behind the feature code to switch it; none: no phone can.
    pub code: Option<u16>,
    /// The extensions that may.
    pub keys: Box<[Number]>,
}

/// Why it is open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason<'a> {
    /// Somebody said so.
    Override,
    /// The day has a name; it may be empty.
    Holiday(&'a str),
    /// The weekly hours.
    Hours,
}

/// Whether it is open then. Any thread; takes no lock, reads no file.
pub fn open(schedule: &Schedule, at: Timestamp) -> bool {
    told(schedule, at).0
}

/// The same with the reason.
pub fn told(schedule: &Schedule, at: Timestamp) -> (bool, Reason<'_>) {
    match schedule.forced {
        Override::Open => return (true, Reason::Override),
        Override::Closed => return (false, Reason::Override),
        Override::Off => {}
    }
    let local = at.to_zoned(schedule.zone.clone()).datetime();
    let (date, time) = (local.date(), local.time());
    if let Some(name) = schedule.holidays.on(date) {
        return (false, Reason::Holiday(name));
    }
    let weekday = date.weekday().to_monday_zero_offset().unsigned_abs();
    let minute = u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs());
    let yesterday = date
        .yesterday()
        .is_ok_and(|day| schedule.holidays.on(day).is_none());
    let is = schedule.hours.hold(usize::from(weekday), minute, true, yesterday);
    (is, Reason::Hours)
}

/// What a phone that dials the code means then: the other than it is, or the hours again.
pub fn switched(schedule: &Schedule, at: Timestamp) -> Override {
    match (schedule.forced, open(schedule, at)) {
        (Override::Open | Override::Closed, _) => Override::Off,
        (Override::Off, true) => Override::Closed,
        (Override::Off, false) => Override::Open,
    }
}

/// The time zone of that name in the machine's own database (`tzdata`).
///
/// # Errors
/// There is none; reads files.
pub fn zone(name: &str) -> Result<TimeZone, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/_+-".contains(&b);
    let good = (1..=64).contains(&name.len()) && name.bytes().all(plain);
    let found = if good { TimeZone::get(name).ok() } else { None };
    found.ok_or_else(|| {
        format!(
            "{:?} is not a time zone that this machine knows: use a name such as Europe/Berlin (Debian's package \
             tzdata has them)",
            name.chars().take(64).collect::<String>()
        )
    })
}

/// What this machine's own time zone is called.
pub fn own_zone() -> String {
    TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}

/// Takes holidays over into others, of which those that are over go; with `replace` all of them.
///
/// # Errors
/// There are too many; what is there then is of no use.
pub fn merge(into: &mut Holidays, from: &Holidays, today: Date, replace: bool) -> Result<(), BadName> {
    if replace {
        *into = Holidays::default();
    }
    into.forget_before(today);
    from.iter().try_for_each(|(day, name)| into.add(day, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Schedule {
        Schedule {
            id: Uuid::nil(),
            domain: "pbx.test".parse().unwrap(),
            name: "office".parse().unwrap(),
            zone: zone("Europe/Berlin").unwrap(),
            hours: "mon-fri 09:00-17:00; sat 22:00-03:00".parse().unwrap(),
            holidays: "2026-12-24 Christmas Eve\n*-12-25 Christmas Day".parse().unwrap(),
            forced: Override::Off,
            code: Some(1),
            keys: Box::default(),
        }
    }

    fn is_open(schedule: &Schedule, at: &str) -> bool {
        open(schedule, at.parse().unwrap())
    }

    #[test]
    fn hours_are_local_in_summer_and_winter() {
        let office = office();
        // A Monday in winter (+1) and one in summer (+2).
        assert!(is_open(&office, "2026-01-12T08:00:00Z") && !is_open(&office, "2026-01-12T07:59:59Z"));
        assert!(is_open(&office, "2026-07-06T07:00:00Z") && !is_open(&office, "2026-07-06T15:00:00Z"));
        // The night in which clocks go forward: 03:00 comes after 02:00 at 01:00 UTC.
        assert!(is_open(&office, "2026-03-29T00:59:59Z") && !is_open(&office, "2026-03-29T01:00:00Z"));
        // And back: 02:30 comes twice, and both are before 03:00.
        assert!(is_open(&office, "2026-10-25T00:30:00Z") && is_open(&office, "2026-10-25T01:30:00Z"));
    }

    #[test]
    fn holidays_close_and_an_override_counts_before_all() {
        let mut office = office();
        assert!(is_open(&office, "2026-12-23T10:00:00Z"));
        let eve = "2026-12-24T10:00:00Z".parse().unwrap();
        assert_eq!(told(&office, eve), (false, Reason::Holiday("Christmas Eve")));
        assert!(!is_open(&office, "2028-12-25T10:00:00Z"), "every year");
        assert_eq!(switched(&office, eve), Override::Open);
        office.forced = Override::Open;
        assert_eq!(told(&office, eve), (true, Reason::Override));
        assert_eq!(switched(&office, eve), Override::Off);
        office.forced = Override::Closed;
        assert!(!is_open(&office, "2026-12-23T10:00:00Z"));
        office.forced = Override::Off;
        assert_eq!(
            switched(&office, "2026-12-23T10:00:00Z".parse().unwrap()),
            Override::Closed
        );
    }

    #[test]
    fn only_zones_that_exist_are_zones() {
        assert!(zone("UTC").is_ok());
        for bad in [
            "",
            "Europe/Nowhere",
            "../../etc/passwd",
            "Europe Berlin",
            "/etc/localtime",
        ] {
            assert!(zone(bad).is_err(), "{bad}");
        }
    }
}
