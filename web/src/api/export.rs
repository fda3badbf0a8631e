//! `/api/v1/export`: the configuration that one may see, as one JSON document, or a noun of it as a table (CSV).
//! There are no secrets in it: it is for reading, and to be worked on elsewhere; a backup is another thing.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use pbx_core::admin::{Admin, Grant, Noun, Query, Refusal, Source, Verb, Who, nouns};
use pbx_core::csv;
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::{at_desk, refused};
use crate::app::App;
use crate::problem::Problem;

/// Rows of one noun beyond which it is to be asked for by pages.
const MOST: u64 = 20_000;

/// Its name in the scopes of keys.
const AREA: &str = "export";

/// Its routes, below this path.
pub(super) fn routes(prefix: &str) -> Router<App> {
    Router::new()
        .route(&format!("{prefix}/export"), get(all))
        .route(&format!("{prefix}/export/{{id}}"), get(table))
}

pub(super) fn may(grant: &Grant) -> Result<(), Problem> {
    let allowed = grant.may_at_all(Who::DomainAdministrators, AREA, Verb::Read);
    allowed.map(drop).map_err(refused::problem)
}

async fn all(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    may(&caller.grant)?;
    let document = at_desk(&app, move |admin| {
        let mut document = Map::new();
        for noun in nouns::ALL
            .iter()
            .filter(|noun| matches!(noun.source, Source::Table(_)))
        {
            match rows(admin, noun, &caller.grant) {
                Ok(rows) => document.insert(noun.path.to_owned(), json!(rows)),
                // What one may not see is not there.
                Err(Refusal::Forbidden(_)) => None,
                Err(other) => return Err(other),
            };
        }
        Ok(document)
    })
    .await?;
    Ok(file(
        "application/json",
        "pbx.json",
        Value::Object(document).to_string(),
    ))
}

async fn table(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    may(&caller.grant)?;
    let noun = name.strip_suffix(".csv").and_then(nouns::by_path);
    let noun = noun
        .filter(|noun| matches!(noun.source, Source::Table(_)))
        .ok_or_else(Problem::not_found)?;
    let rows = at_desk(&app, move |admin| rows(admin, noun, &caller.grant)).await?;
    let mut text = String::new();
    let names = noun
        .fields
        .iter()
        .filter(|field| field.shown)
        .map(|field| field.name);
    line(&mut text, names.clone().map(str::to_owned));
    for row in &rows {
        line(
            &mut text,
            names
                .clone()
                .map(|name| cell(row.get(name).unwrap_or(&Value::Null))),
        );
    }
    Ok(file("text/csv; charset=utf-8", &name, text))
}

/// All things of a noun that may be seen.
fn rows(admin: &Admin<'_>, noun: &Noun, grant: &Grant) -> Result<Vec<Map<String, Value>>, Refusal> {
    let mut all = Vec::new();
    let mut query = Query {
        size: 1000,
        ..Query::default()
    };
    loop {
        let listed = admin.list(noun, grant, &query)?;
        if listed.total > MOST {
            return Err(Refusal::Conflict(format!(
                "there are {} {}, more than the {MOST} that are exported at once: ask for them by pages",
                listed.total, noun.path
            )));
        }
        let last = listed.rows.len() < query.size as usize;
        all.extend(listed.rows);
        if last {
            return Ok(all);
        }
        query.page += 1;
    }
}

/// A value as a cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        other => csv::cell(&words(other)),
    }
}

/// A value as text.
fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(words).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// A line of RFC 4180.
fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    text.push_str(&cells.collect::<Vec<_>>().join(","));
    text.push_str("\r\n");
}

fn file(kind: &'static str, name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [
            (CONTENT_TYPE, kind.to_owned()),
            (CONTENT_DISPOSITION, disposition),
        ],
        text,
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_neither_a_formula_nor_the_end_of_its_line() {
        let mut text = String::new();
        let cells = [
            json!("=1+1"),
            json!("a,\"b\"\nc"),
            json!(null),
            json!(["1", "2"]),
            json!(true),
            json!(-5),
        ];
        line(&mut text, cells.iter().map(cell));
        assert_eq!(text, "\"'=1+1\",\"a,\"\"b\"\" c\",,1 2,true,-5\r\n");
    }
}
