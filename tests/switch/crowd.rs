//! Many browsers without a screen that came to stay: each is logged in to verto over a websocket of its own, answers
//! what it is asked, and asks now and then, as the pages do. One thread serves them all, so that they cost next to
//! nothing beside what they are there to load.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pbx_core::priority::{self, Behind};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Error, Message, WebSocket};
use uuid::Uuid;

/// How often each says that it is there. The pages do so every 20 s; a proxy that is asked less often learns nothing
/// in a test that lasts as long.
const PING: Duration = Duration::from_secs(5);

/// How often all are looked at.
const SWEEP: Duration = Duration::from_millis(50);

/// People, their sessions, and the sockets that are open.
pub(crate) struct Crowd {
    web: SocketAddr,
    sessions: Vec<Session>,
    held: Arc<Held>,
    thread: Option<JoinHandle<()>>,
}

/// What a socket is opened with.
struct Session {
    cookie: String,
    login: Value,
}

#[derive(Default)]
struct Held {
    sockets: Mutex<Vec<Socket>>,
    lost: AtomicUsize,
    stop: AtomicBool,
}

struct Socket {
    stream: WebSocket<TcpStream>,
    next: Instant,
    /// Pings of the web server that were answered, and pings of its own that the switch answered.
    pinged: usize,
    answered: usize,
}

impl Crowd {
    /// Each of these people, `(name, password)`, signs in and opens `each` sessions at their extension. One after
    /// the other: passwords are hashed.
    pub(crate) fn sign_in(web: SocketAddr, people: &[(String, String)], each: usize) -> Self {
        let sessions = people
            .iter()
            .flat_map(|(name, password)| sessions(web, name, password, each));
        let sessions = sessions.collect();
        let held = Arc::new(Held::default());
        let shared = Arc::clone(&held);
        let serve = move || {
            // They stand for other machines, and take nothing from the one that is looked at.
            priority::stand(Behind::Everybody);
            while !shared.stop.load(Ordering::SeqCst) {
                let now = Instant::now();
                let mut sockets = shared.sockets();
                let before = sockets.len();
                sockets.retain_mut(|socket| socket.serve(now));
                shared.lost.fetch_add(before - sockets.len(), Ordering::SeqCst);
                drop(sockets);
                std::thread::sleep(SWEEP);
            }
        };
        let thread = std::thread::Builder::new()
            .name("crowd".to_owned())
            .spawn(serve)
            .unwrap();
        Self {
            web,
            sessions,
            held,
            thread: Some(thread),
        }
    }

    /// Opens a socket for every session, to the proxy or straight `to` the switch, and logs in. Those that are in are
    /// served meanwhile: the proxy closes who is silent.
    pub(crate) fn come(&self, to: Option<SocketAddr>) {
        for (n, session) in self.sessions.iter().enumerate() {
            let mut socket = Socket::open(to.unwrap_or(self.web), self.web, session);
            // Spread, as people are.
            socket.next += PING * u32::try_from(n % 100).unwrap() / 100;
            self.held.sockets().push(socket);
        }
    }

    /// Closes all.
    pub(crate) fn go(&self) {
        self.held.sockets().clear();
    }

    /// How many sockets are open.
    pub(crate) fn there(&self) -> usize {
        self.held.sockets().len()
    }

    /// How many were closed by the other side, ever.
    pub(crate) fn lost(&self) -> usize {
        self.held.lost.load(Ordering::SeqCst)
    }

    /// The least that one of those who are there has answered to the web server's pings, and has been answered to its
    /// own by the switch.
    pub(crate) fn least(&self) -> (usize, usize) {
        let sockets = self.held.sockets();
        let least = |count: fn(&Socket) -> usize| sockets.iter().map(count).min().unwrap_or(0);
        (least(|socket| socket.pinged), least(|socket| socket.answered))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.held.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Held {
    fn sockets(&self) -> MutexGuard<'_, Vec<Socket>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Socket {
    fn open(to: SocketAddr, web: SocketAddr, session: &Session) -> Self {
        let tcp = TcpStream::connect(to).unwrap();
        tcp.set_nodelay(true).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut request = format!("ws://{web}/verto").into_client_request().unwrap();
        for (name, value) in [("cookie", &session.cookie), ("origin", &format!("http://{web}"))] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let (mut stream, _) = tungstenite::client(request, tcp).unwrap();
        let login = json!({"jsonrpc": "2.0", "id": "in", "method": "login", "params": session.login});
        stream.send(Message::text(login.to_string())).unwrap();
        loop {
            if let Message::Text(text) = stream.read().unwrap() {
                let message: Value = serde_json::from_str(&text).unwrap();
                if message["id"] == "in" {
                    assert_eq!(message["result"]["sessid"], session.login["sessid"], "{text}");
                    break;
                }
            }
        }
        stream.get_ref().set_nonblocking(true).unwrap();
        Self {
            stream,
            next: Instant::now(),
            pinged: 0,
            answered: 0,
        }
    }

    /// Takes what has come, says what is due; false: the other side has closed.
    fn serve(&mut self, now: Instant) -> bool {
        self.work(now).is_ok_and(|()| true)
    }

    fn work(&mut self, now: Instant) -> Result<(), Error> {
        loop {
            match self.stream.read() {
                Ok(Message::Text(text)) => self.take(&text)?,
                // The library has answered it, or does so below.
                Ok(Message::Ping(_)) => self.pinged += 1,
                Ok(Message::Close(_)) => return Err(Error::ConnectionClosed),
                Ok(_) => {}
                Err(error) => break later(error)?,
            }
        }
        if now >= self.next {
            self.next = now + PING;
            self.say(&json!({"jsonrpc": "2.0", "id": "ping", "method": "verto.ping", "params": {}}))?;
        }
        self.stream.flush().or_else(later)
    }

    fn take(&mut self, text: &str) -> Result<(), Error> {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        match (message["method"].as_str(), message.get("id")) {
            (Some(method), Some(id)) => {
                self.say(&json!({"jsonrpc": "2.0", "id": id, "result": {"method": method}}))
            }
            (None, Some(id)) if id == "ping" && message["result"].is_object() => {
                self.answered += 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn say(&mut self, message: &Value) -> Result<(), Error> {
        self.stream
            .send(Message::text(message.to_string()))
            .or_else(later)
    }
}

/// What cannot be done yet is done at the next look.
fn later(error: Error) -> Result<(), Error> {
    match error {
        Error::Io(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        error => Err(error),
    }
}

fn sessions(web: SocketAddr, name: &str, password: &str, each: usize) -> Vec<Session> {
    let credentials = json!({"name": name, "password": password});
    let (head, me) = ask(web, "POST", "/api/sign-in", "", "", &credentials);
    let cookie = head.lines().find_map(|line| {
        let (header, value) = line.split_once(": ")?;
        let ours = header.eq_ignore_ascii_case("set-cookie") && value.starts_with("__Host-pbx=");
        ours.then(|| value.split(';').next().unwrap_or_default().to_owned())
    });
    let (cookie, csrf) = (cookie.expect("a cookie"), me["csrf"].as_str().expect("a token"));
    let (_, own) = ask(web, "GET", "/api/channels", &cookie, csrf, &Value::Null);
    let channel = own["channels"][0]["id"].as_str().expect("an extension");
    let open = |_| {
        let wanted = json!({"sessionId": Uuid::new_v4()});
        let path = format!("/extensions/{channel}/sessions");
        let (_, issued) = ask(web, "POST", &path, &cookie, csrf, &wanted);
        let login =
            json!({"login": issued["clientId"], "passwd": issued["password"], "sessid": issued["sessionId"]});
        Session {
            cookie: cookie.clone(),
            login,
        }
    };
    (0..each).map(open).collect()
}

/// Sends a request as a page of ours does; the head and the body of its answer, which is none of a refusal.
fn ask(web: SocketAddr, method: &str, path: &str, cookie: &str, csrf: &str, body: &Value) -> (String, Value) {
    let mut stream = TcpStream::connect(web).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {web}\r\nConnection: close\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\n\
         X-CSRF-Token: {csrf}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
    assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
    (head.to_owned(), serde_json::from_str(body).unwrap_or_default())
}
