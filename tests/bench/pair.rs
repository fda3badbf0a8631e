//! Two switches with the same SIP profile: one asks the module, the other has what one phone needs as static XML.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::child::Owned;
use crate::contender::{Contender, Plan, free_port, instrument};
use crate::database::{self, DOMAIN, FIRST, PASSWORD};
use crate::found::Installed;
use crate::wait;

/// How large the databases are that the module answers from.
pub(crate) const SIZES: [u32; 3] = [10, 10_000, 100_000];

/// Both, running. The module's is the first.
pub(crate) struct Pair {
    pub(crate) ours: Site,
    pub(crate) theirs: Site,
    _tool: TempDir,
}

/// One of them.
pub(crate) struct Site {
    /// Where phones reach it.
    pub(crate) port: u16,
    switch: Contender,
}

/// One run of sipp, with a folder for what it writes.
pub(crate) struct Sipp {
    folder: TempDir,
    command: Command,
}

impl Pair {
    /// The module answers from a database of `size` extensions; the other has the first of them alone, as who
    /// sends `method`, and `dialplan` as its dialplan.
    pub(crate) fn start(installed: &Installed, size: u32, method: &str, dialplan: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tool = instrument(installed, folder.path());
        let (ours, profile, answer) = Site::pbx(installed, &tool, &database::with_extensions(size), method);
        let theirs = free_port();
        let profile = profile.replace(
            &format!("value=\"{}\"", ours.port),
            &format!("value=\"{theirs}\""),
        );
        Self {
            theirs: Site::of_static(installed, &tool, theirs, &profile, &format!("{answer}{dialplan}")),
            ours,
            _tool: folder,
        }
    }
}

impl Site {
    /// Starts it; its own sofia.conf and its answer for the one user.
    fn pbx(installed: &Installed, tool: &Path, base: &Path, method: &str) -> (Self, String, String) {
        let port = free_port();
        let settings = [
            ("sip-address", "127.0.0.1"),
            ("sip-port", &port.to_string()),
            // A phone that answers calls stays registered for the whole run.
            ("registration-seconds", "3600"),
        ];
        let plan = Plan::new(installed, tool).pbx(base, &settings);
        let mut switch = phones(plan).module("mod_sofia", "").start(installed);
        let profile = switch.ok("pbx lookup configuration key_value=sofia.conf");
        let answer = switch.ok(&database::sip_auth_lookup(method));
        (Self::ready(port, switch), inside(&profile), inside(&answer))
    }

    fn of_static(installed: &Installed, tool: &Path, port: u16, profile: &str, sections: &str) -> Self {
        let configuration = profile
            .replace("<section name=\"configuration\">", "")
            .replace("</section>", "");
        let plan = Plan::new(installed, tool).section(sections);
        let switch = phones(plan).module("mod_sofia", &configuration).start(installed);
        Self::ready(port, switch)
    }

    fn ready(port: u16, mut switch: Contender) -> Self {
        wait::until("the profile to run", Duration::from_secs(30), || {
            switch.ok("sofia status").contains("RUNNING").then_some(())
        });
        // A new switch makes itself a key for DTLS, which takes seconds of processor time, sometimes many.
        wait::until("the switch to be idle", Duration::from_secs(120), || {
            let before = switch.cpu_ms();
            std::thread::sleep(Duration::from_secs(1));
            (switch.cpu_ms() - before < 200.0).then_some(())
        });
        Self { port, switch }
    }

    /// Milliseconds of processor time so far.
    pub(crate) fn cpu_ms(&self) -> f64 {
        self.switch.cpu_ms()
    }

    /// Runs a command; it must not fail.
    #[track_caller]
    pub(crate) fn ok(&mut self, command: &str) -> String {
        self.switch.ok(command)
    }
}

impl Sipp {
    /// The scenario in this file; `row` holds what its fields stand for.
    pub(crate) fn new(program: &Path, scenario: &str, row: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rows = folder.path().join("rows.csv");
        std::fs::write(&rows, format!("SEQUENTIAL\n{row}\n")).unwrap();
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(scenario);
        let mut command = Command::new(program);
        command.arg("-sf").arg(scenario).arg("-inf").arg(rows);
        command.args(["-i", "127.0.0.1", "-nostdin", "-trace_err"]);
        command.arg("-error_file").arg(folder.path().join("errors"));
        command.current_dir(folder.path());
        Self { folder, command }
    }

    /// With these further options.
    pub(crate) fn options<const N: usize>(mut self, options: [&str; N]) -> Self {
        self.command.args(options);
        self
    }

    /// Starts it against `target`.
    pub(crate) fn start(mut self, target: u16) -> (Owned, TempDir) {
        self.command.arg(format!("127.0.0.1:{target}"));
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        (Owned::spawn(self.command).unwrap(), self.folder)
    }
}

/// The row of the first line, calling `number`.
pub(crate) fn first_line(number: u32) -> String {
    format!("{FIRST};{DOMAIN};{number};[authentication username={FIRST} password={PASSWORD}]")
}

/// What sipp complained of.
pub(crate) fn complaints(folder: &TempDir) -> String {
    std::fs::read_to_string(folder.path().join("errors")).unwrap_or_default()
}

/// Files in `folder` that end so.
pub(crate) fn written(folder: &TempDir, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    files
        .filter(|file| file.to_string_lossy().ends_with(ending))
        .collect()
}

/// What a call between phones needs of the switch beside mod_sofia.
fn phones(plan: Plan) -> Plan {
    plan.module("mod_dialplan_xml", "").module("mod_dptools", "")
}

/// What is inside the document.
fn inside(document: &str) -> String {
    let start = document.find("<section").unwrap();
    let end = document.rfind("</document>").unwrap();
    document[start..end].to_owned()
}
