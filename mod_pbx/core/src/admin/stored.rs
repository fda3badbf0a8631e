//! Things that are rows of a table, by the description of their noun.

use serde_json::json;
use uuid::Uuid;

use super::draft::{self, home};
use super::field::Sent;
use super::noun::{Noun, Place, Stored};
use super::query::Query;
use super::refusal::Refusal;
use super::{Admin, Done, Draft, Grant, Listed, Request, Scope};
use crate::store::{Find, Image, Page, Reader, Row, rows};

/// The rows that may be seen: those that were asked for.
pub(super) fn list(
    admin: &Admin<'_>,
    noun: &Noun,
    stored: &Stored,
    scope: &Scope,
    query: &Query,
) -> Result<Listed, Refusal> {
    let wanted = query.sort.as_deref();
    let sort = noun.sort.iter().find(|sort| wanted == Some(sort.name));
    let sort = sort.or(noun.sort.first());
    let find = Find {
        table: stored.table,
        within: scope.domain().map(|id| match stored.place {
            Place::Itself => ("id", id),
            _ => ("domain_id", id),
        }),
        search: stored.search,
        q: &query.q,
        equal: &query.filters,
        order: sort.map_or(&[], |sort| sort.terms),
        descending: query.descending,
        page: Page {
            skip: query.skip(),
            limit: query.size,
        },
    };
    admin.read(|reader| {
        let listing = reader.find(&find)?;
        let rows = listing
            .rows
            .iter()
            .map(|row| shown(admin, noun, stored, reader, row));
        Ok(Listed {
            rows: rows.collect::<Result<_, _>>()?,
            total: listing.total,
            next: None,
        })
    })
}

/// A row that may be seen.
pub(super) fn find(admin: &Admin<'_>, stored: &Stored, scope: &Scope, id: &str) -> Result<Row, Refusal> {
    let id: Uuid = id.parse().map_err(|_| Refusal::Missing)?;
    let row = admin.read(|reader| Ok(reader.row(stored.table, id)?))?;
    row.filter(|row| scope.holds(home(row))).ok_or(Refusal::Missing)
}

/// A row as it is shown: its columns that are no secrets, and what belongs to it.
pub(super) fn shown(
    admin: &Admin<'_>,
    noun: &Noun,
    stored: &Stored,
    reader: &Reader<'_>,
    row: &Row,
) -> Result<Image, Refusal> {
    let mut image = row.image();
    if let Some(id) = home(row).filter(|_| stored.place != Place::Itself && noun.field("domain").is_some()) {
        let domain = reader.get::<rows::Domain>(id)?;
        image.insert("domain".to_owned(), json!(domain.map(|domain| domain.name)));
    }
    (stored.show)(admin, reader, row, &mut image)?;
    let mut shown = Image::new();
    for field in noun.fields.iter().filter(|field| field.shown) {
        shown.insert(
            field.name.to_owned(),
            image.remove(field.name).unwrap_or_default(),
        );
    }
    Ok(shown)
}

pub(super) fn create(
    admin: &Admin<'_>,
    (noun, stored): (&Noun, &Stored),
    grant: &Grant,
    scope: &Scope,
    sent: Image,
    request: Request,
) -> Result<Done, Refusal> {
    let make = stored.create.ok_or(Refusal::Missing)?;
    if let Some(done) = earlier(admin, noun, stored, scope, request)? {
        return Ok(done);
    }
    let draft = admin.read(|reader| {
        let mut draft = Draft::new(noun, sent, scope, reader)?;
        match stored.place {
            // Others belong where what they are made for belongs.
            Place::Domain
                if noun
                    .field("domain_id")
                    .is_some_and(|field| field.create != Sent::No) =>
            {
                draft::settle(&mut draft, scope, reader)?;
            }
            // Only who sees the whole PBX puts something there.
            Place::DomainOrWhole if draft.id("domain_id").is_none() => {
                if let Some(own) = scope.domain() {
                    draft.set("domain_id", json!(own));
                }
            }
            _ => {}
        }
        Ok(draft)
    })?;
    let mut plan = make(admin, grant, &draft)?;
    let (id, once) = (plan.id, std::mem::take(&mut plan.once));
    let revision = admin.commit(grant, &mut plan, request)?;
    (stored.after)(admin);
    match find(admin, stored, scope, &id.to_string()) {
        Ok(row) => Ok(Done {
            row: admin.read(|reader| shown(admin, noun, stored, reader, &row))?,
            revision: Some(revision),
            once,
            before: false,
        }),
        // The same request was faster on another connection.
        Err(Refusal::Missing) => earlier(admin, noun, stored, scope, request)?.ok_or(Refusal::Missing),
        Err(other) => Err(other),
    }
}

/// What came of the same request before, if it was made before.
fn earlier(
    admin: &Admin<'_>,
    noun: &Noun,
    stored: &Stored,
    scope: &Scope,
    request: Request,
) -> Result<Option<Done>, Refusal> {
    let made = admin.read(|reader| {
        let Some(revision) = reader.revision_of(request.id())? else {
            return Ok(None);
        };
        let name = stored.table.name();
        let changes = reader.changes(revision.rev)?;
        let change = changes
            .into_iter()
            .find(|change| change.table == name && change.before.is_none());
        Ok(Some((revision.rev, change.map(|change| change.id))))
    })?;
    let Some((rev, id)) = made else {
        return Ok(None);
    };
    let row = find(admin, stored, scope, &id.unwrap_or_default().to_string())?;
    Ok(Some(Done {
        row: admin.read(|reader| shown(admin, noun, stored, reader, &row))?,
        revision: Some(rev),
        once: Image::new(),
        before: true,
    }))
}

pub(super) fn edit(
    admin: &Admin<'_>,
    (noun, stored): (&Noun, &Stored),
    (grant, scope): (&Grant, &Scope),
    id: &str,
    sent: Image,
    (base, request): (u64, Request),
) -> Result<Done, Refusal> {
    let change = stored.edit.ok_or(Refusal::Missing)?;
    let before = find(admin, stored, scope, id)?;
    let done = |revision: Option<u64>, once: Image, earlier: bool| -> Result<Done, Refusal> {
        let row = find(admin, stored, scope, id)?;
        Ok(Done {
            row: admin.read(|reader| shown(admin, noun, stored, reader, &row))?,
            revision,
            once,
            before: earlier,
        })
    };
    if let Some(revision) = admin.read(|reader| Ok(reader.revision_of(request.id())?))? {
        return done(Some(revision.rev), Image::new(), true);
    }
    fresh(admin, noun, stored, &before, base)?;
    let draft = admin.read(|reader| Draft::edit(noun, sent, scope, reader))?;
    let mut plan = change(admin, grant, &before, &draft)?;
    let once = std::mem::take(&mut plan.once);
    if plan.changes.is_empty() {
        return done(None, once, false);
    }
    let committed = admin.commit(grant, &mut plan, request);
    let revision = committed.map_err(|refusal| now(admin, noun, stored, scope, id, refusal))?;
    (stored.after)(admin);
    done(Some(revision), once, false)
}

pub(super) fn delete(
    admin: &Admin<'_>,
    (noun, stored): (&Noun, &Stored),
    (grant, scope): (&Grant, &Scope),
    id: &str,
    everything: bool,
    (base, request): (u64, Request),
) -> Result<u64, Refusal> {
    let remove = stored.delete.ok_or(Refusal::Missing)?;
    if let Some(revision) = admin.read(|reader| Ok(reader.revision_of(request.id())?))? {
        return Ok(revision.rev);
    }
    let before = find(admin, stored, scope, id)?;
    fresh(admin, noun, stored, &before, base)?;
    let mut plan = remove(admin, grant, &before, everything)?;
    let committed = admin.commit(grant, &mut plan, request);
    let revision = committed.map_err(|refusal| now(admin, noun, stored, scope, id, refusal))?;
    (stored.after)(admin);
    Ok(revision)
}

/// The row is the one that the sender read.
fn fresh(admin: &Admin<'_>, noun: &Noun, stored: &Stored, row: &Row, base: u64) -> Result<(), Refusal> {
    if row.row_rev() == base {
        return Ok(());
    }
    Err(Refusal::Stale {
        why: format!(
            "{} {} was changed in revision {} after you read it (revision {base}): look at it again, then repeat \
             your change",
            noun.one,
            row.label(),
            row.row_rev()
        ),
        current: Some(admin.read(|reader| shown(admin, noun, stored, reader, row))?),
    })
}

/// A conflict, with the row as it is now.
fn now(
    admin: &Admin<'_>,
    noun: &Noun,
    stored: &Stored,
    scope: &Scope,
    id: &str,
    refusal: Refusal,
) -> Refusal {
    match refusal {
        Refusal::Stale { why, .. } => {
            let row = find(admin, stored, scope, id).ok();
            let image = row.map(|row| admin.read(|reader| shown(admin, noun, stored, reader, &row)));
            Refusal::Stale {
                why,
                current: image.and_then(Result::ok),
            }
        }
        other => other,
    }
}
