//! What people do with what is theirs: their forwards, lines and mailboxes. Whose something is, is asked here each
//! time, so that no caller can forget to; somebody else's looks like none.
//!
//! Everything here waits for the database or the switch.

mod calls;
mod forwards;
mod lines;
mod mailbox;
pub mod provisioning;

use uuid::Uuid;

use crate::store::{Reader, StoreError, rows};

pub use calls::{OwnCall, Page as CallsPage, Way, calls};
pub use forwards::change_forwards;
pub use lines::{NewLine, OwnLine, Wanted, add_line, lines, revoke_line};
pub use mailbox::{delete_message, mark, messages, recording, set_pin};

/// Who does it.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The user's id.
    pub id: Uuid,
    /// What the revision log calls them: `alice@pbx.example.com`.
    pub name: &'a str,
}

/// Why it was not done. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is nothing of the kind, or it is somebody else's.
    #[error("there is nothing here of yours by that name")]
    Missing,
    /// What was asked for cannot be.
    #[error("{1}")]
    Invalid(About, String),
    /// There is no room for another.
    #[error("{0}")]
    Full(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The switch.
    #[error("{0}")]
    Switch(String),
}

/// What of a wish cannot be, for programs: pages have words for each in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Calls cannot be forwarded there.
    Target,
    /// Forwards would go round in a circle.
    Circle,
    /// For how long phones ring.
    RingSeconds,
    /// The name of a line is none, or taken.
    Name,
    /// A password is too weak.
    Password,
    /// A voicemail PIN is none, or too easy.
    Pin,
    /// Something else.
    Other,
}

impl About {
    /// What programs tell it by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Circle => "circle",
            Self::RingSeconds => "ring-seconds",
            Self::Name => "name",
            Self::Password => "password",
            Self::Pin => "pin",
            Self::Other => "other",
        }
    }
}

/// An extension of somebody's, and the domain it is in.
#[derive(Debug, Clone)]
pub struct Extension {
    /// Its domain.
    pub domain: rows::Domain,
    /// Its row.
    pub row: rows::Extension,
}

/// The extensions of a person that are on, by domain and number.
///
/// # Errors
/// The database cannot be read.
pub fn extensions(reader: &Reader<'_>, user: Uuid) -> Result<Vec<Extension>, StoreError> {
    let mut found = Vec::new();
    for row in reader.extensions_of(user)? {
        let domain = reader.get::<rows::Domain>(row.domain_id)?;
        if let Some(domain) = domain.filter(|_| row.enabled) {
            found.push(Extension { domain, row });
        }
    }
    found.sort_by(|a, b| a.domain.name.cmp(&b.domain.name));
    Ok(found)
}

/// The extension whose page is this channel, if it is this person's and on.
///
/// # Errors
/// The database cannot be read.
pub fn extension(reader: &Reader<'_>, user: Uuid, channel: Uuid) -> Result<Option<Extension>, StoreError> {
    let row = reader.extension_of_channel(channel)?;
    let Some(row) = row.filter(|row| row.enabled && row.user_id == user) else {
        return Ok(None);
    };
    let domain = reader.get::<rows::Domain>(row.domain_id)?;
    Ok(domain.map(|domain| Extension { domain, row }))
}
