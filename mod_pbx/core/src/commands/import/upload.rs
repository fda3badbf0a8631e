//! A static directory that was sent over HTTP, in its files: laid out in a folder of its own for as long as it is
//! read.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;
use uuid::Uuid;

use super::Import;
use crate::commands::desk::Desk;
use crate::names::DomainName;
use crate::pbx::Pbx;

/// Files of a directory, and folders below each other.
const MOST: usize = 5_000;
const DEEPEST: usize = 8;
/// The longest path, in bytes.
const LONGEST: usize = 255;

/// What was sent.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Relative paths and what is there.
    pub files: Vec<(String, String)>,
    /// Which of them is read first; the others by its includes.
    pub main: String,
    /// The domain they go into; none: the one in the file.
    pub domain: Option<DomainName>,
    /// Values of `$${NAME}`.
    pub variables: Vec<(String, String)>,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Do it though it breaks a route test.
    pub force: bool,
}

/// Imports it, as one revision of `actor`; gives what was done with each user. Blocks, and needs 2 MB of stack.
///
/// # Errors
/// Nothing was saved; the text says why.
pub(crate) fn upload(pbx: &Pbx, actor: &str, sent: Upload) -> Result<Value, String> {
    let main = checked(&sent.main)?;
    if sent.files.len() > MOST {
        return Err(format!("a directory has at most {MOST} files"));
    }
    let database = pbx.config().database.clone();
    let folder = Folder::new(database.parent().unwrap_or(Path::new(".")))?;
    for (path, text) in &sent.files {
        let file = folder.0.join(checked(path)?);
        let around = file.parent().unwrap_or(&folder.0);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(around);
        made.and_then(|()| fs::write(&file, text))
            .map_err(|error| format!("{path} cannot be kept: {error}"))?;
    }
    let import = Import {
        file: folder.0.join(&main),
        domain: sent.domain,
        variable: sent.variables,
        dry_run: sent.dry_run,
        shown: Some(sent.main.clone()),
    };
    let place = format!("{}/", folder.0.display());
    let without = |text: String| text.replace(&place, "");
    match import.run(&Desk {
        pbx,
        actor,
        force: sent.force,
    }) {
        Ok(answer) => {
            let text = without(answer.json.to_string());
            serde_json::from_str(&text).map_err(|error| error.to_string())
        }
        Err(refusal) => Err(without(refusal.0)),
    }
}

/// A path that stays where it is put.
fn checked(path: &str) -> Result<PathBuf, String> {
    let parts: Vec<_> = Path::new(path).components().collect();
    let plain = parts.iter().all(|part| matches!(part, Component::Normal(_)));
    if parts.is_empty() || !plain || parts.len() > DEEPEST || path.len() > LONGEST || path.contains('\0') {
        let path: String = path.chars().take(64).collect();
        return Err(format!(
            "{path:?} is no path inside a directory, such as default/1000.xml"
        ));
    }
    Ok(parts.iter().collect())
}

/// A folder that goes with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new(beside: &Path) -> Result<Self, String> {
        let folder = beside.join(format!(".import-{}", Uuid::new_v4()));
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|error| format!("no folder can be made beside the database: {error}"))?;
        // Where it really is: what is read says so too.
        let folder = fs::canonicalize(&folder).unwrap_or(folder);
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!("{} stays: {error}; it can be deleted", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside() {
        for good in ["default.xml", "default/1000.xml", "./a.xml"] {
            assert!(checked(good).is_ok() || good.starts_with('.'), "{good}");
        }
        let long = "a/".repeat(9) + "x";
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            ".",
            "a\0b",
            &long,
            &"x".repeat(300),
        ] {
            assert!(checked(bad).is_err(), "{bad:?}");
        }
    }
}
