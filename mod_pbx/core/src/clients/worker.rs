//! The thread of the browser clients: takes notes, publishes, saves, punts, and asks the switch who is there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use super::view::{self, Client, REALM};
use super::{Shared, Told, home, lock, status};
use crate::background::Queue;
use crate::names::{DomainName, Number};
use crate::secret;
use crate::store::clients::Client as Row;

/// How many messages are taken before what they changed is published.
const BATCH: usize = 256;

/// How often the clock and the configuration are looked at.
const TICK: Duration = Duration::from_secs(1);

/// How often what is known is compared with the switch's own list, while anybody is logged in.
const LIST: Duration = Duration::from_secs(60);

/// How often it is saved at most, and how often it is tried again.
const SAVE: Duration = Duration::from_secs(1);
const SAVE_AGAIN: Duration = Duration::from_secs(60);

/// How many clients one transaction saves.
const ROWS: usize = 256;

pub(super) struct Worker {
    shared: Arc<Shared>,
    /// The revision that the clients' homes are of.
    rev: u64,
    unsaved: HashSet<Uuid>,
    save_at: Instant,
    list_at: Instant,
    /// Whether it was said that the switch cannot end a session.
    said: bool,
}

impl Worker {
    /// With the clients of the database known already.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        let mut worker = Self {
            shared,
            rev: 0,
            unsaved: HashSet::new(),
            save_at: now,
            list_at: now,
            said: false,
        };
        worker.take_over();
        worker
    }

    pub(super) fn run(mut self, queue: &Queue<Told>) {
        self.list();
        loop {
            self.publish();
            for told in queue.wait(TICK, BATCH) {
                match told {
                    Told::Note(note) => self.shared.book().note(note, view::now()),
                    Told::Punt(session) => self.punt(&session),
                    Told::Changed => {}
                }
            }
            if queue.is_over() {
                self.publish();
                self.save();
                return;
            }
            self.follow();
            self.shared.book().sweep(view::now());
            if self.list_at <= Instant::now() || self.shared.lost.swap(false, Relaxed) {
                self.list();
            }
            if self.save_at <= Instant::now() {
                self.publish();
                self.save();
            }
        }
    }

    /// Makes what changed visible, and ends the sessions of those that are gone.
    fn publish(&mut self) {
        let (changed, ended) = {
            let mut book = self.shared.book();
            let changed = book.take_changed();
            if !changed.is_empty() {
                self.shared.view.store(Arc::new(book.view.clone()));
                self.shared.presence.tell_browsers(book.at_home());
            }
            (changed, book.take_ended())
        };
        self.unsaved.extend(changed);
        for client in ended {
            self.punt(&client.session.to_string());
        }
    }

    /// Ends a session in the proxy, and at the switch where that has the command for it.
    fn punt(&mut self, session: &str) {
        if let Some(session) = view::canonical(session) {
            let listeners: Vec<_> = lock(&self.shared.listeners)
                .iter()
                .filter_map(std::sync::Weak::upgrade)
                .collect();
            for listener in listeners {
                listener.punt(session);
            }
        }
        // It becomes a command: only what the patched mod_verto takes for a session id.
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if session.is_empty() || session.len() > 36 || !session.bytes().all(plain) {
            return;
        }
        match self.shared.host.api("verto_punt", session) {
            Ok(answer) => tracing::info!(
                "punted the session {}…: {}",
                &session[..session.len().min(8)],
                answer.lines().next().unwrap_or_default()
            ),
            Err(_) if self.said => {}
            Err(_) => {
                self.said = true;
                tracing::warn!(
                    "this FreeSWITCH has no verto_punt: sessions that come through the proxy are ended there; \
                     see patches/README.md"
                );
            }
        }
    }

    /// Asks the switch which connections are logged in. mod_verto may not be loaded: then nobody is.
    fn list(&mut self) {
        self.list_at = Instant::now() + LIST;
        if self.shared.book().view.is_empty() {
            return;
        }
        let Ok(text) = self.shared.host.api("verto", "xmlstatus") else {
            return;
        };
        let Some(all) = status::logged_in(&text) else {
            return;
        };
        let ours = all.into_iter().filter_map(|(login, connection)| {
            let (id, realm) = login.split_once('@')?;
            let id = view::canonical(id).filter(|_| realm.eq_ignore_ascii_case(REALM))?;
            Some((id, connection))
        });
        let ours = ours.collect();
        self.shared.book().take_list(ours, view::now());
    }

    /// Follows the configuration: an extension that was renamed takes its clients along, and one that was
    /// deleted, disabled or given to another person ends them.
    fn follow(&mut self) {
        let rev = self.shared.store.snapshot().rev;
        if rev == self.rev {
            return;
        }
        let clients: Vec<Arc<Client>> = self.shared.book().view.all().cloned().collect();
        if !clients.is_empty() {
            let homes = self.shared.store.read(|reader| {
                let mut homes: HashMap<(Uuid, Uuid), Option<(DomainName, Number)>> = HashMap::new();
                for client in &clients {
                    let key = (client.channel, client.user);
                    if let std::collections::hash_map::Entry::Vacant(entry) = homes.entry(key) {
                        entry.insert(home(reader, client.channel, client.user)?);
                    }
                }
                Ok(homes)
            });
            match homes {
                Ok(homes) => self.shared.book().follow(|client| {
                    // One that was opened meanwhile has just been looked up.
                    let found = homes.get(&(client.channel, client.user));
                    found
                        .cloned()
                        .unwrap_or_else(|| Some((client.domain.clone(), client.number.clone())))
                }),
                // Tried again at the next tick.
                Err(_) => return,
            }
        }
        self.rev = rev;
    }

    /// Saves what changed. What cannot be saved is in force all the same, and is tried again.
    fn save(&mut self) {
        self.save_at = Instant::now() + SAVE;
        while !self.unsaved.is_empty() {
            let some: Vec<Uuid> = self.unsaved.iter().take(ROWS).copied().collect();
            let (mut kept, mut gone) = (Vec::new(), Vec::new());
            {
                let book = self.shared.book();
                for id in &some {
                    match book.view.clients.get(id) {
                        Some(client) => kept.push(row(client)),
                        None => gone.push(*id),
                    }
                }
            }
            if let Err(error) = self.shared.store.keep_clients(&kept, &gone) {
                tracing::warn!("browser clients may log in but are not saved: {error}");
                self.save_at = Instant::now() + SAVE_AGAIN;
                return;
            }
            for id in &some {
                self.unsaved.remove(id);
            }
        }
    }

    /// Takes over the clients of the database. One that cannot be read is left out: its browser asks for another.
    fn take_over(&mut self) {
        let rows = self.shared.store.read(|reader| {
            let mut all = Vec::new();
            for row in reader.clients()? {
                let home = home(reader, row.channel_id, row.user_id)?;
                all.push((row, home));
            }
            Ok(all)
        });
        let rows = rows.unwrap_or_else(|error| {
            tracing::warn!("browser clients of before are not known: {error}");
            Vec::new()
        });
        let now = view::now();
        let mut book = self.shared.book();
        for (row, home) in rows {
            match home.and_then(|home| read(&row, home)) {
                Some(client) if now < client.expires.saturating_add(view::GRACE) => book.take_over(client),
                _ => {
                    self.unsaved.insert(row.id);
                }
            }
        }
        self.shared.view.store(Arc::new(book.view.clone()));
    }
}

fn row(client: &Client) -> Row {
    Row {
        id: client.id,
        session_id: client.session,
        a1: secret::hex(&client.a1),
        channel_id: client.channel,
        user_id: client.user,
        sign_in: client.sign_in.to_string(),
        opened: spoken(client.opened),
        expires: spoken(client.expires),
        connected: client.connected.as_ref().map(|(_, since)| spoken(*since)),
    }
}

/// A stored client. Who is logged in the switch says itself.
fn read(row: &Row, (domain, number): (DomainName, Number)) -> Option<Client> {
    let moment = |text: &str| Some(text.parse::<Timestamp>().ok()?.as_second());
    Some(Client {
        id: row.id,
        session: row.session_id,
        a1: secret::from_hex(&row.a1)?,
        channel: row.channel_id,
        user: row.user_id,
        sign_in: row.sign_in.as_str().into(),
        domain,
        number,
        opened: moment(&row.opened)?,
        expires: moment(&row.expires)?,
        connected: None,
    })
}

/// Seconds since 1970 as people read them, RFC 3339 in UTC.
fn spoken(seconds: i64) -> String {
    let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    format!("{at:.0}")
}
