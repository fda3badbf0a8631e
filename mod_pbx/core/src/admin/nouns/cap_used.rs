//! What an extension with caps has called out by now.

use jiff::Timestamp;
use serde_json::json;

use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Refusal};
use crate::routing::Class;
use crate::store::rows::Extension;
use crate::store::{Image, Reader, Row};

const COUNT: Kind = Kind::Integer(0, u32::MAX as i64);

static COUNTS: [Field; 8] = [
    Field::must("concurrent", COUNT, "Calls now."),
    Field::must("per_hour", COUNT, "Calls begun in this hour."),
    Field::must("per_day", COUNT, "Calls begun today."),
    Field::must("local_per_day", COUNT, "And of these, local ones."),
    Field::must("national_per_day", COUNT, "National ones."),
    Field::must("mobile_per_day", COUNT, "Mobile ones."),
    Field::must("international_per_day", COUNT, "International ones."),
    Field::must("premium_per_day", COUNT, "Premium ones."),
];

/// The field of a cap.
pub(super) const USED: Field = Field::shown(
    "used",
    Kind::Object(&COUNTS),
    "What the extension has called out by now, each beside its cap; null: it is the domain's.",
)
.or_null();

/// The number of a cap's extension.
pub(super) const EXTENSION: Field = Field::shown(
    "extension",
    Kind::Number,
    "The number of that extension; null: it is the domain's.",
)
.or_null();

/// Fills in what was called out.
pub(super) fn show(
    admin: &Admin<'_>,
    reader: &Reader<'_>,
    row: &Row,
    image: &mut Image,
) -> Result<(), Refusal> {
    let Row::Cap(cap) = row else {
        return Ok(());
    };
    let extension = match cap.extension_id {
        Some(id) => reader.get::<Extension>(id)?,
        None => None,
    };
    let Some(extension) = extension else {
        return Ok(());
    };
    let used = admin.pbx.caps().view().of(extension.channel_id, Timestamp::now());
    let mut counts = json!({"concurrent": used.concurrent, "per_hour": used.hour, "per_day": used.day});
    for (class, count) in Class::ALL.into_iter().zip(used.classes) {
        counts[format!("{}_per_day", class.as_str())] = json!(count);
    }
    image.insert("used".into(), counts);
    image.insert("extension".into(), json!(extension.number));
    Ok(())
}
