//! What to type when the database cannot be opened.

use std::path::{Path, PathBuf};

use super::file::beside;
use super::{StoreOptions, backup};

/// A path as a shell takes it.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    match shlex::try_quote(&text) {
        Ok(quoted) => quoted.into_owned(),
        // A NUL, which no path has.
        Err(_) => text.into_owned(),
    }
}

/// The text for a database that is there but cannot be used.
pub(super) fn damaged(options: &StoreOptions, why: &str) -> String {
    let mut commands = aside(&options.database);
    let advice = match backup::newest(&options.backups) {
        Some(newest) => {
            commands.push(copy(&newest.file, &options.database));
            "to put it aside and start from the newest backup, type"
        }
        None => "there is no backup; to put it aside and start with an empty one, type",
    };
    format!(
        "the database {} is damaged ({why}); {advice}:\n  {}",
        quoted(&options.database),
        commands.join("\n  ")
    )
}

/// The text for a database that is not there although there are backups of it. None: there are none,
/// so this is the first start.
pub(super) fn missing(options: &StoreOptions) -> Option<String> {
    let newest = backup::newest(&options.backups)?;
    let mut commands = aside(&options.database);
    commands.push(copy(&newest.file, &options.database));
    Some(format!(
        "the database {} is missing, but there are backups of it; to start from the newest, type:\n  {}\n\
         to start with an empty one, type:\n  mv {} {}",
        quoted(&options.database),
        commands.join("\n  "),
        quoted(&options.backups),
        quoted(&beside(&options.backups, ".old")),
    ))
}

/// Commands that move the database and what belongs to it aside, as far as it is there.
fn aside(database: &Path) -> Vec<String> {
    let old = beside(database, &format!(".damaged-{}", backup::stamp()));
    ["", "-wal", "-shm"]
        .iter()
        .map(|suffix| (beside(database, suffix), beside(&old, suffix)))
        .filter(|(from, _): &(PathBuf, PathBuf)| from.symlink_metadata().is_ok())
        .map(|(from, to)| format!("mv {} {}", quoted(&from), quoted(&to)))
        .collect()
}

fn copy(backup: &Path, database: &Path) -> String {
    format!("cp -p {} {}", quoted(backup), quoted(database))
}
