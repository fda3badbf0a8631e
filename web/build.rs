//! Builds the pages (web/ui) into `OUT_DIR/web`, where page.rs embeds them from.
//!
//! `PBX_WEB_DIST` names a folder with pages that are built already: packagers need no node and no network then.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What the pages are made of. Never node_modules or dist: they change by building.
const SOURCES: [&str; 5] = [
    "ui/src",
    "ui/build",
    "ui/index.html",
    "ui/package.json",
    "ui/package-lock.json",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PBX_WEB_DIST");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("web");
    let made = match env::var_os("PBX_WEB_DIST").filter(|folder| !folder.is_empty()) {
        Some(folder) => take(Path::new(&folder), &out),
        None => build(&out),
    };
    if let Err(why) = made {
        for line in why.lines() {
            // Fails the build, with this as its reason.
            println!("cargo::error={line}");
        }
    }
}

/// Copies pages that somebody else built.
fn take(from: &Path, out: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", from.display());
    if !from.join("index.html").is_file() {
        return Err(format!(
            "PBX_WEB_DIST is {}, where there is no index.html: name the folder that `npm run build` wrote (as an \
             absolute path), or unset it",
            from.display()
        ));
    }
    let copied = fs::remove_dir_all(out)
        .or_else(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                Ok(())
            } else {
                Err(error)
            }
        })
        .and_then(|()| copy(from, out));
    copied.map_err(|error| format!("{} cannot be copied: {error}", from.display()))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn build(out: &Path) -> Result<(), String> {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    let ui = Path::new("ui");
    install(ui)?;
    let mut node = Command::new("node");
    run(node.current_dir(ui).arg("build/build.js").arg(out))
}

/// The packages of the lock file, if they are not there already.
fn install(ui: &Path) -> Result<(), String> {
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let lock = read(&ui.join("package-lock.json"))?;
    let mark = ui.join("node_modules/.installed-lock");
    if fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    run(npm
        .current_dir(ui)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    fs::write(&mark, lock).map_err(|error| format!("{}: {error}", mark.display()))
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let help = "The web pages are built with node (18.13 or newer) and npm: `make deps` installs them on Debian. \
                Or set PBX_WEB_DIST to a folder with pages that are built already.";
    let ended = command
        .output()
        .map_err(|error| format!("{name} cannot be run: {error}\n{help}"))?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(format!("{name} failed ({}):\n{said}\n{help}", ended.status))
}
