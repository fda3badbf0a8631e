//! A record of a call as people and programs are shown it.

use serde_json::{Value, json};

use crate::csv;
use crate::store::calls::{Call, Leg, Role};

/// The heads of a table's columns.
pub const COLUMNS: [&str; 16] = [
    "id",
    "domain",
    "direction",
    "began",
    "answered",
    "ended",
    "outcome",
    "seconds",
    "caller_number",
    "caller_name",
    "called_number",
    "answered_by",
    "payer",
    "class",
    "gateway",
    "cause",
];

/// Who answered last: to whom it was transferred in the end.
pub fn answered_by(legs: &[Leg]) -> Option<&Leg> {
    legs.iter()
        .rfind(|leg| leg.role == Role::Called && leg.answered.is_some())
}

/// As programs read it, with its legs.
pub fn fields(call: &Call, legs: &[Leg]) -> Value {
    let mut fields = json!(call);
    fields["answered_by"] = json!(answered_by(legs).map(|leg| &leg.number));
    fields["legs"] = json!(legs);
    fields
}

/// Adds it to a table.
pub fn line(text: &mut String, call: &Call, legs: &[Leg]) {
    fn known(text: &Option<String>) -> &str {
        text.as_deref().unwrap_or_default()
    }
    let (id, seconds) = (call.id.to_string(), call.seconds.to_string());
    let by = answered_by(legs).map(|leg| leg.number.as_str());
    let cells = [
        &id,
        known(&call.domain),
        call.direction.as_str(),
        &call.began,
        known(&call.answered),
        known(&call.ended),
        call.outcome.as_str(),
        &seconds,
        &call.caller_number,
        &call.caller_name,
        &call.called_number,
        by.unwrap_or_default(),
        known(&call.payer),
        known(&call.class),
        known(&call.gateway),
        known(&call.cause),
    ];
    csv::line(text, cells);
}
