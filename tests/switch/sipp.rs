//! sipp plays phones: scenarios of our own, one row of values for each call.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::child::Owned;
use crate::found;
use crate::ports::{self, ports};
use crate::site::{Site, repository};
use crate::wait;

/// One run of a scenario in `tests/switch/sipp`.
#[derive(Debug)]
pub(crate) struct Sipp<'a> {
    site: &'a Site,
    scenario: &'static str,
    rows: Vec<String>,
    port: u16,
    calls: usize,
    at_once: usize,
    keys: Vec<(&'static str, String)>,
    echo: bool,
    to: u16,
}

/// One that runs.
#[derive(Debug)]
pub(crate) struct Started {
    process: Owned,
    errors: std::path::PathBuf,
    scenario: &'static str,
}

/// A row of values for scenarios that send a digest: username, domain, number and credential.
pub(crate) fn row(username: &str, domain: &str, number: &str, password: &str) -> String {
    format!("{username};{domain};{number};[authentication username={username} password={password}]")
}

impl<'a> Sipp<'a> {
    /// A run of `scenario` with one call for each row, on a port of its own.
    pub(crate) fn new(site: &'a Site, scenario: &'static str, rows: Vec<String>) -> Self {
        let calls = rows.len().max(1);
        Self {
            site,
            scenario,
            rows,
            port: ports::phone(),
            calls,
            at_once: 1,
            keys: Vec::new(),
            echo: false,
            to: ports().sip,
        }
    }

    /// On this port.
    pub(crate) fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// This many calls, going round the rows.
    pub(crate) fn calls(mut self, calls: usize, at_once: usize) -> Self {
        (self.calls, self.at_once) = (calls, at_once);
        self
    }

    /// With `[name]` in the scenario standing for this.
    pub(crate) fn key(mut self, name: &'static str, value: &str) -> Self {
        self.keys.push((name, value.to_owned()));
        self
    }

    /// To this port of the switch.
    pub(crate) fn to(mut self, port: u16) -> Self {
        self.to = port;
        self
    }

    /// Sends back the sound that comes.
    pub(crate) fn echo(mut self) -> Self {
        self.echo = true;
        self
    }

    /// Starts it.
    pub(crate) fn start(self) -> Started {
        let program = found::sipp().expect("looked for before the first scenario");
        let file = |ending: &str| {
            self.site
                .path(&format!("sipp/{}-{}.{ending}", self.scenario, self.port))
        };
        let scenario = repository()
            .join("tests/switch/sipp")
            .join(format!("{}.xml", self.scenario));
        let mut command = Command::new(program);
        command.arg("-sf").arg(scenario);
        if !self.rows.is_empty() {
            fs::write(file("csv"), format!("SEQUENTIAL\n{}\n", self.rows.join("\n")))
                .expect("a file can be written");
            command.arg("-inf").arg(file("csv"));
        }
        for (name, value) in &self.keys {
            command.args(["-key", name, value]);
        }
        let (calls, at_once) = (self.calls.to_string(), self.at_once.to_string());
        let rate = (self.at_once * 50).min(500).to_string();
        command.args([
            "-m",
            &calls,
            "-l",
            &at_once,
            "-r",
            &rate,
            "-i",
            "127.0.0.1",
            "-nostdin",
        ]);
        if self.echo {
            command.arg("-rtp_echo");
        }
        command.args(["-p", &self.port.to_string(), "-mp", &ports::phone().to_string()]);
        command.args([
            "-recv_timeout",
            "10000",
            "-timeout",
            "180s",
            "-timeout_error",
            "-trace_err",
        ]);
        command.arg("-error_file").arg(file("errors"));
        command.arg(format!("127.0.0.1:{}", self.to));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = Owned::spawn(command).expect("sipp starts");
        // A call that came before it listens would be refused by the machine.
        wait::until("sipp to listen", wait::SOON, || {
            (listens(self.port) || process.ended().is_some()).then_some(())
        });
        Started {
            process,
            errors: file("errors"),
            scenario: self.scenario,
        }
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// A call did not go as the scenario says.
    #[track_caller]
    pub(crate) fn run(self) {
        self.start().succeed();
    }
}

/// Whether any program of this machine has this UDP port.
fn listens(port: u16) -> bool {
    let table = fs::read_to_string("/proc/net/udp").expect("Linux says");
    let end = format!(":{port:04X}");
    let mut locals = table.lines().filter_map(|line| line.split_whitespace().nth(1));
    locals.any(|local| local.ends_with(&end))
}

impl Started {
    /// Waits for its end.
    ///
    /// # Panics
    /// A call did not go as the scenario says.
    #[track_caller]
    pub(crate) fn succeed(mut self) {
        let status = self.process.end_within(Duration::from_secs(190));
        let errors = fs::read_to_string(&self.errors).unwrap_or_default();
        let shown: String = errors.chars().take(3000).collect();
        assert!(status.success(), "sipp {}: {status}\n{shown}", self.scenario);
    }
}
