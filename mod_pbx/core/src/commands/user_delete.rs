//! `pbx user delete`: a person, and what goes with them.

use serde_json::json;

use super::address::{At, Realm};
use super::desk::{self, Desk, InRealm};
use super::out::{Answer, Said, refuse};
use super::user::full;
use crate::admin::nouns::user::Theirs;
use crate::names::Username;
use crate::store::Change;

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
