//! The first administrator: made when there is none, with a password that is good for signing in once.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::mpsc;

use uuid::Uuid;

use super::password::Stored;
use super::{AtWork, Busy, People};
use crate::names::Username;
use crate::secret;
use crate::store::rows::{Role, User};
use crate::store::{Change, Commit, StoreError};

/// What they are called.
const NAME: &str = "admin";

/// Where the first password is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstPassword {
    /// Whom it is for.
    pub name: String,
    /// A file that only the switch's user can read: the name, a blank, the password. It is deleted when the
    /// password is changed.
    pub file: PathBuf,
}

/// Why there is no first administrator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotMade {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file with the password.
    #[error("the first password cannot be written to {0}: {1}")]
    File(PathBuf, std::io::Error),
    /// No hash, no random numbers.
    #[error("{0}")]
    Hash(String),
}

impl People {
    /// Makes an administrator if there is none. None: there is. Blocks.
    ///
    /// # Errors
    /// Nobody was made; the text says why.
    pub fn first_administrator(&self) -> Result<Option<FirstPassword>, NotMade> {
        if self.shared.store.read(|reader| reader.has_administrator())? {
            return Ok(None);
        }
        let password = secret::generate().map_err(|error| NotMade::Hash(error.to_string()))?;
        let phc = self.hash_and_wait(&password).map_err(NotMade::Hash)?;
        let name: Username = NAME
            .parse()
            .map_err(|error: crate::names::BadName| NotMade::Hash(error.0))?;
        let file = self.first_password_file();
        let failed = |error| NotMade::File(file.clone(), error);
        // Another one of an earlier try is of no use.
        let _ = std::fs::remove_file(&file);
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file);
        let mut writer = made.map_err(failed)?;
        writeln!(writer, "{NAME} {password}")
            .and_then(|()| writer.sync_all())
            .map_err(failed)?;
        let user = User {
            id: Uuid::now_v7(),
            domain_id: None,
            display_name: "Administrator".to_owned(),
            name,
            email: None,
            role: Role::Administrator,
            password_hash: Some(
                Stored {
                    once: true,
                    phc: &phc,
                }
                .text(),
            ),
            enabled: true,
            row_rev: 0,
            updated_at: String::new(),
        };
        let commit = Commit::new("first start", "the first administrator").with(Change::put(user));
        if let Err(error) = self.shared.store.commit(commit) {
            let _ = std::fs::remove_file(&file);
            return Err(error.into());
        }
        Ok(Some(FirstPassword {
            name: NAME.to_owned(),
            file,
        }))
    }

    /// Hashes a password and waits for it. Blocks.
    ///
    /// # Errors
    /// Too many wait, or there are no random numbers.
    pub fn hash_and_wait(&self, password: &str) -> Result<String, String> {
        let (sender, receiver) = mpsc::channel();
        let (busy, password) = (|error: &dyn ToString| error.to_string(), password.to_owned());
        let work = move |at_work: AtWork| {
            // Who asked waits below.
            let _ = sender.send(at_work.hash(&password));
        };
        self.hasher.run(work).map_err(|error| busy(&error))?;
        let phc = receiver.recv().map_err(|_| busy(&Busy))?;
        phc.map_err(|error| busy(&error))
    }

    /// Where the first password is, or was.
    pub fn first_password_file(&self) -> PathBuf {
        self.shared.store.health().path.with_file_name("first-password")
    }

    /// There is a better one now.
    pub(super) fn forget_first_password(&self) {
        let file = self.first_password_file();
        if let Err(error) = std::fs::remove_file(&file)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(
                "{} is of no use any more and cannot be deleted: {error}",
                file.display()
            );
        }
    }
}
