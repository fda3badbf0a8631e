//! `/api/v1/imports`: a static directory is sent in its files, looked at (`dry_run`), and taken over.
//!
//! The work goes on after the request: the answer names a job, which is asked for how far it is. Few jobs are
//! remembered, in memory, for the one who sent them: what they made up is in their report.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use pbx_core::admin::field::{Field, Kind};
use pbx_core::admin::imports::{AREA, BODY};
use pbx_core::admin::{Fault, Grant, Refusal, Verb, Who};
use pbx_core::commands::Upload;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::Sent;
use super::caller::Caller;
use super::refused;
use crate::app::App;
use crate::problem::Problem;

/// The largest directory that is taken, in bytes of the request.
const LARGEST: usize = 16 * 1024 * 1024;

/// Jobs that are remembered.
const MOST: usize = 10;

/// The jobs of a server.
#[derive(Debug, Default)]
pub struct Imports {
    jobs: Mutex<VecDeque<Job>>,
}

#[derive(Debug, Clone)]
struct Job {
    id: Uuid,
    /// Whose: its report holds passwords.
    user: Uuid,
    dry_run: bool,
    /// None: it is at work.
    ended: Option<Result<Value, String>>,
}

/// Its routes, below this path.
pub(super) fn routes(prefix: &str) -> Router<App> {
    Router::new()
        .route(
            &format!("{prefix}/imports"),
            post(begin).layer(DefaultBodyLimit::max(LARGEST)),
        )
        .route(&format!("{prefix}/imports/{{id}}"), get(show))
}

async fn begin(
    State(app): State<App>,
    caller: Caller,
    sent: Sent,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Value>), Problem> {
    may(&caller.grant)?;
    let upload = read(sent.object()?).map_err(refused::problem)?;
    let job = Job {
        id: Uuid::now_v7(),
        user: caller.grant.user,
        dry_run: upload.dry_run,
        ended: None,
    };
    let id = job.id;
    let answer = fields(&job, None);
    {
        let mut jobs = app.imports.jobs();
        if jobs.iter().any(|job| job.ended.is_none()) {
            let why = "Another import is at work: wait for it.";
            return Err(Problem::new(StatusCode::CONFLICT, "conflict", why));
        }
        jobs.push_back(job);
        if jobs.len() > MOST {
            jobs.pop_front();
        }
    }
    let (pbx, imports) = (Arc::clone(&app.pbx), Arc::clone(&app.imports));
    // Nobody waits for it: its end is written down.
    drop(tokio::task::spawn_blocking(move || {
        let ended = pbx.import(&caller.grant.actor, upload);
        let mut jobs = imports.jobs();
        if let Some(job) = jobs.iter_mut().find(|job| job.id == id) {
            job.ended = Some(ended);
        }
    }));
    let location = format!("{}/imports/{id}", super::PREFIX);
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(answer)))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    may(&caller.grant)?;
    let job = {
        let jobs = app.imports.jobs();
        let is = |job: &&Job| job.id.to_string() == id && job.user == caller.grant.user;
        jobs.iter().find(is).cloned().ok_or_else(Problem::not_found)?
    };
    let percent = app.pbx.progress().percent();
    Ok(Json(fields(&job, percent)))
}

fn may(grant: &Grant) -> Result<(), Problem> {
    let allowed = grant.may_at_all(Who::Administrators, AREA, Verb::Write);
    allowed.map(drop).map_err(refused::problem)
}

fn fields(job: &Job, percent: Option<u8>) -> Value {
    let (state, percent, report, error) = match &job.ended {
        None => ("running", percent.unwrap_or(0), Value::Null, None),
        Some(Ok(report)) => ("done", 100, report.clone(), None),
        Some(Err(why)) => ("failed", 100, Value::Null, Some(why)),
    };
    json!({
        "id": job.id, "dry_run": job.dry_run, "state": state, "percent": percent, "report": report, "error": error,
    })
}

/// What was sent, checked as the fields of a noun are.
fn read(sent: Map<String, Value>) -> Result<Upload, Refusal> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, why: String| {
        faults.push(Fault {
            field: Some(field.chars().take(64).collect()),
            detail: format!("{field} {why}"),
        });
    };
    for (name, value) in &sent {
        match BODY.iter().find(|field| field.name == name) {
            None => fault(name, "is no field of an import".to_owned()),
            // The texts are files: of many lines.
            Some(Field { kind: Kind::Any, .. }) => {}
            Some(field) => {
                if let Err(why) = field.check(value) {
                    fault(name, why);
                }
            }
        }
    }
    let texts = |value: Option<&Value>, fields: [&str; 2]| -> Option<Vec<(String, String)>> {
        let one = |value: &Value| {
            let object = value.as_object().filter(|object| object.len() == 2)?;
            let text = |name: &str| Some(object.get(name)?.as_str()?.to_owned());
            Some((text(fields[0])?, text(fields[1])?))
        };
        value.map_or(Some(Vec::new()), |value| {
            value.as_array()?.iter().map(one).collect()
        })
    };
    let files = texts(sent.get("files"), ["path", "text"]);
    if files.as_ref().is_none_or(Vec::is_empty) {
        fault("files", "takes a list of {path, text}".to_owned());
    }
    let variables = texts(sent.get("variables"), ["name", "value"]);
    if variables.is_none() {
        fault("variables", "takes a list of {name, value}".to_owned());
    }
    if !sent.contains_key("main") {
        fault("main", "is missing: which file is read first?".to_owned());
    }
    if !faults.is_empty() {
        return Err(Refusal::Invalid(faults));
    }
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    Ok(Upload {
        files: files.unwrap_or_default(),
        main: text("main").unwrap_or_default().to_owned(),
        domain: text("domain").and_then(|name| name.parse().ok()),
        variables: variables.unwrap_or_default(),
        dry_run: sent.get("dry_run").and_then(Value::as_bool).unwrap_or(true),
        force: sent.get("force").and_then(Value::as_bool).unwrap_or(false),
    })
}

impl Imports {
    fn jobs(&self) -> MutexGuard<'_, VecDeque<Job>> {
        // A job is whole at any time.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
