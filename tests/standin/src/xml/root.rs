//! The switch's static XML: one document out of the configuration directory, shared and counted.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use freeswitch_sys::switch_xml_t;

use super::node::{self, ROOT_FLAG};
use super::parse::Files;

struct Main(switch_xml_t);
// SAFETY: the tree is shared between threads as the switch's is: counted under a lock, never changed.
unsafe impl Send for Main {}

static MAIN: Mutex<Main> = Mutex::new(Main(std::ptr::null_mut()));

/// Reads the directory's files and makes them the document that look-ups fall back to. The old one goes when
/// the last look-up in it is done.
///
/// With a `freeswitch.xml` there it is the document; else the files in `autoload_configs`, `directory`,
/// `dialplan` and `chatplan` are its sections.
///
/// # Errors
/// A file cannot be read or is not XML; the old document stays.
pub(crate) fn reload(conf: &Path) -> Result<(), String> {
    let whole = conf.join("freeswitch.xml");
    let mut document = Files::new();
    if whole.is_file() {
        document.include(&whole)?;
    } else {
        document.begin("document", &[("type", "freeswitch/xml")]);
        for (folder, section) in FOLDERS {
            document.begin("section", &[("name", section)]);
            for file in xml_files(&conf.join(folder))? {
                document.include(&file)?;
            }
            document.end();
        }
        document.end();
    }
    replace(document.finish()?.cast());
    Ok(())
}

/// Where the switch's own configuration keeps each section.
const FOLDERS: [(&str, &str); 4] = [
    ("autoload_configs", "configuration"),
    ("directory", "directory"),
    ("dialplan", "dialplan"),
    ("chatplan", "chatplan"),
];

fn xml_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let place = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(place)? {
        let path = entry.map_err(place)?.path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Forgets the document.
pub(crate) fn clear() {
    replace(std::ptr::null_mut());
}

fn replace(new: switch_xml_t) {
    if !new.is_null() {
        // SAFETY: just parsed, and ours until published below.
        unsafe { (*new).flags |= ROOT_FLAG };
        // SAFETY: live and flagged.
        unsafe { node::refer(new) };
    }
    let old = std::mem::replace(&mut MAIN.lock().unwrap_or_else(PoisonError::into_inner).0, new);
    // SAFETY: our own reference to the document before, or NULL.
    unsafe { node::free(old) };
}

/// Counted: given back with `switch_xml_free`. NULL before the first [`reload`].
#[unsafe(no_mangle)]
pub(crate) extern "C" fn switch_xml_root() -> switch_xml_t {
    let main = MAIN.lock().unwrap_or_else(PoisonError::into_inner);
    if !main.0.is_null() {
        // SAFETY: live while our own reference is, which the lock guards.
        unsafe { node::refer(main.0) };
    }
    main.0
}
