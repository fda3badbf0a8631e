//! A FreeSWITCH process.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::child::Owned;
use crate::esl::Esl;
use crate::ports::ports;
use crate::site::{self, PASSWORD, Site};
use crate::wait;

/// A running switch. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Running {
    process: Owned,
    esl: Esl,
}

impl Running {
    /// Starts the switch of `site` and waits until it takes commands.
    ///
    /// # Panics
    /// It ends instead, or takes none within 30 s.
    pub(crate) fn start(site: &Site) -> Self {
        Self::start_by(site, Command::new(&site.installed.program))
    }

    /// The same, where `command` is what ends up as FreeSWITCH under the same process id.
    pub(crate) fn start_by(site: &Site, mut command: Command) -> Self {
        let output = File::create(site.path("log/output")).expect("a file can be written");
        command.args(["-nf", "-nc", "-np", "-nonat"]);
        for (option, folder) in [
            ("-conf", "conf"),
            ("-log", "log"),
            ("-run", "run"),
            ("-db", "db"),
            ("-mod", "mod"),
            ("-storage", "storage"),
            ("-temp", "tmp"),
            ("-cache", "tmp"),
            ("-recordings", "tmp"),
            ("-scripts", "tmp"),
        ] {
            command.arg(option).arg(site.path(folder));
        }
        command.arg("-certs").arg(site::run_folder().join("certs"));
        command
            .stdin(Stdio::null())
            .stderr(output.try_clone().expect("a file handle"))
            .stdout(output);
        let mut process = Owned::spawn(command).expect("FreeSWITCH starts");
        let esl = wait::until("FreeSWITCH to take commands", Duration::from_secs(30), || {
            if let Some(status) = process.ended() {
                let output = std::fs::read_to_string(site.path("log/output")).unwrap_or_default();
                panic!(
                    "FreeSWITCH ended at its start: {status}\n{output}\n{}",
                    site.log_tail(40)
                );
            }
            let mut esl = connect().ok()?;
            esl.api("status").ok()?.contains("is ready").then_some(esl)
        });
        Self { process, esl }
    }

    /// Runs a command as fs_cli would; what it printed.
    ///
    /// # Panics
    /// The switch is gone.
    #[track_caller]
    pub(crate) fn api(&mut self, command: &str) -> String {
        match self.esl.api(command) {
            Ok(answer) => answer,
            Err(error) => panic!("{command:?}: {error}; the switch {:?}", self.process.ended()),
        }
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub(crate) fn ok(&mut self, command: &str) -> String {
        let answer = self.api(command);
        assert!(!answer.contains("-ERR"), "{command:?}: {answer}");
        answer
    }

    /// Runs a command that must fail; what it said.
    #[track_caller]
    pub(crate) fn refused(&mut self, command: &str) -> String {
        let answer = self.api(command);
        assert!(answer.contains("-ERR"), "{command:?}: {answer}");
        answer
    }

    /// Waits until a command's answer contains `text`.
    #[track_caller]
    pub(crate) fn until(&mut self, command: &str, text: &str) -> String {
        let esl = &mut self.esl;
        wait::until(&format!("{command:?} to show {text:?}"), wait::SOON, || {
            let answer = esl.api(command).expect("the switch lives");
            answer.contains(text).then_some(answer)
        })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Crashes it: SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// The same to one that will be started again in its place.
    pub(crate) fn crash(&mut self) {
        self.process.kill();
    }

    /// Shuts it down in order.
    ///
    /// # Panics
    /// It takes longer than 30 s or ends with a failure.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        // The connection may close before the answer comes.
        let _ = self.esl.api("fsctl shutdown now");
        let status = self.process.end_within(Duration::from_secs(30));
        assert!(status.success(), "FreeSWITCH ended with {status}");
    }

    /// Its threads, its open files and its memory.
    pub(crate) fn size(&self) -> Size {
        let proc = PathBuf::from(format!("/proc/{}", self.id()));
        let count = |name: &str| {
            std::fs::read_dir(proc.join(name))
                .expect("a process of ours")
                .count()
        };
        let status = std::fs::read_to_string(proc.join("status")).expect("a process of ours");
        let rss = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .expect("its memory");
        let rss = rss.trim().trim_end_matches(" kB").parse().expect("kilobytes");
        Size {
            threads: count("task"),
            files: count("fd"),
            rss_kb: rss,
        }
    }
}

/// How big a process is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) threads: usize,
    pub(crate) files: usize,
    pub(crate) rss_kb: u64,
}

/// One more connection to the switch of this run.
///
/// # Errors
/// None runs.
pub(crate) fn connect() -> io::Result<Esl> {
    Esl::connect(ports().event_socket, PASSWORD)
}
