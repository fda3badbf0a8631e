//! `pbx user delete`: a person, and what goes with them.

use serde_json::json;

use super::address::{At, Realm};
use super::desk::{self, Desk, InRealm};
use super::out::{Answer, Refusal, Said, refuse};
use super::user::full;
use crate::names::Username;
use crate::store::{Change, Reader, rows};

/// Deletes a person; their extensions and lines only if that was said.
pub(super) fn delete(
    desk: &Desk<'_>,
    name: &At<Username, Realm>,
    place: &InRealm,
    with_everything: bool,
) -> Said {
    let (full, along, changes) = desk.read(|reader| {
        let (domain, user) = desk::user(reader, name, place)?;
        let full = full(domain.as_ref(), &user.name);
        let theirs = Theirs::of(reader, &user)?;
        if !with_everything && !theirs.is_empty() {
            return refuse(format!(
                "user {full} has {}: delete those first, give them to somebody else, or add --with-everything",
                theirs.text()
            ));
        }
        let along = if theirs.is_empty() { String::new() } else { format!(" with {}", theirs.text()) };
        let mut changes = theirs.deletions();
        changes.push(Change::delete(user));
        Ok((full, along, changes))
    })?;
    let done = desk.commit(&format!("user {full} deleted{along}"), changes)?;
    Ok(Answer::done(
        format!(
            "user {full} deleted{along} (revision {0}); pbx revert {0} brings it back\n",
            done.rev
        ),
        json!({"revision": done.rev, "user": full}),
    ))
}

/// What goes when a person goes.
struct Theirs {
    extensions: Vec<rows::Extension>,
    channels: Vec<rows::Channel>,
    lines: Vec<rows::Line>,
}

impl Theirs {
    fn of(reader: &Reader<'_>, user: &rows::User) -> Result<Self, Refusal> {
        let extensions = reader.extensions_of(user.id)?;
        let mut lines = reader.lines_of_user(user.id)?;
        let mut channels = Vec::new();
        for extension in &extensions {
            channels.extend(reader.get::<rows::Channel>(extension.channel_id)?);
            // Other people's phones on their extension go with the extension.
            lines.extend(
                reader
                    .lines_of(extension.id)?
                    .into_iter()
                    .filter(|line| line.user_id != user.id),
            );
        }
        Ok(Self {
            extensions,
            channels,
            lines,
        })
    }

    fn is_empty(&self) -> bool {
        self.extensions.is_empty() && self.lines.is_empty()
    }

    fn text(&self) -> String {
        let numbers = self
            .extensions
            .iter()
            .map(|extension| format!("extension {}", extension.number));
        let lines = self.lines.iter().map(|line| format!("line {}", line.username));
        numbers.chain(lines).collect::<Vec<_>>().join(", ")
    }

    fn deletions(self) -> Vec<Change> {
        let lines = self.lines.into_iter().map(Change::delete);
        let extensions = self.extensions.into_iter().map(Change::delete);
        let channels = self.channels.into_iter().map(Change::delete);
        lines.chain(extensions).chain(channels).collect()
    }
}
