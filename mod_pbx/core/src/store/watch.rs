//! Whether the database is still ours: what became of its files, who else has written to it, and what
//! commits are refused with.

use std::sync::atomic::Ordering;

use super::error::StoreError;
use super::file::Fate;
use super::inner::Inner;
use super::writer::Writer;
use super::{health, lock, log, open, rescue, try_lock};

impl Inner {
    fn glance(&self) -> Result<Fate, StoreError> {
        lock(&self.files).fate().map_err(|source| StoreError::File {
            doing: "look at",
            path: self.options.database.clone(),
            source,
        })
    }

    /// What became of the files. Never waits for a commit: while one runs, it is the one that looks.
    pub(super) fn fate(&self) -> Result<Fate, StoreError> {
        match self.glance()? {
            Fate::Overwritten => match try_lock(&self.writer) {
                Some(mut writer) => self.explained(writer.as_mut()),
                None => Ok(Fate::Same),
            },
            fate => Ok(self.report(fate)),
        }
    }

    /// A main file that changed is no alarm when another program has written through SQLite: its
    /// checkpoint is SQLite's own way.
    pub(super) fn explained(&self, writer: Option<&mut Writer>) -> Result<Fate, StoreError> {
        let mut fate = self.glance()?;
        if fate == Fate::Overwritten
            && let Some(writer) = writer
        {
            self.catch_up(writer)?;
            fate = self.glance()?;
        }
        Ok(self.report(fate))
    }

    /// Says it in the log when it is news.
    fn report(&self, fate: Fate) -> Fate {
        let mut facts = lock(&self.facts);
        let news = facts.reported.replace(fate) != Some(fate);
        if news && let Some(text) = health::refusal(fate, &self.options.database) {
            facts.failed(&text);
            drop(facts);
            tracing::error!("{text}");
        }
        fate
    }

    /// Why commits are refused and what to type.
    pub(super) fn refused(&self) -> Option<String> {
        if let Some(text) = self.damaged() {
            return Some(text);
        }
        match self.fate() {
            Ok(fate) => health::refusal(fate, &self.options.database),
            Err(error) => Some(error.to_string()),
        }
    }

    pub(super) fn damaged(&self) -> Option<String> {
        let facts = lock(&self.facts);
        let why = facts.damaged.as_ref()?;
        Some(format!(
            "the database {} is damaged ({why}); nothing can be saved, calls and registrations go on \
             with what was saved last; type \"pbx restore\" to bring back the last backup",
            rescue::quoted(&self.options.database)
        ))
    }

    /// Looks whether another program has changed the database, and reads it again if that went through
    /// SQLite. Never waits for a commit.
    pub(super) fn look(&self) {
        let Some(mut guard) = try_lock(&self.writer) else {
            return;
        };
        if let Some(writer) = guard.as_mut()
            && let Err(error) = self.catch_up(writer)
        {
            self.note(&error);
        }
    }

    /// Takes over what another program has written through SQLite.
    pub(super) fn catch_up(&self, writer: &mut Writer) -> Result<(), StoreError> {
        if lock(&self.facts).damaged.is_some() || !writer.is_foreign()? {
            return Ok(());
        }
        if !matches!(self.glance()?, Fate::Same | Fate::Overwritten) {
            return Ok(());
        }
        let path = &self.options.database;
        let mut read = || -> Result<_, StoreError> {
            open::verify_quickly(&writer.conn)?;
            Ok((writer.reread()?, log::tip(&writer.conn)?))
        };
        let (snapshot, tip) = read().map_err(|error| {
            StoreError::Damaged(format!("another program wrote to it: {}", error.cause()))
        })?;
        *lock(&self.tip) = tip;
        lock(&self.files).settled().map_err(|source| StoreError::File {
            doing: "look at",
            path: path.clone(),
            source,
        })?;
        tracing::warn!(
            "{}: another program has written to the database, past the revision log; it was read again",
            path.display()
        );
        let mut facts = lock(&self.facts);
        facts.foreign_write = Some(super::writer::now());
        drop(facts);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.publish(snapshot);
        Ok(())
    }

    /// Remembers what failed for `pbx status`.
    pub(super) fn note(&self, error: &StoreError) {
        let mut facts = lock(&self.facts);
        if error.is_corruption() && facts.damaged.is_none() {
            facts.damaged = Some(error.cause());
        }
        facts.failed(error.to_string());
        drop(facts);
        tracing::error!("{error}");
    }
}
