//! What can go wrong in the store, each said so that the person knows what to do.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::change::Row;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The configuration asked for is not a valid one. Nothing was saved.
    #[error("{message}")]
    Invalid {
        /// Which of the commit's changes, counted from 0; none: the commit as a whole.
        change: Option<usize>,
        /// The field of the row that is wrong, if it is one.
        field: Option<&'static str>,
        /// What is wrong and what to do.
        message: String,
    },
    /// The configuration asked for breaks these route tests, and nobody said to save it all the same. Never empty.
    #[error("{}", broken(.0))]
    Broken(Vec<String>),
    /// Somebody else changed the row in the meantime. Nothing was saved.
    #[error("{0}")]
    Conflict(Box<Conflict>),
    /// No such revision, row or backup.
    #[error("{0}")]
    NotFound(String),
    /// Writes are refused until somebody acts: the file was replaced, deleted, overwritten or is damaged.
    #[error("{0}")]
    Refused(String),
    /// Another program holds the write lock.
    #[error("the database {0} is locked by another program; nothing was saved; try again")]
    Locked(PathBuf),
    /// No room for the write.
    #[error("the disk that holds {0} is full; nothing was saved; make room on it and try again")]
    Full(PathBuf),
    /// The database was written by a newer program.
    #[error(
        "the database {path} has schema version {found}, this mod_pbx knows versions up to {known}: \
         install the newer mod_pbx again, or name another file as \"database\" in pbx.conf"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest we know.
        known: u32,
    },
    /// The database cannot be opened as it is; the text says what to type.
    #[error("{0}")]
    Unusable(String),
    /// A database file is damaged: what SQLite, or we, found wrong with it.
    #[error("{0}")]
    Damaged(String),
    /// The file's or the directory's permissions forbid it.
    #[error(
        "mod_pbx may not read or write {path}: check owner and permissions of the file and of its \
         directory ({source})"
    )]
    Access {
        /// The database.
        path: PathBuf,
        /// SQLite's own words.
        source: rusqlite::Error,
    },
    /// A file or directory cannot be used.
    #[error("cannot {doing} {path}: {source}")]
    File {
        /// What was tried, such as `create the directory`.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// SQLite says no for another reason.
    #[error("{doing} failed: {source}; nothing was saved")]
    Sqlite {
        /// What was tried and where, such as `reading lines in /var/lib/…/pbx.db`.
        doing: String,
        /// SQLite's own words.
        source: rusqlite::Error,
    },
    /// The store was closed.
    #[error("the configuration store is closed")]
    Closed,
}

/// An edit was made from a version of a row that is no longer the stored one.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// Which of the commit's changes, counted from 0.
    pub change: usize,
    /// The revision the edit was made from.
    pub base: u64,
    /// What was to be stored; none: the row was to be deleted.
    pub yours: Option<Row>,
    /// What is stored; none: the row was deleted.
    pub stored: Option<Row>,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = |row: &Row| format!("{} {}", row.table(), row.label());
        match (&self.stored, &self.yours) {
            (Some(row), _) => write!(
                f,
                "{} was changed in revision {} after you read it (revision {}); nothing was saved; \
                 look at it again and repeat your change",
                what(row),
                row.row_rev(),
                self.base
            ),
            (None, Some(row)) => write!(
                f,
                "{} was deleted after you read it (revision {}); nothing was saved",
                what(row),
                self.base
            ),
            (None, None) => write!(f, "what you delete was deleted already; nothing was saved"),
        }
    }
}

/// The first of the tests in words, and how many more.
fn broken(tests: &[String]) -> String {
    let first = tests.first().map(String::as_str).unwrap_or_default();
    let more = match tests.len() {
        0 | 1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    format!("this breaks a route test: {first}{more}. Nothing was saved")
}

/// Turns SQLite's error on a connection into ours.
pub(super) fn on(conn: &Connection, doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::sqlite(Path::new(conn.path().unwrap_or_default()), doing, source)
}

impl StoreError {
    /// A refusal of the `change`-th change.
    pub(super) fn invalid(change: usize, message: impl Into<String>) -> Self {
        Self::Invalid {
            change: Some(change),
            field: None,
            message: message.into(),
        }
    }

    /// A refusal of the `change`-th change for one field of its row.
    pub(super) fn invalid_field(change: usize, field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid {
            change: Some(change),
            field: Some(field),
            message: message.into(),
        }
    }

    /// A refusal of the commit as a whole.
    pub(super) fn refuse(message: impl Into<String>) -> Self {
        Self::Invalid {
            change: None,
            field: None,
            message: message.into(),
        }
    }

    /// SQLite's error in the words of whoever runs the PBX.
    pub(super) fn sqlite(path: &Path, doing: impl Into<String>, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(path.to_owned()),
            Some(ErrorCode::DiskFull) => Self::Full(path.to_owned()),
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => Self::Access {
                path: path.to_owned(),
                source,
            },
            _ => Self::Sqlite {
                doing: format!("{} in {}", doing.into(), path.display()),
                source,
            },
        }
    }

    /// Whether the file is damaged: SQLite says so, or a row in it is none that we could have written.
    pub(super) fn is_corruption(&self) -> bool {
        use rusqlite::{Error, ErrorCode};
        match self {
            Self::Sqlite { source, .. } => match source {
                Error::FromSqlConversionFailure(..) | Error::InvalidColumnType(..) => true,
                other => matches!(
                    other.sqlite_error_code(),
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                ),
            },
            Self::Damaged(_) => true,
            _ => false,
        }
    }

    /// What is wrong, without what was tried.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::Sqlite { source, .. } => source.to_string(),
            other => other.to_string(),
        }
    }
}
