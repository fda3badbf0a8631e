//! `pbx import`: takes over the users of a static FreeSWITCH directory.
//!
//! The file is read whole, every user is decided about, and only then one revision is made of all that
//! can be made; a file that is refused changes nothing.

mod directory;
mod expand;
mod keep;
mod make;
mod place;
mod plan;
mod report;
mod source;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::desk::Desk;
use super::out::{Answer, Refusal, Said, plain, refuse};
use super::progress::Running;
use crate::names::DomainName;
use crate::store::{Page, Reader, StoreError};
use directory::Directory;
use expand::Variables;
use make::Made;
use plan::{Plan, Present};
use source::SIZES;

pub use upload::Upload;
pub(crate) use upload::upload;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Takes over the users of a static FreeSWITCH directory
    #[command(after_help = "\
Examples: pbx import directory /etc/freeswitch/directory/default.xml --dry-run
          pbx import directory /tmp/old/directory/default.xml --domain pbx.test --variable default_password=…
Each user becomes a person, an extension with its channel, and a line that keeps its password or a1-hash; a
weak password such as 1234 is replaced by a new one, which is listed. Users that are there already are
skipped, so an import can be repeated. All is one revision. Includes are followed below the directory of
the file; $${…} takes the values of the running switch; nothing is executed.")]
    Directory(Import),
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The directory's first file, by its absolute path
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The domain they go into; the one in the file if left out
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<DomainName>,
    /// The value of a $${NAME} that this switch does not know; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    variable: Vec<(String, String)>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// What the file is called where it comes from
    #[arg(skip)]
    shown: Option<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("{text:?} is no NAME=VALUE"))
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let Self::Directory(import) = self;
        import.run(desk)
    }
}

/// The parts of the work, in percent when each is done.
const READ: u8 = 10;
const PLANNED: u8 = 60;

impl Import {
    fn run(self, desk: &Desk<'_>) -> Said {
        let name = self
            .shown
            .clone()
            .unwrap_or_else(|| self.file.display().to_string());
        let task = format!("import of {}", plain(&name));
        let mut running = desk.pbx.progress().begin(&task).or_else(|step| {
            refuse(format!(
                "{} is running ({} %): wait for it, pbx status shows it",
                step.task, step.percent
            ))
        })?;
        let directory = self.read(desk)?;
        running.part(0, READ, 1, 1);
        if directory.users.is_empty() {
            return refuse(format!(
                "{} has no user: name the file that holds the <domain> (vanilla: directory/default.xml)",
                self.file.display()
            ));
        }
        let plan = self.plan(desk, &directory, &mut running)?;
        let made = Made::of(plan);
        running.part(READ, PLANNED, 1, 1);
        if self.dry_run || made.changes.is_empty() {
            return Ok(report::report(&self.file, &directory, &made, None));
        }
        let summary = format!("{} users imported from {name}", made.created);
        let done = match desk.try_commit(&summary, made.changes.clone()) {
            Err(StoreError::Invalid {
                change: Some(at),
                message,
                ..
            }) => {
                return refuse(format!("{}: {message}; nothing was imported", made.place(at)));
            }
            other => other?,
        };
        running.part(PLANNED, 100, 1, 1);
        let answer = report::report(&self.file, &directory, &made, Some(done.rev));
        Ok(Answer {
            text: format!(
                "+OK {summary} (revision {0}); pbx revert {0} takes it back\n{1}",
                done.rev, answer.text
            ),
            ..answer
        })
    }

    fn read(&self, desk: &Desk<'_>) -> Result<Directory, Refusal> {
        let host = desk.pbx.host();
        let switch = |name: &str| host.variable(name);
        let own: HashMap<String, String> = self.variable.iter().cloned().collect();
        let database = desk.pbx.config().database.clone();
        let forbidden = |metadata: &Metadata| is_database(&database, metadata);
        let mut directory = Directory::default();
        source::read(
            &self.file,
            Variables::new(own, &switch),
            &forbidden,
            SIZES,
            &mut directory,
        )
        .map_err(|error| Refusal(format!("{}; nothing was imported", plain(&error.to_string()))))?;
        Ok(directory)
    }

    fn plan(
        &self,
        desk: &Desk<'_>,
        directory: &Directory,
        running: &mut Running<'_>,
    ) -> Result<Plan, Refusal> {
        let all = directory.users.len();
        desk.read(|reader| {
            plan::plan(
                directory,
                self.domain.as_ref(),
                |name| present(reader, name),
                &mut |done| running.part(READ, PLANNED, done, all),
            )
        })
    }
}

/// What a domain has already; nothing if it is not there.
fn present(reader: &Reader<'_>, name: &DomainName) -> Result<Present, Refusal> {
    let Some(domain) = reader.domain_by_name(name.as_str())? else {
        return Ok(Present::default());
    };
    let (id, all) = (domain.id, Page::ALL);
    Ok(Present {
        numbers: reader
            .extensions(id, "", all)?
            .rows
            .into_iter()
            .map(|row| row.number.to_string())
            .collect(),
        lines: reader
            .lines(id, "", all)?
            .rows
            .into_iter()
            .map(|row| row.username.to_string())
            .collect(),
        people: reader
            .users(Some(id), "", all)?
            .rows
            .into_iter()
            .map(|row| (row.name.to_string(), row.id))
            .collect(),
        channels: reader
            .channels(id, "", all)?
            .rows
            .into_iter()
            .map(|row| row.name)
            .collect(),
        domain: Some(domain.id),
    })
}

/// Whether a file is one of our database's, under whatever name. Such a file must not even be opened: closing it would
/// drop SQLite's locks.
pub(super) fn is_database(database: &Path, metadata: &Metadata) -> bool {
    ["", "-wal", "-shm"].iter().any(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        fs::metadata(Path::new(&name))
            .is_ok_and(|own| (own.dev(), own.ino()) == (metadata.dev(), metadata.ino()))
    })
}
