//! `GET /api/channels`, what a person's own pages are; `GET /api/extensions`, the table on them.

use std::cmp::Ordering;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use pbx_core::names::DomainName;
use pbx_core::own;
use pbx_core::pbx::Pbx;
use pbx_core::presence::view::State as Presence;
use pbx_core::store::settings::CODE_ECHO;
use pbx_core::store::snapshot::Extension;
use pbx_core::store::{Reader, StoreError};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::session::{SignedIn, unreadable};

/// Rows of a page: by default, and at most.
const SIZE: usize = 25;
const LARGEST: usize = 100;
/// Characters of a search.
const LONGEST: usize = 100;

/// Its routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/channels", get(channels))
        .route("/api/extensions", get(list))
}

/// The extensions of a person that are on, by domain and number.
pub(crate) async fn own(app: &App, user: Uuid) -> Result<Vec<own::Extension>, Problem> {
    read(app, move |reader| own::extensions(reader, user)).await
}

/// Whether a channel is the page of an extension of this person.
pub(crate) async fn is_theirs(app: &App, channel: Uuid, user: Uuid) -> Result<bool, Problem> {
    let found = read(app, move |reader| own::extension(reader, user, channel)).await?;
    Ok(found.is_some())
}

/// Reads where waiting for the database holds up nobody.
pub(crate) async fn read<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let pbx = Arc::clone(&app.pbx);
    let done = tokio::task::spawn_blocking(move || pbx.store().read(work)).await;
    done.map_err(|_| Problem::internal())?.map_err(unreadable)
}

async fn channels(State(app): State<App>, signed_in: SignedIn) -> Result<Json<Value>, Problem> {
    let own = own(&app, signed_in.person.id).await?;
    let row = |own: &own::Extension| {
        json!({
            "id": own.row.channel_id,
            "number": own.row.number,
            "name": own.row.caller_id_name,
            "domain": own.domain.name,
        })
    };
    let snapshot = app.pbx.store().snapshot();
    Ok(Json(json!({
        "channels": own.iter().map(row).collect::<Vec<_>>(),
        "codes": {"echo": snapshot.settings.get(&CODE_ECHO)},
    })))
}

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// A channel of the person's, whose domain it is about; none: their own domain.
    channel: Option<Uuid>,
    /// Part of a name or number.
    #[serde(default)]
    q: String,
    /// Only those in this state.
    state: Option<Shown>,
    #[serde(default)]
    sort: Sort,
    /// From 1.
    page: Option<usize>,
    size: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shown {
    Online,
    Ringing,
    Busy,
    Offline,
}

impl Shown {
    fn is(self, state: Presence) -> bool {
        state
            == match self {
                Self::Online => Presence::Online,
                Self::Ringing => Presence::Ringing,
                Self::Busy => Presence::Busy,
                Self::Offline => Presence::Offline,
            }
    }
}

/// The column, and which way round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
enum Sort {
    #[default]
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameBack,
    #[serde(rename = "number")]
    Number,
    #[serde(rename = "-number")]
    NumberBack,
    #[serde(rename = "state")]
    State,
    #[serde(rename = "-state")]
    StateBack,
}

struct Row<'a> {
    extension: &'a Extension,
    /// What the name is sorted by.
    name: String,
    state: Presence,
}

async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "bad-request", detail);
    let Query(wanted) = wanted.map_err(|rejection| bad(rejection.body_text()))?;
    if wanted.q.chars().count() > LONGEST {
        return Err(bad(format!("q has more than {LONGEST} characters.")));
    }
    let domain = match wanted.channel {
        Some(channel) => {
            let own = own(&app, signed_in.person.id).await?;
            let mut own = own.into_iter();
            own.find(|own| own.row.channel_id == channel)
                .map(|own| own.domain.name)
        }
        None => signed_in.person.domain.as_ref().map(|(_, name)| name.clone()),
    };
    let domain = domain.ok_or_else(Problem::not_found)?;
    let pbx = Arc::clone(&app.pbx);
    // Ten thousand names take a millisecond or two.
    let found = tokio::task::spawn_blocking(move || page(&pbx, &domain, &wanted)).await;
    found.map(Json).map_err(|_| Problem::internal())
}

fn page(pbx: &Pbx, domain: &DomainName, wanted: &Wanted) -> Value {
    let snapshot = pbx.store().snapshot();
    let view = pbx.presence().view();
    let q = wanted.q.trim().to_lowercase();
    let mut rows: Vec<Row<'_>> = Vec::new();
    for extension in snapshot
        .domain(domain.as_str())
        .iter()
        .flat_map(|domain| domain.extensions())
    {
        let name = extension.caller_id_name.to_lowercase();
        if !name.contains(&q) && !extension.number.as_str().contains(&q) {
            continue;
        }
        let state = view.extension_state(domain.as_str(), extension);
        if wanted.state.is_none_or(|shown| shown.is(state)) {
            rows.push(Row {
                extension,
                name,
                state,
            });
        }
    }
    let total = rows.len();
    let size = wanted.size.unwrap_or(SIZE).clamp(1, LARGEST);
    let number = wanted.page.unwrap_or(1).max(1);
    let from = number.saturating_sub(1).saturating_mul(size).min(total);
    let to = from.saturating_add(size).min(total);
    let order = |a: &Row<'_>, b: &Row<'_>| order(wanted.sort, a, b);
    // Only the page itself has to be in order.
    if from > 0 && from < total {
        rows.select_nth_unstable_by(from, order);
    }
    let rest = &mut rows[from..];
    if to - from < rest.len() && to > from {
        rest.select_nth_unstable_by(to - from, order);
    }
    let shown = &mut rest[..to - from];
    shown.sort_unstable_by(order);
    let row = |row: &Row<'_>| {
        let number = &row.extension.number;
        let name = &row.extension.caller_id_name;
        json!({"id": number, "number": number, "name": name, "state": row.state})
    };
    json!({
        "domain": domain,
        "total": total,
        "page": number,
        "size": size,
        "rows": shown.iter().map(row).collect::<Vec<_>>(),
    })
}

/// No two rows are equal: numbers are not.
fn order(sort: Sort, a: &Row<'_>, b: &Row<'_>) -> Ordering {
    let number = || {
        let (a, b) = (a.extension.number.as_str(), b.extension.number.as_str());
        (a.len(), a).cmp(&(b.len(), b))
    };
    let name = || a.name.cmp(&b.name).then_with(number);
    let state = || rank(a.state).cmp(&rank(b.state)).then_with(name);
    match sort {
        Sort::Name => name(),
        Sort::NameBack => name().reverse(),
        Sort::Number => number(),
        Sort::NumberBack => number().reverse(),
        Sort::State => state(),
        Sort::StateBack => state().reverse(),
    }
}

/// Who can be called comes first.
fn rank(state: Presence) -> u8 {
    match state {
        Presence::Online => 0,
        Presence::Ringing => 1,
        Presence::Busy => 2,
        Presence::Offline => 3,
    }
}
