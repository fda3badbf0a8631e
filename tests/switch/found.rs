//! Where the switch and sipp are on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

/// An installed FreeSWITCH.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    /// The program.
    pub(crate) program: PathBuf,
    /// Its own modules.
    pub(crate) modules: PathBuf,
}

/// The FreeSWITCH that `PBX_FREESWITCH` names, else pkg-config's, else one in the usual places.
///
/// # Errors
/// None: where it was looked for.
pub(crate) fn freeswitch() -> Result<Installed, String> {
    if let Some(prefix) = std::env::var_os("PBX_FREESWITCH").filter(|prefix| !prefix.is_empty()) {
        let prefix = PathBuf::from(prefix);
        return below(&prefix)
            .ok_or_else(|| format!("no FreeSWITCH below PBX_FREESWITCH={}", prefix.display()));
    }
    pkg_config()
        .or_else(|| {
            ["/usr", "/usr/local", "/usr/local/freeswitch", "/opt/freeswitch"]
                .iter()
                .find_map(|p| below(p.as_ref()))
        })
        .ok_or_else(|| "no FreeSWITCH found; PBX_FREESWITCH=<prefix> names one".to_owned())
}

/// `sipp` on the path.
///
/// # Errors
/// None: what to install.
pub(crate) fn sipp() -> Result<PathBuf, String> {
    on_path("sipp").ok_or_else(|| "no sipp found; Debian: apt install sip-tester".to_owned())
}

/// A program on the path.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn below(prefix: &Path) -> Option<Installed> {
    let program = prefix.join("bin/freeswitch");
    let modules = ["lib/freeswitch/mod", "mod", "lib64/freeswitch/mod"]
        .iter()
        .map(|folder| prefix.join(folder));
    let modules = modules
        .chain(multiarch(prefix))
        .find(|folder| folder.join("mod_sofia.so").is_file())?;
    program.is_file().then_some(Installed { program, modules })
}

/// Debian's `lib/<triplet>/freeswitch/mod`.
fn multiarch(prefix: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(prefix.join("lib"))
        .into_iter()
        .flatten()
        .flatten();
    folders
        .map(|folder| folder.path().join("freeswitch/mod"))
        .collect()
}

fn pkg_config() -> Option<Installed> {
    let ask = |name: &str| {
        let out = Command::new("pkg-config")
            .arg(format!("--variable={name}"))
            .arg("freeswitch")
            .output()
            .ok()?;
        let text = String::from_utf8(out.stdout).ok()?.trim().to_owned();
        (out.status.success() && !text.is_empty()).then(|| PathBuf::from(text))
    };
    let (prefix, modules) = (ask("prefix")?, ask("modulesdir")?);
    let program = prefix.join("bin/freeswitch");
    (program.is_file() && modules.is_dir()).then_some(Installed { program, modules })
}
