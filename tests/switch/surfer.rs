//! A person's browser without a screen: signs in, opens sessions, as the pages do (HTTP/1.1, RFC 9112).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::ports::ports;
use crate::verto::Verto;

/// The password of everybody who may sign in, and what of it a user's row has (argon2id).
pub(crate) const PASSWORD: &str = "walk-in-browser-39";
pub(crate) const HASH: &str =
    "$argon2id$v=19$m=32768,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gW8pDGYUKp4FzJ78uePr0LIRKdLNLcl9bWWNkA3r8sc";

/// A signed-in browser.
#[derive(Debug, Clone)]
pub(crate) struct Surfer {
    pub(crate) cookie: String,
    csrf: String,
}

/// What a browser logs in to verto with.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) session: String,
    pub(crate) client: String,
    pub(crate) password: String,
}

/// An answer of the web server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// The origin of our own pages.
pub(crate) fn origin() -> String {
    format!("http://127.0.0.1:{}", ports().web[0])
}

/// Sends a request with these further header lines.
pub(crate) fn ask(method: &str, path: &str, further: &[(&str, &str)], body: Option<&Value>) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", ports().web[0])).expect("the web server listens");
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Length: {}\r\n",
        ports().web[0],
        body.len()
    );
    if !body.is_empty() {
        text.push_str("Content-Type: application/json\r\n");
    }
    for (name, value) in further {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    write!(stream, "{text}\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answer {
        status: status.expect("a status"),
        head: head.to_owned(),
        body: serde_json::from_str(body).unwrap_or(Value::Null),
    }
}

impl Surfer {
    /// Signs in as `user@domain`.
    #[track_caller]
    pub(crate) fn sign_in(user: &str, domain: &str) -> Self {
        let credentials = json!({"name": format!("{user}@{domain}"), "password": PASSWORD});
        let same = [("Sec-Fetch-Site", "same-origin")];
        let answer = ask("POST", "/api/sign-in", &same, Some(&credentials));
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer.head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let ours = name.eq_ignore_ascii_case("set-cookie") && value.starts_with("__Host-pbx=");
            ours.then(|| value.split(';').next().unwrap_or_default().to_owned())
        });
        Self {
            cookie: cookie.expect("a cookie"),
            csrf: answer.body["csrf"].as_str().expect("a token").to_owned(),
        }
    }

    /// Sends a request as a page of ours does.
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let headers = [
            ("Sec-Fetch-Site", "same-origin"),
            ("Cookie", self.cookie.as_str()),
            ("X-CSRF-Token", self.csrf.as_str()),
        ];
        ask(method, path, &headers, body)
    }

    /// Asks for a session at a channel.
    pub(crate) fn ask_session(&self, channel: &str, session: &str) -> Answer {
        let path = format!("/extensions/{channel}/sessions");
        self.send("POST", &path, Some(&json!({"sessionId": session})))
    }

    /// A session at a channel of this person's.
    #[track_caller]
    pub(crate) fn session(&self, channel: &str) -> Session {
        self.session_with(channel, &Uuid::new_v4().to_string())
    }

    /// The same with a session id of before.
    #[track_caller]
    pub(crate) fn session_with(&self, channel: &str, session: &str) -> Session {
        let answer = self.ask_session(channel, session);
        assert_eq!(answer.status, 201, "{answer:?}");
        assert!(
            answer
                .head
                .to_ascii_lowercase()
                .contains("cache-control: no-store"),
            "{}",
            answer.head
        );
        let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
        Session {
            session: text("sessionId"),
            client: text("clientId"),
            password: text("password"),
        }
    }

    /// A socket through the proxy, logged in.
    #[track_caller]
    pub(crate) fn log_in(&self, session: &Session) -> Verto {
        let mut verto = Verto::through(&self.cookie, &origin()).expect("the proxy takes the socket");
        let answer = verto.ask("login", &session.login());
        assert_eq!(answer["result"]["sessid"], session.session.as_str(), "{answer}");
        verto.asked("verto.clientReady");
        verto
    }
}

impl Session {
    /// The parameters of a login.
    pub(crate) fn login(&self) -> Value {
        json!({"login": self.client, "passwd": self.password, "sessid": self.session})
    }
}
