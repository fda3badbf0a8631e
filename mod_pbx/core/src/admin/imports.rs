//! Imports over HTTP, as OpenAPI describes them.

use super::field::{Field, Kind};

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
