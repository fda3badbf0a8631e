//! A page and searches of the table, each beside a bare handler on the same stack that returns the same bytes.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use pbx_core::priority::{self, Behind};
use tokio::runtime::Runtime;

use crate::own::{EXTENSIONS, FIRST, browser};
use crate::site::Site;
use crate::streams::registers;
use crate::table::{by_turns, compare, heading, median, row};

const ROUNDS: usize = 9;
const REQUESTS: usize = 300;

/// What is typed: a few, many and hardly any have it, and each request asks for another.
const SEARCHES: [&str; 4] = ["ines d", "a", "10%", "moser 48"];

pub(crate) fn run(site: &Site) {
    on_one_processor();
    let alice = browser(site, FIRST);
    let cookie = format!(
        "Cookie: __Host-pbx={}\r\nSec-Fetch-Site: same-origin\r\n",
        alice.session.unwrap()
    );
    let mut ours = Connection::open(site.public());
    let channels = ours.get("/api/channels", &cookie);
    let channels: serde_json::Value = serde_json::from_slice(&channels).unwrap();
    let channel = channels["channels"][0]["id"].as_str().unwrap().to_owned();
    third(site, true);
    heading("a page of the table, 10,000 extensions, a third of them online");
    let page = |query: &str| format!("/api/extensions?channel={channel}&size=25{query}");
    let first = page("&sort=name&page=1");
    compared("first page", &mut ours, &cookie, |_| first.clone());
    compared("by number, page 200", &mut ours, &cookie, |_| {
        page("&sort=number&page=200")
    });
    compared("search", &mut ours, &cookie, |n| {
        let q = SEARCHES[n % 4]
            .replace('%', &(n / 4 % 10).to_string())
            .replace(' ', "%20");
        page(&format!("&sort=name&page=1&q={q}"))
    });
    compared("search by number", &mut ours, &cookie, |n| {
        page(&format!("&sort=number&page=1&q={}", n % 100))
    });
    compared("who is online", &mut ours, &cookie, |_| {
        page("&sort=name&page=1&state=online")
    });
    third(site, false);
}

/// The phones of every third extension come, or go.
fn third(site: &Site, there: bool) {
    for (n, number) in (FIRST..FIRST + EXTENSIONS).step_by(3).enumerate() {
        registers(site, &number.to_string(), there);
        let expected = if there {
            n + 1
        } else {
            EXTENSIONS.div_ceil(3) as usize - n - 1
        };
        // Not more at once than are remembered until they are applied.
        if n % 500 == 499 || number + 3 >= FIRST + EXTENSIONS {
            until_registered(site, expected);
        }
    }
}

fn until_registered(site: &Site, phones: usize) {
    let begun = Instant::now();
    while site.pbx.presence().view().registrations != phones {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "phones do not come or go"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Who asks and who answers take turns: on two processors of a machine that is otherwise idle, most of the time between
/// is one waking the other, and chance. Without taskset (Debian always has it) the figures say less.
fn on_one_processor() {
    let own = std::process::id().to_string();
    let done = Command::new("taskset")
        .args(["-a", "-c", "-p", "0", &own])
        .output();
    if !done.is_ok_and(|done| done.status.success()) {
        println!("taskset is missing: the figures of the table hold what one processor waits for another");
    }
}

fn compared(what: &str, ours: &mut Connection, cookie: &str, path: impl Fn(usize) -> String) {
    let paths: Vec<_> = (0..REQUESTS).map(path).collect();
    // The same bytes, request by request.
    let bodies = paths
        .iter()
        .map(|path| Bytes::from(ours.get(path, cookie)))
        .collect();
    let (bare, _runtime) = serve(bodies);
    let mut bare = Connection::open(bare);
    let bare_paths: Vec<_> = (0..REQUESTS).map(|n| format!("/{n}")).collect();
    let rounds = by_turns(
        ROUNDS,
        || timed(ours, &paths, cookie),
        || timed(&mut bare, &bare_paths, cookie),
    );
    let (ratio, ours, theirs) = compare(rounds.into_iter());
    row(
        &format!("{what}, against a bare handler"),
        ratio,
        "≤ 3",
        &format!("{ours:.0} µs, {theirs:.0} µs"),
    );
}

/// The middle of all requests, in microseconds.
fn timed(connection: &mut Connection, paths: &[String], cookie: &str) -> f64 {
    let took = paths.iter().map(|path| {
        let begun = Instant::now();
        connection.get(path, cookie);
        begun.elapsed().as_secs_f64() * 1e6
    });
    median(took.collect())
}

/// A server that has nothing to do but answer: two threads, as ours.
fn serve(bodies: Vec<Bytes>) -> (SocketAddr, Runtime) {
    let mut router = Router::new();
    for (n, body) in bodies.into_iter().enumerate() {
        let answer = move || async move { ([(CONTENT_TYPE, "application/json")], body) };
        router = router.route(&format!("/{n}"), get(answer));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_start(|| priority::stand(Behind::People))
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        let service = |stream| {
            let router = router.clone();
            let service =
                hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    tower::ServiceExt::oneshot(router.clone(), request.map(axum::body::Body::new))
                });
            hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service)
        };
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(service(stream));
        }
    });
    (address, runtime)
}

/// A connection that is kept.
struct Connection {
    stream: TcpStream,
    to: SocketAddr,
}

impl Connection {
    fn open(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, to }
    }

    /// The body of an answer of 200.
    fn get(&mut self, path: &str, headers: &str) -> Vec<u8> {
        let text = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.to);
        self.stream.write_all(text.as_bytes()).unwrap();
        let mut read = Vec::new();
        let mut piece = [0; 16 * 1024];
        loop {
            let count = self.stream.read(&mut piece).unwrap();
            assert!(count > 0, "{path}: {}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&piece[..count]);
            let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
            assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.unwrap().parse().unwrap();
            if read.len() >= end + 4 + length {
                return read.split_off(end + 4);
            }
        }
    }
}
