//! `GET /api/events`: what changes in the table of extensions, as it changes (server-sent events).
//!
//! Told is who, and the state they have when it is told: a reader that is slow misses steps, never the outcome. An
//! event `reset` says that anything may have changed; it is the first.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use pbx_core::names::DomainName;
use pbx_core::presence::feed::{Changes, Subject, Subscriber};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};
use uuid::Uuid;

use crate::app::App;
use crate::extensions::own;
use crate::problem::Problem;
use crate::session::SignedIn;

/// Streams of one sign-in: a browser needs one, by its leading tab.
const MOST: usize = 4;
/// Between two events of a stream: what changes meanwhile is told together.
const PACE: Duration = Duration::from_millis(100);
/// How often a stream looks whether the configuration changed, and every so many looks whether it may go on.
const LOOK: Duration = Duration::from_secs(2);
const LOOKS: u32 = 5;
/// A line that says nothing, so that proxies keep the connection.
const ALIVE: Duration = Duration::from_secs(15);

/// Its route.
pub(crate) fn routes() -> Router<App> {
    let open = Arc::new(Open::default());
    let follow = move |app: State<App>, signed_in: SignedIn| events(Arc::clone(&open), app, signed_in);
    Router::new().route("/api/events", get(follow))
}

/// How many streams each sign-in has.
#[derive(Debug, Default)]
struct Open(Mutex<HashMap<Uuid, usize>>);

/// A stream's place among them.
#[derive(Debug)]
struct Seat {
    open: Arc<Open>,
    sign_in: Uuid,
}

impl Seat {
    fn take(open: Arc<Open>, sign_in: Uuid) -> Option<Self> {
        {
            let mut all = open.0.lock().unwrap_or_else(PoisonError::into_inner);
            let count = all.entry(sign_in).or_default();
            if *count >= MOST {
                return None;
            }
            *count += 1;
        }
        Some(Self { open, sign_in })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut all = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.sign_in) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.sign_in);
            }
        }
    }
}

async fn events(open: Arc<Open>, State(app): State<App>, signed_in: SignedIn) -> Result<Response, Problem> {
    let seat = Seat::take(open, signed_in.sign_in).ok_or_else(|| {
        let detail = "This browser follows already, more than once: close a tab.";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-streams", detail).after(10)
    })?;
    let own = own(&app, signed_in.person.id).await?;
    let mut domains: HashSet<DomainName> = own.into_iter().map(|own| own.domain.name).collect();
    domains.extend(signed_in.person.domain.iter().map(|(_, name)| name.clone()));
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reader = Reader {
        changes: app.pbx.presence().subscribe(),
        rev: app.pbx.store().borrow().rev,
        stopping: app.stopping.clone(),
        app,
        user: signed_in.person.id,
        domains,
        look,
        looks: 0,
        not_before: Instant::now(),
        seat,
    };
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE));
    // nginx would collect events before it hands them on.
    let header = (HeaderName::from_static("x-accel-buffering"), "no");
    Ok(([header], stream).into_response())
}

/// Who reads a stream, and what they know.
struct Reader {
    app: App,
    user: Uuid,
    domains: HashSet<DomainName>,
    changes: Subscriber,
    stopping: watch::Receiver<bool>,
    rev: u64,
    look: Interval,
    looks: u32,
    not_before: Instant,
    seat: Seat,
}

impl Reader {
    /// The next event; none: the stream ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let news = tokio::select! {
                () = stopped(&mut self.stopping) => return None,
                _ = self.look.tick() => News::Look,
                changes = changes(&self.changes, self.not_before) => News::Changes(changes?),
            };
            let event = match news {
                News::Look if !self.may_go_on() => return None,
                News::Look => self.revision(),
                News::Changes(Changes::Everything) => Some(reset()),
                News::Changes(Changes::These(subjects)) => self.presence(&subjects),
            };
            if event.is_some() {
                self.not_before = Instant::now() + PACE;
                return event;
            }
        }
    }

    /// Whether the sign-in is still there. Looked at now and then.
    fn may_go_on(&mut self) -> bool {
        self.looks += 1;
        if !self.looks.is_multiple_of(LOOKS) {
            return true;
        }
        let sessions = self.app.pbx.people().sessions(Some(self.user));
        sessions.iter().any(|session| session.id == self.seat.sign_in)
    }

    fn revision(&mut self) -> Option<Event> {
        let rev = self.app.pbx.store().borrow().rev;
        let changed = rev != self.rev;
        self.rev = rev;
        changed.then(reset)
    }

    /// The states that these have now, by domain.
    fn presence(&self, subjects: &HashSet<Subject>) -> Option<Event> {
        let snapshot = self.app.pbx.store().borrow();
        let view = self.app.pbx.presence().view();
        let mut by_domain: HashMap<&DomainName, HashMap<&str, Value>> = HashMap::new();
        for subject in subjects {
            let (domain, name) = match subject {
                Subject::Line(domain, username) => (domain, username.as_str()),
                Subject::Extension(domain, number) => (domain, number.as_str()),
            };
            if !self.domains.contains(domain) {
                continue;
            }
            let Some(extension) = snapshot
                .domain(domain.as_str())
                .and_then(|known| known.find(name))
            else {
                continue;
            };
            let state = view.extension_state(domain.as_str(), extension);
            let row = json!({"number": extension.number, "state": state});
            by_domain
                .entry(domain)
                .or_default()
                .insert(extension.number.as_str(), row);
        }
        let told: Vec<Value> = by_domain
            .into_iter()
            .map(|(domain, rows)| json!({"domain": domain, "rows": rows.into_values().collect::<Vec<_>>()}))
            .collect();
        if told.is_empty() {
            return None;
        }
        Some(
            Event::default()
                .event("presence")
                .data(Value::Array(told).to_string()),
        )
    }
}

/// Why a stream wakes up.
enum News {
    Look,
    Changes(Changes),
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error: the server is gone, which is as good.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

fn reset() -> Event {
    Event::default().event("reset").data("{}")
}

async fn changes(from: &Subscriber, not_before: Instant) -> Option<Changes> {
    sleep_until(not_before).await;
    poll_fn(|context| from.poll(context)).await
}
