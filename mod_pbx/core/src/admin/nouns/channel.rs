//! Channels: the pages that browser clients log in to. An extension brings its own.

use serde_json::json;

use super::{DOMAIN, ID, ROW_REV, UPDATED_AT};
use crate::admin::field::{Field, Kind};
use crate::admin::{Admin, Noun, Place, Refusal, Sort, Source, Stored, Who};
use crate::store::{Image, Reader, Row, Table};

/// Channels.
pub static NOUN: Noun = Noun {
    path: "channels",
    one: "channel",
    about: "A page that browser clients log in to; made and deleted with its extension.",
    read: Who::DomainAdministrators,
    write: Who::DomainAdministrators,
    fields: &[
        ID,
        Field::shown("domain_id", Kind::Of(Table::Domain), "Its domain.").filter(),
        DOMAIN,
        Field::shown(
            "name",
            Kind::Text(64),
            "Its name: the extension's number when it was made.",
        ),
        Field::shown("extension_id", Kind::Of(Table::Extension), "Whose it is.").or_null(),
        Field::shown("extension", Kind::Number, "That extension's number.").or_null(),
        Field::shown(
            "url",
            Kind::Text(2000),
            "Its address; only a path if public-url is not set.",
        ),
        ROW_REV,
        UPDATED_AT,
    ],
    once: &[],
    sort: &[Sort::by("name", &["length(name)", "name"]), Sort::BY_TIME],
    source: Source::Table(&Stored {
        table: Table::Channel,
        place: Place::Domain,
        search: &["name"],
        show,
        create: None,
        edit: None,
        delete: None,
        after: |_| {},
    }),
    actions: &[],
};

fn show(admin: &Admin<'_>, reader: &Reader<'_>, row: &Row, image: &mut Image) -> Result<(), Refusal> {
    let extension = reader.extension_of_channel(row.id())?;
    image.insert(
        "extension_id".into(),
        json!(extension.as_ref().map(|extension| extension.id)),
    );
    image.insert(
        "extension".into(),
        json!(extension.map(|extension| extension.number)),
    );
    image.insert("url".into(), json!(admin.channel_url(row.id())));
    Ok(())
}
