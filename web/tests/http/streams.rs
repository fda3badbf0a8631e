//! Many who follow, while much changes.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use pbx_core::event::{Event, Kind, SUBSCRIPTIONS};
use serde_json::Value;

use crate::client::{Browser, connect, request};
use crate::site::Site;

/// A phone registers at a line, or takes that back.
pub(crate) fn registers(site: &Site, username: &str, there: bool) {
    let contact = format!("<sip:{username}@127.0.0.1:5070>");
    let headers = [
        ("profile-name", "internal"),
        ("from-user", username),
        ("from-host", "pbx.test"),
        ("call-id", username),
        ("contact", contact.as_str()),
        ("expires", "300"),
        ("network-ip", "127.0.0.1"),
        ("network-port", "5070"),
        ("user-agent", "a test"),
    ];
    let kind = if there {
        Kind::Registered
    } else {
        Kind::Unregistered
    };
    let known = SUBSCRIPTIONS.iter().find(|one| one.kind == kind).unwrap();
    let event = Event::copy(known, |name| {
        let found = headers.iter().find(|(known, _)| name.to_str() == Ok(*known));
        found.map(|(_, value)| value.as_bytes())
    });
    assert!(event.is_some());
    site.pbx.tell(event);
}

/// One stream, and what has come of it.
pub(crate) struct Stream {
    socket: TcpStream,
    pub(crate) text: Vec<u8>,
}

impl Stream {
    pub(crate) fn open(browser: &Browser) -> Self {
        let headers = browser.headers();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let mut socket = connect(browser.to);
        let bytes = request(browser.to, "GET", "/api/events", &headers, "");
        socket.write_all(bytes.as_bytes()).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self {
            socket,
            text: Vec::new(),
        }
    }

    /// Takes what has come; false: it has ended.
    pub(crate) fn take(&mut self) -> bool {
        let mut piece = [0; 16 * 1024];
        loop {
            match self.socket.read(&mut piece) {
                Ok(0) => return false,
                Ok(count) => self.text.extend_from_slice(&piece[..count]),
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
    }

    /// How often it was told to ask again.
    pub(crate) fn resets(&self) -> usize {
        String::from_utf8_lossy(&self.text)
            .matches("event: reset\n")
            .count()
    }

    /// What it was told last of each number.
    pub(crate) fn states(&self) -> BTreeMap<String, String> {
        let mut states = BTreeMap::new();
        for line in String::from_utf8_lossy(&self.text).lines() {
            let Some(told) = line.strip_prefix("data: [") else {
                continue;
            };
            // The last may still be on its way.
            let Ok(Value::Array(told)) = serde_json::from_str(&format!("[{told}")) else {
                continue;
            };
            for row in told.iter().flat_map(|domain| domain["rows"].as_array().unwrap()) {
                let text = |name: &str| row[name].as_str().unwrap().to_owned();
                states.insert(text("number"), text("state"));
            }
        }
        states
    }
}

#[test]
fn forty_streams_all_end_with_the_state_that_is() {
    let site = Site::new(&[]).with_alice();
    let mut lines = BTreeMap::new();
    for number in 2000..2020 {
        let name = format!("u{number}");
        site.must(&format!(
            "extension add {number} --user {name} --name {name} --line {name}"
        ));
        lines.insert(number.to_string(), name);
    }
    let browsers: Vec<_> = (0..10).map(|_| site.alices_browser()).collect();
    let mut streams: Vec<_> = browsers
        .iter()
        .flat_map(|one| (0..4).map(|_| Stream::open(one)))
        .collect();
    // That the extensions are new is told within two seconds, to some of them beside what each is told first.
    std::thread::sleep(Duration::from_secs(3));
    until(&mut streams, |stream| stream.resets() >= 1);
    let told: Vec<usize> = streams.iter().map(Stream::resets).collect();
    // Everybody changes again and again, at any time between two events of the stream.
    let mut there: BTreeMap<String, bool> = BTreeMap::new();
    for n in 0..600_usize {
        let number = (2000 + n * 7 % 20).to_string();
        let now = there.entry(number.clone()).or_default();
        *now = n % 3 != 0;
        registers(&site, &lines[&number], *now);
        std::thread::sleep(Duration::from_millis(3));
    }
    let last: BTreeMap<String, String> = there
        .into_iter()
        .map(|(number, there)| (number, if there { "online" } else { "offline" }.to_owned()))
        .collect();
    assert_eq!(last.len(), 20);
    until(&mut streams, |stream| stream.states() == last);
    // Nobody had to ask again: all was told.
    assert_eq!(streams.iter().map(Stream::resets).collect::<Vec<_>>(), told);
}

#[track_caller]
fn until(streams: &mut [Stream], holds: impl Fn(&Stream) -> bool) {
    let begun = Instant::now();
    loop {
        for stream in &mut *streams {
            assert!(stream.take(), "a stream ended");
        }
        let wrong = streams.iter().find(|stream| !holds(stream));
        let Some(wrong) = wrong else { return };
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{}",
            String::from_utf8_lossy(&wrong.text)
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
