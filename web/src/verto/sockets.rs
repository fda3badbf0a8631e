//! Which sockets there are: one for each client. A new one waits until the old one is gone from the switch, since
//! mod_verto's own way of giving a session to another connection writes to the old socket under a lock that all
//! others need (`attach_jsock`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pbx_core::clients::Punts;
use tokio::sync::watch;
use uuid::Uuid;

use super::count::Counts;

/// Sockets at once, and those of one sign-in: its clients, and one each that is about to take over.
const MOST: usize = 2048;
const MOST_OF_ONE: usize = 64;

/// Why a socket must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Its session must not go on.
    Punted,
    /// Another socket of the same client is there.
    Taken,
}

/// The sockets of a web server.
#[derive(Debug, Default)]
pub struct Sockets {
    state: Mutex<State>,
    /// What passed and what did not.
    pub counts: Counts,
}

#[derive(Debug, Default)]
struct State {
    seats: HashMap<Uuid, Arc<Seat>>,
    /// Sockets by sign-in, logged in or not.
    open: HashMap<Uuid, usize>,
    all: usize,
}

/// A logged in client's place.
#[derive(Debug)]
struct Seat {
    session: Uuid,
    end: watch::Sender<Option<Why>>,
    /// Turns true when the socket is gone from the switch.
    gone: watch::Sender<bool>,
}

/// A socket, from its handshake on.
#[derive(Debug)]
pub(super) struct Open {
    sockets: Arc<Sockets>,
    sign_in: Uuid,
}

/// A client's place, for as long as it is held.
#[derive(Debug)]
pub(super) struct Held {
    sockets: Arc<Sockets>,
    client: Uuid,
    seat: Arc<Seat>,
    /// Says when to end.
    pub(super) end: watch::Receiver<Option<Why>>,
}

impl Sockets {
    /// A socket more; none: there are too many.
    pub(super) fn open(self: &Arc<Self>, sign_in: Uuid) -> Option<Open> {
        let mut state = self.state();
        let of_one = state.open.get(&sign_in).copied().unwrap_or(0);
        if state.all >= MOST || of_one >= MOST_OF_ONE {
            return None;
        }
        state.all += 1;
        state.open.insert(sign_in, of_one + 1);
        Some(Open {
            sockets: Arc::clone(self),
            sign_in,
        })
    }

    /// Takes the client's place; who has it is told to end, and waited for.
    pub(super) async fn take(self: &Arc<Self>, client: Uuid, session: Uuid) -> Held {
        let (end, ends) = watch::channel(None);
        let seat = Arc::new(Seat {
            session,
            end,
            gone: watch::Sender::new(false),
        });
        let before = self.state().seats.insert(client, Arc::clone(&seat));
        let held = Held {
            sockets: Arc::clone(self),
            client,
            seat,
            end: ends,
        };
        if let Some(before) = before {
            before.end.send_replace(Some(Why::Taken));
            // Its sender is the seat itself, which we hold.
            let _ = before.gone.subscribe().wait_for(|gone| *gone).await;
        }
        held
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.state().all
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What is inside is whole at any time.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Punts for Sockets {
    fn punt(&self, session: Uuid) {
        for seat in self.state().seats.values() {
            if seat.session == session {
                seat.end.send_replace(Some(Why::Punted));
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.sockets.state();
        state.all -= 1;
        if let Some(count) = state.open.get_mut(&self.sign_in) {
            *count -= 1;
            if *count == 0 {
                state.open.remove(&self.sign_in);
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.sockets.state();
        if state
            .seats
            .get(&self.client)
            .is_some_and(|seat| Arc::ptr_eq(seat, &self.seat))
        {
            state.seats.remove(&self.client);
        }
        drop(state);
        self.seat.gone.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_new_socket_waits_until_the_old_one_is_gone() {
        let sockets = Arc::new(Sockets::default());
        let (client, session) = (Uuid::new_v4(), Uuid::new_v4());
        let first = sockets.take(client, session).await;
        let theirs = Arc::clone(&sockets);
        let second = tokio::spawn(async move { theirs.take(client, session).await });
        let mut end = first.end.clone();
        assert_eq!(*end.wait_for(Option::is_some).await.unwrap(), Some(Why::Taken));
        assert!(!second.is_finished());
        drop(first);
        let second = second.await.unwrap();
        assert_eq!(*second.end.borrow(), None);
        sockets.punt(Uuid::new_v4());
        assert_eq!(*second.end.borrow(), None);
        sockets.punt(session);
        assert_eq!(*second.end.borrow(), Some(Why::Punted));
        drop(second);
        assert!(sockets.state().seats.is_empty());
    }

    #[test]
    fn sockets_are_counted_for_each_sign_in() {
        let sockets = Arc::new(Sockets::default());
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        let open: Vec<_> = (0..MOST_OF_ONE).map(|_| sockets.open(one).unwrap()).collect();
        assert!(sockets.open(one).is_none());
        assert!(sockets.open(other).is_some());
        drop(open);
        assert_eq!(sockets.count(), 0);
        assert!(sockets.open(one).is_some());
    }
}
