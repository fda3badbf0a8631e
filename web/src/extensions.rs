//! `GET /api/channels`, what a person's own pages are; `GET /api/extensions`, the table on them.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use pbx_core::names::{DomainName, Number};
use pbx_core::own;
use pbx_core::pbx::Pbx;
use pbx_core::presence::view::State as Presence;
use pbx_core::store::settings::CODE_ECHO;
use pbx_core::store::{Reader, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::session::{SignedIn, unreadable};
use crate::table::{Channels, Column, Table};

/// Rows of a page: by default, and at most.
const SIZE: usize = 25;
const LARGEST: usize = 100;
/// Characters of a search.
const LONGEST: usize = 100;
/// Extensions of a domain that are searched where requests are served; more are searched where one may block.
const AT_ONCE: usize = 20_000;

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

/// The same, channels and domains alone: read once for each person and revision, for every page of a table asks.
pub(crate) async fn channels_of(app: &App, user: Uuid) -> Result<Channels, Problem> {
    let rev = app.pbx.store().snapshot().rev;
    if let Some(known) = app.tables.channels(user, rev) {
        return Ok(known);
    }
    let own = own(app, user).await?;
    let channels: Channels = own
        .into_iter()
        .map(|own| (own.row.channel_id, own.domain.name))
        .collect();
    app.tables.keep_channels(user, rev, Arc::clone(&channels));
    Ok(channels)
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

impl Wanted {
    fn size(&self) -> usize {
        self.size.unwrap_or(SIZE).clamp(1, LARGEST)
    }
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
    fn state(self) -> Presence {
        match self {
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

impl Sort {
    /// The column, and whether it is the other way round.
    fn by(self) -> (Column, bool) {
        match self {
            Self::Name => (Column::Name, false),
            Self::NameBack => (Column::Name, true),
            Self::Number => (Column::Number, false),
            Self::NumberBack => (Column::Number, true),
            Self::State => (Column::State, false),
            Self::StateBack => (Column::State, true),
        }
    }
}

/// A page of the table.
#[derive(Serialize)]
struct Page<'a> {
    domain: &'a DomainName,
    total: usize,
    page: usize,
    size: usize,
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a Number,
    number: &'a Number,
    name: &'a str,
    state: Presence,
}

async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "bad-request", detail);
    let Query(wanted) = wanted.map_err(|rejection| bad(rejection.body_text()))?;
    if wanted.q.chars().count() > LONGEST {
        return Err(bad(format!("q has more than {LONGEST} characters.")));
    }
    let domain = match wanted.channel {
        Some(channel) => {
            let own = channels_of(&app, signed_in.person.id).await?;
            let mut own = own.iter();
            own.find(|(known, _)| *known == channel)
                .map(|(_, domain)| domain.clone())
        }
        None => signed_in.person.domain.as_ref().map(|(_, name)| name.clone()),
    };
    let name = domain.ok_or_else(Problem::not_found)?;
    let snapshot = app.pbx.store().snapshot();
    let Some(domain) = snapshot.domain(name.as_str()).map(Arc::clone) else {
        // Without an extension it is not kept, or it has just been deleted.
        let none = Page {
            domain: &name,
            total: 0,
            page: wanted.page.unwrap_or(1).max(1),
            size: wanted.size(),
            rows: Vec::new(),
        };
        return Ok(Json(none).into_response());
    };
    if let Some(table) = app.tables.find(&domain)
        && table.len() <= AT_ONCE
    {
        return Ok(page(&app.pbx, &name, &table, &wanted));
    }
    let made = tokio::task::spawn_blocking(move || {
        let table = app
            .tables
            .find(&domain)
            .unwrap_or_else(|| app.tables.make(&domain));
        page(&app.pbx, &name, &table, &wanted)
    });
    made.await.map_err(|_| Problem::internal())
}

fn page(pbx: &Pbx, domain: &DomainName, table: &Table, wanted: &Wanted) -> Response {
    let view = pbx.presence().view();
    let seen = view.domain(domain.as_str());
    let q = wanted.q.trim().to_lowercase();
    let (column, back) = wanted.sort.by();
    let (number, size) = (wanted.page.unwrap_or(1).max(1), wanted.size());
    let part = |total: usize| {
        let from = number.saturating_sub(1).saturating_mul(size).min(total);
        (from, from.saturating_add(size).min(total))
    };
    let (total, shown) = if q.is_empty() && wanted.state.is_none() && column != Column::State {
        let (from, to) = part(table.len());
        (table.len(), table.all(column, back, from, to))
    } else {
        let mut found = table.search(&q);
        if let Some(only) = wanted.state {
            found &= table.states(seen).rows(only.state());
        }
        let total = usize::try_from(found.len()).unwrap_or(usize::MAX);
        let shown = table.some(&found, (column, back), || table.states(seen), part(total));
        (total, shown)
    };
    let row = |place: &u32| {
        let extension = table.at(*place);
        Row {
            id: &extension.number,
            number: &extension.number,
            name: &extension.caller_id_name,
            state: seen.map_or(Presence::Offline, |seen| seen.extension_state(extension)),
        }
    };
    let page = Page {
        domain,
        total,
        page: number,
        size,
        rows: shown.iter().map(row).collect(),
    };
    // Several kilobytes: `Json` would let its buffer grow to them by doubling.
    let mut text = Vec::with_capacity(128 * (page.rows.len() + 1));
    match serde_json::to_writer(&mut text, &page) {
        Ok(()) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        Err(_) => Problem::internal().into_response(),
    }
}
