//! One switch's files: deploy's configuration with this run's ports, an own module directory, all in one
//! folder that outlives the process, so that a switch can be killed and started again.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::found::Installed;
use crate::ports::ports;

/// The event socket's password in tests.
pub(crate) const PASSWORD: &str = "of-this-test-run-only";

static RUN: OnceLock<PathBuf> = OnceLock::new();

/// Makes the folder of the whole run; dropping it removes every site in it.
///
/// In memory where the machine has a place for that: the switch's own databases would otherwise make every
/// scenario a measurement of the disk.
pub(crate) fn begin_run() -> TempDir {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let mut folder = tempfile::Builder::new()
        .prefix("pbx-switch-")
        .tempdir_in(parent)
        .unwrap();
    if std::env::var_os("PBX_KEEP").is_some() {
        folder.disable_cleanup(true);
    }
    // Shared by all sites: making certificates takes the switch seconds.
    fs::create_dir(folder.path().join("certs")).unwrap();
    RUN.set(folder.path().to_owned()).expect("one run in a process");
    folder
}

/// The files of one switch.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) installed: Installed,
    folder: PathBuf,
}

impl Site {
    /// A new one, without a database.
    pub(crate) fn new(installed: &Installed) -> Self {
        static SITES: AtomicU32 = AtomicU32::new(1);
        let number = SITES.fetch_add(1, Ordering::Relaxed).to_string();
        let site = Self {
            installed: installed.clone(),
            folder: run_folder().join(number),
        };
        for name in ["", "conf", "log", "run", "db", "mod", "storage", "tmp", "sipp"] {
            fs::create_dir(site.path(name)).unwrap();
        }
        copy(&repository().join("deploy/switch"), &site.path("conf"));
        site.write("conf/local.xml", &local());
        site.write("conf/autoload_configs/pbx.conf.xml", &site.pbx_conf(&[]));
        site.link_modules();
        site
    }

    /// A path below it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Its database.
    pub(crate) fn database(&self) -> PathBuf {
        self.path("storage/pbx/pbx.db")
    }

    /// Makes a copy of `file` its database.
    pub(crate) fn put_database(&self, file: &Path) {
        fs::create_dir_all(self.path("storage/pbx")).unwrap();
        copy_database(file, &self.database());
    }

    /// Deploy's whole list of modules.
    pub(crate) fn load_all(&self) {
        let shipped =
            fs::read_to_string(repository().join("deploy/switch/autoload_configs/modules.conf.xml"));
        self.write("conf/autoload_configs/modules.conf.xml", &shipped.unwrap());
    }

    /// Takes all modules out of deploy's list but these and what commands need.
    pub(crate) fn load_only(&self, modules: &[&str]) {
        let file = "conf/autoload_configs/modules.conf.xml";
        let needed = ["mod_console", "mod_logfile", "mod_event_socket", "mod_commands"];
        let stays = |line: &&str| {
            let loads = |name: &&str| line.contains(&format!("\"{name}\""));
            !line.contains("<load") || needed.iter().chain(modules).any(loads)
        };
        let text = fs::read_to_string(self.path(file)).unwrap();
        self.write(file, &text.lines().filter(stays).collect::<Vec<_>>().join("\n"));
    }

    /// Writes a file below it.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// `pbx.conf` as deploy has it, with this run's ports and `changes`.
    pub(crate) fn pbx_conf(&self, changes: &[(&str, &str)]) -> String {
        let text =
            fs::read_to_string(repository().join("deploy/switch/autoload_configs/pbx.conf.xml")).unwrap();
        let [web, local] = ports().web.map(|port| format!("127.0.0.1:{port}"));
        let own = [("web-listen", web.as_str()), ("local-listen", local.as_str())];
        let own = own
            .into_iter()
            .filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        own.chain(changes.iter().copied())
            .fold(text, |text, (name, value)| {
                let shipped = format!("name=\"{name}\" value=\"\"");
                assert!(
                    text.contains(&shipped),
                    "deploy's pbx.conf.xml has no empty {name}"
                );
                text.replace(&shipped, &format!("name=\"{name}\" value=\"{value}\""))
            })
    }

    /// The last lines of the switch's log, without the lists it builds at every start.
    pub(crate) fn log_tail(&self, lines: usize) -> String {
        let log = self.log();
        let noise = [
            "switch_utils.c",
            "switch_core.c:1",
            "switch_loadable_module.c",
            "Subclass reservation",
        ];
        let stamped = |line: &&str| {
            ["[INFO]", "[NOTICE]", "[WARNING]", "[ERR]", "[CRIT]"]
                .iter()
                .any(|l| line.contains(l))
        };
        let said: Vec<&str> = log
            .lines()
            .filter(stamped)
            .filter(|line| !noise.iter().any(|word| line.contains(word)))
            .collect();
        said[said.len().saturating_sub(lines)..].join("\n")
    }

    /// After a failure: what the switch said last.
    pub(crate) fn explain(&self) {
        let (folder, tail) = (self.path("log"), self.log_tail(60));
        let _ = writeln!(
            std::io::stderr(),
            "\n--- the switch's last lines ({}) ---\n{tail}",
            folder.display()
        );
    }

    /// The switch's log.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.path("log/freeswitch.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn link_modules(&self) {
        let folder = fs::read_dir(&self.installed.modules).unwrap();
        for entry in folder {
            let file = entry.unwrap().path();
            let name = file.file_name().expect("a file has a name").to_owned();
            if file.extension().is_some_and(|ext| ext == "so") && name != "mod_pbx.so" {
                symlink(&file, self.path("mod").join(name)).unwrap();
            }
        }
        symlink(module(), self.path("mod/mod_pbx.so")).unwrap();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.explain();
        }
    }
}

/// The module that `PBX_MODULE` names, as a package has it; else the one that cargo built for this test, beside the
/// test program.
pub(crate) fn module() -> PathBuf {
    if let Some(named) = std::env::var_os("PBX_MODULE") {
        return fs::canonicalize(&named).unwrap_or_else(|error| panic!("PBX_MODULE={named:?}: {error}"));
    }
    let program = std::env::current_exe().expect("this program has a path");
    let built = program.with_file_name("libmod_pbx.so");
    assert!(built.is_file(), "{} is not built", built.display());
    built
}

/// The folder of the run.
pub(crate) fn run_folder() -> &'static Path {
    RUN.get().expect("made before the first scenario")
}

/// Copies a database that may have a log beside it.
pub(crate) fn copy_database(from: &Path, to: &Path) {
    let conn = Connection::open(from).unwrap();
    conn.execute("VACUUM INTO ?1", [to.to_str()]).unwrap();
}

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What deploy leaves to each machine.
fn local() -> String {
    let ports = ports();
    let values = [
        ("event_socket_port", ports.event_socket.to_string()),
        ("event_socket_password", PASSWORD.to_owned()),
        ("rtp_start_port", ports.rtp.0.to_string()),
        ("rtp_end_port", ports.rtp.1.to_string()),
    ];
    let line =
        |(name, value): &(&str, String)| format!("<X-PRE-PROCESS cmd=\"set\" data=\"{name}={value}\"/>\n");
    format!(
        "<include>\n{}</include>\n",
        values.iter().map(line).collect::<String>()
    )
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let (file, name) = entry.map(|e| (e.path(), e.file_name())).unwrap();
        let target = to.join(name);
        if file.is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&file, &target);
        } else {
            fs::copy(&file, &target).unwrap();
        }
    }
}
