//! Imports and export over HTTP, as OpenAPI describes them.

use serde_json::{Map, Value, json};

use super::field::{Field, Kind, Sent, object};
use super::noun::{Source, Who};
use super::nouns;
use super::openapi::{filters, json_of, reference, responses, title, who};

/// Their name in the scopes of keys.
pub const AREA: &str = "imports";

/// What is sent.
pub static BODY: &[Field] = &[
    Field::must(
        "files",
        Kind::Any,
        "The directory's files: a list of {path, text}, paths relative to its folder.",
    ),
    Field::must(
        "main",
        Kind::Text(255),
        "The path of the file that is read first; the others by its includes.",
    ),
    Field::may(
        "domain",
        Kind::DomainName,
        "The domain they go into; null: the one in the file.",
    )
    .or_null(),
    Field::may(
        "variables",
        Kind::Any,
        "Values of $${NAME} that the switch does not know: a list of {name, value}.",
    ),
    Field::may("dry_run", Kind::Flag, "Only says what would be done.").default("true"),
    Field::may("force", Kind::Flag, "Imports though that breaks a route test.").default("false"),
];

/// A job.
pub static JOB: &[Field] = &[
    Field::must("id", Kind::Id, "Names it."),
    Field::must("dry_run", Kind::Flag, "Whether it only looks."),
    Field::must(
        "state",
        Kind::Choice(&["running", "done", "failed"]),
        "How it is.",
    ),
    Field::must("percent", Kind::Integer(0, 100), "How far it is."),
    Field::must(
        "report",
        Kind::Any,
        "What was, or would be, done with each user; null: it is not done.",
    ),
    Field::must("error", Kind::Text(100_000), "Why it failed; nothing was saved.").or_null(),
];

/// Imports and export, as OpenAPI describes them.
pub(super) fn paths(prefix: &str) -> Map<String, Value> {
    let job = || object(JOB, |_| Some(true));
    let texts = |names: [&str; 2]| {
        json!({"type": "array", "items": {"type": "object", "required": names, "additionalProperties": false,
            "properties": {names[0]: {"type": "string"}, names[1]: {"type": "string"}}}})
    };
    let mut body = object(BODY, |field| Some(field.create == Sent::Must));
    for (field, names) in [("files", ["path", "text"]), ("variables", ["name", "value"])] {
        let about = body["properties"][field]["description"].take();
        body["properties"][field] = texts(names);
        body["properties"][field]["description"] = about;
    }
    let begin = json!({
        "operationId": "import",
        "tags": ["imports"],
        "summary": "Takes over the users of a static FreeSWITCH directory, or says what that would do (dry_run).",
        "description": who(Who::Administrators),
        "requestBody": {"required": true, "content": {"application/json": {"schema": body}}},
        "responses": responses(json!({"202": json_of(job(), "It is at work.")}), &["400", "409", "413", "415", "422"]),
    });
    let show = json!({
        "operationId": "get-import",
        "tags": ["imports"],
        "summary": "How far it is, and what came of it; for who began it alone.",
        "responses": responses(json!({"200": json_of(job(), "The job.")}), &["404"]),
    });
    let name =
        |name: &str| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
    let tables = nouns::ALL
        .iter()
        .filter(|noun| matches!(noun.source, Source::Table(_)));
    let mut all = object(&[], |_| None);
    for noun in tables {
        all["properties"][noun.path] = json!({"type": "array", "items": reference(&title(noun.one))});
    }
    let whole = json!({
        "operationId": "export",
        "tags": ["export"],
        "summary": "The configuration that one may see, without secrets.",
        "responses": responses(json!({"200": json_of(all, "Each noun with all its things.")}), &["409"]),
    });
    let csv = json!({"200": {"description": "The table.", "content": {"text/csv": {"schema": {"type": "string"}}}}});
    let table = json!({
        "operationId": "export-table",
        "tags": ["export"],
        "summary": "A noun of it as a table: export/users.csv.",
        "responses": responses(csv.clone(), &["404", "409"]),
    });
    let calls = json!({
        "operationId": "export-calls",
        "tags": ["export"],
        "summary": "Records of calls as a table, all that pass, the newest first.",
        "parameters": filters(&nouns::call::NOUN).collect::<Vec<_>>(),
        "responses": responses(csv, &["400"]),
    });
    let paths = [
        ("imports", json!({"post": begin})),
        ("imports/{id}", json!({"parameters": [name("id")], "get": show})),
        ("export", json!({"get": whole})),
        ("export/calls.csv", json!({"get": calls})),
        ("export/{id}", json!({"parameters": [name("id")], "get": table})),
    ];
    paths
        .into_iter()
        .map(|(path, operations)| (format!("{prefix}/{path}"), operations))
        .collect()
}
