//! The mailboxes of one's extensions.

use std::path::PathBuf;

use uuid::Uuid;

use super::{About, Extension, Owner, Refusal, extension};
use crate::pbx::Pbx;
use crate::pin;
use crate::store::{Change, Commit, StoreError};
use crate::voicemail::{Mailbox, MailboxError, Page};

/// The messages of the owner's extension with this channel, the newest first, after the first `skip`.
///
/// # Errors
/// It is not theirs, or has no mailbox, or the messages cannot be read.
pub fn messages(pbx: &Pbx, owner: Owner<'_>, channel: Uuid, skip: u64, limit: u32) -> Result<Page, Refusal> {
    let theirs = theirs(pbx, owner, channel)?;
    Ok(pbx.voicemail().messages(of(&theirs), skip, limit)?)
}

/// The file with the sound of a message.
///
/// # Errors
/// As [`messages`]; or there is none.
pub fn recording(pbx: &Pbx, owner: Owner<'_>, channel: Uuid, id: &str) -> Result<PathBuf, Refusal> {
    let theirs = theirs(pbx, owner, channel)?;
    Ok(pbx.voicemail().recording(of(&theirs), id)?)
}

/// Marks a message as heard, or as new.
///
/// # Errors
/// As [`messages`]; or mod_voicemail refuses.
pub fn mark(pbx: &Pbx, owner: Owner<'_>, channel: Uuid, id: &str, heard: bool) -> Result<(), Refusal> {
    let theirs = theirs(pbx, owner, channel)?;
    Ok(pbx.voicemail().mark(of(&theirs), id, heard)?)
}

/// Deletes a message and its recording.
///
/// # Errors
/// As [`mark`].
pub fn delete_message(pbx: &Pbx, owner: Owner<'_>, channel: Uuid, id: &str) -> Result<(), Refusal> {
    let theirs = theirs(pbx, owner, channel)?;
    Ok(pbx.voicemail().delete(of(&theirs), id)?)
}

/// Gives a mailbox another PIN, as a revision.
///
/// # Errors
/// Nothing was saved: it is not theirs, or too easy.
pub fn set_pin(pbx: &Pbx, owner: Owner<'_>, channel: Uuid, chosen: &str) -> Result<(), Refusal> {
    let mut theirs = theirs(pbx, owner, channel)?;
    let number = theirs.row.number.clone();
    pin::check(&number, chosen).map_err(|why| Refusal::Invalid(About::Pin, why))?;
    if theirs.row.voicemail_pin.as_deref() != Some(chosen) {
        theirs.row.voicemail_pin = Some(chosen.to_owned());
        let summary = format!("PIN of {number}@{} changed", theirs.domain.name);
        let commit = Commit::new(owner.name, summary).with(Change::edit(theirs.row.clone()));
        pbx.store().commit(commit).map_err(|error| match error {
            StoreError::Invalid { message, .. } => Refusal::Invalid(About::Pin, message),
            error @ StoreError::Broken(_) => Refusal::Invalid(About::Other, error.to_string()),
            other => other.into(),
        })?;
    }
    pbx.voicemail().forget_pin(of(&theirs));
    Ok(())
}

fn theirs(pbx: &Pbx, owner: Owner<'_>, channel: Uuid) -> Result<Extension, Refusal> {
    let found = pbx.store().read(|reader| extension(reader, owner.id, channel))?;
    found
        .filter(|theirs| theirs.row.voicemail)
        .ok_or(Refusal::Missing)
}

fn of(theirs: &Extension) -> Mailbox<'_> {
    Mailbox {
        domain: &theirs.domain.name,
        number: &theirs.row.number,
    }
}

impl From<MailboxError> for Refusal {
    fn from(error: MailboxError) -> Self {
        match error {
            MailboxError::Missing => Self::Missing,
            MailboxError::Shared => Self::Full(error.to_string()),
            other => Self::Switch(other.to_string()),
        }
    }
}
