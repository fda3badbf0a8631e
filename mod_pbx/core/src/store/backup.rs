//! Backups: a copy through SQLite, in a file of its own, complete before it has its name.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::StoreOptions;
use super::error::{StoreError, on};
use super::file;
use super::health::BackupInfo;

const PREFIX: &str = "pbx-";
const SUFFIX: &str = ".db";

/// The time as it stands in names of files.
pub(super) fn stamp() -> String {
    format!("{:.3}", jiff::Timestamp::now()).replace(':', "-")
}

/// The next daily backup's file.
pub(super) fn next_name(directory: &Path) -> PathBuf {
    directory.join(format!("{PREFIX}{}{SUFFIX}", stamp()))
}

/// When the backup with this name was made; none: it is not a daily backup.
fn made(name: &str) -> Option<jiff::Timestamp> {
    let text = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let (date, time) = text.split_once('T')?;
    format!("{date}T{}", time.replace('-', ":")).parse().ok()
}

/// The daily backups, oldest first. A directory that cannot be read has none.
pub(super) fn list(directory: &Path) -> Vec<BackupInfo> {
    let mut found: Vec<BackupInfo> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let at = made(entry.file_name().to_str()?)?;
            let meta = entry.metadata().ok()?;
            meta.is_file().then(|| BackupInfo {
                file: entry.path(),
                at: format!("{at:.3}"),
                size: meta.len(),
            })
        })
        .collect();
    found.sort_by(|a, b| a.at.cmp(&b.at));
    found
}

/// The newest daily backup.
pub(super) fn newest(directory: &Path) -> Option<BackupInfo> {
    list(directory).pop()
}

/// How long ago the newest backup was made; none: there is none, or it is from the future.
pub(super) fn age(directory: &Path) -> Option<Duration> {
    let at: jiff::Timestamp = newest(directory)?.at.parse().ok()?;
    jiff::Timestamp::now().duration_since(at).try_into().ok()
}

/// Deletes all but the `kept` newest daily backups. Other files in the directory are left alone.
pub(super) fn prune(directory: &Path, kept: usize) -> Result<(), StoreError> {
    let all = list(directory);
    for old in &all[..all.len().saturating_sub(kept.max(1))] {
        fs::remove_file(&old.file).map_err(|source| StoreError::File {
            doing: "delete the old backup",
            path: old.file.clone(),
            source,
        })?;
        tracing::info!("backup {} deleted: {kept} are kept", old.file.display());
    }
    Ok(())
}

/// Between a file's name and a random id while it is being written.
const UNFINISHED: &str = ".unfinished-";

/// A name for the time while `target` is being written.
pub(super) fn unfinished(target: &Path) -> PathBuf {
    file::beside(target, &format!("{UNFINISHED}{}", uuid::Uuid::new_v4()))
}

/// Deletes what a process that was killed left unfinished, if that is long ago.
pub(super) fn sweep(options: &StoreOptions) {
    let old = |entry: &fs::DirEntry| {
        let age = entry
            .metadata()
            .and_then(|meta| meta.modified())
            .map(|at| at.elapsed());
        matches!(age, Ok(Ok(age)) if age > Duration::from_secs(24 * 3600))
    };
    let unfinished = |name: &std::ffi::OsStr| {
        let rest = name.to_str().and_then(|name| name.split_once(UNFINISHED));
        rest.is_some_and(|(_, id)| id.parse::<uuid::Uuid>().is_ok())
    };
    for directory in [file::directory(&options.database), &options.backups] {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if unfinished(&entry.file_name()) && old(&entry) {
                tracing::info!("{}: left unfinished, deleted", entry.path().display());
                // It is no more than a waste of room.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Copies the database behind `conn` to `target`, which must not exist yet.
///
/// # Errors
/// Nothing is left behind.
pub(super) fn copy(conn: &Connection, target: &Path) -> Result<BackupInfo, StoreError> {
    let failed = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::File { doing, path, source }
    };
    if target.symlink_metadata().is_ok() {
        return Err(StoreError::refuse(format!(
            "{} exists already: name a new file for the backup",
            target.display()
        )));
    }
    let directory = file::directory(target);
    let unfinished = unfinished(target);
    file::create_private(&unfinished).map_err(failed("create", &unfinished))?;
    let copied = into(conn, &unfinished).and_then(|()| {
        // No connection has it open any more, so opening and closing it drops no lock of SQLite's.
        fs::File::open(&unfinished)
            .and_then(|file| file.sync_all())
            .map_err(failed("write", &unfinished))?;
        fs::rename(&unfinished, target).map_err(failed("create", target))
    });
    if let Err(error) = copied {
        // Nothing can be done about a file that cannot be deleted either; it says what it is.
        let _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    file::sync_directory(directory).map_err(failed("write the directory", directory))?;
    let size = fs::metadata(target).map_err(failed("read", target))?.len();
    Ok(BackupInfo {
        file: target.to_owned(),
        at: super::writer::now(),
        size,
    })
}

/// Copies the database behind `conn` into an empty file.
pub(super) fn into(conn: &Connection, target: &Path) -> Result<(), StoreError> {
    let Some(text) = target.to_str() else {
        return Err(StoreError::refuse(format!(
            "{} is not UTF-8, which SQLite wants of a path: choose another",
            target.display()
        )));
    };
    conn.execute("VACUUM INTO ?1", [text])
        .map(drop)
        .map_err(|source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full(target.to_owned()),
            _ => on(conn, "copying the database")(source),
        })
}
