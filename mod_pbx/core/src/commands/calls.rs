//! `pbx calls`: who called whom, and how it ended.

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::At;
use super::desk::{self, Desk, InDomain};
use super::out::{Answer, Refusal, Said, Table, count};
use crate::calls::shown;
use crate::csv;
use crate::names::Number;
use crate::store::calls::{Call, Direction, Filter, Leg, Outcome};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples: pbx calls
          pbx calls --extension 1001 --outcome no-answer --since 2026-11-01
          pbx calls --direction inbound --limit 1000 --csv
Newest first. A call is one line however often it was sent on or transferred; json has its legs. --before and
the last id go on behind a page. WHERE: internal, inbound, outbound. HOW: answered, voicemail, no-answer, busy,
cancelled, refused, failed, open, interrupted (the PBX stopped meanwhile).")]
pub(super) struct Calls {
    /// Only those that this extension had a part in
    #[arg(long, value_name = "NUMBER")]
    extension: Option<At<Number>>,
    /// Only those whose caller or dialled number contains this
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    number: String,
    /// Only those that came from outside, went there, or did neither
    #[arg(long, value_name = "WHERE", hide_possible_values = true)]
    direction: Option<Direction>,
    /// Only those that ended so
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    outcome: Option<Outcome>,
    /// Only those since this day (local time) or moment
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<String>,
    /// Only those before
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<String>,
    /// How many, up to 1000
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Only those older than the call with this id
    #[arg(long, value_name = "ID")]
    before: Option<Uuid>,
    /// As comma separated values, for a spreadsheet
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    place: InDomain,
}

/// A day, or a moment, as times are stored.
fn moment(text: &str) -> Result<String, String> {
    let day = |date: Date| date.to_zoned(TimeZone::system()).map(|zoned| zoned.timestamp());
    let at = match (text.parse::<Timestamp>(), text.parse::<Date>()) {
        (Ok(at), _) => Ok(at),
        (_, Ok(date)) => day(date).map_err(|error| error.to_string()),
        _ => Err(format!(
            "{text:?} is neither a day such as 2026-11-22 nor a moment such as 2026-11-22T08:00:00Z"
        )),
    };
    at.map(|at| format!("{at:.3}"))
}

impl Calls {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let (calls, domain) = desk.read(|reader| {
            let mut filter = Filter {
                domain: self.place.domain.as_ref().map(ToString::to_string),
                number: self.number.clone(),
                direction: self.direction,
                outcome: self.outcome,
                since: self.since.clone(),
                until: self.until.clone(),
                before: self.before,
                ..Filter::default()
            };
            if let Some(at) = &self.extension {
                let (domain, extension) = desk::extension(reader, at, &self.place)?;
                filter.domain = Some(domain.name.to_string());
                filter.extensions = vec![extension.channel_id];
            }
            let calls = reader
                .calls(&filter, self.limit)?
                .into_iter()
                .map(|call| Ok((reader.legs_of_call(call.id)?, call)))
                .collect::<Result<Vec<(Vec<Leg>, Call)>, Refusal>>()?;
            Ok((calls, filter.domain))
        })?;
        let rows: Vec<Value> = calls
            .iter()
            .map(|(legs, call)| shown::fields(call, legs))
            .collect();
        let json = json!({"domain": domain, "calls": rows});
        Ok(Answer::new(
            if self.csv {
                table(&calls)
            } else {
                self.text(&calls)
            },
            json,
        ))
    }

    fn text(&self, calls: &[(Vec<Leg>, Call)]) -> String {
        let mut table = Table::new([
            "began (UTC)",
            "from",
            "to",
            "answered by",
            "outcome",
            "seconds",
            "by",
        ]);
        for (legs, call) in calls {
            table.row([
                call.began.clone(),
                call.caller_number.clone(),
                call.called_number.clone(),
                shown::answered_by(legs)
                    .map(|leg| leg.number.clone())
                    .unwrap_or_default(),
                call.outcome.as_str().to_owned(),
                call.seconds.to_string(),
                call.gateway.clone().unwrap_or_default(),
            ]);
        }
        let more = match calls.last() {
            Some((_, last)) if calls.len() == self.limit as usize => {
                format!("; --before {} goes on", last.id)
            }
            _ => String::new(),
        };
        format!("{}{}{more}\n", table.text(), count(calls.len() as u64, "call"))
    }
}

/// RFC 4180.
fn table(calls: &[(Vec<Leg>, Call)]) -> String {
    let mut text = String::new();
    csv::line(&mut text, shown::COLUMNS);
    for (legs, call) in calls {
        shown::line(&mut text, call, legs);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_here() {
        assert_eq!(
            moment("2026-11-22T08:00:00+01:00").as_deref(),
            Ok("2026-11-22T07:00:00.000Z")
        );
        assert!(moment("2026-11-22").is_ok());
        assert!(moment("yesterday").is_err());
    }
}
