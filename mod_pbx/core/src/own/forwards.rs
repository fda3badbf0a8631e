//! Where calls to one's extensions go.

use uuid::Uuid;

use super::{About, Extension, Owner, Refusal, extension};
use crate::forward::Edit;
use crate::store::{Change, Commit, ConfigStore, StoreError, rows};

/// How often it is tried when somebody else is faster.
const TRIES: u32 = 3;

/// Changes what is named about an extension of the owner's, as a revision unless it is so already. What somebody
/// else changes meanwhile, a phone perhaps, stays.
///
/// # Errors
/// Nothing was saved: it is not theirs, or the forwards would lead nowhere or in a circle, in the words of
/// `pbx forward`.
pub fn change_forwards(
    store: &ConfigStore,
    owner: Owner<'_>,
    channel: Uuid,
    edit: &Edit,
) -> Result<Extension, Refusal> {
    let mut tries = 1;
    loop {
        let found = store.read(|reader| extension(reader, owner.id, channel))?;
        let mut theirs = found.ok_or(Refusal::Missing)?;
        let before = theirs.row.clone();
        store
            .read(|reader| edit.apply(reader, &mut theirs.row))
            .map_err(|error| match error {
                StoreError::Invalid { message, .. } => Refusal::Invalid(About::Target, message),
                error => error.into(),
            })?;
        if theirs.row == before {
            return Ok(theirs);
        }
        let summary = format!("extension {}@{}: {edit}", before.number, theirs.domain.name);
        let commit = Commit::new(owner.name, summary)
            .with(Change::edit(theirs.row.clone()))
            .forced();
        match store.commit(commit) {
            Ok(_) => return Ok(theirs),
            Err(StoreError::Conflict(_)) if tries < TRIES => tries += 1,
            Err(StoreError::Invalid { message, .. }) => {
                // Where they lead was looked at before.
                let about = match rows::Extension::RING_SECONDS.contains(&theirs.row.ring_seconds) {
                    true => About::Circle,
                    false => About::RingSeconds,
                };
                return Err(Refusal::Invalid(about, message));
            }
            Err(error) => return Err(error.into()),
        }
    }
}
