//! A mailbox as its owner sees it. What is there is read in mod_voicemail's database; whatever changes, mod_voicemail
//! does, so that it and the lamps agree.

use std::path::{Path, PathBuf};

use super::book::{self, Page, Stored};
use super::{PROFILE, Voicemail};
use crate::names::{DomainName, Number};

/// Whose messages.
#[derive(Debug, Clone, Copy)]
pub struct Mailbox<'a> {
    /// The domain.
    pub domain: &'a DomainName,
    /// The extension's number, which is the mailbox's id.
    pub number: &'a Number,
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailboxError {
    /// mod_voicemail's database cannot be read.
    #[error("the messages cannot be read now: {0}; try again")]
    Unreadable(#[from] rusqlite::Error),
    /// There is no such message in this mailbox, or no recording of it.
    #[error("there is no such message any more")]
    Missing,
    /// A message that went to several mailboxes at once has one id in all of them, and mod_voicemail marks by id.
    #[error(
        "this message went to several mailboxes at once, and cannot be marked in one of them alone: delete it, or hear it \
         by phone"
    )]
    Shared,
    /// mod_voicemail did not do it.
    #[error("voicemail did not do it: {0}; try again")]
    Refused(String),
}

impl Voicemail {
    /// Messages, the newest first, after the first `skip`. Blocks on mod_voicemail's database.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn messages(&self, of: Mailbox<'_>, skip: u64, limit: u32) -> Result<Page, MailboxError> {
        match &self.shared.book {
            Some(file) => Ok(book::page(file, of, skip, limit)?),
            None => Ok(Page::default()),
        }
    }

    /// The file with the sound of a message: one inside this mailbox's folder, whatever the database says. Blocks.
    ///
    /// # Errors
    /// There is no such message here, or no recording.
    pub fn recording(&self, of: Mailbox<'_>, id: &str) -> Result<PathBuf, MailboxError> {
        let message = self.find(of, id)?;
        let storage = self
            .shared
            .host
            .variable("storage_dir")
            .ok_or(MailboxError::Missing)?;
        let folder = Path::new(&storage)
            .join("voicemail")
            .join(PROFILE)
            .join(of.domain.as_str())
            .join(of.number.as_str());
        // Links are followed first: what is compared is where the bytes are.
        let whole = |path: &Path| path.canonicalize().map_err(|_| MailboxError::Missing);
        let (folder, file) = (whole(&folder)?, whole(Path::new(&message.file))?);
        if file.starts_with(&folder) && file.is_file() {
            return Ok(file);
        }
        tracing::warn!(
            "{} is said to be a message to {}@{}",
            file.display(),
            of.number,
            of.domain
        );
        Err(MailboxError::Missing)
    }

    /// Marks a message as heard, or as new. Blocks on the switch.
    ///
    /// # Errors
    /// There is no such message here, or mod_voicemail refuses.
    pub fn mark(&self, of: Mailbox<'_>, id: &str, heard: bool) -> Result<(), MailboxError> {
        let message = self.find(of, id)?;
        if message.message.heard == heard {
            return Ok(());
        }
        if message.copies > 1 {
            return Err(MailboxError::Shared);
        }
        let how = if heard { "read" } else { "unread" };
        // Without an id it would mark the whole domain's.
        self.run(
            "vm_read",
            &format!("{}@{}/{PROFILE} {how} {id}", of.number, of.domain),
        )
    }

    /// Deletes a message and its recording. Blocks on the switch.
    ///
    /// # Errors
    /// There is no such message here, or mod_voicemail refuses.
    pub fn delete(&self, of: Mailbox<'_>, id: &str) -> Result<(), MailboxError> {
        let message = self.find(of, id)?;
        if message.copies > 1 {
            // `vm_delete` would delete all of them.
            self.run(
                "vm_fsdb_msg_delete",
                &format!("{PROFILE} {} {} {id}", of.domain, of.number),
            )?;
            self.run(
                "vm_fsdb_msg_purge",
                &format!("{PROFILE} {} {}", of.domain, of.number),
            )?;
        } else {
            self.run(
                "vm_delete",
                &format!("{}@{}/{PROFILE} {id}", of.number, of.domain),
            )?;
        }
        match self.find(of, id) {
            Err(MailboxError::Missing) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(MailboxError::Refused("the message is still there".to_owned())),
        }
    }

    /// Has mod_voicemail forget a PIN of its own, which it would take besides ours (`voicemail_check_main`). Blocks on the
    /// switch.
    pub fn forget_pin(&self, of: Mailbox<'_>) {
        self.shared.forget_pin(of);
    }

    fn find(&self, of: Mailbox<'_>, id: &str) -> Result<Stored, MailboxError> {
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if id.is_empty() || id.len() > book::LONGEST_ID || !id.bytes().all(harmless) {
            return Err(MailboxError::Missing);
        }
        let file = self.shared.book.as_ref().ok_or(MailboxError::Missing)?;
        book::message(file, of, id)?.ok_or(MailboxError::Missing)
    }

    fn run(&self, command: &str, arguments: &str) -> Result<(), MailboxError> {
        let said = self
            .shared
            .host
            .api(command, arguments)
            .map_err(MailboxError::Refused)?;
        // The commands of the second kind say `-OK`.
        if said.starts_with("-ERR") {
            return Err(MailboxError::Refused(said.trim().to_owned()));
        }
        Ok(())
    }
}

impl super::Shared {
    pub(super) fn forget_pin(&self, of: Mailbox<'_>) {
        let (number, domain) = (of.number, of.domain);
        // Names are harmless by their type.
        let arguments = format!("{PROFILE} {domain} {number} ''");
        if let Err(error) = self.host.api("vm_fsdb_pref_password_set", &arguments) {
            tracing::warn!("mod_voicemail keeps a copy of the PIN of {number}@{domain}: {error}");
        }
    }
}
