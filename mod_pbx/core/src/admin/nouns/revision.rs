//! Revisions: who changed what, and taking it back.

use serde_json::{Map, Value, json};

use crate::admin::field::{Field, Kind};
use crate::admin::{
    Action, Admin, BODY, Draft, Facts, Grant, Listed, Noun, Query, Refusal, Request, Scope, Source, Who,
};
use crate::seal;
use crate::store::{Image, Page, Revision, RowChange, StoreError};

/// Columns whose values are nobody's to see. What is stored sealed is not shown either, whatever its column.
pub(crate) const SECRET: [&str; 5] = ["a1", "password", "password_hash", "voicemail_pin", "token_hash"];

static CHANGE: [Field; 5] = [
    Field::must("table", Kind::Text(64), "The kind of thing."),
    Field::must("id", Kind::Id, "Which."),
    Field::must(
        "before",
        Kind::Any,
        "Its values before, without secrets; null: it is new.",
    ),
    Field::must(
        "after",
        Kind::Any,
        "Its values after, without secrets; null: it was deleted.",
    ),
    Field::must(
        "secrets_changed",
        Kind::List(&Kind::Text(64), 100),
        "Which secrets were changed.",
    ),
];

/// Revisions, of every domain: for administrators of the whole PBX.
pub static NOUN: Noun = Noun {
    path: "revisions",
    one: "revision",
    about: "What was changed at once, by whom; the newest first. Lists leave the changes out.",
    read: Who::Administrators,
    write: Who::Administrators,
    fields: &[
        Field::shown("id", Kind::Text(20), "Its number, as text."),
        Field::shown(
            "rev",
            Kind::Integer(1, i64::MAX),
            "Its number: 1, 2, 3 … without gaps.",
        ),
        Field::shown("at", Kind::Time, "When."),
        Field::shown("actor", Kind::Text(1000), "Who."),
        Field::shown("summary", Kind::Text(1000), "What for."),
        Field::shown("request_id", Kind::Id, "The request that made it."),
        Field::shown(
            "changes",
            Kind::List(&Kind::Object(&CHANGE), 1_000_000),
            "What; null in lists.",
        )
        .or_null(),
    ],
    once: &[],
    sort: &[],
    source: Source::Facts(&Facts {
        list: |_, _| Ok(Vec::new()),
        paged: Some(list),
        get: Some(get),
        delete: None,
        edit: None,
        after: |_| {},
    }),
    actions: &[Action {
        name: "revert",
        about: "Takes it back, as a revision of its own; refused if a later one touched the same things.",
        takes: &[],
        largest: BODY,
        answer: &[Field::must(
            "revision",
            Kind::Integer(1, i64::MAX),
            "The revision that was made.",
        )],
        run: revert,
    }],
};

fn list(admin: &Admin<'_>, _: &Scope, query: &Query) -> Result<Listed, Refusal> {
    let page = Page {
        skip: query.skip(),
        limit: query.size,
    };
    let listing = admin.read(|reader| Ok(reader.revisions_with(&query.q, page)?))?;
    Ok(Listed {
        rows: listing
            .rows
            .iter()
            .map(|revision| fields(revision, Value::Null))
            .collect(),
        total: listing.total,
        next: None,
    })
}

fn get(admin: &Admin<'_>, _: &Scope, id: &str) -> Result<Option<Image>, Refusal> {
    let Ok(rev) = id.parse() else {
        return Ok(None);
    };
    admin.read(|reader| {
        let Some(revision) = reader.revision(rev)? else {
            return Ok(None);
        };
        let changes: Vec<Value> = reader.changes(rev)?.iter().map(masked).collect();
        Ok(Some(fields(&revision, json!(changes))))
    })
}

fn fields(revision: &Revision, changes: Value) -> Image {
    let fields = json!({
        "id": revision.rev.to_string(),
        "rev": revision.rev,
        "at": revision.at,
        "actor": revision.actor,
        "summary": revision.summary,
        "request_id": revision.request_id,
        "changes": changes,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Image::new(),
    }
}

/// Whether a value is nobody's to see.
pub(crate) fn is_secret(column: &str, value: &Value) -> bool {
    SECRET.contains(&column) || value.as_str().is_some_and(seal::is_sealed)
}

/// A change without its secrets: of each only whether it was changed.
pub(crate) fn masked(change: &RowChange) -> Value {
    let mask = |image: &Option<Image>| {
        image.as_ref().map(|image| {
            let kept = image.iter().filter(|(name, value)| !is_secret(name, value));
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect::<Map<_, _>>()
        })
    };
    let empty = Image::new();
    let (before, after) = (
        change.before.as_ref().unwrap_or(&empty),
        change.after.as_ref().unwrap_or(&empty),
    );
    let mut changed: Vec<&str> = Vec::new();
    for (name, value) in before.iter().chain(after) {
        let differs = before.get(name) != after.get(name);
        if is_secret(name, value) && differs && !changed.contains(&name.as_str()) {
            changed.push(name);
        }
    }
    json!({
        "table": change.table,
        "id": change.id,
        "before": mask(&change.before),
        "after": mask(&change.after),
        "secrets_changed": changed,
    })
}

fn revert(
    admin: &Admin<'_>,
    grant: &Grant,
    _: &Scope,
    id: &str,
    (_, request): (&Draft, Request),
) -> Result<Image, Refusal> {
    let rev = id.parse().map_err(|_| Refusal::Missing)?;
    let done = admin
        .pbx
        .store()
        .revert(rev, &grant.actor, request.id(), request.is_forced())
        .map_err(|error| match error {
            // What was done since is in the way, not what was sent.
            StoreError::Invalid { message, .. } => Refusal::Conflict(message),
            other => other.into(),
        })?;
    Ok(Image::from_iter([("revision".to_owned(), json!(done.rev))]))
}
