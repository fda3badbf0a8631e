//! The browser clients as lookups read them: published as a whole, read without a lock.

use std::sync::Arc;

use uuid::Uuid;

use crate::names::{DomainName, Number};
use crate::store::snapshot::{Domain, Extension, Snapshot};

/// The realm that clients log in to: the directory domain, and the `force-register-domain` of our profile.
pub const REALM: &str = "extensions";

/// The verto profile that browsers reach through the proxy.
pub const PROFILE: &str = "pbx";

/// For how many seconds after its end a client is still found by its calls: mod_verto looks it up again at each
/// invite and answer, and keeps an answered call for its `detach-timeout-sec` (120) after the login ran out.
pub const GRACE: i64 = 300;

/// Seconds since 1970 in UTC: what mod_verto compares `login-expires` with (`switch_epoch_time_now`).
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A verto connection: what its end is told by (mod_verto names no session there).
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Connection {
    /// The verto profile.
    pub profile: Box<str>,
    /// Where it comes from: the proxy, and the port that tells its sockets apart.
    pub address: Box<str>,
}

/// One browser session that may log in by verto.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// What it logs in as.
    pub id: Uuid,
    /// The session id that it must log in with: the browser's own choice.
    pub session: Uuid,
    /// MD5(id:extensions:password).
    pub a1: [u8; 16],
    /// The channel that it logs in to.
    pub channel: Uuid,
    /// Whose it is.
    pub user: Uuid,
    /// The sign-in that it ends with, as the web server names it.
    pub sign_in: Arc<str>,
    /// The domain of the channel's extension.
    pub domain: DomainName,
    /// The extension's number.
    pub number: Number,
    /// Since when there is one, in seconds since 1970.
    pub opened: i64,
    /// When its password runs out, in seconds since 1970.
    pub expires: i64,
    /// The connection that is logged in, and since when.
    pub connected: Option<(Connection, i64)>,
}

impl Client {
    /// Whether it may log in.
    pub fn is_live(&self, now: i64) -> bool {
        now < self.expires
    }

    /// The extension that it speaks for, if its channel is still that one's.
    pub fn extension<'s>(&self, snapshot: &'s Snapshot) -> Option<(&'s Domain, &'s Extension)> {
        let domain = snapshot.domain(self.domain.as_str())?;
        let extension = domain.find(self.number.as_str())?;
        let same = extension.number == self.number && extension.channel == self.channel;
        same.then_some((domain, extension))
    }
}

/// All clients.
#[derive(Debug, Clone, Default)]
pub struct View {
    pub(super) clients: imbl::HashMap<Uuid, Arc<Client>>,
}

impl View {
    /// The client called `name`, if it is not gone for good; whether it may log in is [`Client::is_live`].
    /// Only the one spelling that we gave out counts: FreeSWITCH compares session and login by byte.
    pub fn find(&self, name: &str) -> Option<&Arc<Client>> {
        let client = self.clients.get(&canonical(name)?)?;
        (now() < client.expires.saturating_add(GRACE)).then_some(client)
    }

    /// The client of a login `id` or `id@extensions`.
    pub fn of_login(&self, login: &str) -> Option<&Arc<Client>> {
        match login.split_once('@') {
            Some((id, realm)) => realm.eq_ignore_ascii_case(REALM).then(|| self.find(id))?,
            None => self.find(login),
        }
    }

    /// Every client.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.clients.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }
}

/// An id in the spelling that ids are written in: lower case, with hyphens.
pub fn canonical(text: &str) -> Option<Uuid> {
    if text.len() != 36 || text.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    Uuid::try_parse(text).ok()
}
