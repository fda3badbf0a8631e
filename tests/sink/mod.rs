//! A mail server that keeps what it is sent: as much of SMTP (RFC 5321) as one client needs.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each of its users needs a part of it"
)]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Duration;

/// One mail, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) recipients: Vec<String>,
    /// What the client signed in with, in base64.
    pub(crate) signed_in: Option<String>,
    pub(crate) text: String,
}

/// The server. Dropping it closes its port.
#[derive(Debug)]
pub(crate) struct Sink {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    /// What lines that begin so are answered, instead of being done.
    refusals: Mutex<Vec<(String, String)>>,
    received: Mutex<Vec<Received>>,
}

impl Sink {
    /// Listens on this port of loopback; 0 is any that is free.
    pub(crate) fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let work = move || {
            while !theirs.stop.load(Ordering::Relaxed) {
                match listener.accept() {
                    // A client that goes away in the middle has sent nothing.
                    Ok((stream, _)) => drop(theirs.serve(&stream)),
                    Err(_) => sleep(Duration::from_millis(10)),
                }
            }
        };
        let thread = Builder::new().name("sink".to_owned()).spawn(work);
        Self {
            port,
            shared,
            thread: Some(thread.expect("a thread")),
        }
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Every recipient is answered this from now on, such as `550 unknown`; none: whatever was refused is taken.
    pub(crate) fn refuse(&self, answer: Option<&str>) {
        lock(&self.shared.refusals).clear();
        if let Some(answer) = answer {
            self.answer("RCPT", answer);
        }
    }

    /// Lines that begin so are answered this from now on; an answer of nothing: the connection is closed.
    pub(crate) fn answer(&self, begins: &str, answer: &str) {
        lock(&self.shared.refusals).push((begins.to_owned(), answer.to_owned()));
    }

    /// All mail so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Had it panicked, what it did not receive has failed the test.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut lines = BufReader::new(stream.try_clone()?);
        let say = |text: &str| (&mut &*stream).write_all(format!("{text}\r\n").as_bytes());
        say("220 sink")?;
        let (mut recipients, mut signed_in) = (Vec::new(), None);
        loop {
            let line = line(&mut lines)?;
            let verb = line
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase();
            let refusals = lock(&self.refusals).clone();
            let refusal = refusals.into_iter().find(|(begins, _)| line.starts_with(begins));
            match verb.as_str() {
                _ if refusal.as_ref().is_some_and(|(_, answer)| answer.is_empty()) => return Ok(()),
                _ if refusal.is_some() => say(&refusal.unwrap_or_default().1)?,
                "EHLO" => say("250-sink\r\n250 AUTH PLAIN")?,
                "AUTH" => {
                    signed_in = line.split(' ').nth(2).map(str::to_owned);
                    say("235 welcome")?;
                }
                "RCPT" => {
                    recipients.push(line);
                    say("250 ok")?;
                }
                "DATA" => {
                    say("354 go on")?;
                    let mut text = String::new();
                    loop {
                        let line = self::line(&mut lines)?;
                        if line == "." {
                            break;
                        }
                        text.push_str(line.strip_prefix('.').unwrap_or(&line));
                        text.push_str("\r\n");
                    }
                    // Received before it is acknowledged: what is acknowledged is not lost.
                    lock(&self.received).push(Received {
                        recipients: std::mem::take(&mut recipients),
                        signed_in: signed_in.clone(),
                        text,
                    });
                    say("250 kept")?;
                }
                "QUIT" => return say("221 bye"),
                _ => say("250 ok")?,
            }
        }
    }
}

fn line(lines: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    match lines.read_line(&mut line)? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
    }
}

impl Received {
    /// A header's value, its folded lines put together.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let line = head.lines().find(|line| {
            line.split_once(':')
                .is_some_and(|(found, _)| found.eq_ignore_ascii_case(name))
        })?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    }

    /// The attachment's bytes: the part that is in base64.
    pub(crate) fn attachment(&self) -> Option<Vec<u8>> {
        let part = self.text.split("Content-Type: audio/wav").nth(1)?;
        let body = part.split("\r\n\r\n").nth(1)?.split("\r\n--").next()?;
        Some(from_base64(body))
    }
}

/// RFC 4648; what is no digit is left out.
pub(crate) fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for digit in text.chars().filter_map(|c| DIGITS.find(c)) {
        bits = bits << 6 | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
