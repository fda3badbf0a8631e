//! The clients while they are being changed, behind one lock that no lookup and no event hook takes. Knows
//! neither clock nor switch nor database.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use super::view::{Client, Connection, GRACE, View};
use super::{Note, Refused};
use crate::names::{DomainName, Number};
use crate::presence::AtHome;
use crate::presence::view::Browser;

/// How many clients one person may open or renew in a minute.
const A_MINUTE: usize = 30;

/// A client that is not logged in makes room for another of the same person or channel after this many seconds:
/// as long as mod_verto keeps an answered call for a browser that lost its connection.
const ABSENT: i64 = 120;

/// What a client is opened for.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    pub(super) channel: Uuid,
    pub(super) user: Uuid,
    pub(super) sign_in: Arc<str>,
    pub(super) session: Uuid,
    pub(super) domain: DomainName,
    pub(super) number: Number,
}

/// How many, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) seconds: i64,
    pub(super) per_user: usize,
    pub(super) per_channel: usize,
}

/// All clients, and what happened to them since it was last asked.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) view: View,
    by_connection: HashMap<Connection, Uuid>,
    /// When each person opened or renewed, within the last minute.
    recent: HashMap<Uuid, VecDeque<i64>>,
    changed: HashSet<Uuid>,
    ended: Vec<Arc<Client>>,
    /// Since when a client is not logged in, if it was.
    left: HashMap<Uuid, i64>,
}

impl Book {
    /// Takes over what the database has.
    pub(super) fn take_over(&mut self, client: Client) {
        self.view.clients.insert(client.id, Arc::new(client));
    }

    /// Opens a client, or renews the one that has this session id. `fresh` makes its id and its A1.
    pub(super) fn open(
        &mut self,
        opening: Opening,
        limits: Limits,
        now: i64,
        fresh: impl FnOnce(Option<Uuid>) -> (Uuid, [u8; 16]),
    ) -> Result<Arc<Client>, Refused> {
        self.take_turn(opening.user, now)?;
        let known = self.of_session(opening.session).cloned();
        let ours = |client: &Arc<Client>| {
            client.sign_in == opening.sign_in
                && client.user == opening.user
                && client.channel == opening.channel
        };
        if known.as_ref().is_some_and(|client| !ours(client)) {
            return Err(Refused::SessionTaken);
        }
        if known.is_none() {
            self.make_room(|c| c.user == opening.user, limits.per_user, now)?;
            self.make_room(|c| c.channel == opening.channel, limits.per_channel, now)?;
        }
        let (id, a1) = fresh(known.as_ref().map(|client| client.id));
        let client = Client {
            id,
            session: opening.session,
            a1,
            channel: opening.channel,
            user: opening.user,
            sign_in: opening.sign_in,
            domain: opening.domain,
            number: opening.number,
            opened: known.as_ref().map_or(now, |client| client.opened),
            expires: now.saturating_add(limits.seconds),
            connected: known.and_then(|client| client.connected.clone()),
        };
        let client = Arc::new(client);
        self.put(Arc::clone(&client));
        Ok(client)
    }

    /// Ends those clients that `which` says.
    pub(super) fn close(&mut self, which: impl Fn(&Client) -> bool) -> usize {
        let those: Vec<Uuid> = self
            .view
            .all()
            .filter(|client| which(client))
            .map(|c| c.id)
            .collect();
        for id in &those {
            self.remove(*id);
        }
        those.len()
    }

    /// Takes note of what the switch told.
    pub(super) fn note(&mut self, note: Note, now: i64) {
        match note {
            Note::Connected(connection) | Note::Left(connection) => self.leave(&connection, now),
            Note::LoggedIn { client, connection } => self.logged_in(client, connection, now),
        }
    }

    /// Takes the switch's own list of logged in connections for the truth.
    pub(super) fn take_list(&mut self, logged_in: Vec<(Uuid, Connection)>, now: i64) {
        let there: HashSet<&Connection> = logged_in.iter().map(|(_, connection)| connection).collect();
        let connected = self.view.all().filter_map(|client| client.connected.as_ref());
        let gone: Vec<Connection> = connected
            .map(|(connection, _)| connection)
            .filter(|connection| !there.contains(connection))
            .cloned()
            .collect();
        for connection in gone {
            self.leave(&connection, now);
        }
        for (id, connection) in logged_in {
            let known = self
                .view
                .clients
                .get(&id)
                .and_then(|client| client.connected.as_ref());
            if known.is_none_or(|(known, _)| *known != connection) {
                self.logged_in(id, connection, now);
            }
        }
    }

    /// Follows the configuration: `home` says whose channel it is now; none: the client's person has it no more.
    pub(super) fn follow(&mut self, home: impl Fn(&Client) -> Option<(DomainName, Number)>) {
        let all: Vec<Arc<Client>> = self.view.all().cloned().collect();
        for client in all {
            match home(&client) {
                None => self.remove(client.id),
                Some((domain, number)) if domain == client.domain && number == client.number => {}
                Some((domain, number)) => self.change(client.id, |client| {
                    (client.domain, client.number) = (domain, number)
                }),
            }
        }
    }

    /// Takes out what has expired for good.
    pub(super) fn sweep(&mut self, now: i64) {
        self.close(|client| now >= client.expires.saturating_add(GRACE));
        self.recent
            .retain(|_, times| times.back().is_some_and(|at| now - at < 60));
        let clients = &self.view.clients;
        self.left.retain(|id, _| clients.contains_key(id));
    }

    /// Who is logged in, for presence.
    pub(super) fn at_home(&self) -> Vec<AtHome> {
        let connected = self.view.all().filter(|client| client.connected.is_some());
        connected
            .map(|client| AtHome {
                domain: client.domain.clone(),
                number: client.number.clone(),
                browser: Browser {
                    channel: client.channel,
                    session: client.session,
                },
            })
            .collect()
    }

    /// The client with this session id.
    pub(super) fn of_session(&self, session: Uuid) -> Option<&Arc<Client>> {
        self.view.all().find(|client| client.session == session)
    }

    /// Which clients changed or are gone since this was last asked.
    pub(super) fn take_changed(&mut self) -> HashSet<Uuid> {
        std::mem::take(&mut self.changed)
    }

    /// Which clients have ended since this was last asked: their sessions are to be punted.
    pub(super) fn take_ended(&mut self) -> Vec<Arc<Client>> {
        std::mem::take(&mut self.ended)
    }

    fn logged_in(&mut self, id: Uuid, connection: Connection, now: i64) {
        if !self.view.clients.contains_key(&id) {
            return;
        }
        self.by_connection.insert(connection.clone(), id);
        self.left.remove(&id);
        self.change(id, |client| {
            // A login that only renews keeps its stamp.
            let since = match &client.connected {
                Some((known, since)) if *known == connection => *since,
                _ => now,
            };
            client.connected = Some((connection, since));
        });
    }

    /// A connection ended. Only the client that is logged in on this very one has left.
    fn leave(&mut self, connection: &Connection, now: i64) {
        let Some(id) = self.by_connection.remove(connection) else {
            return;
        };
        let client = self.view.clients.get(&id);
        let is_it = |client: &Arc<Client>| {
            client
                .connected
                .as_ref()
                .is_some_and(|(known, _)| known == connection)
        };
        if client.is_some_and(is_it) {
            self.left.insert(id, now);
            self.change(id, |client| client.connected = None);
        }
    }

    /// Counts an attempt.
    fn take_turn(&mut self, user: Uuid, now: i64) -> Result<(), Refused> {
        let times = self.recent.entry(user).or_default();
        while times.front().is_some_and(|at| now - at >= 60) {
            times.pop_front();
        }
        if times.len() >= A_MINUTE {
            return Err(Refused::TooOften);
        }
        times.push_back(now);
        Ok(())
    }

    /// Sees to it that one more is not more than `most`: those go first who cannot log in any more, then the
    /// one that has not been logged in for longest.
    fn make_room(&mut self, among: impl Fn(&Client) -> bool, most: usize, now: i64) -> Result<(), Refused> {
        loop {
            let live: Vec<&Arc<Client>> = self.view.all().filter(|c| among(c) && c.is_live(now)).collect();
            if live.len() < most {
                return Ok(());
            }
            let since = |client: &Client| self.left.get(&client.id).copied().unwrap_or(client.opened);
            let absent = live
                .iter()
                .filter(|client| client.connected.is_none() && now - since(client) >= ABSENT);
            let Some(id) = absent.min_by_key(|client| since(client)).map(|client| client.id) else {
                return Err(Refused::TooMany);
            };
            self.remove(id);
        }
    }

    fn change(&mut self, id: Uuid, change: impl FnOnce(&mut Client)) {
        if let Some(client) = self.view.clients.get(&id) {
            let mut client = Client::clone(client);
            change(&mut client);
            self.put(Arc::new(client));
        }
    }

    fn put(&mut self, client: Arc<Client>) {
        self.changed.insert(client.id);
        self.view.clients.insert(client.id, client);
    }

    fn remove(&mut self, id: Uuid) {
        if let Some(client) = self.view.clients.remove(&id) {
            if let Some((connection, _)) = &client.connected {
                self.by_connection.remove(connection);
            }
            self.left.remove(&id);
            self.changed.insert(id);
            self.ended.push(client);
        }
    }
}
