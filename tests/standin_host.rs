//! The table of `tests/cases` against the stand-in host, as `make run` starts it and `make cli` asks it: the
//! program itself, in a process of its own, over its control socket.
//!
//! It is a test double: that an answer is right here says nothing about calls. The same table runs against a
//! real switch in `tests/switch`.

mod cases;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fs_standin::app;
use fs_standin::scene::module_file;
use tempfile::TempDir;

/// The stand-in's process. Killed when dropped.
struct Standin {
    folder: TempDir,
    process: Child,
    version: String,
    /// Where it serves web pages, and local paths.
    web: [String; 2],
}

impl Standin {
    fn start() -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/switch"),
            &folder.path().join("conf"),
        );
        // What deploy leaves to each machine. Nothing listens there: these are the event socket's.
        std::fs::write(folder.path().join("conf/local.xml"), "<include/>").expect("writable");
        let file = folder.path().join("conf/autoload_configs/pbx.conf.xml");
        let mut text = std::fs::read_to_string(&file).expect("deploy's pbx.conf");
        let web = [free_address(), free_address()];
        for (name, address) in ["web-listen", "local-listen"].into_iter().zip(&web) {
            let value = format!("name=\"{name}\" value=\"{address}\"");
            text = text.replace(&format!("name=\"{name}\" value=\"\""), &value);
        }
        std::fs::write(file, text).expect("writable");
        let test = std::env::current_exe().expect("this test has a file");
        let process = Command::new(test)
            .args([
                "--ignored",
                "--exact",
                "the_program",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(FOLDER, folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("this test can be started");
        let mut host = Self {
            folder,
            process,
            version: String::new(),
            web,
        };
        host.version = host.when_it_answers("version short");
        host
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("run/standin.sock")
    }

    fn when_it_answers(&self, command: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match app::send(&self.socket(), command) {
                Ok(answer) => return answer.trim().to_owned(),
                Err(error) if Instant::now() > deadline => panic!("the stand-in does not answer: {error}"),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

impl cases::Host for Standin {
    fn cli(&mut self, command: &str) -> String {
        app::send(&self.socket(), command).expect("the stand-in answers")
    }

    fn own_words(&self) -> Vec<(String, &'static str)> {
        let run = self
            .folder
            .path()
            .canonicalize()
            .expect("it is there")
            .join("run");
        let folder = |name: &str| run.join(name).display().to_string();
        vec![
            (self.version.clone(), "<version>"),
            (self.web[0].clone(), "127.0.0.1:8480"),
            (self.web[1].clone(), "127.0.0.1:8481"),
            (folder("storage"), "<storage>"),
            (folder("certs"), "<certs>"),
        ]
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An address that nobody listens on now.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has an address").to_string()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("deploy's configuration").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}

const FOLDER: &str = "STANDIN_TEST_FOLDER";

#[test]
#[ignore = "not a test: the stand-in's program, which the tests here start"]
fn the_program() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = PathBuf::from(folder);
    let arguments = ["standin", "--log", "info", "--conf"].map(Into::into);
    let rest = [
        folder.join("conf").into(),
        "--run".into(),
        folder.join("run").into(),
        "--module".into(),
    ];
    app::run(arguments.into_iter().chain(rest).chain([module_file().into()]));
}

#[test]
fn the_stand_in_answers_as_the_table_says() {
    let mut host = Standin::start();
    cases::run(&mut host);
}

#[test]
fn it_stops_when_it_is_told_and_leaves_no_socket() {
    let mut host = Standin::start();
    assert_eq!(app::send(&host.socket(), "shutdown").expect("an answer"), "+OK\n");
    let deadline = Instant::now() + Duration::from_secs(30);
    while host.process.try_wait().expect("it can be asked").is_none() {
        assert!(Instant::now() < deadline, "it does not stop");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!host.socket().exists());
    assert!(app::send(&host.socket(), "version").is_err());
}

#[test]
fn at_the_first_start_there_is_an_administrator_who_signs_in() {
    let mut host = Standin::start();
    let file = host.folder.path().join("run/storage/pbx/first-password");
    let text = std::fs::read_to_string(&file).expect("the first password");
    let (name, password) = text.trim().split_once(' ').expect("a name and a password");
    let status = cases::Host::cli(&mut host, "pbx status");
    assert!(status.contains(&file.display().to_string()), "{status}");
    assert!(!status.contains(password), "{status}");
    let body = format!("{{\"name\":\"{name}\",\"password\":\"{password}\"}}");
    let answer = post(&host.web[0], "/api/sign-in", &body);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("\"must_change_password\":true"), "{answer}");
    let (_, cookie) = answer.split_once("__Host-pbx=").expect("a cookie");
    assert!(cookie.split(';').any(|flag| flag == " HttpOnly"), "{answer}");
    // Over a reload of the module: the same administrator, and no other password.
    let _ = cases::Host::cli(&mut host, "reload mod_pbx");
    assert_eq!(std::fs::read_to_string(&file).expect("it is still there"), text);
    assert!(post(&host.web[0], "/api/sign-in", &body).starts_with("HTTP/1.1 200 "));
    let users = cases::Host::cli(&mut host, "pbx user list");
    assert!(users.contains("1 user\n"), "{users}");
}

/// Posts JSON as the page does, and reads the whole answer.
fn post(address: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the web server listens");
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}
