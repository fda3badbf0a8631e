//! A directory behind mod_xml_curl that remembers what it was asked.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// The parameters of one lookup, in their order.
pub(crate) type Lookup = Vec<(String, String)>;

/// A running one. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Directory {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    lookups: Mutex<Vec<Lookup>>,
    answer: fn(&Lookup) -> String,
    ends: AtomicBool,
}

impl Directory {
    /// Starts one that answers with `answer`.
    pub(crate) fn start(answer: fn(&Lookup) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            lookups: Mutex::default(),
            answer,
            ends: AtomicBool::new(false),
        });
        let ours = Arc::clone(&shared);
        let serve = move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ours.ends.load(Ordering::SeqCst) {
                    return;
                }
                // A switch that was killed does not wait for its answer.
                let _ = ours.serve(stream);
            }
        };
        let thread = Builder::new().name("directory".to_owned()).spawn(serve).unwrap();
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Forgets and gives back the lookups so far that have this parameter.
    pub(crate) fn take(&self, name: &str, value: &str) -> Vec<Lookup> {
        let lookups = std::mem::take(&mut *self.shared.lookups.lock().unwrap());
        let has = |lookup: &Lookup| lookup.iter().any(|(n, v)| n == name && v == value);
        lookups.into_iter().filter(has).collect()
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut stream = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            if line.starts_with("expect: 100") {
                stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        let lookup = form(&String::from_utf8_lossy(&body));
        let answer = (self.answer)(&lookup);
        self.lookups.lock().unwrap().push(lookup);
        let length = answer.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\nConnection: close\r\n"
        );
        stream
            .get_mut()
            .write_all(format!("{head}\r\n{answer}").as_bytes())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        // Wakes the thread, which then sees that it ends.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// `application/x-www-form-urlencoded`.
fn form(body: &str) -> Lookup {
    let pair = |pair: &str| {
        pair.split_once('=')
            .map(|(name, value)| (plain(name), plain(value)))
    };
    body.split('&').filter_map(pair).collect()
}

fn plain(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| char::from(digit.unwrap_or(b'0')));
                u8::from_str_radix(&String::from_iter(digits), 16).unwrap_or(b'?')
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
