//! Rows of nothing but their fields: what most nouns are. A noun names these where it needs nothing of its own.

use serde_json::json;
use uuid::Uuid;

use super::nouns::full;
use super::{Admin, Draft, Grant, Place, Plan, Refusal, Stored};
use crate::store::{self, Change, Image, Reader, Row};

/// A table whose rows belong to a domain and are nothing but their fields. What a noun has of its own stands before it:
/// `Stored { edit: None, ..plain::table::<T>(SEARCH) }`.
pub const fn table<T: store::Stored>(search: &'static [&'static str]) -> Stored {
    Stored {
        table: T::TABLE,
        place: Place::Domain,
        search,
        show,
        create: Some(create::<T>),
        edit: Some(edit),
        delete: Some(delete),
        after: |_| {},
    }
}

/// Its columns are all there is to see.
fn show(_: &Admin<'_>, _: &Reader<'_>, _: &Row, _: &mut Image) -> Result<(), Refusal> {
    Ok(())
}

/// Makes a row of what was sent.
///
/// # Errors
/// It is none of this table: a field of the noun is missing or takes what the column does not.
pub fn create<T: store::Stored>(admin: &Admin<'_>, _: &Grant, draft: &Draft) -> Result<Plan, Refusal> {
    let id = Uuid::now_v7();
    let mut image = Image::new();
    draft.onto(&mut image);
    image.insert("id".to_owned(), json!(id));
    let row = Row::from_image(T::TABLE, image).map_err(|error| Refusal::whole(error.to_string()))?;
    Ok(Plan {
        summary: format!("{} {} added", T::TABLE, full(admin, &row)?),
        changes: vec![Change::put(row)],
        id,
        once: Image::new(),
    })
}

/// The row with what was sent.
///
/// # Errors
/// As [`create`].
pub fn edit(admin: &Admin<'_>, _: &Grant, before: &Row, draft: &Draft) -> Result<Plan, Refusal> {
    let mut image = before.image();
    draft.onto(&mut image);
    let row = Row::from_image(before.table(), image).map_err(|error| Refusal::whole(error.to_string()))?;
    let mut plan = Plan {
        summary: format!("{} {} changed", before.table(), full(admin, before)?),
        id: before.id(),
        ..Plan::default()
    };
    if row != *before {
        plan.changes.push(Change::edit(row));
    }
    Ok(plan)
}

/// The row alone goes. Whatever uses it is in the way, and the refusal says what.
///
/// # Errors
/// The database cannot be read.
pub fn delete(admin: &Admin<'_>, _: &Grant, row: &Row, _: bool) -> Result<Plan, Refusal> {
    Ok(Plan {
        summary: format!("{} {} deleted", row.table(), full(admin, row)?),
        changes: vec![Change::delete(row.clone())],
        id: row.id(),
        once: Image::new(),
    })
}
