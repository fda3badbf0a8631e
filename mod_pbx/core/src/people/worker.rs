//! The thread that saves sign-ins, and ends sessions whose time is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Shared, Told, lock, now, spoken};
use crate::background::Queue;
use crate::store::people::{Batch, SignIn};

use super::session::Session;

/// How often sessions are looked through.
const TICK: Duration = Duration::from_secs(60);

/// When it is tried again to save.
const AGAIN: Duration = Duration::from_secs(30);

/// How many may wait to be saved: events beyond are forgotten, and sessions are all saved at once.
const UNSAVED: usize = 10_000;

/// Seconds by which the stored time of the last use may be behind.
const BEHIND: i64 = 300;

pub(super) fn run(shared: &Arc<Shared>, queue: &Queue<Told>) {
    let mut batch = Batch::default();
    let (mut tidy_at, mut save_at) = (Instant::now() + TICK, Instant::now());
    loop {
        let wait = if is_empty(&batch) { TICK } else { AGAIN };
        for told in queue.wait(wait, 1024) {
            match told {
                Told::Keep(session) => {
                    batch.gone.retain(|id| *id != session.id.to_string());
                    batch.kept.push(row(&session));
                }
                Told::Gone(id) => {
                    let id = id.to_string();
                    batch.kept.retain(|row| row.id != id);
                    batch.gone.push(id);
                }
                Told::Used(used) => batch.used.push(used),
                Told::Event(event) => batch.events.push(event),
                Told::Key(key) => batch.key = Some(key),
                Told::All => batch.all = true,
            }
        }
        let stop = queue.is_over();
        if tidy_at <= Instant::now() || stop {
            tidy_at = Instant::now() + TICK;
            tidy(shared, &mut batch);
        }
        if batch.all {
            batch.kept = lock(&shared.state).sessions.all().map(row).collect();
            batch.gone.clear();
            batch.key = Some(data_encoding::HEXLOWER.encode(&shared.key));
        }
        if !is_empty(&batch) && (save_at <= Instant::now() || stop) {
            match shared.store.keep_people(&batch) {
                Ok(()) => batch = Batch::default(),
                Err(error) => {
                    tracing::warn!("sign-ins are in force but not saved: {error}");
                    save_at = Instant::now() + AGAIN;
                    if batch.events.len() > UNSAVED {
                        batch.events.clear();
                    }
                    if batch.used.len() > UNSAVED {
                        batch.used.clear();
                    }
                    if batch.kept.len() + batch.gone.len() > UNSAVED {
                        batch.all = true;
                        batch.kept.clear();
                    }
                }
            }
        }
        if stop {
            return;
        }
    }
}

fn is_empty(batch: &Batch) -> bool {
    *batch == Batch::default()
}

/// Ends what is over, and has the time of the last use saved where it is far behind.
fn tidy(shared: &Shared, batch: &mut Batch) {
    let now = now();
    let mut state = lock(&shared.state);
    for ended in state.sessions.remove_if(|session| session.ends() <= now) {
        batch.gone.push(ended.id.to_string());
    }
    let behind: Vec<_> = state
        .sessions
        .all()
        .filter(|session| session.seen - session.saved_seen > BEHIND)
        .map(|session| session.token)
        .collect();
    for token in behind {
        if let Some(session) = state.sessions.get_mut(&token) {
            session.saved_seen = session.seen;
            batch.kept.push(row(session));
        }
    }
}

fn row(session: &Session) -> SignIn {
    SignIn {
        id: session.id.to_string(),
        token: data_encoding::HEXLOWER.encode(&session.token),
        user_id: session.user.to_string(),
        password: session.password.clone(),
        begun: spoken(session.begun),
        seen: spoken(session.seen),
        address: session.address.to_string(),
        browser: session.browser.clone(),
    }
}
