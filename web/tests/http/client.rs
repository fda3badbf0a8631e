//! A client that sends exactly what it is told to, and remembers cookies if asked to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// A header's values, joined.
    pub(crate) fn header(&self, name: &str) -> String {
        let values = self.headers.iter().filter(|(known, _)| known == name);
        values
            .map(|(_, value)| value.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What kind of problem it is.
    #[track_caller]
    pub(crate) fn kind(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        self.json()["type"]
            .as_str()
            .unwrap()
            .trim_start_matches("urn:pbx:")
            .to_owned()
    }

    /// The value of a cookie that was set.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let all = self.headers.iter().filter(|(known, _)| known == "set-cookie");
        let value = all.filter_map(|(_, value)| value.strip_prefix(&format!("{name}=")));
        value
            .filter_map(|value| value.split(';').next())
            .map(str::to_owned)
            .next_back()
    }

    /// Reads one from a connection that closes after it.
    pub(crate) fn read(mut stream: impl Read) -> Option<Self> {
        let mut bytes = Vec::new();
        // An end without goodbye is one.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_ascii_lowercase(), value.to_owned()))
        };
        Some(Self {
            status,
            headers: lines.filter_map(header).collect(),
            body: body.to_owned(),
        })
    }
}

/// A connection, patient for 30 s.
pub(crate) fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Sends these bytes and reads the answer.
#[track_caller]
pub(crate) fn raw(to: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = connect(to);
    // The server may close before it has read all.
    let _ = stream.write_all(bytes);
    Answer::read(stream).expect("an answer")
}

/// Makes a request with these headers; `Host` is the address unless it is one of them.
#[track_caller]
pub(crate) fn ask(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    raw(to, request(to, method, path, headers, body).as_bytes())
}

/// The bytes of such a request.
pub(crate) fn request(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    let own = ("Host", to.to_string());
    let named = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
    let mut all: Vec<(&str, &str)> = headers.to_vec();
    if !named {
        all.push((own.0, &own.1));
    }
    let length = body.len().to_string();
    if !body.is_empty() {
        all.push(("Content-Length", &length));
    }
    let lines: String = all
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!("{method} {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n{body}")
}

/// A browser on our own page.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) to: SocketAddr,
    /// Headers of every request besides.
    pub(crate) extra: Vec<(String, String)>,
    pub(crate) session: Option<String>,
    pub(crate) known: Option<String>,
    pub(crate) csrf: String,
}

impl Browser {
    pub(crate) fn new(to: SocketAddr) -> Self {
        Self {
            to,
            extra: Vec::new(),
            session: None,
            known: None,
            csrf: String::new(),
        }
    }

    /// With a header in every request.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.extra.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What it sends along.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let mut cookies = Vec::new();
        cookies.extend(self.session.iter().map(|value| format!("__Host-pbx={value}")));
        cookies.extend(self.known.iter().map(|value| format!("__Host-pbx-known={value}")));
        let mut headers = vec![
            ("Sec-Fetch-Site".to_owned(), "same-origin".to_owned()),
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("User-Agent".to_owned(), "a test".to_owned()),
        ];
        if !cookies.is_empty() {
            headers.push(("Cookie".to_owned(), cookies.join("; ")));
        }
        if !self.csrf.is_empty() {
            headers.push(("X-CSRF-Token".to_owned(), self.csrf.clone()));
        }
        headers.extend(self.extra.clone());
        headers
    }

    /// Makes a request, and takes the cookies of the answer.
    #[track_caller]
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let headers = self.headers();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let answer = ask(self.to, method, path, &headers, body);
        if let Some(value) = answer.cookie("__Host-pbx") {
            self.session = Some(value).filter(|value| !value.is_empty());
        }
        if let Some(value) = answer.cookie("__Host-pbx-known") {
            self.known = Some(value);
        }
        if answer.status == 200
            && let Some(token) = serde_json::from_str::<Value>(&answer.body)
                .ok()
                .and_then(|v| v["csrf"].as_str().map(str::to_owned))
        {
            self.csrf = token;
        }
        answer
    }

    /// Signs in.
    #[track_caller]
    pub(crate) fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let body = serde_json::json!({"name": name, "password": password});
        self.ask("POST", "/api/sign-in", &body.to_string())
    }
}
