//! The program by itself, with no module at all: what it says, how it is asked, how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(TempDir::new().expect("a directory"));
        let configs = place.0.path().join("conf/autoload_configs");
        std::fs::create_dir_all(&configs).expect("a directory");
        std::fs::write(configs.join("own.conf.xml"), "<configuration name=\"own.conf\"/>").expect("a file");
        std::fs::write(place.0.path().join("no_module.so"), "this is none").expect("a file");
        place
    }

    fn socket(&self) -> PathBuf {
        self.0.path().join("run/standin.sock")
    }

    fn host(&self) -> Command {
        let mut command = program();
        for (option, name) in [("--conf", "conf"), ("--run", "run"), ("--module", "no_module.so")] {
            command.arg(option).arg(self.0.path().join(name));
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the host and waits until it has said how to use it.
    fn start(&self) -> Running {
        let mut process = self.host().process_group(0).spawn().expect("it starts");
        let mut said = String::new();
        let mut out = BufReader::new(process.stdout.take().expect("piped"));
        while !said.contains("--send") {
            assert_ne!(out.read_line(&mut said).expect("text"), 0, "it ended: {said}");
        }
        Running { process, said, out }
    }

    fn send(&self, words: &[&str]) -> Output {
        program()
            .arg("--send")
            .arg(self.socket())
            .args(words)
            .output()
            .expect("it runs")
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_standin"))
}

struct Running {
    process: Child,
    said: String,
    out: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn ends(&mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.process.try_wait().expect("it can be asked").is_none() {
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("text");
        (self.process.wait().expect("it ended").code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn it_says_what_it_is_and_lives_without_its_module() {
    let place = Place::new();
    let host = place.start();
    for word in [
        "test double",
        "no calls",
        "NOT loaded",
        "load mod_pbx",
        "--send",
        "shutdown",
    ] {
        assert!(host.said.contains(word), "not said: {word}\n{}", host.said);
    }
    let answer = place.send(&["xml_locate", "configuration", "configuration", "name", "own.conf"]);
    assert_eq!(
        text(&answer.stdout),
        "<configuration name=\"own.conf\"></configuration>\n"
    );
    assert!(answer.status.success());
    assert_eq!(
        text(&place.send(&["load mod_pbx"]).stdout),
        "+OK Reloading XML\n-ERR [module load file routine returned an error]\n"
    );
}

#[test]
fn ctrl_c_ends_it_cleanly() {
    let place = Place::new();
    let mut host = place.start();
    let id = libc::pid_t::try_from(host.process.id()).expect("a process id");
    // SAFETY: our own child, not yet waited for.
    unsafe { libc::kill(id, libc::SIGINT) };
    let (status, rest) = host.ends();
    assert_eq!(status, Some(0));
    assert!(rest.contains("stopped"), "{rest}");
    assert!(!place.socket().exists());
}

#[test]
fn a_script_is_run_to_its_end() {
    let place = Place::new();
    let mut host = place.host().stdin(Stdio::piped()).spawn().expect("it starts");
    host.stdin
        .take()
        .expect("piped")
        .write_all(b"module_exists mod_pbx\n\nnonsense\n")
        .expect("it reads");
    let output = host.wait_with_output().expect("it ends by itself");
    let said = text(&output.stdout);
    assert!(
        said.contains("\nfalse\n-ERR nonsense Command not found!\n"),
        "{said}"
    );
    assert!(output.status.success());
}

#[test]
fn a_second_host_at_the_same_place_is_refused_and_a_dead_ones_socket_is_not_in_the_way() {
    let place = Place::new();
    let mut host = place.start();
    let second = place.host().output().expect("it runs");
    assert!(!second.status.success());
    assert!(
        text(&second.stderr).contains("already running"),
        "{}",
        text(&second.stderr)
    );
    host.process.kill().expect("it is killed");
    host.ends();
    assert!(place.socket().exists(), "a killed host leaves its socket");
    assert!(text(&place.send(&["version"]).stderr).contains("start it first"));
    let _again = place.start();
    assert!(text(&place.send(&["version"]).stdout).contains("stand-in"));
}

#[test]
fn what_is_wrong_on_the_command_line_or_in_the_configuration_is_said() {
    let place = Place::new();
    let output = program().output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--conf"));
    std::fs::write(
        place.0.path().join("conf/autoload_configs/bad.conf.xml"),
        "<configuration>\n<a>",
    )
    .expect("a file");
    let output = place.host().output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("bad.conf.xml"),
        "{}",
        text(&output.stderr)
    );
}
