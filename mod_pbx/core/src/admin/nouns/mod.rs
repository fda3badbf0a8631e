//! The nouns, a file each.

pub mod ban;
pub mod block;
pub mod call;
pub mod caller_id;
pub mod caller_id_use;
pub mod cap;
mod cap_used;
pub mod channel;
pub mod did;
pub mod domain;
pub mod extension;
pub mod gateway;
pub mod group;
pub mod group_member;
mod group_members;
pub mod key;
pub mod line;
pub mod mail;
pub mod number_plan;
pub mod revision;
pub mod route;
mod route_gateways;
pub mod route_grant;
pub mod route_test;
pub mod schedule;
pub mod session;
pub mod setting;
pub mod user;

use super::field::{Field, Kind, parsed};
use super::{Admin, Draft, Noun, Refusal};
use crate::names::Slug;
use crate::store::{Row, Table, rows};

/// Every noun, in the order that people look for them.
pub static ALL: &[&Noun] = &[
    &user::NOUN,
    &extension::NOUN,
    &line::NOUN,
    &channel::NOUN,
    &domain::NOUN,
    &group::NOUN,
    &group_member::NOUN,
    &gateway::NOUN,
    &did::NOUN,
    &schedule::NOUN,
    &number_plan::NOUN,
    &route::NOUN,
    &route_grant::NOUN,
    &caller_id::NOUN,
    &caller_id_use::NOUN,
    &block::NOUN,
    &cap::NOUN,
    &route_test::NOUN,
    &call::NOUN,
    &setting::NOUN,
    &key::NOUN,
    &session::NOUN,
    &session::HISTORY,
    &ban::NOUN,
    &mail::NOUN,
    &revision::NOUN,
];

/// The noun whose path segment this is.
pub fn by_path(path: &str) -> Option<&'static Noun> {
    ALL.iter().copied().find(|noun| noun.path == path)
}

/// What an API key can be good for that is no noun.
const AREAS: [&str; 4] = ["dashboard", "explain", "export", "imports"];

/// Whether an API key can be good for this: a noun's path segment, or another part of the API.
pub fn is_area(name: &str) -> bool {
    AREAS.contains(&name) || by_path(name).is_some()
}

/// The fields that every row has.
const ID: Field = Field::shown("id", Kind::Id, "Names it; stays the same whatever changes.");
const ROW_REV: Field = Field::shown(
    "row_rev",
    Kind::Integer(0, i64::MAX),
    "The revision that wrote it last; also its ETag, which a change names in If-Match.",
);
const UPDATED_AT: Field = Field::shown("updated_at", Kind::Time, "When that was.");
const DOMAIN: Field = Field::shown("domain", Kind::DomainName, "The name of its domain.");

/// The field of those that can be put into a domain, and stay in it.
const AT: Field = Field::may(
    "domain_id",
    Kind::Of(Table::Domain),
    "Its domain; need not be said where there is only one.",
)
.fixed()
.filter();

/// The name of those that have one.
const NAME: Field = Field::must(
    "name",
    Kind::Parsed(parsed::<Slug>, 32),
    "Its name, unique in the domain.",
);

/// The domain that a draft names.
fn domain_of(admin: &Admin<'_>, draft: &Draft) -> Result<rows::Domain, Refusal> {
    let id = draft.id("domain_id").unwrap_or_default();
    let domain = admin.read(|reader| Ok(reader.get::<rows::Domain>(id)?))?;
    domain.ok_or_else(|| Refusal::field("domain_id", "there is no such domain"))
}

/// How people name a row: `1001@pbx.test`; `root@.` where it belongs to the whole PBX.
pub(super) fn full(admin: &Admin<'_>, row: &Row) -> Result<String, Refusal> {
    let domain = match super::draft::home(row) {
        Some(id) => admin.read(|reader| Ok(reader.get::<rows::Domain>(id)?))?,
        None => None,
    };
    let domain = domain.as_ref().map_or(".", |domain| domain.name.as_str());
    Ok(format!("{}@{domain}", row.label()))
}
