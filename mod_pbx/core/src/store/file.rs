//! Whether the database file is still the one we opened, by `stat` alone.
//!
//! SQLite goes on acknowledging commits to a file that was deleted, replaced or overwritten, and they
//! are lost at the next open. So the file is looked at before every commit and every few seconds. Only
//! the keeper moves the log into the main file (see `keeper`), and it notes what the file looks like
//! afterwards: any other change of size or time of the main file was made by another program.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What `stat` says about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// What became of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is the one we opened, and nobody else has written to it.
    Same,
    /// There is none.
    Gone,
    /// There is another one in its place.
    Replaced,
    /// It is the one we opened, but another program has written to it.
    Overwritten,
    /// SQLite's log or its index beside it was deleted or replaced.
    LogGone,
}

/// The files as they were when we last had to do with them.
#[derive(Debug)]
pub(super) struct Files {
    database: PathBuf,
    log: PathBuf,
    index: PathBuf,
    seen: Stamp,
    log_seen: Option<(u64, u64)>,
    index_seen: Option<(u64, u64)>,
    /// What we wrote is not what is there.
    doubted: bool,
}

impl Stamp {
    /// None: there is no such file.
    pub(super) fn of(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(meta) => Ok(Some(Self {
                device: meta.dev(),
                inode: meta.ino(),
                size: meta.size(),
                modified: (meta.mtime(), meta.mtime_nsec()),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn identity(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

impl Files {
    /// Notes what the files look like now. The database must be open, so that its log exists.
    pub(super) fn note(database: &Path) -> io::Result<Self> {
        let real = fs::canonicalize(database)?;
        let (log, index) = (beside(&real, "-wal"), beside(&real, "-shm"));
        let seen = Stamp::of(database)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Self {
            log_seen: Stamp::of(&log)?.map(|stamp| stamp.identity()),
            index_seen: Stamp::of(&index)?.map(|stamp| stamp.identity()),
            database: database.to_owned(),
            log,
            index,
            seen,
            doubted: false,
        })
    }

    /// What became of the files since.
    pub(super) fn fate(&self) -> io::Result<Fate> {
        let Some(now) = Stamp::of(&self.database)? else {
            return Ok(Fate::Gone);
        };
        if now.identity() != self.seen.identity() {
            return Ok(Fate::Replaced);
        }
        if self.doubted || now != self.seen {
            return Ok(Fate::Overwritten);
        }
        for (path, seen) in [(&self.log, self.log_seen), (&self.index, self.index_seen)] {
            if seen.is_some() && Stamp::of(path)?.map(|stamp| stamp.identity()) != seen {
                return Ok(Fate::LogGone);
            }
        }
        Ok(Fate::Same)
    }

    /// Bytes of the main file.
    pub(super) fn size(&self) -> u64 {
        self.seen.size
    }

    /// Somebody wrote to the main file while we did.
    pub(super) fn doubt(&mut self) {
        self.doubted = true;
    }

    /// Notes what the main file looks like after we wrote to it.
    pub(super) fn settled(&mut self) -> io::Result<()> {
        if let Some(now) = Stamp::of(&self.database)?
            && now.identity() == self.seen.identity()
        {
            self.seen = now;
        }
        Ok(())
    }
}

/// `path` with `suffix` after its name, as SQLite names its log.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Makes renames and new names in a directory durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}

/// The directory a file is in.
pub(super) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A new empty file that only its owner may read.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

/// A directory that only its owner may enter, with those above it.
pub(super) fn create_private_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
