//! How the store is doing, for `pbx status`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::file::Fate;
use super::rescue::quoted;

/// How the store is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The revision that lookups see.
    pub rev: u64,
    /// The database.
    pub path: PathBuf,
    /// Its size in bytes with its log; 0: it is not there.
    pub size: u64,
    /// Where daily backups go.
    pub backups: PathBuf,
    /// The newest backup there.
    pub last_backup: Option<BackupInfo>,
    /// Why commits are refused and what to type; none: they are not.
    pub refused: Option<String>,
    /// The last write, backup or check that failed.
    pub last_error: Option<Trouble>,
    /// When another program last wrote to the database, past the revision log. RFC 3339 in UTC.
    pub foreign_write: Option<String>,
}

/// Something that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// What.
    pub text: String,
}

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupInfo {
    /// The file.
    pub file: PathBuf,
    /// When it was made, RFC 3339 in UTC.
    pub at: String,
    /// Bytes.
    pub size: u64,
}

/// What the store remembers of its troubles.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) last_error: Option<Trouble>,
    pub(super) foreign_write: Option<String>,
    /// SQLite found the database damaged, in its words; commits are refused until it is restored.
    pub(super) damaged: Option<String>,
    /// The fate that was last reported in the log.
    pub(super) reported: Option<Fate>,
}

impl Facts {
    pub(super) fn failed(&mut self, text: impl Into<String>) {
        self.last_error = Some(Trouble {
            at: super::writer::now(),
            text: text.into(),
        });
    }
}

/// Why commits are refused, and what to type.
pub(super) fn refusal(fate: Fate, database: &Path) -> Option<String> {
    let file = quoted(database);
    let what = match fate {
        Fate::Same => return None,
        Fate::Gone => format!("the database {file} was deleted"),
        Fate::Replaced => format!("the database {file} was replaced by another file"),
        Fate::Overwritten => format!("the database {file} was overwritten by another program"),
        Fate::LogGone => {
            return Some(format!(
                "the log of the database ({file}-wal or {file}-shm) was deleted by another program; nothing \
                 can be saved, calls and registrations go on; type \"reload mod_pbx\" to open it again"
            ));
        }
    };
    let todo = match fate {
        Fate::Overwritten => {
            "type \"pbx restore\" to bring back the last backup, or \"reload mod_pbx\" to use what is there now"
        }
        _ => {
            "type \"pbx restore\" to bring back the last backup; to lose nothing, first \"pbx backup FILE\" \
             (the old database is still held open), then \"pbx restore FILE\""
        }
    };
    Some(format!(
        "{what}; nothing can be saved, calls and registrations go on with what was saved last; {todo}"
    ))
}
