//! A Debian in a folder: dpkg's own records, and a package that stands for FreeSWITCH's.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::{must, repository, run};

/// What a dpkg that is not root's needs for owners and modes.
const AS_ROOT: &str = "fakeroot";

/// Stands for FreeSWITCH's packages and for what Debian has: the names and versions that ours depends on, the
/// folders, and a configuration that appears as theirs does, unless there is one (`freeswitch.postinst`).
const CONTROL: &str = "Package: freeswitch\nVersion: 1.10.12\nArchitecture: all\nMaintainer: a test <a@example.com>\n\
Provides: libc6 (= 2.36), libgcc-s1 (= 12.2), libsqlite3-0 (= 3.40.1), freeswitch-mod-commands (= 1), \
freeswitch-mod-dialplan-xml (= 1), freeswitch-mod-dptools (= 1), freeswitch-mod-sofia (= 1)\n\
Description: stands for the switch in a test\n";
const POSTINST: &str = r#"#!/bin/sh
set -e
if [ ! -d "$DPKG_ROOT/etc/freeswitch" ]; then
  mkdir -p "$DPKG_ROOT/etc/freeswitch/autoload_configs"
  cp "$DPKG_ROOT/usr/share/freeswitch/conf/vanilla/modules.conf.xml" "$DPKG_ROOT/etc/freeswitch/autoload_configs/"
fi
mkdir -p "$DPKG_ROOT/var/lib/freeswitch/storage/voicemail"
"#;
pub(crate) const MODULES: &str = "<configuration name=\"modules.conf\">\n  <modules>\n    <load module=\"mod_commands\"/>\n    \
<load module=\"mod_sofia\"/>\n  </modules>\n</configuration>\n";

pub(crate) struct Root {
    folder: TempDir,
}

/// Whether packages can be installed into a folder here.
pub(crate) fn may_install() -> bool {
    is_root() || crate::is_there(AS_ROOT)
}

fn is_root() -> bool {
    // SAFETY-free: what `id` says.
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|out| out.stdout == b"0\n")
}

impl Root {
    /// One with the switch's package.
    pub(crate) fn with_switch() -> Self {
        let root = Self::empty();
        let made = root.path("switch");
        fs::create_dir_all(made.join("DEBIAN")).unwrap();
        fs::create_dir_all(made.join("usr/share/freeswitch/conf/vanilla")).unwrap();
        fs::write(
            made.join("usr/share/freeswitch/conf/vanilla/modules.conf.xml"),
            MODULES,
        )
        .unwrap();
        fs::write(made.join("DEBIAN/control"), CONTROL).unwrap();
        fs::write(made.join("DEBIAN/postinst"), POSTINST).unwrap();
        must(Command::new("chmod").arg("755").arg(made.join("DEBIAN/postinst")));
        let file = root.folder.path().join("switch.deb");
        must(
            Command::new("dpkg-deb")
                .args(["--root-owner-group", "-Znone", "--build"])
                .arg(&made)
                .arg(&file),
        );
        fs::remove_dir_all(&made).unwrap();
        root.must(&["--install", file.to_str().unwrap()]);
        root
    }

    /// One with nothing.
    pub(crate) fn empty() -> Self {
        let folder = TempDir::new().unwrap();
        let root = Self { folder };
        for part in [
            "var/lib/dpkg/info",
            "var/lib/dpkg/updates",
            "var/lib/dpkg/triggers",
        ] {
            fs::create_dir_all(root.path(part)).unwrap();
        }
        fs::write(root.path("var/lib/dpkg/status"), "").unwrap();
        root
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("root").join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs dpkg in it.
    pub(crate) fn dpkg(&self, arguments: &[&str]) -> Output {
        let mut command = if is_root() {
            Command::new("dpkg")
        } else {
            let mut command = Command::new(AS_ROOT);
            command.arg("dpkg");
            command
        };
        let root = format!("--root={}", self.path("").display());
        command.args([&root, "--force-not-root", "--force-script-chrootless"]);
        run(command.arg("--log=/dev/null").args(arguments))
    }

    #[track_caller]
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let output = self.dpkg(arguments);
        assert!(
            output.status.success(),
            "dpkg {arguments:?}: {}",
            crate::said(&output)
        );
        crate::said(&output)
    }

    /// Everything that is there but dpkg's own records.
    pub(crate) fn everything(&self) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        let mut folders = vec![self.path("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.ends_with("var/lib/dpkg") {
                    continue;
                }
                if entry.file_type().unwrap().is_dir() {
                    folders.push(path.clone());
                }
                found.insert(path.strip_prefix(self.path("")).unwrap().to_owned());
            }
        }
        found
    }
}

/// The package with this version, built once in a run.
pub(crate) fn package(version: &str) -> &'static str {
    static ONE: OnceLock<String> = OnceLock::new();
    static TWO: OnceLock<String> = OnceLock::new();
    let slot = if version == "0.1.0" { &ONE } else { &TWO };
    slot.get_or_init(|| {
        // Kept for the next run: the sounds take longest.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deb");
        let mut build = Command::new(repository().join("deploy/deb/build.sh"));
        build
            .arg(module())
            .arg(folder)
            .arg(version)
            .env("PBX_DEB_LEVEL", "0");
        must(&mut build).trim().to_owned()
    })
}

/// The module as cargo built it beside this program.
fn module() -> PathBuf {
    let built = std::env::current_exe().unwrap().with_file_name("libmod_pbx.so");
    assert!(built.is_file(), "{} is not built", built.display());
    built
}
