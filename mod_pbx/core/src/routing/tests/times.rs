//! Schedules, with what is known of them by other means than what reads them.

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use uuid::Uuid;

use super::chance::Dice;
use super::world::noon;
use crate::schedules::{Override, Schedule};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A schedule, and when it is open by its hours, by the seconds since 1970.
pub(super) struct Known {
    pub(super) schedule: Schedule,
    hours: fn(i64) -> bool,
}

impl Known {
    pub(super) fn is_open(&self, at: Timestamp) -> bool {
        match self.schedule.forced {
            Override::Open => true,
            Override::Closed => false,
            Override::Off => (self.hours)(at.as_second()),
        }
    }
}

/// 1970 began with a Thursday.
fn weekday(seconds: i64) -> i64 {
    (seconds.div_euclid(DAY) + 3).rem_euclid(7)
}

fn in_day(seconds: i64) -> i64 {
    seconds.rem_euclid(DAY)
}

/// Some that are open now and then, one that always is, and one that never is.
pub(super) fn schedules() -> Vec<Known> {
    type Hours = fn(i64) -> bool;
    let all: [(&str, i8, &str, Override, Hours); 6] = [
        ("mon-fri 08:00-17:00", 0, "", Override::Off, |at| {
            weekday(at) < 5 && (8 * HOUR..17 * HOUR).contains(&in_day(at))
        }),
        // Five hours to the east.
        ("sat 09:00-12:00; sun 09:00-12:00", 5, "", Override::Off, |at| {
            let at = at + 5 * HOUR;
            weekday(at) > 4 && (9 * HOUR..12 * HOUR).contains(&in_day(at))
        }),
        ("mon-sun 22:00-06:00", 0, "", Override::Off, |at| {
            !(6 * HOUR..22 * HOUR).contains(&in_day(at))
        }),
        // The day after noon is a holiday.
        ("always", 0, "2026-11-23 Day off", Override::Off, |at| {
            at.div_euclid(DAY) != noon().as_second().div_euclid(DAY) + 1
        }),
        ("never", 0, "", Override::Open, |_| false),
        ("always", 0, "", Override::Closed, |_| true),
    ];
    let known =
        |(index, (hours, east, holidays, forced, is)): (usize, (&str, i8, &str, Override, Hours))| Known {
            schedule: Schedule {
                id: Uuid::new_v4(),
                domain: "pbx.test".parse().unwrap(),
                name: format!("s{index}").parse().unwrap(),
                zone: TimeZone::fixed(offset(east)),
                hours: hours.parse().unwrap(),
                holidays: holidays.parse().unwrap(),
                forced,
                code: None,
                keys: Box::default(),
            },
            hours: is,
        };
    all.into_iter().enumerate().map(known).collect()
}

/// Within the hour of noon, in which something was called out already, or some day of the weeks about it.
pub(super) fn time(dice: &mut Dice) -> Timestamp {
    let seconds = if dice.chance(40) {
        dice.below(HOUR as usize) as i64
    } else {
        dice.below(14 * DAY as usize) as i64 - 7 * DAY
    };
    Timestamp::from_second(noon().as_second() + seconds).unwrap()
}

/// Whether two times are in the same hour, and in the same day.
pub(super) fn same(one: Timestamp, two: Timestamp) -> (bool, bool) {
    let in_one = |of: i64| one.as_second().div_euclid(of) == two.as_second().div_euclid(of);
    (in_one(HOUR), in_one(DAY))
}
