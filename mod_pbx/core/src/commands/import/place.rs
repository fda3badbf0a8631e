//! Where something stands in a file, for messages.

use std::path::Path;
use std::sync::Arc;

/// Where something stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    file: Arc<Path>,
    line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// Why a file is refused. Nothing of the import has been done then.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {why}")]
pub(super) struct SourceError {
    place: String,
    why: String,
}

impl SourceError {
    pub(super) fn at(place: impl ToString, why: impl Into<String>) -> Self {
        Self {
            place: place.to_string(),
            why: why.into(),
        }
    }
}

/// Counts lines as the reader moves on.
pub(super) struct Cursor<'t> {
    file: Arc<Path>,
    text: &'t [u8],
    offset: usize,
    line: usize,
}

impl<'t> Cursor<'t> {
    /// At the first line of `text`.
    pub(super) fn new(file: &Path, text: &'t str) -> Self {
        Self {
            file: file.into(),
            text: text.as_bytes(),
            offset: 0,
            line: 1,
        }
    }

    /// The line of the byte at `offset`, which never goes back.
    pub(super) fn place(&mut self, offset: u64) -> Place {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.text.len());
        if let Some(passed) = self.text.get(self.offset..offset) {
            self.line += passed.iter().filter(|&&b| b == b'\n').count();
            self.offset = offset;
        }
        Place {
            file: Arc::clone(&self.file),
            line: self.line,
        }
    }
}
