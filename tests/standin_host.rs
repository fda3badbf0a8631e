//! The table of `tests/cases` against the stand-in host, as `make run` starts it and `make cli` asks it: the
//! program itself, in a process of its own, over its control socket.
//!
//! It is a test double: that an answer is right here says nothing about calls. The same table runs against a
//! real switch in `tests/switch`.

mod cases;
mod double;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use double::Standin;
use fs_standin::app;

fn start() -> Standin {
    Standin::start(&[
        "--ignored",
        "--exact",
        "the_program",
        "--nocapture",
        "--test-threads=1",
    ])
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
        let version = app::send(&self.socket(), "version short").expect("the stand-in answers");
        let folder = |name: &str| run.join(name).display().to_string();
        vec![
            (version.trim().to_owned(), "<version>"),
            (self.web[0].clone(), "127.0.0.1:8480"),
            (self.web[1].clone(), "127.0.0.1:8481"),
            (folder("storage"), "<storage>"),
            (folder("certs"), "<certs>"),
        ]
    }
}

#[test]
#[ignore = "not a test: the stand-in's program, which the tests here start"]
fn the_program() {
    double::program();
}

#[test]
fn the_stand_in_answers_as_the_table_says() {
    let mut host = start();
    cases::run(&mut host);
}

#[test]
fn it_stops_when_it_is_told_and_leaves_no_socket() {
    let mut host = start();
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
    let mut host = start();
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
