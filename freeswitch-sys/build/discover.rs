//! Where an installed FreeSWITCH has its headers.

use std::env;
use std::path::{Path, PathBuf};

/// The variable that names an installed FreeSWITCH by its prefix.
pub(crate) const VARIABLE: &str = "PBX_FREESWITCH";

const USUAL_PREFIXES: &[&str] = &["/usr", "/usr/local", "/usr/local/freeswitch", "/opt/freeswitch"];

/// Include directories for `#include <switch.h>`; the first one holds it.
///
/// # Errors
/// There is no `switch.h`; the text names the variable to set.
pub(crate) fn include_directories() -> Result<Vec<PathBuf>, String> {
    if let Some(prefix) = env::var_os(VARIABLE) {
        let prefix = PathBuf::from(prefix);
        return in_prefix(&prefix).map(|found| vec![found]).ok_or_else(|| {
            format!(
                "{VARIABLE}={}: no include/freeswitch/switch.h below it; set it to the prefix of an \
                 installed FreeSWITCH",
                prefix.display()
            )
        });
    }
    let mut pkg_config = pkg_config::Config::new();
    pkg_config.cargo_metadata(false).env_metadata(false);
    if let Ok(library) = pkg_config.probe("freeswitch")
        && library.include_paths.iter().any(|path| holds_headers(path))
    {
        return Ok(library.include_paths);
    }
    USUAL_PREFIXES
        .iter()
        .find_map(|prefix| in_prefix(Path::new(prefix)))
        .map(|found| vec![found])
        .ok_or_else(|| {
            format!(
                "no FreeSWITCH headers: neither pkg-config nor {} has them; set {VARIABLE} to the prefix of \
                 an installed FreeSWITCH",
                USUAL_PREFIXES.join(", ")
            )
        })
}

fn in_prefix(prefix: &Path) -> Option<PathBuf> {
    let directory = prefix.join("include/freeswitch");
    holds_headers(&directory).then_some(directory)
}

fn holds_headers(directory: &Path) -> bool {
    directory.join("switch.h").is_file()
}
