//! One FreeSWITCH process with one way of answering directory lookups.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::child::Owned;
use crate::esl::Esl;
use crate::found::Installed;
use crate::{database, wait};

const PASSWORD: &str = "of-this-bench-only";

/// Its files before it starts.
pub(crate) struct Plan {
    folder: TempDir,
    port: u16,
    modules: Vec<&'static str>,
    configuration: String,
    sections: String,
}

/// It, running; killed when dropped.
pub(crate) struct Contender {
    process: Owned,
    esl: Esl,
    port: u16,
    folder: TempDir,
}

impl Plan {
    /// A switch with commands and the measuring instrument, and nothing that answers.
    pub(crate) fn new(installed: &Installed, instrument: &Path) -> Self {
        let parent = if Path::new("/dev/shm").is_dir() {
            "/dev/shm".into()
        } else {
            std::env::temp_dir()
        };
        let folder = tempfile::Builder::new()
            .prefix("pbx-bench-")
            .tempdir_in(parent)
            .unwrap();
        for name in ["conf", "log", "run", "db", "mod", "storage", "tmp", "certs"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for entry in fs::read_dir(&installed.modules).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_name().unwrap().to_owned();
            if file.extension().is_some_and(|ending| ending == "so") && name != "mod_pbx.so" {
                symlink(&file, folder.path().join("mod").join(name)).unwrap();
            }
        }
        symlink(instrument, folder.path().join("mod/mod_bench.so")).unwrap();
        symlink(module(), folder.path().join("mod/mod_pbx.so")).unwrap();
        let port = free_port();
        let event_socket = format!(
            r#"<configuration name="event_socket.conf"><settings><param name="listen-ip" value="127.0.0.1"/>
            <param name="listen-port" value="{port}"/><param name="password" value="{PASSWORD}"/></settings></configuration>"#
        );
        Self {
            folder,
            port,
            modules: vec!["mod_event_socket", "mod_commands", "mod_bench"],
            configuration: event_socket,
            sections: String::new(),
        }
    }

    /// A path below its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Loads one more module, with this `<configuration>`.
    pub(crate) fn module(mut self, name: &'static str, configuration: &str) -> Self {
        self.modules.push(name);
        self.configuration.push_str(configuration);
        self
    }

    /// Loads mod_pbx with a copy of `database` in which these settings are set.
    pub(crate) fn pbx(self, database: &Path, settings: &[(&str, &str)]) -> Self {
        let own = self.path("storage/pbx.db");
        database::copy(database, &own, settings);
        let conf = format!(
            r#"<configuration name="pbx.conf"><settings><param name="database" value="{}"/>
            <param name="web-listen" value="127.0.0.1:{}"/><param name="local-listen" value="127.0.0.1:{}"/>
            <param name="log-level" value="warn"/></settings></configuration>"#,
            own.display(),
            free_port(),
            free_port()
        );
        self.module("mod_pbx", &conf)
    }

    /// Adds static XML sections.
    pub(crate) fn section(mut self, text: &str) -> Self {
        self.sections.push_str(text);
        self
    }

    /// Starts it.
    pub(crate) fn start(self, installed: &Installed) -> Contender {
        let loads: String = self
            .modules
            .iter()
            .map(|name| format!("<load module=\"{name}\"/>"))
            .collect();
        let conf = format!(
            r#"<document type="freeswitch/xml"><section name="configuration">{}
            <configuration name="modules.conf"><modules>{loads}</modules></configuration>
            <configuration name="switch.conf"><settings><param name="loglevel" value="err"/>
            <param name="max-sessions" value="10000"/><param name="sessions-per-second" value="10000"/></settings></configuration>
            </section>{}</document>"#,
            self.configuration, self.sections
        );
        fs::File::create(self.path("conf/freeswitch.xml"))
            .unwrap()
            .write_all(conf.as_bytes())
            .unwrap();
        let output = fs::File::create(self.path("log/output")).unwrap();
        let mut command = Command::new(&installed.program);
        command.args(["-nf", "-nc", "-np", "-nonat"]);
        for (option, folder) in [
            ("-conf", "conf"),
            ("-log", "log"),
            ("-run", "run"),
            ("-db", "db"),
            ("-mod", "mod"),
            ("-storage", "storage"),
            ("-temp", "tmp"),
            ("-certs", "certs"),
            ("-cache", "tmp"),
            ("-recordings", "tmp"),
            ("-scripts", "tmp"),
        ] {
            command.arg(option).arg(self.path(folder));
        }
        command
            // As deploy/systemd/freeswitch.conf. With two cores glibc has 16 arenas: a switch this bare has just as many
            // threads that allocate, and ours would wait for each other; one with its usual modules does in any case.
            .env("MALLOC_ARENA_MAX", "64")
            .stdin(Stdio::null())
            .stderr(output.try_clone().unwrap())
            .stdout(output);
        let mut process = Owned::spawn(command).unwrap();
        let esl = wait::until("FreeSWITCH to take commands", Duration::from_secs(120), || {
            assert!(
                process.ended().is_none(),
                "{}",
                fs::read_to_string(self.path("log/output")).unwrap()
            );
            let mut esl = Esl::connect(self.port, PASSWORD).ok()?;
            esl.api("status").ok()?.contains("is ready").then_some(esl)
        });
        Contender {
            process,
            esl,
            port: self.port,
            folder: self.folder,
        }
    }
}

impl Contender {
    /// Runs a command; it must not fail.
    #[track_caller]
    pub(crate) fn ok(&mut self, command: &str) -> String {
        let answer = self.esl.api(command).unwrap();
        assert!(!answer.starts_with('-'), "{command}: {answer}");
        answer
    }

    /// One more connection, for commands beside the measured ones.
    pub(crate) fn second(&self) -> Esl {
        Esl::connect(self.port, PASSWORD).unwrap()
    }

    /// A path below its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its processor time so far in milliseconds, user and system.
    pub(crate) fn cpu_ms(&self) -> f64 {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let after = text.rsplit_once(')').unwrap().1;
        let ticks: Vec<f64> = after
            .split_whitespace()
            // proc(5): the fields after the name begin with the third, utime and stime are the 14th and 15th.
            .skip(11)
            .take(2)
            .map(|t| t.parse().unwrap())
            .collect();
        // Linux counts in USER_HZ, which is 100 on every architecture in use.
        ticks.iter().sum::<f64>() * 10.0
    }

    /// Its resident memory in bytes.
    pub(crate) fn memory(&self) -> f64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
    }
}

/// The module under test, as cargo built it beside this program.
fn module() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let built = program.with_file_name("libmod_pbx.so");
    assert!(built.is_file(), "{} is not built", built.display());
    built
}

/// A port that is free for TCP and UDP.
pub(crate) fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        if std::net::UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Builds the instrument against the switch's headers.
pub(crate) fn instrument(installed: &Installed, into: &Path) -> PathBuf {
    let prefix = installed.program.parent().and_then(Path::parent).unwrap();
    let headers = prefix.join("include/freeswitch");
    assert!(
        headers.is_dir(),
        "{} is missing: install FreeSWITCH's headers",
        headers.display()
    );
    let built = into.join("mod_bench.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/mod_bench.c");
    let status = Command::new("cc")
        .args(["-O2", "-fPIC", "-shared", "-Wall", "-I"])
        .arg(headers)
        .arg(source)
        .arg("-o")
        .arg(&built)
        .status()
        .unwrap();
    assert!(status.success(), "cc cannot build mod_bench.c");
    built
}
