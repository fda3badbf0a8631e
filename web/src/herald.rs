//! Tells everybody who follows what changed: each change is looked up and encoded once for its domain, and all
//! streams of the domain send the same bytes. Who is too slow for that is told to ask again.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::stream::{self, BoxStream, SelectAll, StreamExt as _};
use pbx_core::names::DomainName;
use pbx_core::pbx::Pbx;
use pbx_core::presence::feed::{Changes, Subject, Subscriber};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use uuid::Uuid;

use crate::app::App;

/// Streams of one sign-in: a browser needs one, by its leading tab.
const MOST: usize = 4;
/// Between two events: what changes meanwhile is told together. The first is told at once.
const PACE: Duration = Duration::from_millis(250);
/// How often it is looked whether the configuration changed, and every so many looks who is still signed in.
const LOOK: Duration = Duration::from_secs(2);
const LOOKS: u32 = 5;
/// Events that a stream may be behind: eight seconds.
const BEHIND: usize = 32;

/// Anything may have changed: ask again.
pub(crate) const RESET: Bytes = Bytes::from_static(b"event: reset\ndata: {}\n\n");

/// Who follows what.
#[derive(Debug)]
pub struct Herald {
    state: Mutex<State>,
    everybody: broadcast::Sender<Bytes>,
    /// Somebody follows who did not.
    came: Notify,
}

#[derive(Debug, Default)]
struct State {
    rooms: HashMap<DomainName, broadcast::Sender<Bytes>>,
    followers: HashMap<Uuid, Follower>,
    /// Nothing will be told any more.
    over: bool,
}

/// A sign-in that has streams.
#[derive(Debug)]
struct Follower {
    streams: usize,
    end: watch::Sender<bool>,
}

/// A stream's place among those of its sign-in.
#[derive(Debug)]
pub(crate) struct Seat {
    herald: Arc<Herald>,
    sign_in: Uuid,
    end: watch::Receiver<bool>,
}

/// The events of some domains, as bytes to send.
pub(crate) type Frames = SelectAll<BoxStream<'static, Bytes>>;

impl Default for Herald {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            everybody: broadcast::Sender::new(BEHIND),
            came: Notify::new(),
        }
    }
}

impl Herald {
    /// A place for one more stream of a sign-in; none: it has as many as it may.
    pub(crate) fn seat(self: &Arc<Self>, sign_in: Uuid) -> Option<Seat> {
        let mut state = self.state();
        let follower = state.followers.entry(sign_in).or_insert_with(|| Follower {
            streams: 0,
            end: watch::Sender::new(false),
        });
        if follower.streams >= MOST {
            return None;
        }
        follower.streams += 1;
        let end = follower.end.subscribe();
        drop(state);
        Some(Seat {
            herald: Arc::clone(self),
            sign_in,
            end,
        })
    }

    /// What is told from now on about these domains.
    pub(crate) fn follow(&self, domains: impl IntoIterator<Item = DomainName>) -> Frames {
        let mut frames = SelectAll::new();
        let mut state = self.state();
        if state.over {
            return frames;
        }
        frames.push(received(self.everybody.subscribe()));
        for domain in domains {
            let room = state.rooms.entry(domain);
            let room = room.or_insert_with(|| broadcast::Sender::new(BEHIND));
            frames.push(received(room.subscribe()));
        }
        self.came.notify_one();
        frames
    }

    /// While nobody is, presence is not listened to either: it would wake us four times a second.
    fn is_followed(&self) -> bool {
        self.everybody.receiver_count() > 0
    }

    fn tell(&self, pbx: &Pbx, subjects: &HashSet<Subject>) {
        let state = self.state();
        let followed = |domain: &DomainName| {
            let room = state.rooms.get(domain);
            room.is_some_and(|room| room.receiver_count() > 0)
        };
        for (domain, frame) in presence(pbx, subjects, followed) {
            if let Some(room) = state.rooms.get(&domain) {
                // Fails when the last has just left.
                let _ = room.send(frame);
            }
        }
    }

    fn reset(&self) {
        // Fails when nobody follows.
        let _ = self.everybody.send(RESET);
    }

    /// Ends the streams of those who are not signed in any more, and forgets rooms that nobody is in.
    fn tidy(&self, signed_in: &HashSet<Uuid>) {
        let mut state = self.state();
        state.rooms.retain(|_, room| room.receiver_count() > 0);
        for (sign_in, follower) in &state.followers {
            if !signed_in.contains(sign_in) {
                follower.end.send_replace(true);
            }
        }
    }

    /// Ends all streams.
    fn close(&self) {
        let mut state = self.state();
        state.over = true;
        for follower in state.followers.values() {
            follower.end.send_replace(true);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What is inside is whole at any time.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// When the stream must end.
    pub(crate) async fn ends(&mut self) {
        // Its sender lives as long as a seat does.
        drop(self.end.wait_for(|end| *end).await);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.herald.state();
        if let Some(follower) = state.followers.get_mut(&self.sign_in) {
            follower.streams -= 1;
            if follower.streams == 0 {
                state.followers.remove(&self.sign_in);
            }
        }
    }
}

fn received(from: broadcast::Receiver<Bytes>) -> BoxStream<'static, Bytes> {
    stream::unfold(from, |mut from| async move {
        match from.recv().await {
            Ok(frame) => Some((frame, from)),
            // What it missed is in what it asks for now.
            Err(RecvError::Lagged(_)) => Some((RESET, from.resubscribe())),
            Err(RecvError::Closed) => None,
        }
    })
    .boxed()
}

/// Runs until the server stops, or the PBX does.
pub(crate) async fn run(app: App) {
    let from = app.pbx.presence().subscribe();
    let mut stopping = app.stopping.clone();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut rev = app.pbx.store().borrow().rev;
    let (mut looks, mut not_before) = (0_u32, Instant::now());
    loop {
        tokio::select! {
            _ = async { drop(stopping.wait_for(|stopping| *stopping).await) } => break,
            _ = look.tick() => {
                let now = app.pbx.store().borrow().rev;
                if std::mem::replace(&mut rev, now) != now {
                    app.herald.reset();
                }
                looks = looks.wrapping_add(1);
                if looks.is_multiple_of(LOOKS) {
                    let sessions = app.pbx.people().sessions(None);
                    app.herald.tidy(&sessions.iter().map(|session| session.id).collect());
                }
            }
            _ = app.herald.came.notified() => {}
            changed = changes(&from, not_before), if app.herald.is_followed() => {
                match changed {
                    Some(Changes::Everything) => app.herald.reset(),
                    Some(Changes::These(subjects)) => app.herald.tell(&app.pbx, &subjects),
                    None => break,
                }
                not_before = Instant::now() + PACE;
            }
        }
    }
    app.herald.close();
}

async fn changes(from: &Subscriber, not_before: Instant) -> Option<Changes> {
    sleep_until(not_before).await;
    poll_fn(|context| from.poll(context)).await
}

/// An event for each domain that is followed: the states that these have now.
fn presence(
    pbx: &Pbx,
    subjects: &HashSet<Subject>,
    followed: impl Fn(&DomainName) -> bool,
) -> Vec<(DomainName, Bytes)> {
    let snapshot = pbx.store().borrow();
    let view = pbx.presence().view();
    let mut by_domain: HashMap<&DomainName, HashMap<&str, Value>> = HashMap::new();
    for subject in subjects {
        let (domain, name) = match subject {
            Subject::Line(domain, username) => (domain, username.as_str()),
            Subject::Extension(domain, number) => (domain, number.as_str()),
        };
        if !followed(domain) {
            continue;
        }
        let known = snapshot.domain(domain.as_str());
        let Some(extension) = known.and_then(|known| known.find(name)) else {
            continue;
        };
        let state = view.extension_state(domain.as_str(), extension);
        let row = json!({"number": extension.number, "state": state});
        let rows = by_domain.entry(domain).or_default();
        rows.insert(extension.number.as_str(), row);
    }
    let frame = |(domain, rows): (&DomainName, HashMap<&str, Value>)| {
        let told = json!([{"domain": domain, "rows": rows.into_values().collect::<Vec<_>>()}]);
        let text = format!("event: presence\ndata: {told}\n\n");
        (domain.clone(), Bytes::from(text))
    };
    by_domain.into_iter().map(frame).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(herald: &Herald, domain: &str) -> broadcast::Sender<Bytes> {
        herald.state().rooms[&domain.parse::<DomainName>().unwrap()].clone()
    }

    #[tokio::test]
    async fn who_is_too_slow_is_told_to_ask_again_and_hears_what_comes_then() {
        let herald = Herald::default();
        let mut frames = herald.follow(["pbx.test".parse().unwrap(), "other.test".parse().unwrap()]);
        let room = room(&herald, "pbx.test");
        for n in 0..=BEHIND {
            room.send(Bytes::from(n.to_string())).unwrap();
        }
        assert_eq!(frames.next().await, Some(RESET));
        room.send(Bytes::from_static(b"news")).unwrap();
        assert_eq!(frames.next().await, Some(Bytes::from_static(b"news")));
        herald.reset();
        assert_eq!(frames.next().await, Some(RESET));
    }

    #[tokio::test]
    async fn streams_end_with_their_sign_in_and_rooms_with_their_last_stream() {
        let herald = Arc::new(Herald::default());
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        let mut seats: Vec<_> = (0..MOST).map(|_| herald.seat(one).unwrap()).collect();
        assert!(herald.seat(one).is_none());
        let mut second = herald.seat(other).unwrap();
        let frames = herald.follow(["pbx.test".parse().unwrap()]);
        herald.tidy(&[other].into());
        for seat in &mut seats {
            seat.ends().await;
        }
        assert_eq!(herald.state().rooms.len(), 1);
        drop((frames, seats));
        herald.tidy(&[other].into());
        assert!(herald.state().rooms.is_empty());
        assert_eq!(herald.state().followers.len(), 1);
        herald.close();
        second.ends().await;
        assert!(herald.follow(["pbx.test".parse().unwrap()]).is_empty());
    }
}
